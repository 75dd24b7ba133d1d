"""What is wrong with accounts is found: talks that aren't booked, or twice, or as they were."""

from dataclasses import replace
from datetime import timedelta

from callrouter.adapters.storage.agreements import save_agreement
from callrouter.adapters.storage.calls import ensure_and_lock_call
from callrouter.adapters.storage.cdrs import SavedCdr, save_cdr
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.ledger import post, read_entry
from callrouter.domain.billing.ledger import reverse
from callrouter.workflows.check_accounts import check_accounts
from callrouter.workflows.rate_call import rate_call
from tests.adapters.storage.builders import add_sellers
from tests.domain.billing.builders import ACME, AT, agreement_of, cdr_of, terms_of
from tests.domain.billing.test_call_entries import attempt_of
from tests.switchboards import SELLER

ID = SELLER.seller_id


def end_call(database: Database, connected_s: int = 121) -> SavedCdr:
    """A call has its CDR, but isn't booked."""
    cdr = cdr_of(attempt_of(connected_s=connected_s))
    with database.write() as connection:
        ensure_and_lock_call(connection, ID, cdr.call_sid, AT, cdr.did, cdr.ani, AT)
        return save_cdr(connection, ID, cdr, 1, AT)


def book(database: Database, saved: SavedCdr) -> None:
    with database.write() as connection:
        assert rate_call(connection, ID, saved, AT, None)


def problems(database: Database) -> tuple[str, ...]:
    day = timedelta(days=1)
    return check_accounts(database, ID, AT - day, AT + day).problems


def test_what_is_wrong_is_said_until_it_is_right(database: Database) -> None:
    agreement = replace(agreement_of(terms_of()), version=1)
    with database.write() as connection:
        add_sellers(connection, SELLER)
        save_agreement(connection, ID, agreement, "", "ann", "", AT)
    first = end_call(database)
    assert problems(database) == ("CA1 isn't booked for buyer acme",)
    book(database, first)
    assert problems(database) == ()

    second = end_call(database, 130)
    assert problems(database) == (
        "CA1 is booked for buyer acme with 121000 ms connected, but its CDR has 130000 ms",
    )
    book(database, second)
    assert problems(database) == ()


def test_a_call_that_stands_twice_is_found_and_one_that_was_taken_back_is_not(
    database: Database,
) -> None:
    test_what_is_wrong_is_said_until_it_is_right(database)
    with database.write() as connection:
        standing = read_entry(connection, ID, ACME, "USD", 3)
        assert standing is not None
        wrong = replace(standing, reference="call:CA1/by a bug")
        post(connection, ID, [wrong], AT)
    assert problems(database) == ("CA1 stands 2 times in accounts of buyer acme",)
    with database.write() as connection:
        for number in (3, 4):
            entry = read_entry(connection, ID, ACME, "USD", number)
            assert entry is not None
            post(connection, ID, [reverse(entry, AT, "wrong", "ann")], AT)
    assert problems(database) == ()
