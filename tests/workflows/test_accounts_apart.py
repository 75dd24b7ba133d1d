"""Nothing crosses sellers: the same buyer, caller and call at two of them are two accounts."""

import pytest

from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.ledger import find_entries_of_call
from callrouter.workflows.apply_terms import apply_terms
from callrouter.workflows.rate_call import rate_if_due
from callrouter.workflows.view_balances import view_balances
from callrouter.workflows.view_stake import view_stake
from tests.accounts import ACME
from tests.switchboards import OTHER_SELLER, SELLER, T0, open_seller
from tests.workflows.rated_calls import attempt_of, end_call

CALL = "CA1"
TERMS = """\
buyer = "acme"
zone = "America/New_York"
currency = "USD"
credit_limit = "100.00"
[[terms]]
from = 2026-01-01
price = "{price}"
duplicate_window = "30d"
most_per_day = 1
"""
PRICES = {SELLER.seller_id: 75, OTHER_SELLER.seller_id: 40}


@pytest.fixture
def both(database: Database) -> Database:
    """Two sellers, each with a buyer acme, its terms, and one call of the same id and caller."""
    for seller in (SELLER, OTHER_SELLER):
        open_seller(database, seller, tables=())
        text = TERMS.format(price=f"{PRICES[seller.seller_id]}.00")
        apply_terms(database, seller.seller_id, text, "t.toml", author="ann", note="", at=T0)
        end_call(database, CALL, attempt_of("acme-east", 60_000), seller_id=seller.seller_id)
    return database


def rate(database: Database, seller_id: str, call_sid: str = CALL) -> None:
    with database.write() as connection:
        assert rate_if_due(connection, seller_id, call_sid, T0)


def charged(database: Database, seller_id: str, call_sid: str = CALL) -> list[tuple[int, str]]:
    with database.read() as connection:
        entries = find_entries_of_call(connection, seller_id, call_sid)
    return [(entry.amount_micros // 1_000_000, entry.reason) for entry in entries]


def test_a_call_paid_to_one_seller_is_no_duplicate_and_no_call_of_the_day_at_another(
    both: Database,
) -> None:
    other = OTHER_SELLER.seller_id
    end_call(both, "CA2", attempt_of("acme-east", 60_000), seller_id=other)
    rate(both, SELLER.seller_id)
    rate(both, other, "CA2")
    assert charged(both, SELLER.seller_id) == [(75, "connected 60 s >= 0 s: 1 x 75.00 USD")]
    assert charged(both, other, "CA2") == [(40, "connected 60 s >= 0 s: 1 x 40.00 USD")]
    assert charged(both, other) == []


def test_balances_and_what_is_at_stake_are_each_sellers_own(both: Database) -> None:
    rate(both, SELLER.seller_id)
    assert view_balances(both, OTHER_SELLER.seller_id, ACME, T0) == ()
    rate(both, OTHER_SELLER.seller_id)
    for seller_id, price in PRICES.items():
        [account] = view_balances(both, seller_id, None, T0)
        assert account.account.balance_micros == price * 1_000_000
        with both.read() as connection:
            [at_stake] = view_stake(connection, seller_id, T0)
        assert (at_stake.buyer, at_stake.owed) == ("acme", f"{price}.00")
