"""A party has accounts in the currencies of its terms and credit, and those it was booked in."""

from dataclasses import replace

import pytest

from callrouter.adapters.storage.agreements import save_agreement
from callrouter.adapters.storage.engine import Database
from callrouter.domain.billing.terms import Credit
from callrouter.domain.errors import NotFoundError, RefusedError
from callrouter.workflows.draft_statement import draft_statement
from callrouter.workflows.find_account import choose_currency, list_currencies, refuse_account
from tests.switchboards import SELLER, open_seller
from tests.workflows.accounts import ACME, MONDAY, RADIO, agree, book, charge


@pytest.fixture
def accounts(database: Database) -> Database:
    """A buyer with credit in EUR that was charged in CAD."""
    open_seller(database)
    agreed = agree(database)
    with database.write() as connection:
        with_credit = replace(agreed, version=2, credit=Credit(1_000_000, "EUR"))
        save_agreement(connection, SELLER.seller_id, with_credit, "", "ann", "", MONDAY)
    book(database, [charge(1, MONDAY, currency="CAD")], MONDAY)
    return database


def test_all_of_them_are_found_whoever_asks(accounts: Database) -> None:
    with accounts.read() as connection:
        assert list_currencies(connection, SELLER.seller_id, ACME) == ("CAD", "EUR")
        for currency in ("CAD", "EUR"):
            assert choose_currency(connection, SELLER.seller_id, ACME, currency) == currency
            assert refuse_account(connection, SELLER.seller_id, ACME, currency) is None
        with pytest.raises(RefusedError, match="accounts in CAD and EUR: say which currency"):
            choose_currency(connection, SELLER.seller_id, ACME, None)
        refused = refuse_account(connection, SELLER.seller_id, ACME, "USD")
        assert refused == "the account of buyer acme is in CAD and EUR, not in USD"
        with pytest.raises(NotFoundError, match="publisher radio-one has no account yet"):
            choose_currency(connection, SELLER.seller_id, RADIO, None)


def test_an_account_that_nothing_was_booked_in_has_nothing_for_a_statement(
    accounts: Database,
) -> None:
    with pytest.raises(RefusedError, match="no entry of buyer acme in EUR waits"):
        draft_statement(accounts, SELLER.seller_id, ACME, "EUR", None, MONDAY)
