"""A closed statement is made anew from its entries, and compared with what was stored."""

from dataclasses import replace

import pytest

from callrouter.adapters.storage.engine import Database, open_database
from callrouter.workflows.close_statement import close_statement
from callrouter.workflows.draft_statement import Drawn
from callrouter.workflows.verify_statement import verify_statement
from tests.switchboards import SELLER, open_seller
from tests.workflows.accounts import ACME, MICROS, MONDAY, WEEK, agree, book, charge


@pytest.fixture
def opened(sqlite_url: str) -> Database:
    database = open_database(sqlite_url)
    open_seller(database)
    agree(database)
    book(database, [charge(1, MONDAY), charge(2, MONDAY, 0)], MONDAY)
    return database


@pytest.fixture
def drawn(opened: Database) -> Drawn:
    """A statement of two calls, of which one is paid for."""
    return close_statement(opened, SELLER.seller_id, ACME, None, None, "ann", MONDAY + WEEK)


def test_what_was_closed_is_what_the_entries_say(opened: Database, drawn: Drawn) -> None:
    told: list[int] = []

    verified = verify_statement(opened, drawn, None, told.append)

    assert verified.problems == ()
    assert told == [1, 2]
    assert verify_statement(opened, drawn, None, told.append) == verified
    opened.dispose()


def test_a_head_that_says_something_else_is_found(opened: Database, drawn: Drawn) -> None:
    wrong = replace(drawn.head, amount_micros=80 * MICROS, payments_micros=-MICROS, entries=3)

    verified = verify_statement(opened, replace(drawn, head=wrong), None, lambda _: None)

    assert verified.problems == (
        "its entries come to 75.00 USD of amount, but 80.00 USD is stored",
        "its entries come to 0.00 USD of payments, but -1.00 USD is stored",
        "it has 2 entries, but was closed with 3",
    )
    opened.dispose()
