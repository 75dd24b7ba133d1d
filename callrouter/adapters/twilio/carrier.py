"""What Twilio's REST API has recorded of calls and numbers, for when webhooks were lost.

Reads only. Says what Twilio says, as far as it can be understood; what to make of it, others know.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

from requests import RequestException
from twilio.base.exceptions import TwilioException
from twilio.rest import Client
from twilio.rest.api.v2010.account.call import CallInstance
from twilio.rest.api.v2010.account.incoming_phone_number import IncomingPhoneNumberInstance

from callrouter.adapters.twilio.inbound import read_seconds, read_status
from callrouter.adapters.twilio.rest_client import RestHttpClient, explain_status, status_of
from callrouter.domain.carrier_records import CarrierCall, CarrierLeg, NumberSetup
from callrouter.domain.errors import CarrierUnavailableError

_AnswerT = TypeVar("_AnswerT")

_LEGS_PER_PAGE = 50
_NUMBERS_PER_PAGE = 1000
_LONGEST_TEXT = 255
_FIRST_YEAR = 2008
"""Twilio's first; an earlier instant is none."""
_SID = re.compile(r"[A-Za-z0-9]{1,64}")


class TwilioCarrier:
    """One account's records at Twilio, or at whatever answers at `api_url` in its place.

    The token goes nowhere but into the requests: no message, log line or repr has it.
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
        self._client = Client(
            account_sid, auth_token, http_client=RestHttpClient(api_url, timeout_s)
        )

    def __repr__(self) -> str:
        return f"TwilioCarrier({self._account_sid})"

    def fetch_call(self, call_sid: str) -> CarrierCall | None:
        """The caller's leg and every leg dialled for it, oldest first; None if there is no such.

        Raises CarrierUnavailableError when Twilio can't be asked, refuses, or makes no sense.
        """
        if not _SID.fullmatch(call_sid):
            return None  # Nothing that Twilio could know; and it would stand in the request's path.
        found = self._ask(lambda: self._fetch_or_none(call_sid))
        if found is None:
            return None
        legs = self._ask(
            lambda: self._client.calls.list(parent_call_sid=call_sid, page_size=_LEGS_PER_PAGE)
        )
        return CarrierCall(
            caller_leg=_read_leg(found, call_sid),
            buyer_legs=tuple(
                sorted((_read_leg(leg, leg.sid) for leg in legs if leg.sid), key=_age)
            ),
        )

    def list_numbers(self) -> tuple[NumberSetup, ...]:
        """Every number of the account with its URLs, "" where none is set.

        Raises CarrierUnavailableError when Twilio can't be asked, refuses, or makes no sense.
        """
        numbers = self._ask(
            lambda: self._client.incoming_phone_numbers.list(page_size=_NUMBERS_PER_PAGE)
        )
        return tuple(_read_number(number) for number in numbers)

    def _fetch_or_none(self, call_sid: str) -> CallInstance | None:
        try:
            return self._client.calls(call_sid).fetch()
        except TwilioException as error:
            if status_of(error) == 404:
                return None
            raise

    def _ask(self, question: Callable[[], _AnswerT]) -> _AnswerT:
        """The answer to a request, or CarrierUnavailableError saying what went wrong."""
        try:
            return question()
        except RequestException as error:
            reason = f"can't be reached ({type(error).__name__}): check the network and try again"
        except TwilioException as error:
            reason = explain_status(status_of(error), self._account_sid)
        except (ValueError, TypeError, AttributeError, LookupError) as error:
            # The library picks an answer apart without looking; these are its ways to stumble
            # over one that isn't JSON, or not the JSON that it knows.
            reason = f"gave an answer that can't be read ({type(error).__name__}): try again later"
        # Without the cause: it may hold the request, and the request holds the token.
        raise CarrierUnavailableError(f"Twilio's REST API {reason}") from None


def _read_leg(instance: CallInstance, leg_sid: str) -> CarrierLeg:
    return CarrierLeg(
        leg_sid=leg_sid,
        dial_string=_read_text(instance.to),
        status=read_status(str(instance.status)),
        started_at=_read_instant(instance.start_time),
        ended_at=_read_instant(instance.end_time),
        # A text, empty for a leg that wasn't answered.
        duration_s=read_seconds(str(instance.duration)),
    )


def _read_number(instance: IncomingPhoneNumberInstance) -> NumberSetup:
    return NumberSetup(
        number=_read_text(instance.phone_number),
        voice_url=_read_text(instance.voice_url, 2048),
        fallback_url=_read_text(instance.voice_fallback_url, 2048),
        status_url=_read_text(instance.status_callback, 2048),
        voice_application_sid=_read_text(instance.voice_application_sid),
        trunk_sid=_read_text(instance.trunk_sid),
    )


def _read_text(value: object, longest: int = _LONGEST_TEXT) -> str:
    return value[:longest].replace("\0", "\ufffd") if isinstance(value, str) else ""


def _read_instant(value: object) -> datetime | None:
    if not isinstance(value, datetime) or value.year < _FIRST_YEAR:
        return None
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _age(leg: CarrierLeg) -> tuple[datetime, str]:
    return leg.started_at or datetime.max.replace(tzinfo=UTC), leg.leg_sid
