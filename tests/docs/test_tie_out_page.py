"""What docs/tie-out.md says of pairs is what comes of them, by the terms of docs/rating.md."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from callrouter.adapters.policy_files.terms_file import read_agreement_file
from callrouter.domain.tie_out.classes import DifferenceClass
from callrouter.domain.tie_out.mapping import Field
from callrouter.domain.tie_out.measures import Measure, read_theirs
from callrouter.domain.tie_out.rules import TieOutRules, make_rules
from tests.docs.pages import page, strip_code
from tests.domain.tie_out.sides import USD, class_all, pairs_of, s, sides_of, unsure_of

PAGE = page("docs/tie-out.md")
SINCE = datetime(2026, 10, 1, 4, 0, tzinfo=UTC)


def read_rules() -> TieOutRules:
    """The rules that the example of a `[tie_out]` section makes."""
    [block] = [each.text for each in page("docs/rating.md").blocks if "[tie_out]" in each.text]
    agreement = read_agreement_file(block, "docs/rating.md")
    return make_rules(agreement, SINCE, SINCE + timedelta(days=31), "USD")


@pytest.mark.parametrize("row", PAGE.table("What comes of a pair"), ids=lambda row: row[-1])
def test_every_pair_of_the_page_is_classed_as_it_says(row: list[str]) -> None:
    ours_s, theirs_s = (float(cell.removesuffix(" s")) for cell in row[:2])
    rules = read_rules()
    assert rules.their_time is not None
    measure = Measure(rules.clock, Field(rules.their_time))
    sides = sides_of(
        [{"connected_ms": s(ours_s), "charged_micros": 75 * USD if ours_s >= 120 else 0}],
        [{"talk_ms": s(theirs_s)}],
    )
    sides = replace(sides, calls=sides.calls.with_columns(their_ms=read_theirs(measure)))

    lines = class_all(sides, pairs_of((0, 0)), unsure_of(), measure.step_ms, rules)

    assert lines.select("class", "why").row(0) == (strip_code(row[2]), row[3].strip("| "))


def test_every_class_is_explained() -> None:
    told = [strip_code(row[0]) for row in PAGE.table("Classes")]

    assert told == [each.value for each in DifferenceClass]


def test_what_must_be_seen_before_something_else_is_compared_is_told() -> None:
    prose = " ".join(PAGE.section("Like with like"))

    assert re.search(r"At least 20 calls", prose)
