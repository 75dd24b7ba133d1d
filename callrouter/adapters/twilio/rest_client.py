"""How Twilio's REST API is asked: at which address, and what its refusals mean."""

from urllib.parse import urlsplit

from twilio.base.exceptions import TwilioException
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response


class RestHttpClient(TwilioHttpClient):
    """The library's own, with every address moved to another base and redirects refused.

    The library would take the body of a redirect for the record that was asked for.
    """

    def __init__(self, api_url: str | None, timeout_s: float) -> None:
        super().__init__(timeout=timeout_s)
        self._base = api_url.rstrip("/") if api_url else None

    def request(
        self,
        method: str,
        url: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        """The request as the library makes it; raises TwilioException on a redirect."""
        if self._base is not None:
            split = urlsplit(url)
            url = f"{self._base}{split.path}" + (f"?{split.query}" if split.query else "")
        response = super().request(
            method,
            url,
            params=params,
            data=data,
            headers=headers,
            auth=auth,
            timeout=timeout,
            allow_redirects=allow_redirects,
        )
        if 300 <= response.status_code < 400:
            raise TwilioException("redirected", response)
        return response


def status_of(error: TwilioException) -> int | None:
    """The HTTP status behind an error; for a page of a list the library hides it in the args."""
    status: object = getattr(error, "status", None)
    if isinstance(status, int):
        return status
    return next((each.status_code for each in error.args if isinstance(each, Response)), None)


def explain_status(status: int | None, account_sid: str) -> str:
    """What a status that isn't a success says, and what to do; goes on from "Twilio's REST API"."""
    match status:
        case 401:
            return f"refused the credentials (401): check SID and auth token of {account_sid}"
        case 403:
            return f"forbids this (403): check that account {account_sid} is active and allowed to"
        case 429:
            return f"had too many requests (429) for account {account_sid}: try again later"
        case int() if status >= 500:
            return f"is failing ({status}): try again later"
        case int():
            return f"gave an answer that wasn't expected ({status}): check TWILIO_API_URL"
        case _:
            return "gave an answer that can't be read: try again later"


def may_pass(status: int | None) -> bool:
    """Whether what a status says may be over in a moment, so that it is worth asking again."""
    return status is None or status == 429 or status >= 500
