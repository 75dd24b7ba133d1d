"""A payment that a person tells of: taken once, or refused with a reason."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from callrouter.adapters.storage.engine import Database
from callrouter.domain.billing.allocation import Part
from callrouter.domain.billing.ledger import EntryKind
from callrouter.domain.billing.party import Party, Side
from callrouter.domain.errors import CallrouterError, RefusedError
from callrouter.workflows.book_payment import Booked, Told
from callrouter.workflows.reverse_payment import reverse_payment
from callrouter.workflows.take_payment import HandPayment, take_payment
from tests.accounts import (
    ACME,
    BOLT,
    RADIO,
    allocation,
    amounts,
    balance,
    charge,
    close_statement,
    entries,
    open_accounts,
)
from tests.switchboards import SELLER, T0

WIRE = HandPayment(party=ACME, amount="250.00", currency="USD", reference="wire 7")


@pytest.fixture
def accounts(database: Database) -> Database:
    open_accounts(database)
    return database


def take(database: Database, told: HandPayment = WIRE, *, at: datetime = T0) -> Booked:
    return take_payment(database, SELLER.seller_id, told, "ann", at)


def test_it_makes_what_the_buyer_owes_less(accounts: Database) -> None:
    charge(accounts, "a call", 300_000_000)

    booked = take(accounts, replace(WIRE, note="by cheque"))

    assert booked.told is Told.TAKEN
    assert balance(accounts) == 50
    [entry] = entries(accounts)
    assert (entry.kind, entry.amount_micros) == (EntryKind.PAYMENT, -250_000_000)
    assert (entry.reference, entry.author) == ("payment:hand:acme/USD/wire 7", "ann")
    assert entry.reason == "250.00 USD by hand:acme/USD/wire 7: by cheque"


def test_the_same_reference_again_changes_nothing_and_says_so(accounts: Database) -> None:
    first = take(accounts)
    again = take(accounts, replace(WIRE, note="told again"))

    assert (again.told, again.kept) == (Told.ALREADY, first.kept)
    assert amounts(accounts) == [-250]


def test_the_same_reference_with_another_amount_is_refused(accounts: Database) -> None:
    take(accounts)

    with pytest.raises(RefusedError, match=r"is kept with 250\.00 USD since 2026-09-15, by ann"):
        take(accounts, replace(WIRE, amount="251.00"))
    assert amounts(accounts) == [-250]


def test_a_reference_is_an_accounts_own(accounts: Database) -> None:
    take(accounts)
    take(accounts, replace(WIRE, party=BOLT, currency="EUR", amount="3"))

    assert (balance(accounts), balance(accounts, BOLT, "EUR")) == (-250, -3)


def test_what_is_paid_to_a_publisher_makes_less_what_is_due_to_it(accounts: Database) -> None:
    take(accounts, replace(WIRE, party=RADIO))

    assert amounts(accounts, RADIO) == [-250]


@pytest.mark.parametrize(
    ("paid_on", "booked_at"),
    [
        (None, T0),
        (date(2026, 9, 15), T0),
        (date(2026, 9, 14), datetime(2026, 9, 14, 4, tzinfo=UTC)),
    ],
)
def test_a_day_is_one_on_the_buyers_clocks(
    accounts: Database, paid_on: date | None, booked_at: datetime
) -> None:
    take(accounts, replace(WIRE, paid_on=paid_on))
    assert entries(accounts)[0].booked_at == booked_at


def test_it_pays_the_statement_that_it_names_and_then_the_oldest(accounts: Database) -> None:
    close_statement(accounts, "acme-2026-0001", 100_000_000)
    close_statement(accounts, "acme-2026-0002", 200_000_000)

    take(accounts, replace(WIRE, statement="acme-2026-0002"))

    assert allocation(accounts).parts == (
        Part("acme-2026-0002", 200_000_000, 2 + 1),
        Part("acme-2026-0001", 50_000_000, 2 + 1),
    )


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (replace(WIRE, amount="0"), "must be more than 0"),
        (replace(WIRE, amount="0.00"), "must be more than 0"),
        (replace(WIRE, amount="-5"), "isn't an amount: write it like"),
        (replace(WIRE, amount="1.234,50"), "isn't an amount: write it like"),
        (replace(WIRE, amount="1e3"), "isn't an amount"),
        (replace(WIRE, amount="5.005"), "has more decimals than USD, which has 2"),
        (replace(WIRE, currency="EUR"), "the account of buyer acme is in USD, not in EUR"),
        (replace(WIRE, currency="XXX"), "'XXX' isn't a currency; known are USD"),
        (replace(WIRE, party=Party(Side.BUYER, "acne")), "there is no buyer 'acne'; there is acme"),
        (replace(WIRE, party=Party(Side.PUBLISHER, "tv")), "publisher tv has no account yet"),
        (replace(WIRE, reference=" "), "the reference must have 1 to 100 characters"),
        (replace(WIRE, reference="x" * 101), "the reference must have 1 to 100 characters"),
        (replace(WIRE, reference="a\nb"), "on one line"),
        (replace(WIRE, paid_on=date(2026, 9, 16)), "2026-09-16 is a day to come"),
        (replace(WIRE, statement="acme-2026-0009"), "there is no closed statement 'acme-2026-0009"),
        (replace(WIRE, statement="bolt-2026-0001"), "is one of buyer bolt, not of buyer acme"),
        (replace(WIRE, statement="acme-2026-0003"), "is in EUR, the payment in USD"),
    ],
)
def test_what_can_not_be_is_refused_and_changes_nothing(
    accounts: Database, told: HandPayment, said: str
) -> None:
    close_statement(accounts, "bolt-2026-0001", 1_000_000, BOLT)
    close_statement(accounts, "acme-2026-0003", 1_000_000, currency="EUR")

    with pytest.raises(CallrouterError) as caught:
        take(accounts, told)

    assert said in str(caught.value)
    assert amounts(accounts) == []
    assert amounts(accounts, BOLT) == []


def test_one_that_was_reversed_is_not_taken_again_under_its_reference(accounts: Database) -> None:
    take(accounts)
    reverse_payment(accounts, SELLER.seller_id, "hand:acme/USD/wire 7", "it bounced", "bob", T0)

    with pytest.raises(RefusedError, match=r"was reversed \(it bounced\); use another reference"):
        take(accounts)
    assert balance(accounts) == 0
