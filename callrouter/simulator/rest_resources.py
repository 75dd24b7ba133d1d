"""Calls and numbers as the REST API shows and filters them. Knows nothing of HTTP."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from callrouter.simulator.account import Account, Did
from callrouter.simulator.call_log import CallRecord, CallStatus
from callrouter.simulator.clock import rfc2822, whole_second
from callrouter.simulator.prices import CURRENCY

VERSION = "2010-04-01"

CALL_FILTERS = frozenset(
    {"To", "From", "ParentCallSid", "Status", "StartTime", "StartTime<", "StartTime>"}
)
NUMBER_FILTERS = frozenset({"PhoneNumber"})


def show_call(account: Account, record: CallRecord, price: str | None = None) -> dict[str, object]:
    """One leg. Times are RFC 2822, the duration a string of whole seconds, null until known.

    The duration stays null for a leg that nobody answered; `initiated` is shown as `queued`.
    """
    started, ended = rfc2822(record.started_at), record.ended_at
    answered_and_over = ended is not None and record.answered_at is not None
    initiated = record.status is CallStatus.INITIATED
    uri = f"/{VERSION}/Accounts/{account.sid}/Calls/{record.sid}"
    return {
        "sid": record.sid,
        "parent_call_sid": record.parent_sid,
        "account_sid": account.sid,
        "from": record.caller,
        "from_formatted": record.caller,
        "to": record.called,
        "to_formatted": record.called,
        "phone_number_sid": record.number_sid,
        "status": CallStatus.QUEUED if initiated else record.status,
        "start_time": started,
        "end_time": rfc2822(ended) if ended else None,
        "duration": str(record.duration_s) if answered_and_over else None,
        "date_created": started,
        "date_updated": rfc2822(ended) if ended else started,
        "price": price,
        "price_unit": CURRENCY,
        "direction": record.direction,
        "answered_by": None,
        "api_version": VERSION,
        "forwarded_from": None,
        "group_sid": None,
        "caller_name": None,
        "queue_time": "0",
        "trunk_sid": None,
        "uri": f"{uri}.json",
        "subresource_uris": {"events": f"{uri}/Events.json"},
    }


def show_number(account: Account, did: Did) -> dict[str, object]:
    """One number with the URLs that it is set up with, connection overrides included."""
    return {
        "sid": did.sid,
        "account_sid": account.sid,
        "phone_number": did.number,
        "friendly_name": did.number,
        "api_version": VERSION,
        "voice_url": did.voice_url,
        "voice_method": did.voice_method,
        "voice_fallback_url": did.fallback_url,
        "voice_fallback_method": did.fallback_method,
        "status_callback": did.status_url,
        "status_callback_method": did.status_method,
        "voice_application_sid": None,
        "trunk_sid": None,
        "voice_caller_id_lookup": False,
        "capabilities": {"voice": True, "sms": False, "mms": False, "fax": False},
        "status": "in-use",
        "origin": "twilio",
        "beta": False,
        "uri": f"/{VERSION}/Accounts/{account.sid}/IncomingPhoneNumbers/{did.sid}.json",
    }


def call_filter(query: Mapping[str, str]) -> Callable[[CallRecord], bool]:
    """Whether a leg matches the filters of a list request; ParentCallSid is for the log to apply.

    A start time is a day or an instant (ISO 8601); `StartTime<` and `StartTime>` include it.
    Raises ValueError for one that is neither.
    """
    checks: list[Callable[[CallRecord], bool]] = []
    if (to := query.get("To")) is not None:
        checks.append(lambda record: record.called == to)
    if (caller := query.get("From")) is not None:
        checks.append(lambda record: record.caller == caller)
    if (status := query.get("Status")) is not None:
        checks.append(lambda record: record.status == status)
    checks.extend(
        _start_check(name, *_span(query[name]))
        for name in ("StartTime", "StartTime<", "StartTime>")
        if name in query
    )
    return lambda record: all(check(record) for check in checks)


def _start_check(name: str, first: datetime, last: datetime) -> Callable[[CallRecord], bool]:
    from_first = name != "StartTime<"
    to_last = name != "StartTime>"

    def check(record: CallRecord) -> bool:
        started_at = whole_second(record.started_at)
        return (not from_first or started_at >= first) and (not to_last or started_at <= last)

    return check


def _span(text: str) -> tuple[datetime, datetime]:
    """The first and last second that a day or an instant means."""
    at = datetime.fromisoformat(text)
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return (at, at) if "T" in text else (at, at + timedelta(days=1, seconds=-1))
