from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callrouter.adapters.policy_files.rule_sections import RulesSection, to_rules
from callrouter.domain.numbers import read_caller
from callrouter.domain.tables.filters import (
    Filter,
    Mismatch,
    Operator,
    check_pattern,
    describe_caller,
    find_mismatch,
)

TEXAN = {
    "state": "TX",
    "area_code": "713",
    "zip": "77002",
    "country": "US",
    "number_type": "fixed_line_or_mobile",
    "publisher": "radio-kx",
    "tag.source": "TV",
}


def read(text: str) -> Filter:
    rules = to_rules(RulesSection(filters=[text]))
    assert rules.filters is not None
    return rules.filters[0]


@pytest.mark.parametrize(
    ("text", "saw"),
    [
        pytest.param("state == TX", None, id="equal"),
        pytest.param("state == tx", None, id="letter case doesn't matter"),
        pytest.param("state == OK", "state == OK: state is TX", id="not equal"),
        pytest.param("state != OK", None, id="unequal"),
        pytest.param("state != TX", "state != TX: state is TX", id="not unequal"),
        pytest.param("state in OK, TX", None, id="one of"),
        pytest.param("state in OK, LA", "state in [OK, LA]: state is TX", id="none of"),
        pytest.param("state not_in OK,LA", None, id="none of the forbidden"),
        pytest.param("state not_in TX", "state not_in [TX]: state is TX", id="forbidden"),
        pytest.param("zip < 77003", None, id="a smaller number"),
        pytest.param("zip < 8000", "zip < 8000: zip is 77002", id="numbers not texts"),
        pytest.param("zip > 9999", None, id="a greater number"),
        pytest.param("zip > 77002", "zip > 77002: zip is 77002", id="not greater than itself"),
        pytest.param("publisher > radio-a", None, id="texts in their order"),
        pytest.param("zip matches ^77[0-9]{3}$", None, id="a pattern"),
        pytest.param("tag.source matches t.", None, id="a pattern in any letter case"),
        pytest.param("zip matches ^78", "zip matches ^78: zip is 77002", id="no such pattern"),
        pytest.param(
            "tag.region == west", "tag.region == west: tag.region was not sent", id="absent"
        ),
        pytest.param(
            "tag.region != west",
            "tag.region != west: tag.region was not sent",
            id="absent: unequal too",
        ),
    ],
)
def test_a_filter_says_what_it_wanted_and_what_it_saw(text: str, saw: str | None) -> None:
    mismatch = find_mismatch((read(text),), TEXAN)

    assert (None if mismatch is None else str(mismatch)) == saw


def test_all_filters_must_match_and_the_first_that_does_not_is_told() -> None:
    filters = (read("country == US"), read("state == OK"), read("zip < 1"))

    assert find_mismatch(filters, TEXAN) == Mismatch("state == OK", "state is TX")
    assert find_mismatch((), TEXAN) is None


@given(st.sampled_from(list(Operator)), st.text(min_size=1, max_size=20))
def test_a_field_that_was_not_sent_matches_no_filter_whatever_it_asks(
    operator: Operator, value: str
) -> None:
    assert find_mismatch((Filter("state", operator, (value,)),), {}) is not None


@pytest.mark.parametrize(
    ("ani", "told"),
    [
        pytest.param(
            "+17135550123",
            {"number_type": "fixed_line_or_mobile", "area_code": "713"},
            id="North America doesn't tell mobile from fixed line",
        ),
        pytest.param(
            "+18005550123", {"number_type": "toll_free", "area_code": "800"}, id="toll-free"
        ),
        pytest.param(
            "+442079460123", {"number_type": "fixed_line", "area_code": "20"}, id="London"
        ),
        pytest.param("+447700900123", {"number_type": "other"}, id="a number that nobody has"),
        pytest.param("+21055501234", {}, id="a country code that nobody has"),
        pytest.param("anonymous", {"number_type": "withheld"}, id="withheld"),
        pytest.param("sip:desk@example.com", {"number_type": "sip"}, id="SIP"),
        pytest.param("client:joe", {}, id="an address of another kind"),
    ],
)
def test_a_number_tells_its_kind_and_its_area(ani: str, told: Mapping[str, str]) -> None:
    assert describe_caller(read_caller(ani)) == told


def test_a_pattern_that_would_backtrack_for_ever_is_answered_at_once() -> None:
    endless = Filter("zip", Operator.MATCHES, ("^(a+)+$",))

    assert find_mismatch((endless,), {"zip": "a" * 63 + "!"}) is not None


@pytest.mark.parametrize(
    ("pattern", "wrong"),
    [
        ("^77", None),
        ("(a", "isn't a regular expression of RE2's syntax: missing ): (a"),
        (r"(a)\1", r"isn't a regular expression of RE2's syntax: invalid escape sequence: \1"),
    ],
)
def test_a_pattern_that_can_not_be_used_is_refused_in_words(
    pattern: str, wrong: str | None
) -> None:
    assert check_pattern(pattern) == wrong
