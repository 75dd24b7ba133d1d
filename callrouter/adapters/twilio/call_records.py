"""A Call resource of Twilio's REST API as a record of one leg: its figures are texts there.

https://www.twilio.com/docs/voice/api/call-resource
"""

import re
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from urllib.parse import urlsplit, urlunsplit

from twilio.rest.api.v2010.account.call import CallInstance
from twilio.rest.api.v2010.account.call.event import EventInstance

from callrouter.adapters.twilio.inbound import read_seconds, read_status
from callrouter.domain.carrier.carrier_records import CarrierRecord, CarrierRequest, LegDirection
from callrouter.domain.money import MICROS

_LONGEST_TEXT = 255
_FIRST_YEAR = 2008
"""Twilio's first; an earlier instant is none."""
_DEAREST = 10**6
"""No leg costs more, in any unit: what does isn't a price."""
_CURRENCY = re.compile("[A-Z]{3}")
_DIRECTIONS = {"inbound": LegDirection.INBOUND, "outbound-dial": LegDirection.DIALLED}


def read_record(instance: CallInstance) -> CarrierRecord:
    """The record of one leg. Raises ValueError for one that has no id or no start."""
    leg_sid = read_text(instance.sid)
    started_at = read_instant(instance.start_time) or read_instant(instance.date_created)
    if not leg_sid or started_at is None:
        raise ValueError("a record of a call without its sid or its start")
    cost_micros, currency = _read_price(instance.price, instance.price_unit)
    return CarrierRecord(
        call_sid=read_text(instance.parent_call_sid) or leg_sid,
        leg_sid=leg_sid,
        direction=_DIRECTIONS.get(read_text(instance.direction), LegDirection.OTHER),
        caller=read_text(instance._from),
        dial_string=read_text(instance.to),
        status=read_status(str(instance.status)),
        started_at=started_at,
        ended_at=read_instant(instance.end_time),
        duration_s=read_seconds(str(instance.duration)),
        cost_micros=cost_micros,
        currency=currency,
    )


def read_request(event: EventInstance) -> CarrierRequest:
    """What Twilio asked and was answered; of the URL no query, password or connection override."""
    asked, answered = event.request or {}, event.response or {}
    return CarrierRequest(
        url=_strip(read_text(asked.get("url"), 2048)),
        status=_read_count(answered.get("response_code")),
        took_ms=_read_count(answered.get("request_duration")),
    )


def read_text(value: object, longest: int = _LONGEST_TEXT) -> str:
    """A text as far as one is there, at most so long, without what no database keeps."""
    return value[:longest].replace("\0", "\ufffd") if isinstance(value, str) else ""


def read_instant(value: object) -> datetime | None:
    """An instant that the library has read, aware UTC; None for none."""
    if not isinstance(value, datetime) or value.year < _FIRST_YEAR:
        return None
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _strip(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _read_count(value: object) -> int | None:
    """A count that may be a text; None for what is none, or 0, which stands for none here."""
    digits = str(value)
    return int(digits) or None if digits.isascii() and digits.isdigit() else None


def _read_price(price: object, unit: object) -> tuple[int | None, str]:
    """What a leg cost, from a price such as "-0.00850": negative there, null until it is known.

    The unit is the account's currency, whichever that is.
    """
    currency = read_text(unit).upper()
    if not isinstance(price, str | int | float) or not _CURRENCY.fullmatch(currency):
        return None, ""
    try:
        amount = Decimal(str(price))
    except InvalidOperation:
        return None, ""
    if not amount.is_finite() or abs(amount) > _DEAREST:
        return None, ""
    micros = int((-amount * MICROS).to_integral_value(ROUND_HALF_EVEN))
    return micros, currency
