"""What an account's credit means for one call: its worst case, its counters, its words."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from callrouter.domain.billing.ledger import account_key
from callrouter.domain.billing.party import Party, Side
from callrouter.domain.limits.caps import Measure
from callrouter.domain.limits.standing import (
    BuyerStanding,
    CallPrice,
    CreditLine,
    Effect,
    count_credit,
    count_day,
    name_account,
    say_credit,
    say_standing,
)

AT = datetime(2026, 11, 26, 16, 0, tzinfo=UTC)
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
USD = 1_000_000


def price(dollars: int, campaign: str = "", destination: str = "") -> CallPrice:
    return CallPrice(
        starts_at=LONG_AGO,
        campaign_id=campaign,
        destination_id=destination,
        flat_micros=dollars * USD,
    )


def credit(*prices: CallPrice, limit: int = 0) -> CreditLine:
    return CreditLine(limit_micros=limit, currency="USD", prices=prices)


@pytest.mark.parametrize(
    ("prices", "dollars"),
    [
        pytest.param((), None, id="no terms"),
        pytest.param((price(10),), 10, id="any call"),
        pytest.param((price(10), price(20, "flood")), 20, id="a campaign's before any"),
        pytest.param((price(30), price(20, "flood")), 20, id="also when it is cheaper"),
        pytest.param((price(20, "flood"), price(5, "", "east")), 5, id="a destination's first"),
        pytest.param((price(20, "solar"), price(5, "", "west")), None, id="for others only"),
    ],
)
def test_the_most_specific_terms_say_what_a_call_may_cost(
    prices: tuple[CallPrice, ...], dollars: int | None
) -> None:
    found = credit(*prices).find_price("flood", "east", 3600, AT)

    assert found == (None if dollars is None else dollars * USD)


@pytest.mark.parametrize(
    ("minutes", "dollars"),
    [(-11, 20), (-9, 20), (0, 20), (9, 20), (11, 10)],
    ids=["before", "soon", "at the change", "may have come before", "after"],
)
def test_around_a_change_of_terms_the_dearer_price_counts(minutes: int, dollars: int) -> None:
    old = CallPrice(starts_at=LONG_AGO, ends_at=AT, flat_micros=20 * USD)
    new = CallPrice(starts_at=AT, flat_micros=10 * USD)

    found = credit(old, new).find_price("flood", "east", 60, AT + timedelta(minutes=minutes))

    assert found == dollars * USD


@pytest.mark.parametrize(
    ("minutes", "dollars"), [(-1, 20), (9, 20), (11, None)], ids=["before", "just ended", "after"]
)
def test_terms_that_ended_count_for_calls_that_came_before(
    minutes: int, dollars: int | None
) -> None:
    ended = CallPrice(starts_at=LONG_AGO, ends_at=AT, flat_micros=20 * USD)

    found = credit(ended).find_price("flood", "east", 60, AT + timedelta(minutes=minutes))

    assert found == (None if dollars is None else dollars * USD)


def test_a_dial_without_terms_may_be_an_attempt_that_anothers_terms_pay_for() -> None:
    by_attempt = replace(price(5, "flood", "west"), ends_at=AT)
    line = replace(credit(by_attempt), pays_attempts=True)

    assert line.find_price("flood", "east", 60, AT - timedelta(hours=1)) == 5 * USD
    assert line.find_price("flood", "east", 60, AT + timedelta(hours=1)) is None
    assert line.find_price("solar", "east", 60, AT - timedelta(hours=1)) is None


def test_by_the_minute_the_longest_talk_counts_with_its_last_increment() -> None:
    by_minute = CallPrice(starts_at=LONG_AGO, per_minute_micros=USD, extra_s=60)

    assert by_minute.find_dearest(3600) == 61 * USD
    assert by_minute.find_dearest(3601) == 61_020_000  # whole cents, upwards


def test_an_account_is_a_counter_whose_key_the_ledger_knows() -> None:
    standing = BuyerStanding(buyer_id="acme", state="good", credit=credit(limit=5 * USD))

    counter = count_credit(standing)

    assert counter is not None
    assert counter.key_at(AT) == name_account("USD", "acme")
    assert name_account("USD", "acme") == account_key(Party(Side.BUYER, "acme"), "USD")
    assert counter.limit == 5 * USD
    assert count_credit(BuyerStanding(buyer_id="acme", state="good")) is None


def test_an_account_is_locked_before_any_other_counter() -> None:
    assert all(
        name_account("USD", "acme") < f"{measure}/"
        for measure in Measure
        if measure is not Measure.CREDIT
    )


def test_the_days_calls_are_counted_on_the_buyers_clocks_over_all_campaigns() -> None:
    limited = BuyerStanding(buyer_id="acme", state="limited", effect=Effect(most_per_day=20))

    counter = count_day(limited, "Pacific/Auckland")

    assert counter is not None
    assert counter.key_at(AT) == "connected/day:2026-11-27/buyer:acme"
    assert counter.limit == 20


@pytest.mark.parametrize(
    ("standing", "matters"),
    [
        (BuyerStanding(buyer_id="acme", state="watched", reason="1 day overdue"), False),
        (BuyerStanding(buyer_id="acme", state="limited", effect=Effect(ranks_later=True)), True),
        (BuyerStanding(buyer_id="acme", state="good", credit=credit()), True),
    ],
    ids=["only told of", "with an effect", "with credit"],
)
def test_only_what_could_change_a_call_matters(standing: BuyerStanding, matters: bool) -> None:
    assert standing.matters is matters


def test_credit_is_said_with_its_figures() -> None:
    on_credit = say_credit(5000 * USD, 4950 * USD, "USD", 75 * USD)

    assert on_credit == "credit 4950.00 of 5000.00 USD used, this call may cost 75.00"
    assert say_credit(0, -40 * USD, "USD", 75 * USD) == (
        "balance 40.00 USD, this call may cost 75.00"
    )


def test_a_state_is_said_with_its_reason() -> None:
    standing = BuyerStanding(buyer_id="acme", state="suspended", reason="12 days overdue")

    assert say_standing(standing) == "suspended: 12 days overdue"
    assert say_standing(BuyerStanding(buyer_id="acme", state="good")) == "good"
