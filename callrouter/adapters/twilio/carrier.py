"""What Twilio's REST API has recorded of calls and numbers, for when webhooks were lost.

Reads only. Says what Twilio says, as far as it can be understood; what to make of it, others know.
"""

import re
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime
from functools import partial
from typing import TypeVar

from requests import RequestException
from twilio.base.exceptions import TwilioException
from twilio.base.page import Page
from twilio.rest import Client
from twilio.rest.api.v2010.account.call import CallInstance
from twilio.rest.api.v2010.account.incoming_phone_number import IncomingPhoneNumberInstance

from callrouter.adapters.twilio.call_records import (
    read_instant,
    read_record,
    read_request,
    read_text,
)
from callrouter.adapters.twilio.inbound import read_seconds, read_status
from callrouter.adapters.twilio.rest_client import (
    RestHttpClient,
    explain_status,
    may_pass,
    status_of,
)
from callrouter.domain.carrier.carrier_records import (
    CarrierCall,
    CarrierLeg,
    CarrierRecord,
    CarrierRequest,
    NumberSetup,
)
from callrouter.domain.errors import CarrierUnavailableError

_AnswerT = TypeVar("_AnswerT")

_LEGS_PER_PAGE = 50
_NUMBERS_PER_PAGE = 1000
_RECORDS_PER_PAGE = 1000
_MOST_REQUESTS = 50
_PATIENCE_S = (1.0, 4.0, 15.0, 60.0)
"""The waits before each further try of what nobody waits for: Twilio asks to be asked again."""
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
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._account_sid = account_sid
        self._wait = wait
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

    def stream_records(self, day: date) -> Iterator[tuple[CarrierRecord, ...]]:
        """Every leg of the account that started on a UTC day, page by page as it is asked for.

        What fails in passing is tried again for a minute or so. Raises CarrierUnavailableError as
        the others do, and for a record that has no id or no start.
        """
        calls = self._client.calls
        # A day as text: the client makes an instant of a date, and only that second would match.
        first = str(day)
        page: Page | None = self._ask(
            lambda: calls.page(start_time=first, page_size=_RECORDS_PER_PAGE), _PATIENCE_S
        )
        while page is not None:
            yield self._ask(partial(_read_records, page))
            page = self._ask(page.next_page, _PATIENCE_S)

    def fetch_records(self, call_sid: str) -> tuple[CarrierRecord, ...]:
        """The caller's leg of a call, then all that were dialled for it; () if there is no such.

        As patient as `stream_records`, and raises the same.
        """
        if not _SID.fullmatch(call_sid):
            return ()
        found = self._ask(lambda: self._fetch_or_none(call_sid), _PATIENCE_S)
        if found is None:
            return ()
        legs = self._ask(
            lambda: self._client.calls.list(parent_call_sid=call_sid, page_size=_LEGS_PER_PAGE),
            _PATIENCE_S,
        )
        return self._ask(lambda: _read_records((found, *legs)))

    def list_requests(self, call_sid: str) -> tuple[CarrierRequest, ...]:
        """What Twilio asked, of whomever, about a call: from 15 minutes after its end, for 30 days.

        Raises CarrierUnavailableError as the others do. https://www.twilio.com/docs/voice/api/call-event-resource
        """
        if not _SID.fullmatch(call_sid):
            return ()
        events = self._ask(
            lambda: self._client.calls(call_sid).events.list(
                limit=_MOST_REQUESTS, page_size=_MOST_REQUESTS
            )
        )
        return tuple(read_request(event) for event in events)

    def _fetch_or_none(self, call_sid: str) -> CallInstance | None:
        try:
            return self._client.calls(call_sid).fetch()
        except TwilioException as error:
            if status_of(error) == 404:
                return None
            raise

    def _ask(self, question: Callable[[], _AnswerT], waits_s: tuple[float, ...] = ()) -> _AnswerT:
        """The answer to a request, or CarrierUnavailableError saying what went wrong.

        What may pass is tried again after each of `waits_s`.
        """
        for wait_s in (*waits_s, None):
            passes = True
            try:
                return question()
            except RequestException as error:
                kind = type(error).__name__
                reason = f"can't be reached ({kind}): check the network and try again"
            except TwilioException as error:
                status = status_of(error)
                reason, passes = explain_status(status, self._account_sid), may_pass(status)
            except (ValueError, TypeError, AttributeError, LookupError) as error:
                # The library picks an answer apart without looking; these are its ways to stumble
                # over one that isn't JSON, or not the JSON that it knows.
                kind = type(error).__name__
                reason, passes = (
                    f"gave an answer that can't be read ({kind}): try again later",
                    False,
                )
            if wait_s is None or not passes:
                break
            self._wait(wait_s)
        # Without the cause: it may hold the request, and the request holds the token.
        raise CarrierUnavailableError(f"Twilio's REST API {reason}") from None


def _read_records(instances: Iterable[CallInstance]) -> tuple[CarrierRecord, ...]:
    return tuple(map(read_record, instances))


def _read_leg(instance: CallInstance, leg_sid: str) -> CarrierLeg:
    return CarrierLeg(
        leg_sid=leg_sid,
        dial_string=read_text(instance.to),
        status=read_status(str(instance.status)),
        started_at=read_instant(instance.start_time),
        ended_at=read_instant(instance.end_time),
        # A text, empty for a leg that wasn't answered.
        duration_s=read_seconds(str(instance.duration)),
    )


def _read_number(instance: IncomingPhoneNumberInstance) -> NumberSetup:
    return NumberSetup(
        number=read_text(instance.phone_number),
        voice_url=read_text(instance.voice_url, 2048),
        fallback_url=read_text(instance.voice_fallback_url, 2048),
        status_url=read_text(instance.status_callback, 2048),
        voice_application_sid=read_text(instance.voice_application_sid),
        trunk_sid=read_text(instance.trunk_sid),
    )


def _age(leg: CarrierLeg) -> tuple[datetime, str]:
    return leg.started_at or datetime.max.replace(tzinfo=UTC), leg.leg_sid
