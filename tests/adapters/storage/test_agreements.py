from dataclasses import replace

import pytest
import sqlalchemy as sa

from callrouter.adapters.storage.agreement_tables import agreements
from callrouter.adapters.storage.agreements import (
    AgreementVersion,
    current_agreement_version,
    find_newest_versions,
    list_agreement_versions,
    list_agreements,
    read_agreement,
    read_agreement_text,
    save_agreement,
)
from callrouter.adapters.storage.engine import Database
from callrouter.domain.billing.party import Party, Side
from callrouter.domain.billing.terms import Agreement, Credit, PerMinute, Share
from callrouter.domain.clocks.hours import Hours, Span, Window
from callrouter.domain.errors import ChangedUnderneathError, NotFoundError, RefusedError
from tests.adapters.storage.builders import ACME, BOLT, add_sellers
from tests.domain.billing.builders import AT, RADIO, USD, agreement_of, terms_of
from tests.domain.builders import at

BUYER = Party(Side.BUYER, "acme")
HOURS = Hours((Window(0, 480, 1020),), zone="UTC", openings=(Span(AT, at(9e9), "fair"),))
FIRST = replace(
    agreement_of(
        terms_of(hours=HOURS, duplicate_window_s=60, most_per_day=5),
        terms_of(per_minute=PerMinute(USD, 30, 6), ends_at=AT),
        terms_of(per_attempt_micros=0),
    ),
    version=1,
    credit=Credit(5 * USD, "USD"),
    address=("1 Main Street",),
)
RADIO_FIRST = replace(agreement_of(terms_of(share=Share(400_000)), party=RADIO), version=1)


@pytest.fixture
def stored(database: Database) -> Database:
    with database.write() as connection:
        add_sellers(connection, ACME, BOLT)
    return database


def save(database: Database, agreement: Agreement, seller_id: str = "acme") -> None:
    with database.write() as connection:
        save_agreement(connection, seller_id, agreement, "the text", "ann", "why", at(0))


def test_every_version_is_read_as_it_was_saved(stored: Database) -> None:
    second = replace(FIRST, version=2, net_days=7)
    save(stored, FIRST)
    save(stored, second)
    save(stored, RADIO_FIRST)

    with stored.read() as connection:
        assert read_agreement(connection, "acme", BUYER) == second
        assert read_agreement(connection, "acme", BUYER, 1) == FIRST
        assert read_agreement(connection, "acme", BUYER, 3) is None
        assert list_agreements(connection, "acme") == (second, RADIO_FIRST)
        assert read_agreement_text(connection, "acme", BUYER, 2) == "the text"
        assert list_agreement_versions(connection, "acme", BUYER) == (
            AgreementVersion(BUYER, 2, "ann", "why", at(0)),
            AgreementVersion(BUYER, 1, "ann", "why", at(0)),
        )


def test_a_party_without_terms_has_none(stored: Database) -> None:
    with stored.read() as connection:
        assert read_agreement(connection, "acme", BUYER) is None
        assert current_agreement_version(connection, "acme", BUYER) == 0
        assert list_agreements(connection, "acme") == ()
        with pytest.raises(NotFoundError, match="buyer acme has no terms of version 1"):
            read_agreement_text(connection, "acme", BUYER, 1)


def test_a_version_follows_the_one_before(stored: Database) -> None:
    save(stored, FIRST)

    for version in (1, 3):
        with pytest.raises(ChangedUnderneathError, match="buyer acme are at version 1"):
            save(stored, replace(FIRST, version=version))
    with pytest.raises(NotFoundError, match="there is no seller 'nobody'"):
        save(stored, FIRST, "nobody")


def test_nothing_crosses_sellers(stored: Database) -> None:
    save(stored, FIRST)

    with stored.read() as connection:
        assert read_agreement(connection, "bolt", BUYER) is None
        assert list_agreements(connection, "bolt") == ()
        assert list_agreement_versions(connection, "bolt", BUYER) == ()
    save(stored, FIRST, "bolt")


def test_a_side_has_parties_of_its_own(stored: Database) -> None:
    """A buyer and a publisher may have the same id."""
    save(stored, FIRST)
    other = replace(RADIO_FIRST, party=Party(Side.PUBLISHER, "acme"))
    save(stored, other)

    with stored.read() as connection:
        assert read_agreement(connection, "acme", BUYER) == FIRST
        assert read_agreement(connection, "acme", other.party) == other


@pytest.mark.parametrize("change", [sa.update(agreements).values(toml=""), sa.delete(agreements)])
def test_a_version_is_never_changed_or_removed(
    stored: Database, change: sa.Update | sa.Delete
) -> None:
    save(stored, FIRST)

    with pytest.raises(sa.exc.DBAPIError, match="append-only"), stored.write() as connection:
        connection.execute(change)


def test_the_newest_versions_of_several_parties_are_read_at_once(stored: Database) -> None:
    for agreement in (FIRST, replace(FIRST, version=2), RADIO_FIRST):
        save(stored, agreement)
    radio = RADIO_FIRST.party
    with stored.read() as connection:
        asked = [BUYER, radio, Party(Side.BUYER, "nobody"), Party(Side.PUBLISHER, "acme")]
        assert find_newest_versions(connection, "acme", asked) == {BUYER: 2, radio: 1}
        assert find_newest_versions(connection, "bolt", asked) == {}
        assert find_newest_versions(connection, "acme", []) == {}


def test_terms_of_a_newer_version_of_the_program_are_told_of(stored: Database) -> None:
    save(stored, FIRST)
    with stored.write() as connection:
        row = connection.execute(sa.select(agreements)).mappings().one()
        body = str(row["body"]).replace('"connected"', '"billed"')
        connection.execute(sa.insert(agreements), {**row, "version": 2, "body": body})

    with stored.read() as connection:
        for read in (
            lambda: read_agreement(connection, "acme", BUYER),
            lambda: list_agreements(connection, "acme"),
        ):
            with pytest.raises(RefusedError, match="can't be read by this version of callrouter"):
                read()
