"""Terms as people read them: what is paid, by which clock, under which conditions, and when."""

from collections.abc import Iterator
from datetime import datetime
from itertools import groupby

from callrouter.domain.billing.party import Side
from callrouter.domain.billing.rating import say_percent
from callrouter.domain.billing.terms import Agreement, Rounding, Terms, TieOutTerms
from callrouter.domain.billing.terms_choice import say_scope
from callrouter.domain.clocks.hours import Hours
from callrouter.domain.clocks.periods import find_wall_time
from callrouter.domain.clocks.time_spans import say_span
from callrouter.domain.money import say_amount

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_ROUNDED = {
    Rounding.EXACT: "to the millisecond",
    Rounding.FLOOR: "rounded down to seconds",
    Rounding.CEILING: "rounded up to seconds",
    Rounding.NEAREST: "rounded to seconds",
}


def describe_agreement(agreement: Agreement) -> Iterator[str]:
    """All that a party has agreed to, line by line."""
    name = f" {agreement.name}" if agreement.name else ""
    yield f"{agreement.party}:{name} (version {agreement.version}, {agreement.zone})"
    days = f"{agreement.net_days} day{'' if agreement.net_days == 1 else 's'}"
    yield f"  a statement {_say_cycle(agreement)}, due in {days}{_say_credit(agreement)}"
    if agreement.tie_out != TieOutTerms():
        yield f"  their own records: {', '.join(_list_tie_out(agreement.tie_out))}"
    for terms in agreement.terms:
        yield f"  {say_scope(terms)}, {say_dates(terms, agreement.zone)}"
        yield f"    {say_price(terms)}"
        yield from (f"    {line}" for line in _list_conditions(terms))


def say_price(terms: Terms) -> str:
    """What is paid: "connected >= 120 s, to the millisecond: 75.00 USD"."""
    if terms.per_attempt_micros is not None:
        return f"each attempt: {say_amount(terms.per_attempt_micros, terms.currency)}"
    if terms.share is not None:
        return f"{say_percent(terms.share)} of what buyers pay"
    rounded = _ROUNDED[terms.rounding]
    minutes = terms.per_minute
    if minutes is not None:
        price = say_amount(minutes.price_micros, terms.currency)
        after = f" {terms.operator} {minutes.after_s} s" if minutes.after_s else ""
        by = f"{minutes.first_s}/{minutes.next_s}"
        return f"{terms.clock}{after}, {rounded}: {price} a minute by {by}"
    bands = (
        f"{terms.operator} {band.after_s} s: {say_amount(band.price_micros, terms.currency)}"
        for band in terms.bands
    )
    return f"{terms.clock}, {rounded}, {', '.join(bands)}"


def say_dates(terms: Terms, zone: str) -> str:
    """When terms are in force: "from 2026-10-01 until 2026-12-01", on the clocks of `zone`."""
    begins = f"from {say_moment(terms.starts_at, zone)}"
    return begins if terms.ends_at is None else f"{begins} until {say_moment(terms.ends_at, zone)}"


def say_moment(at: datetime, zone: str) -> str:
    """A date where its midnight in `zone` is meant, else the date and time with the offset."""
    wall = find_wall_time(zone, at)
    return f"{wall:%Y-%m-%d}" if wall.time() == wall.min.time() else f"{wall:%Y-%m-%d %H:%M:%S%z}"


def _list_tie_out(tie_out: TieOutTerms) -> Iterator[str]:
    yield f"{tie_out.tolerance_ms // 1000} s off is rounding"
    if tie_out.dispute_days is not None:
        yield f"raised within {tie_out.dispute_days} days"
    if tie_out.zone:
        yield f"stamped in {tie_out.zone}"
    if tie_out.their_time is not None:
        yield f"their {tie_out.their_time} time counts"


def _say_cycle(agreement: Agreement) -> str:
    words = {"week": "each week", "half_month": "each half month", "month": "each month"}
    return words.get(agreement.cycle, "when one is closed by hand")


def _say_credit(agreement: Agreement) -> str:
    credit = agreement.credit
    if credit is None:
        return "; no limit" if agreement.party.side is Side.BUYER else ""
    if credit.is_prepaid:
        return f"; paid in advance in {credit.currency}"
    return f"; {say_amount(credit.limit_micros, credit.currency)} of credit"


def _say_hours(hours: Hours) -> str:
    """The windows, days of the same ones together: "Mon-Fri 08:00-17:00 (America/Chicago)"."""
    by_day = {day: _say_windows(hours, day) for day in range(len(_WEEKDAYS))}
    said: list[str] = []
    for windows, days in groupby(range(len(_WEEKDAYS)), key=lambda day: by_day[day]):
        first, *rest = days
        name = f"{_WEEKDAYS[first]}-{_WEEKDAYS[rest[-1]]}" if rest else _WEEKDAYS[first]
        said += [f"{name} {windows}"] if windows else []
    exceptions = (
        (hours.holidays, "not on holidays of " + ", ".join(hours.holidays)),
        (hours.closed_on, "not on " + ", ".join(map(str, hours.closed_on))),
        (hours.closures, "but for its closures"),
        (hours.openings, "and in its openings"),
    )
    return ", ".join(
        (
            f"{', '.join(said) or 'at no hour of the week'} ({hours.zone})",
            *(words for applies, words in exceptions if applies),
        )
    )


def _say_windows(hours: Hours, weekday: int) -> str:
    return " and ".join(
        f"{_say_time(window.start_min)}-{_say_time(window.end_min)}"
        for window in hours.windows
        if window.weekday == weekday
    )


def _say_time(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _list_conditions(terms: Terms) -> Iterator[str]:
    if terms.hours is not None:
        yield f"only calls that begin {_say_hours(terms.hours)}"
    if terms.duplicate_window_s:
        yield f"a caller is paid for once in {say_span(terms.duplicate_window_s)}"
    if terms.most_per_day is not None:
        yield f"{terms.most_per_day} calls a day at most"
