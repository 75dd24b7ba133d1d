"""The whole pipeline, told nothing: clock, measure, pairs, classes, totals."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callrouter.domain.billing.terms import Clock, TheirTime
from callrouter.domain.tie_out.buyer_clock import ClockDoubt
from callrouter.domain.tie_out.classes import DifferenceClass
from callrouter.domain.tie_out.clock_setting import tell_clock
from callrouter.domain.tie_out.mapping import Field, LegRule
from callrouter.domain.tie_out.measures import Measure
from callrouter.domain.tie_out.rules import TieOutRules
from callrouter.domain.tie_out.tie_out import TieOut, tie_out
from tests.domain.billing.builders import terms_of
from tests.domain.tie_out.sides import USD, Row, numbered, ours_of, s, theirs_of

SINCE = datetime(2026, 10, 1, 4, 0, tzinfo=UTC)
RULES = TieOutRules(
    since=SINCE,
    until=SINCE + timedelta(days=31),
    currency="USD",
    terms=(terms_of(starts_at=datetime(2026, 1, 1, tzinfo=UTC)),),
    zone="America/New_York",
)
CALLS = 60
CHICAGO_MS = -5 * 3_600_000
AHEAD_MS = 37_000
CALLERS = numbered(CALLS)
STARTS_MS = [
    round(SINCE.timestamp() * 1000) + number * 7_919_000 + number * number * 1_117
    for number in range(CALLS)
]
TALKS_MS = [s(20 + (number * 37) % 211) for number in range(CALLS)]
"""Of sixty calls: when each began, and how long it was."""


def our_rows(whisper_ms: int = 0) -> list[Row]:
    return [
        {
            "caller": caller,
            "started_at_ms": at_ms,
            "connected_ms": talk_ms,
            "answered_ms": talk_ms + whisper_ms,
            "charged_micros": 75 * USD if talk_ms >= s(120) else 0,
        }
        for caller, at_ms, talk_ms in zip(CALLERS, STARTS_MS, TALKS_MS, strict=True)
    ]


def their_rows(**columns: int | None) -> list[Row]:
    """A record of each call by a clock in Chicago that is 37 s ahead; columns are talk and more."""
    return [
        {
            "caller": caller,
            "stamp_ms": at_ms + CHICAGO_MS + AHEAD_MS,
            "total_ms": talk_ms,
            **{name: None if more is None else talk_ms + more for name, more in columns.items()},
        }
        for caller, at_ms, talk_ms in zip(CALLERS, STARTS_MS, TALKS_MS, strict=True)
    ]


def tie(ours: Sequence[Row], theirs: Sequence[Row], measure: Measure | None = None) -> TieOut:
    played = tie_out(
        ours_of(ours).drop("at_ms").lazy(),
        theirs_of(theirs).lazy(),
        RULES,
        legs=LegRule.ONE_ROW,
        measure=measure,
    )
    assert isinstance(played, TieOut), played
    return played


def test_told_nothing_it_finds_the_clock_the_pairs_and_that_all_agrees() -> None:
    played = tie(our_rows(), their_rows())

    assert played.clock.zone == "America/Chicago"
    assert played.clock.ahead_ms == AHEAD_MS
    assert played.measure == Measure(Clock.CONNECTED, Field.TOTAL)
    assert played.totals.classes[DifferenceClass.AGREE].lines == CALLS
    assert played.totals.whole.micros == 0
    assert played.notices == ()


def test_a_switch_that_counts_the_whisper_is_noticed_and_nothing_differs() -> None:
    played = tie(our_rows(whisper_ms=s(12)), their_rows(total_ms=s(12)))

    assert played.measure == Measure(Clock.ANSWERED, Field.TOTAL)
    assert "about 12 s of whisper" in played.notices[0]
    assert played.totals.classes[DifferenceClass.AGREE].lines == CALLS


def test_a_measure_that_was_told_stands_and_a_better_one_is_suggested() -> None:
    told = Measure(Clock.CONNECTED, Field.TALK)

    played = tie(our_rows(), their_rows(talk_ms=-s(15)), told)

    assert (played.measure, played.suggested) == (told, Measure(Clock.CONNECTED, Field.TOTAL))
    assert "compare that instead?" in played.notices[0]
    assert not played.totals.classes[DifferenceClass.AGREE].lines


def test_a_time_that_their_file_has_not_got_is_not_compared() -> None:
    played = tie(our_rows(), their_rows(), Measure(Clock.CONNECTED, Field.TALK))

    assert played.measure == Measure(Clock.CONNECTED, Field.TOTAL)
    assert played.notices == ("their file has no talk time, which was to be compared",)


def test_times_rounded_up_to_six_seconds_differ_by_rounding_and_near_the_threshold_in_money() -> (
    None
):
    theirs: list[Row] = [
        {**row, "total_ms": None, "billed_ms": -(-talk_ms // 6000) * 6000}
        for row, talk_ms in zip(their_rows(), TALKS_MS, strict=True)
    ]

    played = tie(our_rows(), theirs)

    classes = {each.value: sums.lines for each, sums in played.totals.classes.items() if sums.lines}
    paid_for_more = [talk_ms for talk_ms in TALKS_MS if s(114) < talk_ms < s(120)]
    assert played.measure == Measure(Clock.CONNECTED, Field.BILLED, step_ms=6000)
    assert set(classes) == {"agree", "rounding", "across_threshold"}
    assert classes["across_threshold"] == len(paid_for_more) > 0
    assert played.totals.whole.micros == 75 * USD * len(paid_for_more)


def test_the_terms_tell_what_is_compared_as_a_person_does() -> None:
    rules = replace(RULES, their_time=TheirTime.TALK, their_zone="America/Chicago")

    played = tie_out(
        ours_of(our_rows()).drop("at_ms").lazy(),
        theirs_of(their_rows(talk_ms=0)).lazy(),
        rules,
        legs=LegRule.ONE_ROW,
    )

    assert isinstance(played, TieOut)
    assert played.measure == Measure(Clock.CONNECTED, Field.TALK)


def test_where_all_callers_called_twice_the_measure_is_found_from_the_pairs() -> None:
    twice = [CALLERS[number % (CALLS // 2)] for number in range(CALLS)]
    ours = [{**row, "caller": caller} for row, caller in zip(our_rows(), twice, strict=True)]
    theirs: list[Row] = [
        {**row, "caller": caller, "total_ms": None, "talk_ms": row["total_ms"], "billed_ms": None}
        for row, caller in zip(their_rows(), twice, strict=True)
    ]
    talked = [
        {**row, "queue_ms": s(9), "talk_ms": TALKS_MS[number] - s(9)}
        for number, row in enumerate(theirs)
    ]

    assert tie(ours, theirs).measure == Measure(Clock.CONNECTED, Field.TALK)
    assert tie(ours, talked).measure == Measure(Clock.CONNECTED, Field.TALK, plus=(Field.QUEUE,))


def test_a_record_of_the_hour_that_comes_twice_is_told() -> None:
    twice_ms = round(datetime(2026, 11, 1, 1, 30, tzinfo=UTC).timestamp() * 1000)
    stray: Row = {"caller": "+14155550199", "stamp_ms": twice_ms}
    played = tie(our_rows(), [*their_rows(), stray])
    words = "clocks went back, and nothing tells in which of the two hours 1 of their records began"
    assert f"{words}: the first is taken" in played.notices


def test_a_file_without_durations_has_no_measure() -> None:
    played = tie(our_rows(), their_rows(total_ms=None))

    assert played.measure is None
    assert played.totals.classes[DifferenceClass.AGREE].lines == CALLS


def test_a_file_of_somebody_else_is_doubted() -> None:
    theirs: list[Row] = [
        {"caller": f"+1212555{number:04}", "called": "", "stamp_ms": STARTS_MS[0] + 997 * number**3}
        for number in range(CALLS)
    ]

    doubt = tie_out(
        ours_of(our_rows()).drop("at_ms").lazy(),
        theirs_of(theirs).lazy(),
        RULES,
        legs=LegRule.ONE_ROW,
    )

    assert isinstance(doubt, ClockDoubt)


def test_what_a_person_should_know_is_said() -> None:
    before: Row = {"started_at_ms": STARTS_MS[0] - 3 * 86_400_000, "caller": "+14155550199"}
    strangers: list[Row] = [
        {
            "caller": "+12125550100",
            "stamp_ms": STARTS_MS[number] + CHICAGO_MS + 1_800_000,
            "total_ms": s(130),
            "price_micros": 70 * USD,
        }
        for number in range(CALLS)
    ]
    late = {**strangers[0], "stamp_ms": STARTS_MS[-1]}

    played = tie([before, *our_rows()], [*their_rows(), *strangers, late])

    assert played.left_out == 1
    assert played.notices == (
        "61 of their 121 records are no calls of ours: "
        "is it this buyer's file, and of this period?",
        "61 records that only they have are priced by the terms that would have held "
        "for such calls",
        "their prices add up to 4270.00 USD, what the terms make of their seconds to 6825.00 USD",
        "1 call of ours outside the period, not in their file, is left out",
    )


@settings(max_examples=5, deadline=None)
@given(st.data())
def test_whatever_is_lost_or_changed_every_row_is_in_one_line(data: st.DataObject) -> None:
    ours = [row for row in our_rows() if data.draw(st.integers(0, 9))]
    theirs: list[Row] = [
        {**row, "total_ms": data.draw(st.sampled_from([row["total_ms"], s(118), None]))}
        for row in their_rows()
        if data.draw(st.integers(0, 9))
    ]
    told = tell_clock("America/Chicago", RULES.since, RULES.until, ahead_ms=AHEAD_MS)

    played = tie_out(
        ours_of(ours).drop("at_ms").lazy(),
        theirs_of(theirs).lazy(),
        RULES,
        legs=LegRule.LEGS,
        clock=told,
    )

    assert isinstance(played, TieOut)
    lines = played.lines.collect()
    assert lines["our"].drop_nulls().sort().to_list() == list(range(len(ours)))
    assert lines["their"].drop_nulls().sort().to_list() == list(range(len(theirs)))
    whole = played.totals.whole
    assert whole.our_micros + sum(step.micros for step in played.totals.steps) == (
        whole.their_micros
    )


@pytest.mark.parametrize("side", ["ours", "theirs"])
def test_one_side_may_be_empty_when_the_clock_is_told(side: str) -> None:
    told = tell_clock("America/Chicago", RULES.since, RULES.until)
    ours, theirs = (our_rows(), list[Row]()) if side == "ours" else (list[Row](), their_rows())

    played = tie_out(
        ours_of(ours).drop("at_ms").lazy(),
        theirs_of(theirs).lazy(),
        RULES,
        legs=LegRule.ONE_ROW,
        clock=told,
    )

    assert isinstance(played, TieOut)
    assert played.totals.whole.lines == CALLS
