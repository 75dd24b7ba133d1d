"""A tie-out of October with Acme, as its report is given to whoever writes it down."""

from dataclasses import replace
from datetime import UTC, date, datetime

from callrouter.domain.tie_out.classes import DifferenceClass as Class
from callrouter.domain.tie_out.clock_days import ClockDay
from callrouter.domain.tie_out.report import DisputeLetter, ReportedLine, TieOutReport
from callrouter.domain.tie_out.totals import (
    DayTotal,
    GapCount,
    NearThreshold,
    Step,
    Sums,
    Totals,
)

USD = 1_000_000
OCTOBER = (datetime(2026, 10, 1, 5, tzinfo=UTC), datetime(2026, 11, 1, 5, tzinfo=UTC))
MADE_AT = datetime(2026, 11, 3, 14, 2, tzinfo=UTC)


def sums(ours: int, theirs: int, our_usd: int, their_usd: int) -> Sums:
    return Sums(
        lines=max(ours, theirs),
        our_calls=ours,
        their_calls=theirs,
        rows=theirs,
        our_ms=ours * 100_000,
        their_ms=theirs * 99_000,
        our_micros=our_usd * USD,
        their_micros=their_usd * USD,
    )


CLASSES = {
    Class.AGREE: sums(1100, 1100, 82_500, 82_500),
    Class.ROUNDING: sums(20, 20, 1500, 1500),
    Class.SAME_MONEY: Sums(),
    Class.ACROSS_THRESHOLD: sums(60, 60, 4200, 1200),
    Class.OURS_ONLY: sums(10, 0, 750, 0),
    Class.THEIRS_ONLY: sums(0, 3, 0, 225),
    Class.DUPLICATE: Sums(),
    Class.AMBIGUOUS: Sums(),
}
STEPS = (
    Step(Class.ACROSS_THRESHOLD, "calls that they pay less for", 58, -3150 * USD),
    Step(Class.ACROSS_THRESHOLD, "calls that they pay more for", 2, 150 * USD),
    Step(Class.OURS_ONLY, "calls that their file hasn't got", 10, -750 * USD),
    Step(Class.THEIRS_ONLY, "records that are no calls of ours", 3, 225 * USD),
)
WHOLE = sums(1190, 1183, 88_950, 85_425)


def report(**changes: object) -> TieOutReport:
    since, until = OCTOBER
    made = TieOutReport(
        seller="Northside Leads",
        buyer="Acme Plumbing",
        number=7,
        since=since,
        until=until,
        zone="America/Chicago",
        currency="USD",
        made_at=MADE_AT,
        files=("acme-october.csv, 1,183 records",),
        reading="five9: TIMESTAMP as a named month, ANI, DNIS, CALL TIME as H:MM:SS",
        clock="their clock: America/Chicago, 37 s ahead; sure: 1,112 calls",
        measure="our connected time against their CALL TIME",
        notices=("their CALL TIME includes about 41 s of queue",),
        totals=Totals(
            classes=CLASSES,
            days=(
                DayTotal(date(2026, 10, 1), WHOLE, 73),
                DayTotal(None, sums(0, 3, 0, 225), 3),
            ),
            whole=WHOLE,
            steps=STEPS,
            price_micros=85_000 * USD,
            gaps=(GapCount(-31, 4, 4), GapCount(-3, 58, 54), GapCount(0, 1100, 0)),
            near=(NearThreshold(120, 119, 2, 41), NearThreshold(120, 120, 60, 4)),
        ),
        clock_days=(ClockDay(date(2026, 10, 1), 37_000), ClockDay(date(2026, 10, 2), 38_700)),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def nothing() -> TieOutReport:
    """A tie-out of a month without a call."""
    totals = Totals(
        classes={each: Sums() for each in Class},
        days=(),
        whole=Sums(),
        steps=(),
        price_micros=None,
        gaps=(),
        near=(),
    )
    return report(totals=totals, clock_days=(), clock="", notices=(), number=0)


def line(number: int = 17, **changes: object) -> ReportedLine:
    made = ReportedLine(
        line_no=number,
        difference=Class.ACROSS_THRESHOLD,
        why="connected 121 s >= 120 s with us, 118 s < 120 s with them",
        at=datetime(2026, 10, 3, 15, 2, tzinfo=UTC),
        caller="+14155550123",
        did="+18005550100",
        destination_id="acme-east",
        call_sid=f"CA{number:032d}",
        place="acme-october.csv:18",
        their_ids="300000000000017",
        their_start="Sat, 3 Oct 2026 10:02:37",
        our_ms=121_000,
        their_ms=118_000,
        our_micros=75 * USD,
        their_micros=0,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def theirs_only(number: int = 18) -> ReportedLine:
    return line(
        number,
        difference=Class.THEIRS_ONLY,
        why="no call of ours from this caller",
        at=None,
        caller="",
        did="",
        destination_id="",
        call_sid="",
        our_ms=None,
        our_micros=None,
        their_micros=75 * USD,
    )


def letter() -> DisputeLetter:
    since, until = OCTOBER
    return DisputeLetter(
        seller="Northside Leads",
        buyer="Acme Plumbing",
        number=4,
        since=since,
        until=until,
        zone="America/Chicago",
        currency="USD",
        made_at=MADE_AT,
        raise_by="2026-11-07",
        owner="ann@northside.example",
        note="All of these ran past two minutes with us.",
        lines=2,
        our_micros=75 * USD,
        their_micros=75 * USD,
    )
