"""Standings are kept whole, each change of state with its figures; calls notice by one number."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.known_good import read_known_good
from callrouter.adapters.storage.sellers import bump_conditions
from callrouter.adapters.storage.standing_policies import (
    add_hold,
    lift_holds,
    list_holds,
    read_policy,
    save_policy,
)
from callrouter.adapters.storage.standings import (
    SellersStanding,
    StandingChange,
    list_standing_changes,
    list_standings,
    read_standing,
    save_standing,
)
from callrouter.domain.billing.standing_holds import HoldKind, StandingHold
from callrouter.domain.billing.standing_ladder import AccountFigures
from callrouter.domain.errors import NotFoundError
from callrouter.domain.limits.standing import BuyerStanding, CallPrice, CreditLine, Effect
from tests.domain.builders import at
from tests.switchboards import OTHER_SELLER, SELLER, open_seller

GOOD = BuyerStanding(
    buyer_id="acme",
    state="good",
    reason="10.00 USD owed",
    credit=CreditLine(
        limit_micros=100_000_000,
        currency="USD",
        prices=(CallPrice(starts_at=datetime(2026, 1, 1, tzinfo=UTC), flat_micros=75_000_000),),
    ),
)
SUSPENDED = replace(
    GOOD, state="suspended", reason="14 days overdue", effect=Effect(takes_calls=False)
)
OWES = AccountFigures(currency="USD", owed_micros=10_000_000, limit_micros=100_000_000)


@pytest.fixture
def sellers(database: Database) -> Database:
    open_seller(database)
    open_seller(database, OTHER_SELLER)
    return database


def save(database: Database, standing: BuyerStanding, seconds: float) -> int | None:
    with database.write() as connection:
        bump_conditions(connection, SELLER.seller_id)
        before = read_standing(connection, SELLER.seller_id, standing.buyer_id)
        return save_standing(
            connection,
            SELLER.seller_id,
            standing,
            before,
            OWES,
            at=at(seconds),
            author="clock",
        )


def test_a_standing_is_kept_whole_and_its_state_since_it_changed(sellers: Database) -> None:
    dearer = replace(
        GOOD, credit=replace(GOOD.credit or CreditLine(limit_micros=0, currency=""), limit_micros=5)
    )

    first, again, changed = (
        save(sellers, GOOD, 0),
        save(sellers, dearer, 60),
        save(sellers, SUSPENDED, 120),
    )

    with sellers.read() as connection:
        (kept,) = list_standings(connection, SELLER.seller_id)
        changes = list_standing_changes(connection, SELLER.seller_id, buyer_id="acme", most=9)
    assert (kept.standing, kept.since) == (SUSPENDED, at(120))
    assert again is None
    assert first is not None
    assert changed is not None
    assert changes == (
        StandingChange(
            sequence=changed,
            buyer_id="acme",
            old="good",
            new="suspended",
            changed_at=at(120),
            reason="14 days overdue",
            author="clock",
            figures=OWES,
            effect=Effect(takes_calls=False),
        ),
        StandingChange(
            sequence=first,
            buyer_id="acme",
            old="",
            new="good",
            changed_at=at(0),
            reason="10.00 USD owed",
            author="clock",
            figures=OWES,
            effect=Effect(),
        ),
    )


def test_standings_stay_with_their_seller(sellers: Database) -> None:
    save(sellers, GOOD, 0)

    with sellers.read() as connection:
        assert list_standings(connection, OTHER_SELLER.seller_id) == ()
        assert list_standing_changes(connection, OTHER_SELLER.seller_id, most=9) == ()
        assert read_standing(connection, OTHER_SELLER.seller_id, "acme") is None


def test_what_stands_is_part_of_the_last_known_good_configuration(sellers: Database) -> None:
    save(sellers, SUSPENDED, 0)

    with sellers.read() as connection:
        known = read_known_good(connection).standings

    assert known == (SellersStanding(SELLER.seller_id, SUSPENDED),)


def test_policies_are_kept_as_versions_of_which_the_newest_holds(sellers: Database) -> None:
    with sellers.write() as connection:
        versions = [
            save_policy(connection, SELLER.seller_id, text, author="dana", note="", at=at(0))
            for text in ("a = 1", "a = 2")
        ]

    with sellers.read() as connection:
        policy = read_policy(connection, SELLER.seller_id)
        assert read_policy(connection, OTHER_SELLER.seller_id) is None
    assert versions == [1, 2]
    assert policy is not None
    assert (policy.version, policy.toml) == (2, "a = 2")


def test_only_a_seller_that_is_known_has_a_policy(sellers: Database) -> None:
    with pytest.raises(NotFoundError), sellers.write() as connection:
        save_policy(connection, "nobody", "", author="dana", note="", at=at(0))


def test_a_promise_ends_the_one_before_and_may_be_lifted(sellers: Database) -> None:
    promise = StandingHold(
        buyer_id="acme",
        hold_id=0,
        kind=HoldKind.PROMISE,
        state="watched",
        until=at(1000),
        reason="wire",
        author="dana",
        set_at=at(0),
    )
    later = replace(promise, set_at=at(10), reason="wire on Friday")
    chosen = replace(promise, kind=HoldKind.OVERRIDE, buyer_id="bolt")
    with sellers.write() as connection:
        numbers = [
            add_hold(connection, SELLER.seller_id, each) for each in (promise, later, chosen)
        ]
        lifted = lift_holds(
            connection, SELLER.seller_id, "bolt", HoldKind.OVERRIDE, at=at(20), author="eve"
        )
        again = lift_holds(
            connection, SELLER.seller_id, "bolt", HoldKind.OVERRIDE, at=at(30), author="eve"
        )

    with sellers.read() as connection:
        holds = list_holds(connection, SELLER.seller_id)
        of_bolt = list_holds(connection, SELLER.seller_id, "bolt")
    assert numbers == [1, 2, 1]
    assert (lifted, again) == (1, 0)
    assert holds == (
        replace(later, hold_id=2),
        replace(promise, hold_id=1, lifted_at=at(10), lifted_by="dana"),
        replace(chosen, hold_id=1, lifted_at=at(20), lifted_by="eve"),
    )
    assert of_bolt == holds[2:]
