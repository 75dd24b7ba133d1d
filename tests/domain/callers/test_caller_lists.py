from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callrouter.domain.callers.caller_lists import (
    EVERYONE,
    WITHHELD,
    ListEffect,
    ListEntry,
    ListScope,
    PatternKind,
    check_pattern,
    check_spelt,
    country_of,
    judge_caller,
    kind_of,
    list_patterns,
    say_entry,
    spell_pattern,
)
from callrouter.domain.numbers import Caller, read_caller
from tests.domain.builders import T0, at

NUMBER = "+14155550123"
CALLER = read_caller(NUMBER)
HIDDEN = read_caller("anonymous")


def entry(
    effect: str,
    pattern: str,
    where: str = "",
    *,
    expires_at: datetime | None = None,
    note: str = "",
) -> ListEntry:
    """`where`: "" for the seller, or as in "campaign flood" or "buyer acme"."""
    scope, _, scope_id = where.partition(" ")
    return ListEntry(
        effect=ListEffect(effect),
        pattern=pattern,
        scope=ListScope(scope or "seller"),
        scope_id=scope_id,
        expires_at=expires_at,
        note=note,
        added_at=T0,
    )


def judge(
    *entries: ListEntry, caller: Caller = CALLER, country: str = "US", buyer_id: str = "acme"
) -> ListEntry | None:
    return judge_caller(entries, caller, country, campaign_id="flood", buyer_id=buyer_id, at=T0)


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [
        (NUMBER, True),
        ("+14155550124", False),
        ("+1*", True),
        ("+1415*", True),
        (f"{NUMBER}*", True),
        ("+1416*", False),
        ("country:US", True),
        ("country:CA", False),
        (WITHHELD, False),
        (EVERYONE, True),
    ],
)
def test_an_entry_speaks_of_whom_its_pattern_fits(pattern: str, fits: bool) -> None:
    assert (judge(entry("block", pattern)) is not None) is fits


@pytest.mark.parametrize(
    ("caller", "country", "patterns"),
    [
        pytest.param(
            CALLER,
            "US",
            (NUMBER, *(f"{NUMBER[:n]}*" for n in range(12, 1, -1)), "country:US", EVERYONE),
            id="a number",
        ),
        pytest.param(HIDDEN, "", (WITHHELD, EVERYONE), id="withheld"),
        pytest.param(HIDDEN, "GB", ("country:GB", WITHHELD, EVERYONE), id="withheld abroad"),
        pytest.param(read_caller("sip:a@b.example"), "", (EVERYONE,), id="no number"),
    ],
)
def test_the_patterns_of_a_caller(caller: Caller, country: str, patterns: tuple[str, ...]) -> None:
    assert list_patterns(caller, country) == patterns


ORDER = [
    entry("allow", NUMBER, "buyer acme"),
    entry("block", NUMBER, "buyer acme"),
    entry("allow", "+1415*", "buyer acme"),
    entry("block", "+1*", "buyer acme"),
    entry("allow", "country:US", "buyer acme"),
    entry("block", EVERYONE, "buyer acme"),
    entry("allow", NUMBER, "campaign flood"),
    entry("block", NUMBER, "campaign flood"),
    entry("allow", EVERYONE, "campaign flood"),
    entry("block", NUMBER),
    entry("allow", "+141555*"),
    entry("block", "+1*"),
    entry("allow", EVERYONE),
    entry("block", EVERYONE),
]
"""The one that has the say first."""


@given(st.permutations(range(len(ORDER))), st.integers(1, len(ORDER)))
def test_the_most_specific_entry_has_the_say_in_whatever_order(places: list[int], n: int) -> None:
    assert judge(*(ORDER[place] for place in places[:n])) is ORDER[min(places[:n])]


def test_country_goes_before_withheld() -> None:
    both = [entry("block", WITHHELD), entry("allow", "country:GB")]
    assert judge(*both, caller=HIDDEN, country="GB") is both[1]


@pytest.mark.parametrize(
    ("where", "buyer_id", "counts"),
    [
        ("", "", True),
        ("campaign flood", "", True),
        ("campaign solar", "acme", False),
        ("buyer acme", "acme", True),
        ("buyer acme", "bolt", False),
        ("buyer acme", "", False),
    ],
)
def test_an_entry_holds_within_its_scope(where: str, buyer_id: str, counts: bool) -> None:
    found = judge(entry("block", NUMBER, where), buyer_id=buyer_id)
    assert (found is not None) is counts


entries = st.builds(
    entry,
    st.sampled_from(list(ListEffect)),
    st.sampled_from([NUMBER, "+1415*", "+1*", "country:US", WITHHELD, EVERYONE, "+44*"]),
    st.sampled_from(["", "campaign flood", "campaign solar", "buyer acme", "buyer bolt"]),
    expires_at=st.sampled_from([None, at(-60), T0, at(1)]),
)


@given(st.lists(entries, max_size=8))
def test_an_expired_entry_never_matters(known: list[ListEntry]) -> None:
    alive = [e for e in known if e.expires_at is None or e.expires_at > T0]
    assert judge(*known) == judge(*alive)
    assert all(e.holds_at(T0) for e in alive)


@pytest.mark.parametrize(
    ("caller", "sent", "country"),
    [
        pytest.param(CALLER, "CA", "CA", id="as sent"),
        pytest.param(CALLER, "ca", "CA", id="as sent, small"),
        pytest.param(CALLER, "", "US", id="by the number"),
        pytest.param(read_caller("+16135550123"), "", "CA", id="by its area code"),
        pytest.param(CALLER, "USA", "US", id="sent in a form that nobody knows"),
        pytest.param(HIDDEN, "", "", id="withheld"),
        pytest.param(HIDDEN, "GB", "GB", id="withheld, but sent"),
        pytest.param(read_caller("+2100000000"), "", "", id="no country has it"),
        pytest.param(read_caller("+80012345678"), "", "", id="a number of the whole world"),
    ],
)
def test_the_country_of_a_caller(caller: Caller, sent: str, country: str) -> None:
    assert country_of(caller, sent) == country


@pytest.mark.parametrize(
    ("kind", "value", "problem"),
    [
        ("number", NUMBER, None),
        ("number", "4155550123", "isn't E.164: write it like +14155550123"),
        ("number", "+266696687", "is how carriers spell a withheld number"),
        ("prefix", "+1900", None),
        ("prefix", "+1", None),
        ("prefix", "1900", "isn't how numbers begin: write a plus and digits, as in +1900"),
        ("prefix", "+", "isn't how numbers begin"),
        ("prefix", "+1900*", "isn't how numbers begin"),
        ("prefix", "+0", "isn't how numbers begin"),
        ("country", "CA", None),
        ("country", "ca", "isn't a country: write its two letters, as in CA"),
        ("country", "XX", "isn't a country"),
        ("withheld", "", None),
        ("everyone", "", None),
    ],
)
def test_what_a_person_wrote_is_checked(kind: str, value: str, problem: str | None) -> None:
    said = check_pattern(PatternKind(kind), value)
    assert said == problem if problem is None or said is None else problem in said
    assert check_spelt(spell_pattern(PatternKind(kind), value)) == said


@pytest.mark.parametrize(
    ("kind", "value", "pattern"),
    [
        ("number", NUMBER, NUMBER),
        ("prefix", "+1900", "+1900*"),
        ("country", "CA", "country:CA"),
        ("withheld", "", "withheld"),
        ("everyone", "", "everyone"),
    ],
)
def test_a_pattern_is_spelt_so_that_its_kind_shows(kind: str, value: str, pattern: str) -> None:
    assert spell_pattern(PatternKind(kind), value) == pattern
    assert kind_of(pattern) is entry("block", pattern).kind is PatternKind(kind)


@pytest.mark.parametrize(
    ("of", "said"),
    [
        (entry("block", "+1900*"), "blocked: +1900*"),
        (entry("allow", NUMBER, "buyer acme"), f"allowed: {NUMBER} for buyer acme"),
        (
            entry("block", WITHHELD, "campaign flood", expires_at=at(60), note="prank"),
            "blocked: withheld in campaign flood until 2026-09-15 17:01:00Z (prank)",
        ),
    ],
)
def test_a_skip_says_which_entry_it_saw(of: ListEntry, said: str) -> None:
    assert say_entry(of) == said
