"""Whose a payment is that nobody owned; payments that are taken back and given to another."""

import pytest

from callrouter.adapters.storage.alerts import find_standing
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.ledger import post
from callrouter.adapters.storage.payments import (
    KeptPayment,
    list_payments,
    list_unmatched,
    lock_payment,
    note_return,
)
from callrouter.domain.billing.ledger import EntryKind, Posting, reverse
from callrouter.domain.billing.payment import (
    Owner,
    Payment,
    PaymentSource,
    PaymentState,
    Unowned,
)
from callrouter.domain.errors import NotFoundError, RefusedError
from callrouter.workflows.assign_payment import assign_payment, dismiss_payment
from callrouter.workflows.book_payment import Booked, Told, book_payment
from callrouter.workflows.post_payment import settle_returns
from callrouter.workflows.reverse_payment import reverse_payment
from callrouter.workflows.review_unmatched import UNMATCHED_ALERT, review_unmatched
from tests.accounts import (
    ACME,
    BOLT,
    allocation,
    amounts,
    balance,
    close_statement,
    entries,
    open_accounts,
)
from tests.switchboards import OTHER_SELLER, SELLER, T0, open_seller

NAME = "bank:first/TX-1"
ROW = Payment(
    source=PaymentSource.BANK,
    payment_id="first/TX-1",
    amount_micros=250_000_000,
    currency="USD",
    paid_at=T0,
    payer="SOMEBODY",
)


@pytest.fixture
def accounts(database: Database) -> Database:
    open_accounts(database)
    return database


def tell(database: Database, owner: Owner | None = None, payment: Payment = ROW) -> Booked:
    told = owner or Unowned("unknown payer: 'SOMEBODY'")
    with database.write() as connection:
        booked = book_payment(connection, SELLER.seller_id, payment, told, "import", T0)
        review_unmatched(connection, SELLER.seller_id, T0)
    return booked


def assign(database: Database, owner: Owner, name: str = NAME) -> KeptPayment:
    return assign_payment(database, SELLER.seller_id, name, owner, "ann", T0)


def take_back(database: Database, reason: str = "it bounced") -> KeptPayment:
    return reverse_payment(database, SELLER.seller_id, NAME, reason, "bob", T0)[1]


def unmatched(database: Database) -> list[str]:
    with database.read() as connection:
        return [each.payment.name for each in list_unmatched(connection, SELLER.seller_id, 9)]


def alert_stands(database: Database) -> bool:
    with database.read() as connection:
        return bool(find_standing(connection, UNMATCHED_ALERT))


def test_a_payment_without_an_owner_is_kept_and_told(accounts: Database) -> None:
    assert tell(accounts).told is Told.UNMATCHED
    assert tell(accounts).told is Told.ALREADY

    assert unmatched(accounts) == [NAME]
    assert alert_stands(accounts)
    assert amounts(accounts) == []


def test_it_is_assigned_once(accounts: Database) -> None:
    tell(accounts)
    close_statement(accounts, "acme-2026-0001", 300_000_000)

    first = assign(accounts, Owner(ACME, "acme-2026-0001"))
    again = assign(accounts, Owner(ACME))

    assert first == again
    assert (first.state, first.changed_by, first.told_by) == (PaymentState.TAKEN, "ann", "import")
    assert amounts(accounts) == [-250]
    assert allocation(accounts).open_micros == {"acme-2026-0001": 50_000_000}
    assert unmatched(accounts) == []
    assert not alert_stands(accounts)


def test_telling_it_again_with_an_owner_takes_it(accounts: Database) -> None:
    tell(accounts)
    assert tell(accounts, Owner(ACME)).told is Told.TAKEN
    assert tell(accounts).told is Told.ALREADY
    assert amounts(accounts) == [-250]


@pytest.mark.parametrize(
    ("owner", "name", "said"),
    [
        (Owner(BOLT), NAME, "the account of buyer bolt is in EUR"),
        (Owner(ACME, "acme-2026-0009"), NAME, "there is no closed statement"),
        (Owner(ACME), "bank:first/TX-2", "there is no payment 'bank:first/TX-2'"),
        (Owner(ACME), "TX-1", "there is no payment 'TX-1'"),
    ],
)
def test_what_can_not_be_is_refused(accounts: Database, owner: Owner, name: str, said: str) -> None:
    tell(accounts)
    with pytest.raises((RefusedError, NotFoundError), match=said):
        assign(accounts, owner, name)
    assert unmatched(accounts) == [NAME]


def test_another_seller_can_not_reach_it(accounts: Database) -> None:
    tell(accounts)
    open_seller(accounts, OTHER_SELLER, tables=())
    other = OTHER_SELLER.seller_id
    with pytest.raises(NotFoundError):
        assign_payment(accounts, other, NAME, Owner(ACME), "eve", T0)
    with pytest.raises(NotFoundError):
        dismiss_payment(accounts, other, NAME, "", "eve", T0)
    tell(accounts, Owner(ACME))
    with pytest.raises(NotFoundError):
        reverse_payment(accounts, other, NAME, "mine", "eve", T0)
    with accounts.read() as connection:
        assert list_payments(connection, other, limit=9) == ()
    assert amounts(accounts) == [-250]


def test_one_that_is_for_no_account_is_dismissed_and_may_be_assigned_after_all(
    accounts: Database,
) -> None:
    tell(accounts)
    for _ in range(2):
        kept = dismiss_payment(accounts, SELLER.seller_id, NAME, "a loan", "ann", T0)
        assert (kept.state, kept.reason) == (PaymentState.DISMISSED, "a loan")
    assert unmatched(accounts) == []
    assert not alert_stands(accounts)
    assert tell(accounts, Owner(ACME)).told is Told.ALREADY

    assert assign(accounts, Owner(ACME)).state is PaymentState.TAKEN
    with pytest.raises(RefusedError, match="stands in the account of buyer acme"):
        dismiss_payment(accounts, SELLER.seller_id, NAME, "a loan", "ann", T0)


def test_what_is_reversed_gives_back_what_it_paid(accounts: Database) -> None:
    close_statement(accounts, "acme-2026-0001", 300_000_000)
    tell(accounts, Owner(ACME, "acme-2026-0001"))
    assert allocation(accounts).open_micros == {"acme-2026-0001": 50_000_000}

    kept = take_back(accounts)

    assert (kept.state, kept.owner, kept.reason) == (PaymentState.REVERSED, None, "it bounced")
    assert [(each.kind, each.reverses) for each in entries(accounts)] == [
        (EntryKind.PAYMENT, None),
        (EntryKind.REVERSAL, 2),
    ]
    assert balance(accounts) == 300
    assert allocation(accounts).open_micros == {"acme-2026-0001": 300_000_000}


def test_a_reversed_one_can_be_given_to_whom_it_belongs_and_back(accounts: Database) -> None:
    tell(accounts, Owner(ACME))
    with pytest.raises(RefusedError, match="reverse it there first, with `callrouter payment rev"):
        assign(accounts, Owner(BOLT))
    take_back(accounts)
    assign(accounts, Owner(ACME))
    take_back(accounts)
    assign(accounts, Owner(ACME))

    assert amounts(accounts) == [-250, 250, -250, 250, -250]
    assert len({entry.reference for entry in entries(accounts)}) == 5
    with accounts.read() as connection:
        [kept] = list_payments(connection, SELLER.seller_id, party=ACME, limit=9)
    assert (kept.entry, kept.entries) == (5, 3)


def test_nothing_is_reversed_twice_nor_without_a_reason(accounts: Database) -> None:
    tell(accounts, Owner(ACME))
    with pytest.raises(RefusedError, match="say why"):
        take_back(accounts, " ")
    take_back(accounts)
    with pytest.raises(RefusedError, match="stands in no account: there is nothing to reverse"):
        take_back(accounts)
    assert balance(accounts) == 0


def test_what_somebody_reversed_in_the_account_itself_is_not_reversed_again(
    accounts: Database,
) -> None:
    tell(accounts, Owner(ACME))
    [entry] = entries(accounts)
    with accounts.write() as connection:
        post(connection, SELLER.seller_id, [reverse(entry, T0, "a mistake", "bob")], T0)
    with pytest.raises(RefusedError, match="stands in no account"):
        take_back(accounts)
    with accounts.write() as connection:
        key = (SELLER.seller_id, PaymentSource.BANK, ROW.payment_id)
        note_return(connection, *key, "a refund", 1_000_000, "USD", T0)
        kept = lock_payment(connection, *key)
        assert kept is not None
        settle_returns(connection, SELLER.seller_id, kept, "ann", T0)
    assert balance(accounts) == 0


def test_what_stands_there_under_its_reference_already_is_the_payment(accounts: Database) -> None:
    with accounts.write() as connection:
        posting = Posting(
            party=ACME, kind=EntryKind.PAYMENT, amount_micros=-250_000_000, currency="USD",
            reference=ROW.reference, booked_at=T0, reason="", author="import of old books",
        )  # fmt: skip
        post(connection, SELLER.seller_id, [posting], T0)
    assert tell(accounts, Owner(ACME)).kept.entry == 1
    assert balance(accounts) == -250
