"""What a call changes in accounts: each party has at most one entry of it that counts."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from callrouter.domain.billing.call_entries import (
    Change,
    Rated,
    find_charge,
    list_changes,
    make_posting,
    sort_entries,
)
from callrouter.domain.billing.call_rating import find_agreed, rate_talks
from callrouter.domain.billing.charges import Charge
from callrouter.domain.billing.ledger import Entry, EntryKind, Posting
from callrouter.domain.billing.party import Party, Side
from callrouter.domain.billing.rating import NOTHING_PAID, PaidPast
from callrouter.domain.billing.talks import Talk, list_talks
from callrouter.domain.billing.terms import Share, Terms
from callrouter.domain.cdr import AttemptOutcome, AttemptRecord
from tests.domain.billing.builders import (
    ACME,
    AT,
    RADIO,
    USD,
    agreement_of,
    cdr_of,
    charge_of,
    talk_of,
    terms_of,
)

BOLT = Party(Side.BUYER, "bolt")
NOTHING = sort_entries([])


def attempt_of(buyer: str = "acme", connected_s: int = 121) -> AttemptRecord:
    return AttemptRecord(
        attempt=1,
        destination_id=f"{buyer}-east",
        buyer_id=buyer,
        outcome=AttemptOutcome.CONNECTED if connected_s else AttemptOutcome.NO_ANSWER,
        leg_sid="CA2",
        dialed_at=AT,
        ring_ms=9000,
        answered_ms=connected_s * 1000,
        connected_ms=connected_s * 1000,
        table_version=1,
    )


CDR = cdr_of(attempt_of())


def rated_of(micros: int = 75 * USD, talk: Talk | None = None, *, listed: bool = True) -> Rated:
    return Rated(talk or talk_of(), charge_of(micros), listed)


def kept(*postings: Posting, first: int = 1) -> tuple[Entry, ...]:
    """As an account keeps them."""
    return tuple(
        Entry(
            **{name: getattr(posting, name) for name in Posting.__dataclass_fields__},
            number=number,
            posted_at=AT,
        )
        for number, posting in enumerate(postings, first)
    )


def charged(micros: int = 75 * USD) -> Entry:
    rated = rated_of(micros)
    assert rated.charge is not None
    return kept(make_posting(rated, rated.charge, 1))[0]


def changes(*rated: Rated, entries: Sequence[Entry] = ()) -> tuple[Change, ...]:
    return list_changes(rated, sort_entries(entries), CDR, 2)


def after(change: Change, *entries: Entry) -> tuple[Entry, ...]:
    return (*entries, *kept(*change.book(AT, ""), first=len(entries) + 1))


def test_a_call_that_was_never_booked_gets_its_entry() -> None:
    [change] = changes(rated_of())
    [posting] = change.book(AT, "")
    assert (posting.kind, posting.amount_micros) == (EntryKind.CHARGE, 75 * USD)
    assert (posting.reference, posting.booked_at) == ("call:CA1", AT)


@pytest.mark.parametrize(
    ("rated", "expected"),
    [
        pytest.param(rated_of(0), 1, id="a-talk-for-nothing-is-listed"),
        pytest.param(rated_of(0, listed=False), 0, id="nobody-talked"),
        pytest.param(rated_of(USD, listed=False), 1, id="a-paid-attempt"),
        pytest.param(Rated(talk_of(), None, is_listed=True), 0, id="no-terms"),
    ],
)
def test_what_need_not_be_paid_is_listed_only_for_a_talk(rated: Rated, expected: int) -> None:
    assert len(changes(rated)) == expected


def test_the_same_again_changes_nothing_though_the_words_differ() -> None:
    rated = replace(rated_of(), charge=replace(charge_of(75 * USD), reason="in other words"))
    assert changes(rated, entries=[charged()]) == ()


@pytest.mark.parametrize(
    "rated",
    [
        pytest.param(rated_of(80 * USD), id="amount"),
        pytest.param(replace(rated_of(), charge=charge_of(75 * USD, "EUR")), id="currency"),
        pytest.param(rated_of(talk=talk_of(122)), id="duration"),
        pytest.param(rated_of(talk=talk_of(destination_id="acme-west")), id="destination"),
    ],
)
def test_another_result_is_a_reversal_and_a_new_entry(rated: Rated) -> None:
    before = charged()
    [change] = changes(rated, entries=[before])
    taken_back, right = change.book(AT, "")
    assert taken_back.reverses == before.number
    assert taken_back.amount_micros + before.amount_micros == 0
    assert rated.charge is not None
    assert (right.amount_micros, right.currency) == (
        rated.charge.amount_micros,
        rated.charge.currency,
    )
    assert changes(rated, entries=after(change, before)) == ()


def test_there_and_back_again_each_entry_has_its_own_reference() -> None:
    entries: tuple[Entry, ...] = (charged(),)
    for micros in (0, 75 * USD, 0):
        [change] = changes(rated_of(micros), entries=entries)
        entries = after(change, *entries)
    references = [(entry.currency, entry.reference) for entry in entries]
    assert len(set(references)) == len(references)
    assert sum(entry.amount_micros for entry in entries) == 0


def test_what_a_person_took_back_stays_so() -> None:
    before = charged()
    taken_back = Change(before, before).book(AT, "")[0]
    entries = (before, *kept(taken_back, first=2))
    accounts = sort_entries(entries)
    assert accounts.was_taken_back(ACME)
    assert changes(rated_of(80 * USD), entries=entries) == ()
    assert find_charge(rated_of(), accounts) is None


def test_a_party_whom_the_call_was_not_for_after_all_is_charged_nothing() -> None:
    before = charged()
    bolts = rated_of(talk=talk_of(party=BOLT, destination_id="bolt-main"))
    new, leftover = changes(bolts, entries=[before])
    assert (new.right.party, new.standing) == (BOLT, None)
    assert (leftover.right.party, leftover.right.amount_micros) == (ACME, 0)
    assert leftover.right.reason == "not payable: the call was not buyer acme's"
    settled = after(leftover, before)
    assert sum(entry.amount_micros for entry in settled) == 0
    assert changes(entries=settled) == ()
    assert changes(rated_of(), entries=settled)[0].right.amount_micros == 75 * USD


def test_without_terms_what_stands_is_left_alone_and_counts_for_a_share() -> None:
    accounts = sort_entries([charged()])
    unknown = Rated(talk_of(), None, is_listed=False)
    assert changes(unknown, entries=accounts.entries) == ()
    found = find_charge(unknown, accounts)
    assert found is not None
    assert (found.amount_micros, found.terms_version) == (75 * USD, 1)
    assert find_charge(unknown, NOTHING) is None


def no_past(talk: Talk, terms: Terms, zone: str) -> PaidPast:
    return NOTHING_PAID


def test_a_publishers_share_is_of_what_buyers_are_charged() -> None:
    talks = list_talks(CDR)
    agreements = {
        ACME: agreement_of(terms_of()),
        RADIO: agreement_of(terms_of(share=Share(400_000)), party=RADIO),
        BOLT: agreement_of(terms_of(), party=BOLT),
    }
    agreed = find_agreed(talks, agreements)
    assert set(agreed) == {ACME, RADIO}
    rated = rate_talks(talks, agreed, NOTHING, no_past)
    assert [each.charge.amount_micros for each in rated if each.charge] == [75 * USD, 30 * USD]


def test_without_terms_a_talk_comes_to_nothing_known() -> None:
    [buyers, publishers] = rate_talks(list_talks(CDR), {}, NOTHING, no_past)
    assert (buyers.charge, publishers.charge) == (None, None)


@pytest.mark.parametrize(
    ("terms", "connected_s", "listed"),
    [
        pytest.param(terms_of(), 121, True, id="a-talk"),
        pytest.param(terms_of(), 0, False, id="nobody-answered"),
        pytest.param(terms_of(per_attempt_micros=USD), 0, True, id="attempts-are-paid"),
    ],
)
def test_what_is_listed(terms: Terms, connected_s: int, listed: bool) -> None:
    talks = list_talks(cdr_of(attempt_of(connected_s=connected_s)))[:1]
    agreed = find_agreed(talks, {ACME: agreement_of(terms)})
    [rated] = rate_talks(talks, agreed, NOTHING, no_past)
    assert rated.is_listed is listed
    assert isinstance(rated.charge, Charge)
