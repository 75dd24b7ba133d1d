"""What buyers' accounts mean for a decision, and what its dial takes of them."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from callrouter.adapters.policy_files.routing_table_file import read_table
from callrouter.domain.limits.caps import Measure, Usage
from callrouter.domain.limits.standing import (
    BuyerStanding,
    CallPrice,
    CreditLine,
    Effect,
    Standings,
)
from callrouter.domain.numbers import read_caller
from callrouter.domain.routing.account_judge import find_dearest, list_account_counters
from callrouter.domain.routing.claims import list_claims
from callrouter.domain.routing.conditions import Conditions
from callrouter.domain.routing.decision import CallSoFar, Decision, SkipRule
from callrouter.domain.routing.next_destination import decide
from callrouter.domain.routing.plan import Plan, make_plan
from callrouter.domain.tables.directory import Buyer, Destination, Directory

AT = datetime(2026, 11, 26, 16, 0, tzinfo=UTC)
USD = 1_000_000
DIRECTORY = Directory(
    1,
    {
        "acme": Buyer("acme", "Acme", "Pacific/Auckland"),
        "bolt": Buyer("bolt", "Bolt", "America/Chicago"),
    },
    {
        "east": Destination("east", "acme", "+12125550171"),
        "west": Destination("west", "acme", "+12125550172"),
        "bolt-main": Destination("bolt-main", "bolt", "+14155550174"),
    },
)
HEAD = """
campaign = "flood"
[[dids]]
number = "+18005550100"
"""
ROUTES = """
[[routes]]
destination = "east"
priority = 1
[[routes]]
destination = "bolt-main"
priority = 2
"""
TOGETHER = """
[[groups]]
id = "desks"
ring = "together"
[[routes]]
destination = "east"
group = "desks"
[[routes]]
destination = "west"
group = "desks"
"""
ACCOUNT = "account-USD/ever/buyer:acme"
DAY = "connected/day:2026-11-27/buyer:acme"


def plan(routes: str = ROUTES, head: str = "") -> Plan:
    return make_plan(read_table(head + HEAD + routes, "t.toml"), DIRECTORY)


def credit(
    limit: int, *prices: tuple[str, int], pays_attempts: bool = False, buyer: str = "acme"
) -> Standings:
    """A buyer in good standing with a limit; a price for each destination, "" for any."""
    line = CreditLine(
        limit_micros=limit * USD,
        currency="USD",
        prices=tuple(
            CallPrice(
                starts_at=datetime(2026, 1, 1, tzinfo=UTC),
                destination_id=destination,
                flat_micros=dollars * USD,
            )
            for destination, dollars in prices
        ),
        pays_attempts=pays_attempts,
    )
    return {buyer: BuyerStanding(buyer_id=buyer, state="good", credit=line)}


def in_state(effect: Effect) -> Standings:
    standing = BuyerStanding(
        buyer_id="acme", state="limited", effect=effect, reason="9 days overdue"
    )
    return {"acme": standing}


def conditions(standings: Standings, **usage: tuple[int, int]) -> Conditions:
    """Figures are used and held: dollars of the account, calls of the day."""
    known = {"account": (ACCOUNT, USD), "day": (DAY, 1)}
    counted = {
        known[name][0]: Usage(used * known[name][1], held * known[name][1])
        for name, (used, held) in usage.items()
    }
    return Conditions(at=AT, standings=standings, usage=counted)


def ask(planned: Plan, found: Conditions) -> Decision:
    call = CallSoFar("CA1", "+18005550100", read_caller("+14155550123"))
    return decide(planned, call, found)


def skip_of(decision: Decision, destination: str = "east") -> str:
    skip = next(c.skip for c in decision.candidates if c.destination_id == destination)
    return f"{skip.rule}: {skip.saw}" if skip else ""


def test_a_buyer_whose_state_takes_no_calls_is_passed_by_and_the_next_rings() -> None:
    decision = ask(plan(), conditions(in_state(Effect(takes_calls=False))))

    assert skip_of(decision) == "standing: limited: 9 days overdue"
    assert decision.dial is not None
    assert decision.dial.destination_id == "bolt-main"


def test_a_buyer_may_be_tried_after_all_others() -> None:
    decision = ask(plan(), conditions(in_state(Effect(ranks_later=True))))

    assert [each.destination_id for each in decision.candidates] == ["bolt-main", "east"]
    assert decision.candidates[1].figure == "later, limited: 9 days overdue"
    assert decision.dial is not None
    assert decision.dial.destination_id == "bolt-main"


def test_nobody_ranks_later_while_no_state_says_so() -> None:
    assert ask(plan(), conditions(credit(9))).candidates == ask(plan(), conditions({})).candidates


def test_a_state_may_limit_the_connected_calls_of_the_buyers_day() -> None:
    limited = in_state(Effect(most_per_day=2))
    free, full = conditions(limited, day=(1, 0)), conditions(limited, day=(1, 1))

    dialled, passed = ask(plan(), free), ask(plan(), full)

    assert list_claims(plan(), dialled, free)[0].claims[0].key == DAY
    assert skip_of(passed) == (
        "standing: limited: 9 days overdue; cap 2/2 connected today for buyer acme (1 of them in"
        " progress), resets 00:00 Pacific/Auckland"
    )


@pytest.mark.parametrize(
    ("limit", "account", "saw"),
    [
        pytest.param(5000, (4900, 25), "", id="just fits"),
        pytest.param(
            5000,
            (4900, 50),
            "credit: credit 4950.00 of 5000.00 USD used, this call may cost 75.00",
            id="calls in progress count",
        ),
        pytest.param(0, (-75, 0), "", id="paid in advance for one call"),
        pytest.param(
            0,
            (-75, 1),
            "credit: balance 74.00 USD, this call may cost 75.00",
            id="not enough paid in advance",
        ),
    ],
)
def test_a_call_must_fit_into_its_buyers_credit(
    limit: int, account: tuple[int, int], saw: str
) -> None:
    decision = ask(plan(), conditions(credit(limit, ("", 75)), account=account))

    assert skip_of(decision) == saw


def test_all_destinations_of_a_buyer_are_held_against_its_one_account() -> None:
    both = plan(ROUTES.replace("bolt-main", "west"))
    decision = ask(both, conditions(credit(0, ("", 75)), account=(-74, 0)))

    short = "credit: balance 74.00 USD, this call may cost 75.00"
    assert [skip_of(decision, each) for each in ("east", "west")] == [short] * 2


def test_what_a_dial_may_cost_is_claimed_on_the_account() -> None:
    found = conditions(credit(100, ("", 75)))

    (claimed,) = list_claims(plan(), ask(plan(), found), found)

    assert claimed.destination_id == ""
    (claim,) = claimed.claims
    assert (claim.key, claim.measure) == (ACCOUNT, Measure.CREDIT)
    assert (claim.amount, claim.limit) == (75 * USD, 100 * USD)


def test_where_attempts_are_paid_for_the_claim_stands_until_the_call_is_charged() -> None:
    found = conditions(credit(100, ("", 1), pays_attempts=True))

    (claimed,) = list_claims(plan(), ask(plan(), found), found)

    assert claimed.claims[0].measure is Measure.ATTEMPT_CREDIT


def test_phones_of_one_buyer_that_ring_together_claim_once_for_the_dearest() -> None:
    found = conditions(credit(100, ("east", 30), ("west", 40)))

    (claimed,) = list_claims(plan(TOGETHER), ask(plan(TOGETHER), found), found)

    assert [claim.amount for claim in claimed.claims] == [40 * USD]
    assert find_dearest(plan(TOGETHER), found.standings, AT) == {ACCOUNT: 40 * USD}


def test_of_several_buyers_that_ring_together_each_has_its_own_claim() -> None:
    routes = TOGETHER.replace('"west"', '"bolt-main"')
    both = {**credit(100, ("", 30)), **credit(100, ("", 20), buyer="bolt")}
    found = conditions(both)

    claimed = list_claims(plan(routes), ask(plan(routes), found), found)

    assert {each.destination_id: each.claims[0].amount for each in claimed} == {
        "buyer:acme": 30 * USD,
        "buyer:bolt": 20 * USD,
    }


def test_without_terms_the_tables_price_is_what_a_call_may_cost() -> None:
    priced = plan(ROUTES.replace("priority = 1", 'priority = 1\nprice = "35.00"'))

    poor, nothing = conditions(credit(34)), conditions(credit(0))

    assert "may cost 35.00" in skip_of(ask(priced, poor))
    assert skip_of(ask(plan(), nothing)) == ""
    assert list_claims(plan(), ask(plan(), nothing), nothing) == ()


def test_the_overflow_is_dialled_on_credit_too() -> None:
    head = '[nobody_left]\noverflow = "east"\n'
    overflowing = plan(ROUTES[ROUTES.index('[[routes]]\ndestination = "bolt') :] + head)
    bolt_away = {
        "bolt": BuyerStanding(buyer_id="bolt", state="bad", effect=Effect(takes_calls=False))
    }

    some = conditions({**credit(80, ("", 75)), **bolt_away})
    dialled = ask(overflowing, some)
    passed = ask(overflowing, conditions(some.standings, account=(6, 0)))

    assert dialled.dial is not None
    assert dialled.dial.overflow
    assert list_claims(overflowing, dialled, some)[0].claims[0].amount == 75 * USD
    assert skip_of(passed) == "credit: credit 6.00 of 80.00 USD used, this call may cost 75.00"
    assert passed.dial is None


@pytest.mark.parametrize(
    ("standings", "when", "rule"),
    [
        (credit(100, ("", 75)), "skip", SkipRule.UNCOUNTED),
        (credit(100, ("", 75)), "dial", None),
        (in_state(Effect(most_per_day=2)), "skip", SkipRule.UNCOUNTED),
        (in_state(Effect(ranks_later=True)), "skip", None),
        (in_state(Effect(takes_calls=False)), "dial", SkipRule.STANDING),
    ],
    ids=["credit", "credit, dial", "cap", "later", "no calls"],
)
def test_while_the_database_is_away_what_cannot_be_counted_is_passed_by(
    standings: Standings, when: str, rule: SkipRule | None
) -> None:
    table = plan(f'[limits]\nwhen_uncounted = "{when}"\n'.join(("", ROUTES)), "")
    away = replace(conditions(standings), counts=False)

    decision = ask(table, away)

    east = next(each for each in decision.candidates if each.destination_id == "east")
    assert (east.skip.rule if east.skip else None) == rule


def test_the_counters_of_accounts_are_known_by_their_keys() -> None:
    both = {
        "acme": replace(credit(9)["acme"], effect=Effect(most_per_day=3)),
        "bolt": BuyerStanding(buyer_id="bolt", state="good"),
    }

    counters = list_account_counters(plan(), both, AT)

    assert {key: counter.limit for key, counter in counters.items()} == {ACCOUNT: 9 * USD, DAY: 3}
    priced = {"acme": replace(credit(9, ("", 4))["acme"], effect=Effect(most_per_day=3))}
    assert find_dearest(plan(), priced, AT) == {ACCOUNT: 4 * USD}
