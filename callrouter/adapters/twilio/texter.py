"""Sends text messages through a seller's Twilio account."""

from requests import RequestException
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.rest import Client

from callrouter.adapters.twilio.rest_client import RestHttpClient, explain_status, status_of
from callrouter.domain.errors import DeliveryFailedError


class TwilioTexter:
    """One account's text messages at Twilio, or at whatever answers at `api_url` in its place.

    Twilio has no key by which it would know a repetition: a message whose answer was lost comes
    twice. The token goes nowhere but into the requests.
    """

    def __init__(
        self,
        account_sid: str,
        auth_token: str,
        *,
        api_url: str | None = None,
        timeout_s: float = 10.0,
    ) -> None:
        self._account_sid = account_sid
        http_client = RestHttpClient(api_url, timeout_s)
        self._client = Client(account_sid, auth_token, http_client=http_client)

    def __repr__(self) -> str:
        return f"TwilioTexter({self._account_sid})"

    def text(self, sender: str, to: str, body: str) -> None:
        """Hand a text message to Twilio; that it arrives isn't waited for.

        Raises DeliveryFailedError when Twilio can't be asked, or doesn't take the message.
        """
        try:
            self._client.messages.create(to=to, from_=sender, body=body)
        except RequestException as error:
            reason = f"can't be reached ({type(error).__name__}): check the network"
        except TwilioException as error:
            reason = self._explain(error)
        except (ValueError, TypeError, AttributeError, LookupError) as error:
            # As in carrier.py: the library stumbles over what it doesn't know.
            reason = f"gave an answer that can't be read ({type(error).__name__})"
        else:
            return
        # Without the cause: it may hold the request, and the request holds the token.
        raise DeliveryFailedError(f"Twilio's REST API {reason}") from None

    def _explain(self, error: TwilioException) -> str:
        is_refusal = isinstance(error, TwilioRestException) and error.status in (400, 404, 422)
        if is_refusal and isinstance(error, TwilioRestException):
            return f"refused the message (error {error.code}): {str(error.msg)[:300]}"
        return explain_status(status_of(error), self._account_sid)
