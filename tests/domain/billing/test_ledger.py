"""Entries are only added: what takes one back, what corrects it, which amounts may stand."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callrouter.domain.billing.ledger import (
    Entry,
    EntryKind,
    Posting,
    account_key,
    correct,
    read_account_key,
    refuse_unfit,
    reverse,
)
from callrouter.domain.billing.party import Party, Side
from callrouter.domain.errors import RefusedError
from tests.domain.builders import at

ACME = Party(Side.BUYER, "acme")
RIGHT = Posting(
    party=ACME,
    kind=EntryKind.CHARGE,
    amount_micros=0,
    currency="USD",
    reference="call:CA1",
    booked_at=at(0),
    reason="not payable: connected 119 s < 120 s",
    author="rating",
    call_sid="CA1",
    cdr_revision=2,
    connected_ms=119_000,
)
CHARGED = Entry(
    party=ACME,
    number=17,
    kind=EntryKind.CHARGE,
    amount_micros=75_000_000,
    currency="USD",
    reference="call:CA1",
    booked_at=at(0),
    posted_at=at(200),
    reason="connected 121 s >= 120 s: 1 x 75.00 USD",
    author="rating",
    call_sid="CA1",
    cdr_revision=1,
    connected_ms=121_000,
)


def test_a_reversal_takes_back_the_whole_and_says_of_which_call() -> None:
    taken_back = reverse(CHARGED, at(900), "wrong number", "ann")
    assert (taken_back.kind, taken_back.amount_micros) == (EntryKind.REVERSAL, -75_000_000)
    assert (taken_back.reverses, taken_back.reference) == (17, "reversal:17")
    assert (taken_back.booked_at, taken_back.author) == (at(900), "ann")
    assert (taken_back.call_sid, taken_back.connected_ms) == ("CA1", 121_000)


def test_a_reversal_is_never_reversed() -> None:
    taken_back = replace(CHARGED, kind=EntryKind.REVERSAL, reverses=9)
    with pytest.raises(RefusedError, match="is the reversal of entry 9"):
        reverse(taken_back, at(900), "changed my mind", "ann")


def test_a_correction_in_an_open_period_is_booked_where_the_entry_was() -> None:
    taken_back, replacement = correct(CHARGED, RIGHT, at(5000), "")
    assert taken_back.amount_micros + CHARGED.amount_micros == 0
    assert taken_back.booked_at == replacement.booked_at == CHARGED.booked_at
    assert taken_back.corrects == replacement.corrects == ""
    assert replacement.reference == "call:CA1/instead:USD-17"
    assert replacement.amount_micros == 0


def test_a_correction_of_a_closed_statement_is_booked_now_and_names_it() -> None:
    for posting in correct(CHARGED, RIGHT, at(5000), "2026-0007"):
        assert (posting.booked_at, posting.corrects) == (at(5000), "2026-0007")


@given(
    st.builds(Party, st.sampled_from(Side), st.from_regex(r"[a-z][a-z0-9-]{0,9}", fullmatch=True)),
    st.sampled_from(["USD", "EUR"]),
)
def test_an_accounts_key_says_whose_it_is(party: Party, currency: str) -> None:
    key = account_key(party, currency)
    assert read_account_key(key) == (party, currency)
    assert key < "attempts/day:2026-11-26/destination:acme-east"


def test_other_counters_are_no_accounts() -> None:
    assert account_key(ACME, "USD") == "account-USD/ever/buyer:acme"
    assert read_account_key("revenue-USD/ever/buyer:acme") is None


@pytest.mark.parametrize(
    ("kind", "micros", "currency", "problem"),
    [
        pytest.param(EntryKind.ADJUSTMENT, 0, "USD", "^0.00 USD changes nothing", id="nothing"),
        pytest.param(EntryKind.ADJUSTMENT, 5_000, "USD", "more decimals", id="half-a-cent"),
        pytest.param(EntryKind.ADJUSTMENT, 10**6, "XYZ", "isn't a currency", id="unknown-money"),
        pytest.param(EntryKind.CREDIT, 10**6, "USD", "write -1.00 USD", id="credit-that-adds"),
        pytest.param(EntryKind.WRITE_OFF, 10**6, "USD", "write -1.00", id="write-off-that-adds"),
    ],
)
def test_an_amount_that_cannot_stand_is_refused(
    kind: EntryKind, micros: int, currency: str, problem: str
) -> None:
    with pytest.raises(RefusedError, match=problem):
        refuse_unfit(replace(RIGHT, kind=kind, amount_micros=micros, currency=currency))


@pytest.mark.parametrize("kind", [EntryKind.ADJUSTMENT, EntryKind.CREDIT, EntryKind.PAYMENT])
def test_an_amount_that_lessens_may_stand(kind: EntryKind) -> None:
    refuse_unfit(replace(RIGHT, kind=kind, amount_micros=-25_500_000))


def test_an_adjustment_may_add() -> None:
    refuse_unfit(replace(RIGHT, kind=EntryKind.ADJUSTMENT, amount_micros=10**6))
