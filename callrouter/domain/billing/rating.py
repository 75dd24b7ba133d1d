"""What a call comes to by terms: `rate`, for buyers and publishers alike, pure and explained.

What must be known of the account's past is asked for by `ask_past`; how it is kept isn't known.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from callrouter.domain.billing.charges import Charge
from callrouter.domain.billing.pricing import (
    bill_ms,
    find_band,
    is_reached,
    price_minutes,
    price_share,
    round_ms,
)
from callrouter.domain.billing.talks import Talk
from callrouter.domain.billing.terms import Clock, PerMinute, Rounding, Share, Terms
from callrouter.domain.clocks.periods import Period, find_day_start, find_next_start, find_wall_time
from callrouter.domain.clocks.time_spans import say_span
from callrouter.domain.clocks.timetable import compile_hours, is_open, read_wall, say_closed
from callrouter.domain.money import say_amount, say_micros
from callrouter.domain.numbers import read_caller

_ROUNDED = {
    Rounding.FLOOR: "rounded down",
    Rounding.CEILING: "rounded up",
    Rounding.NEAREST: "rounded",
}


@dataclass(frozen=True, slots=True)
class PastQuestion:
    """What must be looked up before a talk can be rated; each is None where terms don't ask it.

    `window`: the last call of the same caller and campaign that was paid; `day`: how many calls
    were paid. Either is about calls that began from its first instant to before its second, other
    than the call itself. A window reaches as far beyond the call as before it: of two calls the
    first one that is rated is paid for, though it may have come later and ended earlier. The calls
    of a day are those that the terms are for: of `day_campaign_id` and `day_destination_id`, ""
    standing for any.
    """

    window: tuple[datetime, datetime] | None = None
    day: tuple[datetime, datetime] | None = None
    day_campaign_id: str = ""
    day_destination_id: str = ""


@dataclass(frozen=True, slots=True)
class PaidCall:
    """Another call of the same caller that was paid."""

    call_sid: str
    started_at: datetime


@dataclass(frozen=True, slots=True)
class PaidPast:
    """What the account says of other calls: the answers to a `PastQuestion`."""

    last_paid: PaidCall | None = None
    paid_that_day: int = 0


NOTHING_PAID = PaidPast()


@dataclass(frozen=True, slots=True)
class _Priced:
    """What the time of a talk comes to, before anything else is asked; `words` say how."""

    amount_micros: int
    words: str
    is_due: bool


def ask_past(talk: Talk, terms: Terms, zone: str) -> PastQuestion:
    """What `rate` must know of other calls; `zone` is the agreement's.

    Callers who hide their number are strangers each time.
    """
    window = day = None
    if terms.duplicate_window_s and not read_caller(talk.ani).withheld:
        since_at = talk.started_at - timedelta(seconds=terms.duplicate_window_s)
        window = (since_at, talk.started_at + timedelta(seconds=terms.duplicate_window_s))
    if terms.most_per_day is not None:
        until_at = find_next_start(Period.DAY, zone, talk.started_at)
        assert until_at is not None  # noqa: S101 - only "ever" has no end
        today = find_wall_time(zone, talk.started_at).date()
        day = (find_day_start(zone, today), until_at)
    return PastQuestion(window, day, terms.campaign_id, terms.destination_id)


def rate(talk: Talk, terms: Terms, past: PaidPast, *, version: int = 0) -> Charge:
    """What `talk` comes to by `terms`; `version` is the agreement's, for the record.

    Never negative. Time is rounded first, then compared, then paid for; a talk that would be paid
    for is then held against the payable hours, the duplicate window and the most a day.
    """
    priced = _price(talk, terms)
    refusal = priced.words if not priced.is_due else _refuse(talk, terms, past)
    return Charge(
        amount_micros=0 if refusal else priced.amount_micros,
        currency=terms.currency,
        reason=f"not payable: {refusal}" if refusal else priced.words,
        terms_version=version,
    )


def read_clock(talk: Talk, clock: Clock) -> int:
    """The milliseconds of a talk that a clock counts, before any rounding."""
    if clock is Clock.CONNECTED:
        return talk.connected_ms
    return talk.answered_ms if clock is Clock.ANSWERED else talk.total_ms


def say_seconds(ms: int) -> str:
    """A time in seconds with the decimals that it has: "121 s", "119.6 s"."""
    seconds, rest = divmod(ms, 1000)
    return f"{seconds}.{rest:03}".rstrip("0") + " s" if rest else f"{seconds} s"


def _price(talk: Talk, terms: Terms) -> _Priced:
    if terms.per_attempt_micros is not None:
        return _price_attempts(talk, terms.per_attempt_micros, terms.currency)
    if not talk.is_connected:
        return _Priced(0, "never connected", is_due=False)
    if terms.share is not None:
        return _price_share(talk, terms.share, terms.currency)
    return _price_time(talk, terms)


def _price_attempts(talk: Talk, price_micros: int, currency: str) -> _Priced:
    if not talk.attempts:
        return _Priced(0, "no phone was rung", is_due=False)
    amount = talk.attempts * price_micros
    times = f"{talk.attempts} attempt{'s' if talk.attempts > 1 else ''}"
    return _Priced(amount, f"{times} x {say_amount(price_micros, currency)}", is_due=True)


def _price_share(talk: Talk, share: Share, currency: str) -> _Priced:
    charged = [charge for charge in talk.charged if charge.is_payable]
    if not charged:
        return _Priced(0, "no buyer pays for it", is_due=False)
    foreign = [charge for charge in charged if charge.currency != currency]
    if foreign:
        paid = say_amount(foreign[0].amount_micros, foreign[0].currency)
        return _Priced(0, f"a buyer pays {paid}, of which {currency} is no share", is_due=False)
    revenue = sum(charge.amount_micros for charge in charged)
    amount = price_share(share.parts_per_million, revenue, currency)
    words = f"{say_percent(share)} of {say_amount(revenue, currency)} that buyers pay"
    return _Priced(amount, f"{words}: {say_amount(amount, currency)}", is_due=True)


def say_percent(share: Share) -> str:
    """A share as people write it: "40 %", "33.3333 %"."""
    whole, rest = divmod(share.parts_per_million, 10_000)
    return f"{whole}.{rest:04}".rstrip("0") + " %" if rest else f"{whole} %"


def _price_time(talk: Talk, terms: Terms) -> _Priced:
    raw_ms = read_clock(talk, terms.clock)
    counted_ms = round_ms(raw_ms, terms.rounding)
    said = f"{terms.clock} {say_seconds(raw_ms)}"
    if not talk.is_timed and terms.clock is not Clock.TOTAL:
        said += " (which no source confirms)"
    if counted_ms != raw_ms:
        said += f" ({say_seconds(counted_ms)} {_ROUNDED[terms.rounding]})"
    if terms.per_minute is not None:
        return _price_minutes(counted_ms, terms, terms.per_minute, said)
    band = find_band(terms, counted_ms)
    if band is None:
        return _fall_short(said, min(each.after_s for each in terms.bands), terms)
    price = say_amount(band.price_micros, terms.currency)
    words = f"{said} {terms.operator} {band.after_s} s: 1 x {price}"
    return _Priced(band.price_micros, words, is_due=True)


def _price_minutes(counted_ms: int, terms: Terms, per_minute: PerMinute, said: str) -> _Priced:
    if not is_reached(counted_ms, per_minute.after_s, terms.operator):
        return _fall_short(said, per_minute.after_s, terms)
    billed_ms = bill_ms(counted_ms, per_minute)
    amount = price_minutes(billed_ms, per_minute, terms.currency)
    threshold = f" {terms.operator} {per_minute.after_s} s" if per_minute.after_s else ""
    steps = f"{per_minute.first_s}/{per_minute.next_s}"
    price = f"{say_micros(per_minute.price_micros)} a minute"
    words = f"{said}{threshold}, {say_seconds(billed_ms)} billed by {steps}"
    return _Priced(amount, f"{words} at {price}: {say_amount(amount, terms.currency)}", is_due=True)


def _fall_short(said: str, after_s: int, terms: Terms) -> _Priced:
    below = "<" if terms.operator == ">=" else "<="
    return _Priced(0, f"{said} {below} {after_s} s", is_due=False)


def _refuse(talk: Talk, terms: Terms, past: PaidPast) -> str:
    """Why a talk that reached its threshold isn't paid for, or "" when it is."""
    if terms.hours is not None:
        timetable = compile_hours(terms.hours, "UTC")
        if not is_open(timetable, read_wall(timetable.zone, talk.started_at)):
            return f"began outside payable hours, {say_closed(timetable, talk.started_at)}"
    if terms.duplicate_window_s and past.last_paid is not None:
        window = timedelta(seconds=terms.duplicate_window_s)
        age = talk.started_at - past.last_paid.started_at
        if age < window:
            return _say_duplicate(past.last_paid, age, terms.duplicate_window_s)
    if terms.most_per_day is not None and past.paid_that_day >= terms.most_per_day:
        return f"{past.paid_that_day} calls paid that day, {terms.most_per_day} at most"
    return ""


def _say_duplicate(paid: PaidCall, age: timedelta, window_s: int) -> str:
    seconds = age.total_seconds()
    when = f"{say_span(seconds)} ago" if seconds >= 0 else f"{say_span(-seconds)} later"
    return f"same caller paid {when} in {paid.call_sid}, window {say_span(window_s)}"
