"""Accounts are judged by the clock and at once; who is told of it, and what holds a state."""

from datetime import timedelta

import pytest

from callrouter.adapters.storage.alerts import list_alerts
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.ledger import post
from callrouter.adapters.storage.standing_policies import save_policy
from callrouter.adapters.storage.standings import (
    list_standing_changes,
    list_standings,
    read_standing,
)
from callrouter.domain.billing.ledger import EntryKind, Posting
from callrouter.domain.billing.party import Party, Side
from callrouter.domain.billing.standing_holds import HoldKind
from callrouter.domain.errors import NotFoundError, RefusedError
from callrouter.workflows.apply_standing import apply_standing
from callrouter.workflows.apply_terms import apply_terms
from callrouter.workflows.hold_standing import hold_standing, lift_standing
from callrouter.workflows.review_standing import review_parties, review_standing
from callrouter.workflows.send_letters import send_letters
from tests.post import FakePost
from tests.switchboards import SELLER, T0, FakeClock, open_seller

ACME = Party(Side.BUYER, "acme")
TERMS = """
buyer = "acme"
name = "Acme Restoration"
email = "billing@acme.example"
zone = "America/New_York"
credit_limit = "1000.00"
[[terms]]
from = 2026-01-01
price = "75.00"
"""


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def seller(database: Database, clock: FakeClock) -> Database:
    open_seller(database)
    agree(database, clock)
    return database


def agree(database: Database, clock: FakeClock, text: str = TERMS) -> None:
    apply_terms(database, SELLER.seller_id, text, "t.toml", author="ann", note="", at=clock.now())


def book(database: Database, clock: FakeClock, dollars: int) -> None:
    """Something is charged (or paid, below 0), and nobody looks at the account yet."""
    posting = Posting(
        party=ACME,
        kind=EntryKind.ADJUSTMENT,
        amount_micros=dollars * 1_000_000,
        currency="USD",
        reference=f"adjustment:{clock.now()}",
        booked_at=clock.now(),
        reason="test",
        author="ann",
    )
    with database.write() as connection:
        post(connection, SELLER.seller_id, [posting], clock.now())


def state(database: Database) -> str:
    with database.read() as connection:
        kept = read_standing(connection, SELLER.seller_id, "acme")
    assert kept is not None
    return kept.standing.state


def alerts(database: Database) -> list[str]:
    with database.read() as connection:
        return [a.key for a in list_alerts(connection, SELLER.seller_id, standing_only=True)]


def review(database: Database, clock: FakeClock) -> int:
    clock.at += timedelta(minutes=1)
    return review_standing(database, clock)


def test_an_account_is_known_as_soon_as_there_are_terms(seller: Database) -> None:
    with seller.read() as connection:
        (kept,) = list_standings(connection, SELLER.seller_id)

    assert (kept.standing.buyer_id, kept.standing.state) == ("acme", "good")
    assert kept.standing.credit is not None
    assert kept.standing.credit.limit_micros == 1_000_000_000
    assert alerts(seller) == []


def test_what_changes_in_terms_is_seen_by_calls_without_a_change_of_state(
    seller: Database, clock: FakeClock
) -> None:
    agree(seller, clock, TERMS.replace("1000.00", "2000.00"))

    with seller.read() as connection:
        (kept,) = list_standings(connection, SELLER.seller_id)
        changes = list_standing_changes(connection, SELLER.seller_id, most=9)
    assert kept.standing.credit is not None
    assert kept.standing.credit.limit_micros == 2_000_000_000
    assert len(changes) == 1


def test_each_worse_state_is_told_once_and_the_way_back_too(
    seller: Database, clock: FakeClock
) -> None:
    book(seller, clock, 800)
    assert [review(seller, clock), review(seller, clock)] == [1, 0]
    assert (state(seller), alerts(seller)) == ("watched", ["standing:acme:watched"])

    book(seller, clock, 150)
    assert review(seller, clock) == 1
    assert state(seller) == "limited"
    assert sorted(alerts(seller)) == ["standing:acme:limited", "standing:acme:watched"]

    book(seller, clock, -100)
    assert review(seller, clock) == 1
    assert (state(seller), alerts(seller)) == ("watched", ["standing:acme:watched"])

    book(seller, clock, -850)
    assert review(seller, clock) == 1
    assert (state(seller), alerts(seller)) == ("good", [])


def test_the_buyer_is_written_to_once_a_day_about_the_same(
    seller: Database, clock: FakeClock
) -> None:
    mailbox = FakePost()
    for dollars in (950, -950, 950):
        book(seller, clock, dollars)
        review(seller, clock)

    assert send_letters(seller, mailbox, clock) == 2
    assert send_letters(seller, mailbox, clock) == 0
    assert [(each.address, each.subject) for each in mailbox.taken] == [
        ("billing@acme.example", "Account of Acme Restoration: limited"),
        ("billing@acme.example", "Account of Acme Restoration: good"),
    ]
    assert "owed: 950.00 USD" in mailbox.taken[0].text


def test_a_letter_that_nobody_takes_is_tried_again(seller: Database, clock: FakeClock) -> None:
    book(seller, clock, 950)
    review(seller, clock)
    mailbox = FakePost(refuses=lambda _: "no such mailbox")

    assert send_letters(seller, None, clock) == 0
    clock.at += timedelta(minutes=1)
    assert send_letters(seller, mailbox, clock) == 0
    assert send_letters(seller, FakePost(), clock) == 0  # not before its time
    clock.at += timedelta(minutes=5)
    assert send_letters(seller, FakePost(), clock) == 1


def test_what_was_posted_for_others_than_buyers_concerns_no_state(
    seller: Database, clock: FakeClock
) -> None:
    book(seller, clock, 950)

    radio = Party(Side.PUBLISHER, "radio-kx")
    review_parties(seller, SELLER.seller_id, [radio], author="ann", at=clock.now())
    assert state(seller) == "good"

    review_parties(seller, SELLER.seller_id, [ACME, radio], author="ann", at=clock.now())
    assert state(seller) == "limited"


def test_a_promise_keeps_a_state_from_falling_until_its_end(
    seller: Database, clock: FakeClock
) -> None:
    hold = hold_standing(
        seller,
        SELLER.seller_id,
        "acme",
        HoldKind.PROMISE,
        state=None,
        until=clock.now() + timedelta(days=1),
        reason="wire on Friday",
        author="dana",
        at=clock.now(),
    )
    assert hold.state == "good"

    book(seller, clock, 950)
    assert review(seller, clock) == 0
    clock.at += timedelta(days=1)
    assert review(seller, clock) == 1
    assert state(seller) == "limited"


def test_an_override_is_the_state_until_it_is_lifted(seller: Database, clock: FakeClock) -> None:
    hold_standing(
        seller,
        SELLER.seller_id,
        "acme",
        HoldKind.OVERRIDE,
        state="suspended",
        until=clock.now() + timedelta(days=9),
        reason="chargeback",
        author="dana",
        at=clock.now(),
    )
    assert state(seller) == "suspended"
    with seller.read() as connection:
        newest = list_standing_changes(connection, SELLER.seller_id, most=1)[0]
    assert (newest.author, newest.reason) == (
        "dana",
        "by dana until 2026-09-24 17:00 UTC: chargeback",
    )

    lift_standing(seller, SELLER.seller_id, "acme", HoldKind.OVERRIDE, author="eve", at=clock.now())
    assert state(seller) == "good"
    with pytest.raises(NotFoundError, match="no override"):
        lift_standing(
            seller, SELLER.seller_id, "acme", HoldKind.OVERRIDE, author="eve", at=clock.now()
        )


@pytest.mark.parametrize(
    ("buyer", "chosen", "days", "problem"),
    [
        ("nobody", "good", 1, "there is no buyer 'nobody'"),
        ("acme", "bad", 1, "there is no state 'bad'; there is good, watched, limited, suspended"),
        ("acme", "good", 0, "is past"),
    ],
    ids=["buyer", "state", "end"],
)
def test_what_cannot_be_held_is_refused(
    seller: Database, clock: FakeClock, buyer: str, chosen: str, days: int, problem: str
) -> None:
    with pytest.raises((NotFoundError, RefusedError), match=problem):
        hold_standing(
            seller,
            SELLER.seller_id,
            buyer,
            HoldKind.OVERRIDE,
            state=chosen,
            until=clock.now() + timedelta(days=days),
            reason="test",
            author="dana",
            at=clock.now(),
        )


def test_a_buyer_without_terms_may_be_overridden(seller: Database, clock: FakeClock) -> None:
    hold_standing(
        seller,
        SELLER.seller_id,
        "bolt",
        HoldKind.OVERRIDE,
        state="suspended",
        until=clock.now() + timedelta(days=1),
        reason="test",
        author="dana",
        at=clock.now(),
    )
    clock.at += timedelta(days=1)

    assert review_standing(seller, clock) == 1
    with seller.read() as connection:
        kept = read_standing(connection, SELLER.seller_id, "bolt")
    assert kept is not None
    assert kept.standing.state == "good"


def test_other_states_hold_from_the_next_review_on(seller: Database, clock: FakeClock) -> None:
    strict = '[[states]]\nname = "fine"\n[[states]]\nname = "stop"\nexposure_percent = 1\n'
    book(seller, clock, 20)

    first = apply_standing(seller, SELLER.seller_id, strict, "s.toml", author="ann", note="", at=T0)
    again = apply_standing(seller, SELLER.seller_id, strict, "s.toml", author="ann", note="", at=T0)

    assert (first.version, again.version) == (1, 1)
    assert review(seller, clock) == 1
    assert (state(seller), alerts(seller)) == ("stop", ["standing:acme:stop"])


def test_states_that_only_a_newer_version_understands_change_nothing(
    seller: Database, clock: FakeClock
) -> None:
    with seller.write() as connection:
        save_policy(connection, SELLER.seller_id, "future = 1", author="ann", note="", at=T0)
    book(seller, clock, 950)

    assert review(seller, clock) == 0
    review_parties(seller, SELLER.seller_id, [ACME], author="ann", at=clock.now())
    assert state(seller) == "good"
