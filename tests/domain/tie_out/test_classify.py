"""What becomes of each pair and of each row that is left over, in words a buyer can be told."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from callrouter.domain.billing.terms import Band, Operator, PerMinute, Rounding, Terms
from callrouter.domain.clocks.hours import Hours, Window
from callrouter.domain.tie_out.classes import LINES
from callrouter.domain.tie_out.rules import TieOutRules
from tests.domain.billing.builders import terms_of
from tests.domain.tie_out.sides import (
    AT_MS,
    DID,
    USD,
    Cell,
    Row,
    class_all,
    numbered,
    pairs_of,
    s,
    sides_of,
    unsure_of,
)

SINCE = datetime(2026, 10, 1, 4, 0, tzinfo=UTC)
TERMS = terms_of()
"""75 USD from 120 connected seconds on."""
RULES = TieOutRules(
    since=SINCE,
    until=SINCE + timedelta(days=31),
    currency="USD",
    terms=(TERMS,),
    zone="America/New_York",
)
CHARGED = {"charged_micros": 75 * USD}
DAY_MS = 86_400_000


def tell_pair(our: Row, their: Row, *terms: Terms, step_ms: int = 1000) -> tuple[str, str]:
    """The class of a pair, and why."""
    rules = replace(RULES, terms=terms or (TERMS,))
    lines = class_all(sides_of([our], [their]), pairs_of((0, 0)), unsure_of(), step_ms, rules)
    return lines.select("class", "why").row(0)


def tell_lone(ours: Sequence[Row], theirs: Sequence[Row], rules: TieOutRules = RULES) -> list[str]:
    """Why each row stands alone, ours before theirs; of rows after the first 20 nothing."""
    lines = class_all(sides_of(ours, theirs), pairs_of(), unsure_of(), 1000, rules)
    return lines["why"].to_list()


@pytest.mark.parametrize(
    ("ours_s", "theirs_s", "expected"),
    [
        (150, 150, ("agree", "the same seconds")),
        (150.9, 150, ("agree", "the same seconds")),
        (150.6, 151, ("rounding", "0.4 s apart")),
        (150, 149, ("rounding", "1 s apart")),
        (150, 152, ("same_money", "ours 150 s, theirs 152 s: 75.00 by either")),
        (
            121.4,
            118,
            ("across_threshold", "ours 121.4 s, theirs 118 s, across 120 s: 75.00 and 0.00"),
        ),
        (
            119.6,
            120,
            ("across_threshold", "ours 119.6 s, theirs 120 s, across 120 s: 0.00 and 75.00"),
        ),
        (
            150,
            None,
            ("across_threshold", "ours 150 s, theirs without a time, across 120 s: 75.00 and 0.00"),
        ),
        (90, None, ("same_money", "ours 90 s, theirs without a time: 0.00 by either")),
        (0.3, None, ("agree", "their record has no time")),
    ],
    ids=str,
)
def test_a_pair_is_classed_by_seconds_and_money(
    ours_s: float, theirs_s: float | None, expected: tuple[str, str]
) -> None:
    charged = 75 * USD if ours_s >= 120 else 0
    their = {"total_ms": None if theirs_s is None else s(theirs_s)}
    sides = sides_of(
        [{"connected_ms": s(ours_s), "charged_micros": charged}, {}], [their, {"total_ms": s(60)}]
    )

    lines = class_all(sides, pairs_of((0, 0), (1, 1)), unsure_of(), 1000, RULES)

    assert lines.select("class", "why").row(0) == expected


def test_times_in_steps_differ_by_a_step_through_rounding_alone() -> None:
    our = {"connected_ms": s(145), **CHARGED}

    assert tell_pair(our, {"total_ms": s(150)}, step_ms=6000) == (
        "rounding",
        "5 s apart, their times are rounded up to 6 s",
    )
    assert tell_pair(our, {"total_ms": s(138)}, step_ms=6000)[0] == "same_money"
    assert tell_pair(our, {"total_ms": s(156)}, step_ms=6000)[0] == "same_money"


@pytest.mark.parametrize(
    ("charged", "reason"),
    [
        (0, "not payable: same caller paid 12 days ago in CA0, window 30 days"),
        (0, "not payable: 50 calls paid that day, 50 at most"),
        (30 * USD, "settled by hand"),
    ],
)
def test_what_something_else_than_time_decided_is_the_same_on_both_sides(
    charged: int, reason: str
) -> None:
    our: Row = {"connected_ms": s(150), "charged_micros": charged, "reason": reason}
    sides = sides_of([our], [{"total_ms": s(80)}])

    lines = class_all(sides, pairs_of((0, 0)), unsure_of(), 1000, RULES)

    assert lines["their_micros"].to_list() == [charged]
    assert lines["class"].to_list() == ["same_money"]
    assert lines["why"][0].endswith(f" whatever the time, {reason}")


def test_calls_without_terms_come_to_the_same() -> None:
    rules = replace(RULES, terms=())
    sides = sides_of([{"connected_ms": s(150)}], [{"total_ms": s(80)}])

    lines = class_all(sides, pairs_of((0, 0)), unsure_of(), 1000, rules)

    assert lines["why"].to_list() == [
        "ours 150 s, theirs 80 s: 0.00 whatever the time, nothing was agreed"
    ]


@pytest.mark.parametrize(
    ("terms", "charged", "theirs_s", "micros"),
    [
        pytest.param(
            terms_of(bands=(Band(60, 10 * USD), Band(120, 20 * USD))),
            20 * USD,
            119,
            10 * USD,
            id="the band below",
        ),
        pytest.param(
            terms_of(per_minute=PerMinute(USD, 30, 6)),
            2_100_000,
            119,
            2_000_000,
            id="by the minute",
        ),
        pytest.param(
            terms_of(per_attempt_micros=2 * USD), 4 * USD, 3, 4 * USD, id="by the attempt"
        ),
        pytest.param(
            terms_of(operator=Operator.MORE_THAN, rounding=Rounding.FLOOR),
            75 * USD,
            120,
            0,
            id="more than",
        ),
        pytest.param(
            terms_of(hours=Hours((Window(0, 0, 60),), zone="UTC")), 0, 300, 0, id="closed hours"
        ),
    ],
)
def test_their_seconds_are_priced_by_the_terms(
    terms: Terms, charged: int, theirs_s: int, micros: int
) -> None:
    sides = sides_of(
        [{"connected_ms": s(121), "charged_micros": charged}], [{"total_ms": s(theirs_s)}]
    )

    lines = class_all(sides, pairs_of((0, 0)), unsure_of(), 1000, replace(RULES, terms=(terms,)))

    assert lines["their_micros"].to_list() == [micros]


def test_a_flat_price_is_due_for_a_call_that_they_cut_down_to_no_second() -> None:
    flat = terms_of(bands=(Band(0, 75 * USD),))

    assert tell_pair({"connected_ms": 700, **CHARGED}, {"total_ms": 0}, flat)[0] == "agree"
    assert tell_pair({"connected_ms": 7000, **CHARGED}, {"total_ms": 0}, flat)[0] == (
        "across_threshold"
    )


def test_what_differs_on_the_clock_compared_differs_on_the_clock_that_counts() -> None:
    # Their switch counts 12 s of whisper, the terms count connected time: 130 - 12 is not paid.
    sides = sides_of(
        [{"connected_ms": s(121), "answered_ms": s(133), **CHARGED}], [{"total_ms": s(130)}]
    )
    sides = replace(sides, ours=sides.ours.with_columns(our_ms="answered_ms"))

    lines = class_all(sides, pairs_of((0, 0)), unsure_of(), 1000, RULES)

    assert lines.select("class", "our_ms", "their_ms", "their_micros").row(0) == (
        "across_threshold",
        s(133),
        s(130),
        0,
    )
    # The words tell the times that are compared, of which none crosses 120 s.
    assert lines["why"][0] == "ours 133 s, theirs 130 s: 75.00 and 0.00"


def test_their_own_price_is_told_where_it_is_another() -> None:
    our = {"connected_ms": s(150), **CHARGED}

    assert tell_pair(our, {"total_ms": s(150), "price_micros": 75 * USD})[1] == "the same seconds"
    assert tell_pair(our, {"total_ms": s(150), "price_micros": -31_250_500}) == (
        "agree",
        "the same seconds; their file says -31.2505",
    )


def test_a_file_without_durations_is_compared_by_its_prices_or_not_at_all() -> None:
    ours = [{"connected_ms": s(150), **CHARGED}] * 3
    theirs = [{"total_ms": None, "price_micros": each} for each in (75 * USD, 0, None, 5 * USD)]

    lines = class_all(
        sides_of(ours, theirs), pairs_of((0, 0), (1, 1), (2, 2)), unsure_of(), 1000, RULES
    )

    assert lines["class"].to_list() == ["agree", "across_threshold", "agree", "theirs_only"]
    assert lines["their_micros"].to_list() == [75 * USD, 0, 75 * USD, 5 * USD]
    assert lines["why"][1].startswith("ours 150 s, theirs without a time")


def test_a_call_of_another_period_says_so() -> None:
    day_before = {"started_at_ms": round(SINCE.timestamp() * 1000) - 1, "connected_ms": s(60)}
    day_after = {"started_at_ms": round(RULES.until.timestamp() * 1000), "connected_ms": s(60)}

    assert tell_pair(day_before, {})[1] == "the same seconds; the call is of an earlier period"
    assert tell_pair(day_after, {})[1] == "the same seconds; the call is of a later period"


def test_a_line_has_all_there_is_to_a_pair() -> None:
    sides = sides_of(
        [{}, {"connected_ms": s(121), **CHARGED, "started_at_ms": AT_MS}],
        [{}, {"total_ms": s(121), "rows": 3}],
    )

    lines = class_all(sides, pairs_of((1, 1), (0, 0)), unsure_of(), 1000, RULES)

    assert dict(lines.schema) == {name: pl.Schema(LINES)[name] for name in LINES}
    assert lines.row(1, named=True) == {
        "line_no": 1,
        "class": "agree",
        "why": "the same seconds",
        "our": 1,
        "their": 1,
        "by": "caller",
        "score": 1.0,
        "runner_up": None,
        "gap_ms": 0,
        "at_ms": AT_MS,
        "rows": 3,
        "our_ms": s(121),
        "their_ms": s(121),
        "our_micros": 75 * USD,
        "their_micros": 75 * USD,
        "candidates": "",
        "of_call": None,
    }


RECORDS: list[Row] = [
    {"at_ms": AT_MS + number * 60_000, "caller": caller, "total_ms": s(12 + number)}
    for number, caller in enumerate(numbered(25))
]
"""A file of 25 minutes, a call each, of others."""
INSIDE: dict[str, Cell] = {"at_ms": AT_MS + 600_500}


@pytest.mark.parametrize(
    ("our", "why"),
    [
        (INSIDE | {"connected_ms": 0}, "they never answered"),
        (
            INSIDE | {"connected_ms": 0, "outcome": "declined"},
            "answered there, never joined: a voicemail, or a whisper that nobody took",
        ),
        (INSIDE | {"connected_ms": 0, "outcome": "ringing"}, "never connected"),
        ({"at_ms": AT_MS - 1}, "before their file begins, 2026-10-01 10:00:00"),
        ({"at_ms": AT_MS + DAY_MS}, "after their file ends, 2026-10-01 10:24:00"),
        (INSIDE | {"connected_ms": s(9)}, "too short: their file has nothing under 12 s"),
        (INSIDE | {"did": "+18005550199"}, "their file has no call to +18005550199"),
        (
            INSIDE | {"caller": numbered(25)[24]},
            "the same caller is in line 26, 13 minutes later",
        ),
        (
            INSIDE | {"caller": numbered(25)[7], "connected_ms": s(9), **CHARGED},
            "the same caller is in line 9, 3 minutes earlier",
        ),
        (INSIDE | {"caller": ""}, "the caller hid the number, and nothing else fits"),
        (INSIDE, "their file has no such call"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_call_that_only_we_have_says_why(our: Row, why: str) -> None:
    others: list[Row] = [{"at_ms": AT_MS + 61_000, "caller": "+14155550999"}]

    assert tell_lone([our, *others], RECORDS)[0] == why


def test_a_hole_in_their_file_is_seen_by_the_calls_that_fall_into_it() -> None:
    ours: list[Row] = [{"at_ms": AT_MS + 3_600_000 + number * 60_000} for number in range(5)]
    records: list[Row] = [*RECORDS, {"at_ms": AT_MS + 4 * 3_600_000, "part": "Sheet2"}]

    assert set(tell_lone(ours, records)[:5]) == {
        "their file has nothing from 2026-10-01 10:24:00 to 2026-10-01 14:00:00, "
        "when we have 5 calls"
    }
    assert tell_lone(ours[:4], records)[0] == (
        "the same caller is in line 27 of Sheet2, 3 hours later"
    )


def test_a_short_file_says_nothing_of_what_it_leaves_out() -> None:
    assert tell_lone([{"connected_ms": s(9), "caller": ""}], [{}])[0] == (
        "the caller hid the number, and nothing else fits"
    )


def test_an_empty_file_has_no_call_of_ours() -> None:
    assert tell_lone([{}], []) == ["their file has no such call"]


@pytest.mark.parametrize(
    ("their", "why"),
    [
        ({"corrects_id": "F-17"}, "amends F-17, a record that this file hasn't got"),
        ({"at_ms": None}, "has no start that could be read"),
        (
            {"at_ms": AT_MS - DAY_MS},
            "2026-09-30 10:00:00: before the period, 2026-10-01 00:00:00",
        ),
        (
            {"at_ms": AT_MS + 40 * DAY_MS},
            "2026-11-10 09:00:00: after the period, 2026-11-01 00:00:00",
        ),
        ({"caller": DID}, "made from a number of ours or theirs: no call from outside"),
        ({"called": "+18005550199"}, "to +18005550199, which no call of ours went to"),
        ({"at_ms": AT_MS + 7_500_000}, "the same caller is in our call CA0, 2 hours earlier"),
        ({"caller": "", "caller_kind": "withheld"}, "their record has no caller"),
        (
            {"caller": "", "caller_kind": "partly"},
            "only part of the caller's number is in their record",
        ),
        ({"caller": "", "caller_kind": "extension"}, "from an extension of their own switch"),
        ({"caller": "", "caller_kind": "unreadable"}, "the caller in their record can't be read"),
        ({"caller": "+14155550177"}, "we have no call of this caller"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_record_that_only_they_have_says_why(their: Row, why: str) -> None:
    assert tell_lone([{}], [their, {"caller": "+14155550178"}])[1] == why


def test_a_record_too_many_of_a_caller_says_so() -> None:
    lines = class_all(sides_of([{}], [{}, {}]), pairs_of((0, 0)), unsure_of(), 1000, RULES)

    assert lines["why"].to_list() == ["the same seconds", "one more than we have of this caller"]


def test_records_of_theirs_are_priced_by_the_terms_that_would_have_held() -> None:
    solar, east = "+18005550160", "+14155550150"
    terms = (
        terms_of(campaign_id="flood-repair"),
        terms_of(campaign_id="solar-quotes", bands=(Band(60, 40 * USD),)),
        terms_of(campaign_id="solar-quotes", destination_id="acme-south", bands=(Band(0, USD),)),
    )
    ours: list[Row] = [
        {},
        {},
        {
            "did": solar,
            "campaign_id": "solar-quotes",
            "reached": "+14155550151",
            "destination_id": "acme-south",
        },
    ]
    theirs: list[Row] = [
        {"total_ms": s(130), "called": solar, "reached": east},
        {"total_ms": s(130), "called": solar, "reached": "+14155550151"},
        {"total_ms": s(130), "called": "+18005550199"},
        {"total_ms": s(130), "at_ms": None},
        {"total_ms": None},
    ]

    lines = class_all(
        sides_of(ours, theirs), pairs_of(), unsure_of(), 1000, replace(RULES, terms=terms)
    )

    priced = lines.filter(pl.col("class") == "theirs_only")["their_micros"].to_list()
    assert priced == [40 * USD, USD, 75 * USD, 75 * USD, 0]


def test_a_duplicate_keeps_its_seconds_money_and_why() -> None:
    sides = sides_of([{}], [{}], [{"total_ms": s(130), "why": "sent again"}])

    lines = class_all(sides, pairs_of((0, 0)), unsure_of(), 1000, RULES)

    line = lines.row(1, named=True)
    assert (line["class"], line["why"], line["their"], line["rows"]) == (
        "duplicate",
        "sent again",
        1,
        1,
    )
    assert (line["our"], line["their_ms"], line["their_micros"]) == (None, s(130), 75 * USD)


def test_what_may_be_several_is_classed_with_its_candidates_and_nobody_guesses() -> None:
    sides = sides_of([{}, {}, {}], [{"rows": 2}, {}, {}])
    unsure = unsure_of((0, 0, 0), (0, 0, 1), (0, 1, 0), (0, 1, 1))

    lines = class_all(sides, pairs_of((2, 2)), unsure, 1000, RULES)

    ambiguous = lines.filter(pl.col("class") == "ambiguous")
    assert ambiguous.select("our", "their", "candidates", "rows", "score", "runner_up").rows() == [
        (0, None, "0 1", 0, 0.5, 0.5),
        (1, None, "0 1", 0, 0.5, 0.5),
        (None, 0, "0 1", 2, 0.5, 0.5),
        (None, 1, "0 1", 1, 0.5, 0.5),
    ]
    assert set(ambiguous["why"]) == {"2 of ours and 2 of theirs, and nothing tells which is which"}


def test_nothing_on_either_side_is_no_line() -> None:
    assert class_all(sides_of([], []), pairs_of(), unsure_of(), 1000, RULES).is_empty()
