"""How a tie-out's figures are said on a page."""

from datetime import datetime, timedelta

from callrouter.adapters.documents.wording import say_day
from callrouter.domain.billing.statement_document import say_seconds
from callrouter.domain.clocks.periods import find_wall_time
from callrouter.domain.tie_out.report import DisputeLetter, TieOutReport
from callrouter.domain.tie_out.totals import Sums


def say_tie_out(report: TieOutReport) -> str:
    """What stands above a report: whose calls of which days."""
    buyer = f" with {report.buyer}" if report.buyer else ""
    return f"Tie-out{buyer}, {_say_days(report.since, report.until, report.zone)}"


def say_dispute(letter: DisputeLetter) -> str:
    """What stands above a dispute."""
    days = _say_days(letter.since, letter.until, letter.zone)
    return f"Dispute {letter.number} with {letter.buyer}, {days}"


def _say_days(since: datetime, until: datetime, zone: str) -> str:
    first = find_wall_time(zone, since).date()
    last = find_wall_time(zone, until - timedelta(microseconds=1)).date()
    return f"{say_day(first)} to {say_day(last)}"


def say_ms(ms: int | None) -> str:
    """A duration in seconds; "-" for none."""
    return "-" if ms is None else say_seconds(ms)


def say_share(sums: Sums) -> str:
    """By how much of our total theirs is less or more."""
    if not sums.our_micros:
        return "no part"
    return f"{100 * sums.micros / sums.our_micros:+.2f} %"
