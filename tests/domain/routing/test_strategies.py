"""Who comes first within a priority, by each strategy, and what it saw."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest

from callrouter.adapters.policy_files.routing_table_file import read_table
from callrouter.domain.limits.caps import Usage
from callrouter.domain.numbers import read_caller
from callrouter.domain.routing.conditions import Conditions, Earnings
from callrouter.domain.routing.decision import CallSoFar
from callrouter.domain.routing.next_destination import decide
from callrouter.domain.routing.plan import Plan, make_plan
from callrouter.domain.tables.directory import Buyer, Destination, Directory

AT = datetime(2026, 11, 25, 16, 0, tzinfo=UTC)
NAMES = ("ash", "birch", "cedar")
BUYERS = Directory(
    1,
    {"wood": Buyer("wood", "Wood", "America/Chicago")},
    {name: Destination(name, "wood", f"+1212555017{n}") for n, name in enumerate(NAMES)},
)


@cache
def plan_of(text: str) -> Plan:
    return make_plan(read_table(text, "t.toml"), BUYERS)


def rank(
    strategy: str,
    routes: dict[str, str],
    conditions: Conditions | None = None,
    sid: str = "CA1",
) -> list[tuple[str, str]]:
    """The destinations in their order, each with what the strategy saw."""
    text = f'campaign = "c"\n{strategy}\n[[dids]]\nnumber = "+18005550100"\n'
    text += "".join(f'[[routes]]\ndestination = "{n}"\n{more}\n' for n, more in routes.items())
    call = CallSoFar(sid, "+18005550100", read_caller("+14155550123"))
    decision = decide(plan_of(text), call, conditions or Conditions(at=AT))
    return [(c.destination_id, c.figure) for c in decision.candidates]


def dialled(seconds_ago: float) -> Usage:
    return Usage(0, 0, AT - timedelta(seconds=seconds_ago))


def test_whoever_pays_most_comes_first_and_without_a_price_last() -> None:
    routes = {"ash": 'price = "20.00"', "birch": "", "cedar": 'price = "35.50"'}

    assert rank('strategy = "best_paying"', routes) == [
        ("cedar", "pays 35.50 USD"),
        ("ash", "pays 20.00 USD"),
        ("birch", "no price"),
    ]


def test_the_lower_priority_comes_first_whatever_the_strategy_says() -> None:
    routes = {"ash": 'price = "20.00"', "birch": 'price = "35.00"\npriority = 2'}

    assert [name for name, _ in rank('strategy = "best_paying"', routes)] == ["ash", "birch"]


@pytest.mark.parametrize(
    "strategy", ["weight", "best_paying", "revenue_per_call", "round_robin", "least_used_cap"]
)
def test_what_a_strategy_leaves_tied_falls_to_weight(strategy: str) -> None:
    routes = {"ash": "weight = 3", "birch": "weight = 1"}

    firsts = Counter(
        rank(f'strategy = "{strategy}"', routes, sid=f"CA{n:032x}")[0][0] for n in range(400)
    )

    assert 0.68 < firsts["ash"] / 400 < 0.82


def test_whoever_was_dialled_longest_ago_comes_first_and_a_newcomer_before_all() -> None:
    usage = {
        "concurrent/ever/destination:ash": dialled(5),
        "concurrent/ever/destination:birch": dialled(90),
    }
    conditions = Conditions(at=AT, usage=usage)

    assert rank('strategy = "round_robin"', dict.fromkeys(NAMES, ""), conditions) == [
        ("cedar", "never dialled yet"),
        ("birch", "dialled 90 s ago"),
        ("ash", "dialled 5 s ago"),
    ]


def test_whoever_has_most_of_its_fullest_cap_left_comes_first_and_without_a_cap_before() -> None:
    routes = {
        "ash": 'caps = ["10 connected per day", "1000 connected per month"]',
        "birch": 'caps = ["100 connected per day"]',
        "cedar": "spacing_s = 1",
    }
    usage = {
        "connected/day:2026-11-25/in:c/destination:ash": Usage(4, 1),
        "connected/month:2026-11/in:c/destination:ash": Usage(100, 1),
        "connected/day:2026-11-25/in:c/destination:birch": Usage(20),
    }

    ranked = rank('strategy = "least_used_cap"', routes, Conditions(at=AT, usage=usage))

    assert ranked == [
        ("cedar", "no cap"),
        ("birch", "20 % of its fullest cap used"),
        ("ash", "50 % of its fullest cap used"),
    ]


EARNED = {
    "ash": Earnings(100, 500_000_000),
    "birch": Earnings(50, 1_000_000_000),
    "cedar": Earnings(19, 9_000_000_000),
}


def by_revenue(new_share: int) -> str:
    return f'[strategy]\nname = "revenue_per_call"\nnew_share_percent = {new_share}'


def test_whoever_earned_most_per_call_comes_first_and_too_small_a_sample_is_no_figure() -> None:
    conditions = Conditions(at=AT, earnings=EARNED)

    assert rank(by_revenue(0), dict.fromkeys(NAMES, ""), conditions) == [
        ("birch", "20.00 USD a call over the last 50"),
        ("ash", "5.00 USD a call over the last 100"),
        ("cedar", "19 of 20 calls that a figure needs"),
    ]


def test_as_many_calls_as_are_looked_at_are_always_enough_for_a_figure() -> None:
    of_ten = Conditions(at=AT, earnings={"ash": Earnings(10, 50_000_000)})

    assert rank(by_revenue(0) + "\nover_calls = 10", {"ash": ""}, of_ten) == [
        ("ash", "5.00 USD a call over the last 10")
    ]


def test_a_newcomer_is_tried_first_in_its_share_of_the_calls() -> None:
    conditions = Conditions(at=AT, earnings=EARNED)

    firsts = Counter(
        rank(by_revenue(25), dict.fromkeys(NAMES, ""), conditions, f"CA{n:032x}")[0]
        for n in range(400)
    )

    tried = firsts["cedar", "19 of 20 calls that a figure needs; tried first"]
    assert 0.18 < tried / 400 < 0.32
    assert tried + firsts["birch", "20.00 USD a call over the last 50"] == 400


def test_a_destination_that_nobody_was_ever_offered_has_no_figure_either() -> None:
    assert rank(by_revenue(0), {"ash": ""}) == [("ash", "0 of 20 calls that a figure needs")]
