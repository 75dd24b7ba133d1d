"""Settling differences: both accounts move in one act, once, and follow whoever decides last."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from callrouter.adapters.storage.difference_decisions import list_decisions
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.ledger import find_entries_of_call, read_balance
from callrouter.domain.billing.ledger import EntryKind
from callrouter.domain.billing.party import Party
from callrouter.domain.errors import NotFoundError, RefusedError
from callrouter.domain.tie_out.classes import DifferenceClass as Class
from callrouter.domain.tie_out.settlement import Decision
from callrouter.workflows.choose_lines import Chosen
from callrouter.workflows.resolve_differences import Resolved, Verdict, resolve_differences
from tests.switchboards import SELLER
from tests.workflows.tied_out import (
    ACME,
    RADIO,
    SETTLED_AT,
    USD,
    call_sid,
    keep_tie_out,
    open_month,
)

ACCEPT = Verdict(
    tie_out=1, decision=Decision.ACCEPT, reason="their recording ends at 1:59", author="ann"
)
STAND = replace(ACCEPT, decision=Decision.STAND, reason="ours is the carrier's")
ACROSS = Chosen(classes=frozenset({Class.ACROSS_THRESHOLD}))


@pytest.fixture
def month(database: Database) -> Database:
    open_month(database)
    assert keep_tie_out(database) == 1
    return database


def resolve(database: Database, verdict: Verdict, chosen: Chosen = ACROSS) -> Resolved:
    return resolve_differences(database, SELLER.seller_id, verdict, chosen, SETTLED_AT)


def balance(database: Database, party: Party) -> float:
    with database.read() as connection:
        return read_balance(connection, SELLER.seller_id, party, "USD") / USD


def test_accepting_theirs_moves_the_buyers_and_the_publishers_account(month: Database) -> None:
    assert (balance(month, ACME), balance(month, RADIO)) == (300, 120)
    made = resolve(month, ACCEPT)
    assert (made.decided, made.unchanged, made.refused) == (2, 0, ())
    assert (made.moved.buyer_micros, made.moved.publisher_micros) == (-150 * USD, -60 * USD)
    assert (balance(month, ACME), balance(month, RADIO)) == (150, 60)


def test_what_is_posted_names_the_call_the_tie_out_and_the_reason(month: Database) -> None:
    resolve(month, ACCEPT)
    with month.read() as connection:
        entries = find_entries_of_call(connection, SELLER.seller_id, call_sid(2))
    [adjustment] = [e for e in entries if e.kind is EntryKind.ADJUSTMENT and e.party == ACME]
    assert adjustment.reason == (
        f"tie-out 1, accept on {call_sid(2)}: their recording ends at 1:59"
    )
    assert (adjustment.booked_at, adjustment.author) == (SETTLED_AT, "ann")


def test_the_same_decision_again_moves_nothing(month: Database) -> None:
    resolve(month, ACCEPT)
    again = resolve(month, ACCEPT)
    assert (again.decided, again.unchanged) == (0, 2)
    assert balance(month, ACME) == 150


def test_another_decision_takes_the_first_ones_money_back(month: Database) -> None:
    resolve(month, ACCEPT)
    resolve(month, STAND)
    assert (balance(month, ACME), balance(month, RADIO)) == (300, 120)
    with month.read() as connection:
        kept = list_decisions(connection, SELLER.seller_id, 1, 1)
    assert [(each.decision, each.buyer_micros) for each in kept] == [
        (Decision.ACCEPT, -75 * USD),
        (Decision.STAND, 75 * USD),
    ]


def test_half_of_the_way_is_the_middle_for_both(month: Database) -> None:
    resolve(month, replace(ACCEPT, decision=Decision.SPLIT))
    assert (balance(month, ACME), balance(month, RADIO)) == (225, 90)


def test_lines_are_chosen_by_number_seconds_and_money(month: Database) -> None:
    assert resolve(month, ACCEPT, replace(ACROSS, within_ms=2_000)).decided == 1
    assert resolve(month, ACCEPT, Chosen(line_nos=frozenset({3}))).decided == 1
    assert resolve(month, STAND, replace(ACROSS, up_to_micros=10 * USD)).decided == 0
    assert resolve(month, STAND, replace(ACROSS, at_least_micros=76 * USD)).decided == 0
    assert balance(month, ACME) == 150


def test_a_record_of_theirs_alone_can_be_accepted_too(month: Database) -> None:
    resolve(month, ACCEPT, Chosen(classes=frozenset({Class.THEIRS_ONLY})))
    assert (balance(month, ACME), balance(month, RADIO)) == (375, 120)


def test_what_agrees_or_repeats_is_not_settled(month: Database) -> None:
    made = resolve(month, ACCEPT, Chosen())
    assert made.decided == 4
    refused = resolve(month, ACCEPT, Chosen(classes=frozenset({Class.DUPLICATE})))
    assert [(each.line_no, "says again" in each.why) for each in refused.refused] == [(5, True)]


def test_a_fixed_payout_is_taken_back_when_the_buyer_pays_nothing(database: Database) -> None:
    fixed = """\
publisher = "radio-kx"
zone = "America/New_York"
currency = "USD"
[[terms]]
from = 2026-01-01
price = "30.00"
"""
    open_month(database, radio=fixed)
    keep_tie_out(database)
    resolve(database, replace(ACCEPT, publisher_follows=False))
    assert balance(database, RADIO) == 120
    resolve(database, ACCEPT)
    assert balance(database, RADIO) == 60


def test_nothing_is_settled_in_a_tie_out_that_was_superseded(month: Database) -> None:
    assert keep_tie_out(month, supersedes=1) == 2
    with pytest.raises(
        RefusedError, match="tie-out 1 was superseded: settle the differences of tie-out 2"
    ):
        resolve(month, ACCEPT)
    assert balance(month, ACME) == 300


def test_a_reason_is_asked_for(month: Database) -> None:
    with pytest.raises(RefusedError, match="say why"):
        resolve(month, replace(ACCEPT, reason=" "))


def test_another_sellers_tie_out_is_not_there(month: Database) -> None:
    with pytest.raises(NotFoundError, match="there is no tie-out 1"):
        resolve_differences(month, "seller-b", ACCEPT, ACROSS, SETTLED_AT)
    assert balance(month, ACME) == 300


def test_two_who_accept_the_same_at_once_move_the_money_once(month: Database) -> None:
    with ThreadPoolExecutor(4) as people:
        made = list(people.map(lambda _: resolve(month, ACCEPT), range(4)))
    assert sum(each.decided for each in made) == 2
    assert (balance(month, ACME), balance(month, RADIO)) == (150, 60)
