"""Accounts through the real application: credit is held, states keep calls away, money helps."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from callrouter.adapters.storage.calls import read_decided
from callrouter.adapters.storage.cap_counters import read_usage
from callrouter.adapters.storage.ledger import post, read_balance
from callrouter.adapters.storage.ledger_tables import statement_entries, statements
from callrouter.adapters.storage.stripe_endpoints import StripeEndpoint, save_endpoint
from callrouter.domain.billing.ledger import EntryKind, Posting
from callrouter.domain.billing.party import Party, Side
from callrouter.workflows.apply_terms import apply_terms
from callrouter.workflows.decide_again import recall_decisions
from callrouter.workflows.release_expired_reservations import release_expired_reservations
from callrouter.workflows.review_standing import review_parties, review_standing
from callrouter.workflows.switchboard import Switchboard
from callrouter.workflows.view_stake import view_stake
from tests.stripe_side import SECRET, StripeSide, intent
from tests.switchboards import SELLER, T0, FakeClock
from tests.web.outages import make_unreachable, without_database
from tests.web.placed_calls import Calls, sid

ACME = Party(Side.BUYER, "acme")
ACCOUNT = "account-USD/ever/buyer:acme"
TERMS = """
buyer = "acme"
zone = "America/New_York"
{credit}
[[terms]]
from = 2026-01-01
{price}
"""
FLAT = 'threshold_s = 60\nprice = "75.00"'


@pytest.fixture
def calls(board: Switchboard, clock: FakeClock) -> Calls:
    return Calls(board, clock)


def agree(board: Switchboard, credit: str, price: str = FLAT) -> None:
    apply_terms(
        board.database,
        SELLER.seller_id,
        TERMS.format(credit=credit, price=price),
        "terms.toml",
        author="ann",
        note="",
        at=board.clock.now(),
    )


def pay(board: Switchboard, dollars: int, name: str = "1") -> None:
    """A payment as any way of paying ends: posted, then the account is looked at."""
    at = board.clock.now()
    payment = Posting(
        party=ACME,
        kind=EntryKind.PAYMENT,
        amount_micros=-dollars * 1_000_000,
        currency="USD",
        reference=f"payment:hand:{name}",
        booked_at=at,
        reason="wire",
        author="ann",
    )
    with board.database.write() as connection:
        post(connection, SELLER.seller_id, [payment], at)
    review_parties(board.database, SELLER.seller_id, [ACME], author="ann", at=at)


def bill(board: Switchboard, due_on: date) -> None:
    """Close a statement of everything that is in the account."""
    account = {
        "seller_id": SELLER.seller_id,
        "side": "buyer",
        "party_id": "acme",
        "currency": "USD",
    }
    with board.database.write() as connection:
        amount = read_balance(connection, SELLER.seller_id, ACME, "USD")
        closed = {
            "number": "7",
            "period_starts_at": T0 - timedelta(days=30),
            "period_ends_at": T0,
            "closed_at": T0,
            "closed_by": "clock",
            "due_on": due_on,
            "amount_micros": amount,
        }
        columns = statements.c.keys()
        closed |= {"zone": "UTC", "agreement_version": 1, "opening_micros": 0}
        closed |= {"payments_micros": 0, "entries": 1}
        known = {name: value for name, value in closed.items() if name in columns}
        connection.execute(sa.insert(statements), account | known)
        connection.execute(sa.insert(statement_entries), account | {"entry": 1, "statement": "7"})


def account(board: Switchboard) -> tuple[int, int]:
    """What is owed and held, in dollars."""
    with board.database.read() as connection:
        usage = read_usage(connection, SELLER.seller_id, [ACCOUNT])[ACCOUNT]
    return usage.used // 1_000_000, usage.held // 1_000_000


def why_not(board: Switchboard, number: int, attempt: int = 1) -> str:
    """Why acme got no call."""
    with board.database.read() as connection:
        found = read_decided(connection, SELLER.seller_id, sid(number), attempt)
    assert found is not None
    skip = next(c.skip for c in found.decision.candidates if c.buyer_id == "acme")
    return f"{skip.rule}: {skip.saw}" if skip else ""


def agrees(board: Switchboard, number: int) -> bool:
    with board.database.read() as connection:
        recalled = recall_decisions(connection, SELLER.seller_id, sid(number))
    return all(each.agrees for each in recalled)


def test_who_pays_in_advance_gets_calls_until_the_money_is_spent_and_again_when_it_pays(
    board: Switchboard, clock: FakeClock, calls: Calls
) -> None:
    agree(board, "prepaid = true")

    assert calls.arrive(1) == "bolt"
    pay(board, 150)
    assert [calls.arrive(2), calls.arrive(3), calls.arrive(4)] == ["acme", "acme", "bolt"]
    assert why_not(board, 4) == "credit: balance 0.00 USD, this call may cost 75.00"
    assert account(board) == (-150, 150)

    calls.talk(2, 59)  # nothing to be paid
    assert account(board) == (-150, 75)
    assert calls.arrive(5) == "acme"
    calls.talk(3, 60)
    calls.talk(5, 60)
    assert account(board) == (0, 0)
    assert calls.arrive(6) == "bolt"

    pay(board, 75, "2")
    assert calls.arrive(7) == "acme"
    assert agrees(board, 4)


def test_a_credit_limit_is_never_passed_and_failed_attempts_hold_nothing(
    board: Switchboard, calls: Calls
) -> None:
    agree(board, 'credit_limit = "100.00"')

    assert [calls.arrive(1), calls.arrive(2)] == ["acme", "bolt"]
    assert why_not(board, 2) == "credit: credit 75.00 of 100.00 USD used, this call may cost 75.00"
    assert calls.fail(1) == "bolt"
    assert account(board) == (0, 0)
    assert calls.arrive(3) == "acme"


def test_attempts_that_are_paid_for_are_held_until_the_call_is_charged(
    board: Switchboard, calls: Calls
) -> None:
    agree(board, 'credit_limit = "1.50"', 'per_attempt = "1.00"')

    assert calls.arrive(1) == "acme"
    calls.fail(1)
    assert account(board) == (0, 1)
    calls.give_up(1)
    assert account(board) == (1, 0)
    assert calls.arrive(2) == "bolt"


def test_of_many_calls_at_once_no_more_are_dialled_than_can_be_paid(
    board: Switchboard, calls: Calls
) -> None:
    agree(board, "prepaid = true")
    pay(board, 3 * 75 + 74)

    with ThreadPoolExecutor(8) as threads:
        dialled = list(threads.map(calls.arrive, range(1, 25)))

    assert dialled.count("acme") == 3
    assert dialled.count("bolt") == 21


def test_what_a_call_holds_that_nobody_hears_of_again_is_free_when_its_lease_ends(
    board: Switchboard, clock: FakeClock, calls: Calls
) -> None:
    agree(board, 'credit_limit = "100.00"')
    calls.arrive(1)

    clock.at += timedelta(hours=6)
    release_expired_reservations(board.database, clock)

    assert calls.arrive(2) == "acme"


def test_a_buyer_that_does_not_pay_is_suspended_and_a_payment_brings_it_back_for_the_next_call(
    board: Switchboard, clock: FakeClock, calls: Calls
) -> None:
    agree(board, 'credit_limit = "1000.00"')
    calls.arrive(1)
    calls.talk(1, 60)
    bill(board, due_on=T0.date())

    assert calls.arrive(2) == "acme"
    calls.talk(2, 10)
    clock.at += timedelta(days=14)
    assert review_standing(board.database, clock) == 1
    assert calls.arrive(3) == "bolt"
    assert why_not(board, 3) == (
        "standing: suspended: 14 days overdue with 75.00 USD, 75.00 USD owed"
    )

    pay(board, 75)
    assert calls.arrive(4) == "acme"
    assert agrees(board, 3)
    assert review_standing(board.database, clock) == 0


@pytest.mark.parametrize(
    ("credit", "limit", "left"),
    [('credit_limit = "1000.00"', "1000.00", "850.00"), ("", "", "")],
    ids=["with a limit", "without one"],
)
def test_the_money_at_stake_has_what_calls_in_progress_may_add(
    board: Switchboard, calls: Calls, credit: str, limit: str, left: str
) -> None:
    agree(board, credit)
    calls.arrive(1)
    calls.talk(1, 60)
    calls.arrive(2)

    with board.database.read() as connection:
        [row] = view_stake(connection, SELLER.seller_id, board.clock.now())

    assert (row.owed, row.unbilled, row.live_calls, row.in_progress) == (
        ("75.00", "75.00", 1, "75.00")
    )
    assert (row.limit, row.left) == (limit, left)


def test_money_that_stripe_tells_of_brings_a_buyer_back_for_the_next_call(
    board: Switchboard, app: Flask, calls: Calls
) -> None:
    agree(board, "prepaid = true")
    with board.database.write() as connection:
        save_endpoint(
            connection, board.box, SELLER.seller_id, StripeEndpoint(SECRET, takes_tests=False), T0
        )
    assert calls.arrive(1) == "bolt"

    answer = StripeSide(app.test_client()).send(intent(7_500))

    assert answer.text.strip() == "taken"
    assert [calls.arrive(2), calls.arrive(3)] == ["acme", "bolt"]


def test_while_the_database_is_away_who_has_a_limit_is_passed_by(
    board: Switchboard, tmp_path: Path, clock: FakeClock
) -> None:
    agree(board, 'credit_limit = "1000.00"')
    board.known_good.refresh()

    url = make_unreachable("unreadable", tmp_path)
    with without_database(url, tmp_path, clock) as alone:
        assert Calls(alone, clock).arrive(1) == "bolt"
