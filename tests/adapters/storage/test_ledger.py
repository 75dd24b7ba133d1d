"""An account's entries are added once each, by one writer at a time, and never changed."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import psycopg
import pytest
import sqlalchemy as sa

from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.ledger import (
    find_entries_of_call,
    list_accounts,
    lock_account,
    post,
    read_balance,
    read_by_reference,
    read_entry,
    read_reversal,
    read_statement_of,
)
from callrouter.adapters.storage.ledger_lists import stream_lines
from callrouter.adapters.storage.ledger_tables import ledger_entries, statement_entries, statements
from callrouter.domain.billing.ledger import Entry, EntryKind, Posting, reverse
from callrouter.domain.billing.party import Party, Side
from tests.domain.builders import at

ACME = Party(Side.BUYER, "acme")
RADIO = Party(Side.PUBLISHER, "radio-one")
BROKEN = (sa.exc.IntegrityError, sqlite3.IntegrityError, psycopg.IntegrityError)


def charge(call: str, micros: int = 45_000_000, *, second: float = 0) -> Posting:
    return Posting(
        party=ACME,
        kind=EntryKind.CHARGE,
        amount_micros=micros,
        currency="USD",
        reference=f"call:{call}",
        booked_at=at(second),
        reason="connected 121 s >= 120 s",
        author="rating",
        call_sid=call,
        cdr_revision=1,
        campaign_id="flood-repair",
        destination_id="acme-east",
        ani="+14155550123",
        did="+18005550100",
        total_ms=130_000,
        connected_ms=121_000,
        terms_version=3,
    )


def write(database: Database, *postings: Posting, seller: str = "acme-media") -> list[Entry]:
    with database.write() as connection:
        return list(post(connection, seller, postings, at(500)))


def balance(database: Database, party: Party = ACME, seller: str = "acme-media") -> int:
    with database.read() as connection:
        return read_balance(connection, seller, party, "USD")


def close(database: Database, number: str, *entries: Entry) -> None:
    account = {"seller_id": "acme-media", "side": Side.BUYER, "party_id": "acme"}
    account |= {"currency": "USD"}
    with database.write() as connection:
        connection.execute(
            sa.insert(statements).values(
                **account,
                number=number,
                period_starts_at=at(0),
                period_ends_at=at(1000),
                closed_at=at(1000),
                closed_by="ann",
                due_on=at(0).date(),
                amount_micros=sum(e.amount_micros for e in entries),
            )
        )
        for entry in entries:
            link = account | {"entry": entry.number, "statement": number}
            connection.execute(sa.insert(statement_entries).values(**link))


def test_entries_are_numbered_and_add_up(database: Database) -> None:
    first, second = write(database, charge("CA1"), charge("CA2", 0))
    [third] = write(database, charge("CA3", 30_000_000))
    assert [e.number for e in (first, second, third)] == [1, 2, 3]
    assert balance(database) == 75_000_000
    with database.read() as connection:
        lines = list(stream_lines(connection, "acme-media", ACME, "USD", page=2))
        assert [line.entry for line in lines] == [first, second, third]
        assert read_entry(connection, "acme-media", ACME, "USD", 3) == third
        assert read_entry(connection, "acme-media", ACME, "USD", 4) is None
        assert read_by_reference(connection, "acme-media", ACME, "USD", "call:CA2") == second
    assert first == Entry(
        **{name: getattr(charge("CA1"), name) for name in charge("CA1").__dataclass_fields__},
        number=1,
        posted_at=at(500),
    )


def test_the_same_reference_again_changes_nothing(database: Database) -> None:
    assert len(write(database, charge("CA1"))) == 1
    assert write(database, charge("CA1", 99_000_000)) == []
    assert write(database, charge("CA2"), charge("CA2"))[0].number == 2
    assert balance(database) == 90_000_000


def test_each_account_counts_for_itself(database: Database) -> None:
    payout = replace(charge("CA1", 20_000_000), party=RADIO, kind=EntryKind.PAYOUT)
    abroad = replace(charge("CA1", 7_000_000), currency="EUR")
    entries = write(database, payout, charge("CA1"), abroad)
    assert {e.number for e in entries} == {1}
    write(database, charge("CA1", 1_000_000), seller="bolt-media")
    with database.read() as connection:
        found = find_entries_of_call(connection, "acme-media", "CA1")
        assert set(found) == set(entries)
        stands = {
            (a.party, a.currency): a.balance_micros for a in list_accounts(connection, "acme-media")
        }
    assert stands == {
        (ACME, "EUR"): 7_000_000,
        (ACME, "USD"): 45_000_000,
        (RADIO, "USD"): 20_000_000,
    }


def test_a_buyer_who_paid_in_advance_stands_below_zero(database: Database) -> None:
    paid = replace(charge(""), kind=EntryKind.PAYMENT, amount_micros=-5_000_000, reference="p:1")
    write(database, paid)
    assert balance(database) == -5_000_000
    with database.read() as connection:
        assert find_entries_of_call(connection, "acme-media", "") == ()


def test_an_entry_is_reversed_once(database: Database) -> None:
    [entry] = write(database, charge("CA1"))
    taken_back = reverse(entry, at(600), "dispute 4", "ann")
    [reversal] = write(database, taken_back)
    assert write(database, taken_back) == []
    with pytest.raises(BROKEN):
        write(database, replace(taken_back, reference="another"))
    assert balance(database) == 0
    with database.read() as connection:
        assert read_reversal(connection, "acme-media", ACME, "USD", 1) == reversal
        assert read_reversal(connection, "acme-media", ACME, "USD", 2) is None


@pytest.mark.parametrize(
    "unfit",
    [
        pytest.param(charge("CA1", -1), id="charge-that-pays"),
        pytest.param(replace(charge("CA1"), kind=EntryKind.PAYMENT), id="payment-that-adds"),
        pytest.param(replace(charge("CA1", 0), kind=EntryKind.ADJUSTMENT), id="no-adjustment"),
        pytest.param(replace(charge("CA1"), kind=EntryKind.REVERSAL), id="reverses-nothing"),
        pytest.param(replace(charge("CA1"), reverses=1), id="reverses-without-saying-so"),
        pytest.param(
            replace(charge("CA1"), kind=EntryKind.REVERSAL, reverses=1), id="reverses-the-future"
        ),
    ],
)
def test_what_breaks_a_rule_is_not_written(database: Database, unfit: Posting) -> None:
    with pytest.raises(BROKEN):
        write(database, unfit)
    assert balance(database) == 0


def test_an_entry_stands_in_one_statement(database: Database) -> None:
    first, second = write(database, charge("CA1"), charge("CA2"))
    close(database, "2026-0001", first)
    with database.read() as connection:
        lines = stream_lines(connection, "acme-media", ACME, "USD")
        assert [line.statement for line in lines] == ["2026-0001", ""]
        assert read_statement_of(connection, "acme-media", first) == "2026-0001"
        assert read_statement_of(connection, "acme-media", second) == ""
    with pytest.raises(BROKEN):
        close(database, "2026-0002", first)


@pytest.mark.parametrize("table", [ledger_entries, statements, statement_entries])
@pytest.mark.parametrize("change", ["update", "delete"])
def test_nothing_is_changed_or_removed(database: Database, table: sa.Table, change: str) -> None:
    close(database, "2026-0001", *write(database, charge("CA1")))
    statement = sa.delete(table) if change == "delete" else sa.update(table).values(party_id="bolt")
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), database.write() as connection:
        connection.execute(statement)


def test_writers_at_once_number_without_gap_or_repeat(database: Database) -> None:
    def post_some(worker: int) -> None:
        for n in range(5):
            payout = replace(charge(f"CA{n}", 1_000_000), party=RADIO, kind=EntryKind.PAYOUT)
            postings = [charge(f"CA{n}"), payout, charge(f"CB{worker}-{n}", 2_000_000)]
            write(database, *(postings if worker % 2 else reversed(postings)))

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(post_some, range(4)))
    with database.read() as connection:
        lines = list(stream_lines(connection, "acme-media", ACME, "USD"))
    numbers = [line.entry.number for line in lines]
    assert numbers == list(range(1, 26))
    assert balance(database) == 5 * 45_000_000 + 20 * 2_000_000
    assert balance(database, RADIO) == 5_000_000


def test_an_account_may_be_held_before_anything_is_in_it(database: Database) -> None:
    with database.write() as connection:
        lock_account(connection, "acme-media", ACME, "USD")
        lock_account(connection, "acme-media", ACME, "USD")
    assert balance(database) == 0
    with database.read() as connection:
        assert list_accounts(connection, "acme-media")[0].held_micros == 0
