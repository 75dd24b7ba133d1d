"""What calls earned, by whatever they are put together by; no two currencies are ever added."""

from collections import Counter
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callrouter.domain.billing.margin import (
    Booked,
    CallMoney,
    CarrierCost,
    Margin,
    MarginBy,
    MarginSum,
)
from callrouter.domain.billing.party import Party, Side

ACME, BOLT = Party(Side.BUYER, "acme"), Party(Side.BUYER, "bolt")
RADIO = Party(Side.PUBLISHER, "radio-kx")
LATE = datetime(2026, 9, 16, 3, tzinfo=UTC)
"""Still the evening before in Chicago."""


COST = CarrierCost("USD", 36_000)


def money(*booked: Booked, costs: tuple[CarrierCost, ...] = (COST,)) -> CallMoney:
    return CallMoney(
        call_sid="CA1",
        started_at=LATE,
        campaign_id="flood-repair",
        publisher="radio-kx",
        buyer_id="bolt",
        booked=booked,
        costs=costs,
    )


def usd(party: Party, units: int, currency: str = "USD") -> Booked:
    return Booked(party, currency, units * 1_000_000)


def margins(by: MarginBy, *calls: CallMoney, zone: str = "UTC") -> tuple[Margin, ...]:
    total = MarginSum(by, zone)
    for call in calls:
        total.add(call)
    return total.list_margins()


PAID = money(usd(BOLT, 35), usd(RADIO, 20))


@pytest.mark.parametrize(
    ("by", "zone", "group"),
    [
        (MarginBy.CALL, "UTC", "CA1"),
        (MarginBy.BUYER, "UTC", "bolt"),
        (MarginBy.CAMPAIGN, "UTC", "flood-repair"),
        (MarginBy.PUBLISHER, "UTC", "radio-kx"),
        (MarginBy.DAY, "UTC", "2026-09-16"),
        (MarginBy.DAY, "America/Chicago", "2026-09-15"),
    ],
)
def test_a_margin_is_revenue_less_payouts_less_the_carriers_cost(
    by: MarginBy, zone: str, group: str
) -> None:
    (row,) = margins(by, PAID, zone=zone)

    assert row == Margin(
        group=group,
        currency="USD",
        calls=1,
        revenue_micros=35_000_000,
        payout_micros=20_000_000,
        cost_micros=36_000,
    )
    assert row.margin_micros == 14_964_000


def test_each_buyer_of_a_call_has_its_own_charge_and_the_last_one_has_the_cost() -> None:
    rows = margins(MarginBy.BUYER, money(usd(ACME, 1), usd(BOLT, 35)))

    assert [(r.group, r.calls, r.revenue_micros, r.cost_micros) for r in rows] == [
        ("acme", 1, 1_000_000, 0),
        ("bolt", 1, 35_000_000, 36_000),
    ]


def test_each_publisher_has_its_own_payout() -> None:
    other = Party(Side.PUBLISHER, "web-one")

    rows = margins(MarginBy.PUBLISHER, money(usd(BOLT, 35), usd(other, 20)))

    assert [(r.group, r.revenue_micros, r.payout_micros) for r in rows] == [
        ("radio-kx", 35_000_000, 0),
        ("web-one", 0, 20_000_000),
    ]


def test_two_currencies_are_two_rows() -> None:
    rows = margins(MarginBy.CAMPAIGN, money(usd(BOLT, 50, "CAD"), usd(RADIO, 20)), PAID)

    assert [(r.currency, r.calls, r.margin_micros) for r in rows] == [
        ("CAD", 1, 50_000_000),
        ("USD", 2, -20_036_000 + 14_964_000),
    ]


def test_a_charge_that_was_taken_back_is_no_revenue() -> None:
    (row,) = margins(MarginBy.CAMPAIGN, money(usd(BOLT, 35), usd(BOLT, -35)))

    assert (row.calls, row.revenue_micros, row.margin_micros) == (1, 0, -36_000)


@pytest.mark.parametrize(
    ("call", "currencies"),
    [
        pytest.param(
            money(costs=(CarrierCost("", 0, 1), CarrierCost("EUR", 5))), ["EUR"], id="another leg's"
        ),
        pytest.param(
            money(usd(BOLT, 1, "CAD"), costs=(CarrierCost("", 0, 1),)), ["CAD"], id="the charge's"
        ),
        pytest.param(money(costs=(CarrierCost("", 0, 1),)), [""], id="none is known"),
    ],
)
def test_a_leg_without_a_price_is_counted_in_the_currency_of_the_call(
    call: CallMoney, currencies: list[str]
) -> None:
    rows = margins(MarginBy.CALL, call)

    assert [row.currency for row in rows] == currencies
    assert [row.unpriced for row in rows] == [1]


def test_a_call_that_moved_nothing_is_in_no_row() -> None:
    assert margins(MarginBy.CALL, money(costs=())) == ()


PARTIES = st.sampled_from([ACME, BOLT, RADIO, Party(Side.PUBLISHER, "web-one")])
CURRENCIES = st.sampled_from(["USD", "CAD"])
AMOUNTS = st.integers(-(10**9), 10**9)
CALLS = st.lists(
    st.builds(
        lambda booked, costs: money(*booked, costs=tuple(costs)),
        st.lists(st.builds(Booked, PARTIES, CURRENCIES, AMOUNTS), max_size=3),
        st.lists(st.builds(CarrierCost, CURRENCIES, AMOUNTS, st.integers(0, 2)), max_size=3),
    ),
    max_size=6,
)


@given(calls=CALLS, by=st.sampled_from(list(MarginBy)))
def test_the_groups_of_a_currency_add_up_to_all_that_was_moved_in_it(
    calls: list[CallMoney], by: MarginBy
) -> None:
    moved: Counter[str] = Counter()
    for call in calls:
        for booked in call.booked:
            sign = 1 if booked.party.side is Side.BUYER else -1
            moved[booked.currency] += sign * booked.amount_micros
        for cost in call.costs:
            moved[cost.currency] -= cost.cost_micros
    found: Counter[str] = Counter()
    for row in margins(by, *calls):
        found[row.currency] += row.margin_micros

    assert {k: v for k, v in found.items() if v} == {k: v for k, v in moved.items() if v}
