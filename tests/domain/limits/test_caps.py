"""Which counter a cap is counted on, what a dial takes of it, and when it has room."""

from datetime import UTC, datetime

import pytest

from callrouter.domain.clocks.periods import Moment, Period
from callrouter.domain.limits.caps import (
    UNLIMITED,
    Cap,
    Claim,
    Measure,
    Subject,
    SubjectKind,
    Usage,
    add_claims,
    compile_cap,
    merge_claims,
    watch_subject,
)
from tests.domain.builders import at

CHICAGO = "America/Chicago"
EAST = Subject(SubjectKind.DESTINATION, "acme-east")
ACME = Subject(SubjectKind.BUYER, "acme")
NOON = datetime(2026, 11, 26, 18, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cap", "subject", "key"),
    [
        pytest.param(
            Cap(Measure.CONNECTED, 50, Period.DAY),
            EAST,
            "connected/day:2026-11-26/in:flood-repair/destination:acme-east",
            id="in one campaign",
        ),
        pytest.param(
            Cap(Measure.CONNECTED, 50, Period.DAY, across_campaigns=True),
            ACME,
            "connected/day:2026-11-26/buyer:acme",
            id="across campaigns",
        ),
        pytest.param(
            Cap(Measure.PAYABLE, 50, Period.HOUR),
            Subject(SubjectKind.GROUP, "desks"),
            "payable/hour:2026-11-26T12-06:00/in:flood-repair/group:desks",
            id="an hour",
        ),
        pytest.param(
            Cap(Measure.REVENUE, 500_000_000, Period.WEEK),
            Subject(SubjectKind.PUBLISHER, "radio-kx"),
            "revenue/week:2026-W48/in:flood-repair/publisher:radio-kx",
            id="a week",
        ),
        pytest.param(
            Cap(Measure.ATTEMPTS, 9, Period.MONTH),
            Subject(SubjectKind.CAMPAIGN, "flood-repair"),
            "attempts/month:2026-11/in:flood-repair/campaign:flood-repair",
            id="a month",
        ),
        pytest.param(
            Cap(Measure.ATTEMPTS, 9),
            EAST,
            "attempts/ever/in:flood-repair/destination:acme-east",
            id="ever",
        ),
        pytest.param(
            Cap(Measure.CONCURRENT, 5, Period.DAY),
            EAST,
            "concurrent/ever/destination:acme-east",
            id="telephones know neither campaigns nor days",
        ),
    ],
)
def test_a_cap_is_counted_under_a_key_that_people_can_read(
    cap: Cap, subject: Subject, key: str
) -> None:
    counter = compile_cap(cap, subject, "flood-repair", CHICAGO)

    assert counter.key_at(NOON) == counter.key_in(Moment(NOON)) == key


def test_a_counter_starts_anew_at_the_buyers_midnight() -> None:
    counter = compile_cap(Cap(Measure.CONNECTED, 50, Period.DAY), EAST, "flood-repair", CHICAGO)
    resets_at = counter.resets_at(NOON)

    assert resets_at == datetime(2026, 11, 27, 6, 0, tzinfo=UTC)
    assert counter.key_at(NOON) != counter.key_at(resets_at)
    assert watch_subject(EAST).resets_at(NOON) is None


def test_a_dial_claims_one_call_or_its_price() -> None:
    calls = compile_cap(Cap(Measure.ATTEMPTS, 3), EAST, "", CHICAGO, spacing_s=30)
    money = compile_cap(Cap(Measure.REVENUE, 90_000_000), EAST, "", CHICAGO, currency="USD")

    assert calls.claim(calls.key_at(NOON)) == Claim(
        "attempts/ever/destination:acme-east", Measure.ATTEMPTS, 1, 3, spacing_s=30
    )
    assert money.claim(money.key_at(NOON), 45_000_000) == Claim(
        "revenue-USD/ever/destination:acme-east", Measure.REVENUE, 45_000_000, 90_000_000
    )


def test_amounts_of_two_currencies_are_never_added_up() -> None:
    """Two campaigns limit what one buyer pays over both, one in US, one in Canadian dollars."""
    cap = Cap(Measure.REVENUE, 90_000_000, across_campaigns=True)
    buyer = Subject(SubjectKind.BUYER, "acme")
    keys = {
        compile_cap(cap, buyer, campaign, CHICAGO, currency=currency).key_at(NOON)
        for campaign, currency in (("flood", "USD"), ("solar", "USD"), ("quotes", "CAD"))
    }
    assert keys == {"revenue-USD/ever/buyer:acme", "revenue-CAD/ever/buyer:acme"}


@pytest.mark.parametrize(
    ("usage", "amount", "fits"),
    [
        pytest.param(Usage(), 1, True, id="nothing used"),
        pytest.param(Usage(4, 0), 1, True, id="the last one"),
        pytest.param(Usage(5, 0), 1, False, id="all used"),
        pytest.param(Usage(3, 2), 1, False, id="used and held"),
        pytest.param(Usage(4, 0), 2, False, id="a part would fit"),
        pytest.param(Usage(7, 0), 1, False, id="over the limit, which was lowered since"),
    ],
)
def test_a_counter_has_room_up_to_its_limit(usage: Usage, amount: int, fits: bool) -> None:
    counter = compile_cap(Cap(Measure.CONNECTED, 5, Period.DAY), EAST, "", CHICAGO)

    assert counter.has_room(usage, NOON, amount) is fits


def test_a_spaced_counter_has_room_when_the_last_dial_is_long_enough_ago() -> None:
    counter = watch_subject(EAST, spacing_s=30)
    usage = Usage(last_at=at(0))

    assert counter.has_room(Usage(), at(0))
    assert not counter.has_room(usage, at(29.9))
    assert counter.has_room(usage, at(30))
    assert counter.ready_at(usage) == at(30)
    assert watch_subject(EAST).ready_at(usage) is None


def test_a_counter_without_a_limit_has_room_for_anything() -> None:
    assert watch_subject(EAST).has_room(Usage(0, 10**9), NOON)
    assert not watch_subject(EAST, limit=5).has_room(Usage(0, 5), NOON)


def claim(key: str, amount: int = 1, limit: int = UNLIMITED, spacing_s: int = 0) -> Claim:
    return Claim(key, Measure.CONCURRENT, amount, limit, spacing_s)


def test_of_several_claims_on_one_counter_a_dial_makes_the_strictest() -> None:
    merged = merge_claims((claim("b", limit=5), claim("a"), claim("b", 2, spacing_s=30)))

    assert merged == (claim("b", 2, 5, 30), claim("a"))


def test_claims_of_several_destinations_add_up() -> None:
    assert add_claims(None, claim("a", limit=5)) == claim("a", 1, 5)
    assert add_claims(claim("a", limit=5), claim("a", 2)) == claim("a", 3, 5)
