"""Which duration of theirs is compared with which time of ours."""

from collections.abc import Callable, Sequence

import polars as pl
import pytest

from callrouter.domain.billing.terms import Clock
from callrouter.domain.tie_out.mapping import Field
from callrouter.domain.tie_out.measures import (
    Measure,
    MeasureFound,
    choose_measure,
    find_measure,
    list_durations,
    pair_singles,
    read_theirs,
    say_measure,
)
from tests.domain.tie_out.sides import AT_MS, CALLER, Row, calls_of, numbered, ours_of, s

TOTAL = Measure(Clock.CONNECTED, Field.TOTAL)
TALK = Measure(Clock.CONNECTED, Field.TALK)
TALKS_S = [30 + 7 * number for number in range(40)]
"""What forty callers talked for, by our connected time."""


def find(
    theirs: Sequence[Row], preferred: Measure = TOTAL, *, whisper_s: int = 0, is_told: bool = False
) -> MeasureFound:
    """The measure that forty pairs of ours and `theirs` make."""
    ours = ours_of(
        {"connected_ms": s(talk), "answered_ms": s(talk + whisper_s), "total_ms": s(talk + 25)}
        for talk in TALKS_S[: len(theirs)]
    )
    pairs = pl.DataFrame({"our": range(len(theirs)), "their": range(len(theirs))})
    return find_measure(ours.lazy(), calls_of(theirs).lazy(), pairs, preferred, is_told=is_told)


def test_what_agrees_is_kept_and_nothing_is_said() -> None:
    found = find([{"total_ms": s(talk + 1), "talk_ms": s(talk - 9)} for talk in TALKS_S])

    assert found == MeasureFound(TOTAL, (), sure=40, fit=1.0)


def test_talk_that_leaves_queue_out_is_noticed_in_words() -> None:
    rows = [{"total_ms": s(talk), "talk_ms": s(talk - 25), "queue_ms": s(25)} for talk in TALKS_S]

    assert find(rows, TALK).notices == (
        "their talk time excludes about 25 s of queue; our connected time with their total time "
        "agrees in 100% of 40 sure calls, so that is compared",
    )
    assert find(rows, TALK).measure == TOTAL


def test_queue_that_explains_nothing_is_not_named() -> None:
    rows = [{"total_ms": s(talk), "talk_ms": s(talk - 25), "queue_ms": s(3)} for talk in TALKS_S]

    assert find(rows, TALK).notices[0].startswith("their talk time is about 25 s shorter than")


def test_what_a_person_told_is_kept_and_the_better_one_suggested() -> None:
    rows = [{"total_ms": s(talk), "talk_ms": s(talk - 25)} for talk in TALKS_S]

    found = find(rows, TALK, is_told=True)

    assert (found.measure, found.suggested) == (TALK, TOTAL)
    assert found.notices == (
        "their talk time is about 25 s shorter than our connected time; our connected time with "
        "their total time agrees in 100% of 40 sure calls: compare that instead?",
    )


def test_a_switch_that_counts_the_whisper_is_compared_with_our_answered_time() -> None:
    found = find([{"total_ms": s(talk + 12)} for talk in TALKS_S], whisper_s=12)

    assert found.measure == Measure(Clock.ANSWERED, Field.TOTAL)
    assert found.notices[0].startswith(
        "their total time includes about 12 s of whisper: their switch counts from its answer on"
    )


@pytest.mark.parametrize(
    ("row", "measure", "words"),
    [
        pytest.param(
            lambda talk: {"total_ms": s(talk + talk % 50), "queue_ms": s(talk % 50)},
            Measure(Clock.CONNECTED, Field.TOTAL, less=(Field.QUEUE,)),
            "with their total time less queue",
            id="total less queue",
        ),
        pytest.param(
            lambda talk: {"total_ms": None, "talk_ms": s(talk - 25), "hold_ms": s(25)},
            Measure(Clock.CONNECTED, Field.TALK, plus=(Field.HOLD,)),
            "with their talk time plus hold",
            id="talk plus hold",
        ),
        pytest.param(
            lambda talk: {"total_ms": s(talk + 25)},
            Measure(Clock.TOTAL, Field.TOTAL),
            "before they were connected: it begins when the call reached us",
            id="our total",
        ),
    ],
)
def test_sums_and_other_times_are_tried(
    row: Callable[[int], Row], measure: Measure, words: str
) -> None:
    rows = [row(talk) for talk in TALKS_S]
    preferred = choose_measure(list_durations(calls_of(rows).lazy()), Clock.CONNECTED)
    assert preferred is not None

    found = find(rows, preferred)

    assert found.measure == measure
    assert words in found.notices[0]


def test_billed_time_is_known_by_its_steps() -> None:
    rows = [{"total_ms": None, "billed_ms": s(-(-talk // 6) * 6)} for talk in TALKS_S]

    found = find(rows, Measure(Clock.CONNECTED, Field.BILLED))

    assert found.measure == Measure(Clock.CONNECTED, Field.BILLED, step_ms=6000)
    assert found.notices == ("their billed time is rounded up to 6 s",)
    assert found.fit == 1.0


def test_times_finer_than_seconds_are_known_for_that() -> None:
    found = find([{"total_ms": s(talk) + 37} for talk in TALKS_S])

    assert found.measure.step_ms == 1


def test_of_few_calls_nothing_is_concluded() -> None:
    rows = [{"total_ms": s(talk), "talk_ms": s(talk - 25)} for talk in TALKS_S[:19]]

    assert find(rows, TALK) == MeasureFound(TALK, (), sure=19, fit=0.0)


def test_that_nothing_fits_is_said() -> None:
    found = find([{"total_ms": s(1000 + 90 * (talk % 11))} for talk in TALKS_S])

    assert found.measure.theirs is Field.TOTAL
    assert "nothing else in their file fits better" in found.notices[-1]


def test_a_better_one_of_a_call_here_and_there_changes_nothing() -> None:
    rows = [
        {"total_ms": s(talk + (9 if talk % 4 else 0)), "talk_ms": s(talk + 9)} for talk in TALKS_S
    ]

    assert find(rows).measure == TOTAL


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ({"talk_ms": 1}, Field.TOTAL),
        ({"total_ms": None, "talk_ms": 1, "billed_ms": 1}, Field.TALK),
        ({"total_ms": None, "billed_ms": 1}, Field.BILLED),
    ],
    ids=["total", "talk", "billed"],
)
def test_their_total_is_compared_at_first_or_what_there_is_of_it(row: Row, field: Field) -> None:
    assert choose_measure(list_durations(calls_of([row]).lazy()), Clock.ANSWERED) == Measure(
        Clock.ANSWERED, field
    )


def test_a_file_without_durations_has_no_measure() -> None:
    assert (
        choose_measure(list_durations(calls_of([{"total_ms": None}]).lazy()), Clock.CONNECTED)
        is None
    )


def test_a_difference_is_never_below_nothing_and_an_empty_cell_takes_nothing_away() -> None:
    calls = calls_of(
        [
            {"total_ms": s(60), "queue_ms": s(41)},
            {"total_ms": s(60)},
            {"total_ms": s(10), "queue_ms": s(11)},
            {"total_ms": None, "queue_ms": s(11)},
        ]
    )
    measure = Measure(Clock.CONNECTED, Field.TOTAL, less=(Field.QUEUE,))

    read = calls.select(read_theirs(measure)).to_series().to_list()

    assert read == [s(19), s(60), 0, None]
    assert say_measure(measure) == "our connected time with their total time less queue"


def test_callers_seen_once_on_each_side_are_the_same_call() -> None:
    once, twice, late, gone = numbered(4)
    ours = ours_of({"caller": each} for each in (once, twice, twice, late, gone, ""))
    calls = calls_of(
        [
            {"caller": once, "at_ms": AT_MS + 900},
            {"caller": twice},
            {"caller": late, "at_ms": AT_MS + 1001},
            {"caller": ""},
            {"caller": gone, "at_ms": None},
        ]
    )

    pairs = pair_singles(ours.lazy(), calls.lazy(), window_ms=1000)

    assert pairs.rows() == [(0, 0)]


def test_of_many_calls_some_callers_are_looked_at() -> None:
    count = 50_000
    rows = {"caller": pl.int_range(count, eager=True).cast(pl.String)}
    ours = pl.DataFrame(rows).with_columns(at_ms=pl.lit(AT_MS)).with_row_index("our")
    calls = ours.rename({"our": "their"})

    pairs = pair_singles(ours.lazy(), calls.lazy(), window_ms=0)

    assert count / 4 < pairs.height < count * 3 / 4
    assert (pairs["our"] == pairs["their"]).all()
    assert (
        pair_singles(
            ours_of([{"caller": CALLER}]).lazy(), calls_of([{}]).lazy(), window_ms=0
        ).height
        == 1
    )
