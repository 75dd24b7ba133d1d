"""Every call is booked once for each of its parties, in the transaction that writes its CDR."""

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from callrouter.adapters.storage.agreement_tables import agreements
from callrouter.adapters.storage.cdrs import read_cdr
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.ledger import find_entries_of_call, post, read_balance
from callrouter.adapters.storage.ledger_tables import statement_entries, statements
from callrouter.adapters.storage.rated_calls import find_unrated
from callrouter.domain.billing.ledger import Entry, EntryKind, reverse
from callrouter.domain.billing.party import Party, Side
from callrouter.web.app import create_app
from callrouter.workflows.apply_terms import apply_terms
from callrouter.workflows.derive_cdrs import derive_stale_cdrs
from callrouter.workflows.drain_spool import drain_spool
from callrouter.workflows.rate_due_calls import rate_due_calls
from callrouter.workflows.switchboard import Switchboard
from tests.switchboards import SELLER, FakeClock
from tests.twilio_side import ANI, TwilioSide, caller_fields
from tests.web.outages import make_unreachable, without_database
from tests.workflows.talks import late_event, talk

ACME = Party(Side.BUYER, "acme")
RADIO = Party(Side.PUBLISHER, "radio-kx")
TERMS = """
buyer = "acme"
zone = "America/New_York"
[[terms]]
from = 2026-09-01
threshold_s = 60
price = "75.00"
"""
SHARE = """
publisher = "radio-kx"
zone = "America/New_York"
[[terms]]
from = 2026-09-01
share = "40 %"
"""


def agree(board: Switchboard, *texts: str) -> None:
    for text in texts:
        apply_terms(
            board.database,
            SELLER.seller_id,
            text,
            "terms.toml",
            author="ann",
            note="",
            at=board.clock.now(),
        )


def entries_of(database: Database, call_sid: str) -> tuple[Entry, ...]:
    with database.read() as connection:
        return find_entries_of_call(connection, SELLER.seller_id, call_sid)


def figures(entries: Iterable[Entry], party: Party = ACME) -> list[tuple[str, int]]:
    return [(e.kind, e.amount_micros // 10_000) for e in entries if e.party == party]


def balance(database: Database, party: Party = ACME) -> int:
    with database.read() as connection:
        return read_balance(connection, SELLER.seller_id, party, "USD") // 10_000


def due(board: Switchboard) -> list[str]:
    with board.database.read() as connection:
        found = find_unrated(connection, board.clock.now() + timedelta(days=1), 10)
    return [call.call_sid for call in found]


def test_a_call_is_charged_to_its_buyer_and_owed_to_its_publisher(
    board: Switchboard, clock: FakeClock, twilio: TwilioSide
) -> None:
    agree(board, TERMS, SHARE)
    sid = talk(twilio, clock, 1, 60)
    charged, owed = entries_of(board.database, sid)
    assert (charged.party, charged.kind, charged.amount_micros) == (ACME, "charge", 75_000_000)
    assert charged.reason == "connected 60 s >= 60 s: 1 x 75.00 USD"
    assert (charged.connected_ms, charged.ani, charged.destination_id) == (60_000, ANI, "acme-east")
    assert (charged.campaign_id, charged.cdr_revision, charged.terms_version) == (
        "flood-repair",
        1,
        1,
    )
    assert charged.booked_at == charged.call_started_at
    assert (owed.party, owed.kind, owed.amount_micros) == (RADIO, "payout", 30_000_000)
    assert (balance(board.database), balance(board.database, RADIO)) == (7500, 3000)
    assert due(board) == []


def test_a_talk_that_need_not_be_paid_is_listed_with_its_reason(
    board: Switchboard, clock: FakeClock, twilio: TwilioSide
) -> None:
    agree(board, TERMS)
    [entry] = entries_of(board.database, talk(twilio, clock, 1, 59))
    assert (entry.amount_micros, entry.reason) == (0, "not payable: connected 59 s < 60 s")


def test_parties_without_an_agreement_and_callers_without_a_talk_leave_no_entry(
    board: Switchboard, clock: FakeClock, twilio: TwilioSide
) -> None:
    before = talk(twilio, clock, 1, 90)
    agree(board, TERMS, SHARE)
    twilio.post("/twilio/voice", caller_fields("ringing", call_sid="CA" + "c" * 32))
    twilio.post("/twilio/status", caller_fields("completed", call_sid="CA" + "c" * 32))
    assert entries_of(board.database, before) == ()
    assert entries_of(board.database, "CA" + "c" * 32) == ()


def test_the_same_webhooks_again_charge_nothing_more(
    board: Switchboard, clock: FakeClock, twilio: TwilioSide
) -> None:
    agree(board, TERMS, SHARE)
    sid = talk(twilio, clock, 1, 60)
    before = entries_of(board.database, sid)
    assert talk(twilio, clock, 1, 60) == sid
    assert entries_of(board.database, sid) == before


def test_a_late_event_that_changes_the_result_is_a_reversal_and_a_new_entry(
    board: Switchboard, clock: FakeClock, twilio: TwilioSide
) -> None:
    agree(board, TERMS, SHARE)
    sid = talk(twilio, clock, 1, 60)
    late_event(board, sid, 50)
    assert derive_stale_cdrs(board.database, clock) == 1
    entries = entries_of(board.database, sid)
    assert figures(entries) == [("charge", 7500), ("reversal", -7500), ("charge", 0)]
    assert figures(entries, RADIO) == [("payout", 3000), ("reversal", -3000), ("payout", 0)]
    assert {e.booked_at for e in entries} == {entries[0].booked_at}
    assert entries[2].reason == "not payable: connected 50 s < 60 s"
    assert (balance(board.database), balance(board.database, RADIO)) == (0, 0)


def close_statement(database: Database, entry: Entry) -> None:
    """As issuing a statement does."""
    key = {"seller_id": SELLER.seller_id, "side": entry.party.side}
    key |= {"party_id": entry.party.party_id, "currency": entry.currency}
    at = entry.posted_at
    closed = {"closed_by": "ann", "due_on": at.date(), "amount_micros": entry.amount_micros}
    times = dict.fromkeys(("period_starts_at", "period_ends_at", "closed_at"), at)
    with database.write() as connection:
        connection.execute(sa.insert(statements).values(**key, number="7", **closed, **times))
        link = {"entry": entry.number, "statement": "7"}
        connection.execute(sa.insert(statement_entries).values(**key, **link))


def test_what_a_closed_statement_has_is_corrected_in_the_open_period(
    board: Switchboard, clock: FakeClock, twilio: TwilioSide
) -> None:
    agree(board, TERMS)
    sid = talk(twilio, clock, 1, 60)
    [charged] = entries_of(board.database, sid)
    close_statement(board.database, charged)
    late_event(board, sid, 50)
    clock.at += timedelta(minutes=5)
    derive_stale_cdrs(board.database, clock)
    first, *corrections = entries_of(board.database, sid)
    assert first == charged
    assert figures(corrections) == [("reversal", -7500), ("charge", 0)]
    assert {(e.corrects, e.booked_at) for e in corrections} == {("7", clock.now())}


def test_what_a_person_took_back_is_not_charged_again(
    board: Switchboard, clock: FakeClock, twilio: TwilioSide
) -> None:
    agree(board, TERMS, SHARE)
    sid = talk(twilio, clock, 1, 60)
    charged = entries_of(board.database, sid)[0]
    with board.database.write() as connection:
        back = reverse(charged, clock.now(), "dispute 4", "ann")
        post(connection, SELLER.seller_id, [back], clock.now())
    late_event(board, sid, 70)
    derive_stale_cdrs(board.database, clock)
    assert figures(entries_of(board.database, sid)) == [("charge", 7500), ("reversal", -7500)]
    assert balance(board.database, RADIO) == 0


def test_a_caller_is_paid_for_once_within_the_window(
    board: Switchboard, clock: FakeClock, twilio: TwilioSide
) -> None:
    agree(board, TERMS + 'duplicate_window = "30d"\n')
    talk(twilio, clock, 1, 60)
    [again] = entries_of(board.database, talk(twilio, clock, 2, 60, start=600))
    assert again.amount_micros == 0
    assert again.reason.startswith("not payable: same caller paid 10 minutes ago in CA")
    late_event(board, again.call_sid, 61)
    derive_stale_cdrs(board.database, clock)
    assert balance(board.database) == 7500


def test_calls_of_an_outage_are_booked_when_the_spool_is_drained(
    board: Switchboard, clock: FakeClock, tmp_path: Path
) -> None:
    agree(board, TERMS)
    with without_database(make_unreachable("refused", tmp_path), tmp_path, clock) as cut_off:
        sid = talk(TwilioSide(create_app(cut_off).test_client()), clock, 1, 60)
    assert entries_of(board.database, sid) == ()
    drain_spool(board)
    assert figures(entries_of(board.database, sid)) == [("charge", 7500)]
    assert due(board) == []


@pytest.fixture
def unreadable(board: Switchboard) -> str:
    """Terms as a version of the program that knows more might have kept them."""
    agree(board, TERMS)
    with board.database.read() as connection:
        row = dict(connection.execute(sa.select(agreements)).mappings().one())
    with board.database.write() as connection:
        future = row | {"version": 2, "body": '{"from_the_future": true}'}
        connection.execute(sa.insert(agreements).values(**future))
    return str(row["body"])


def test_a_call_whose_terms_cannot_be_read_keeps_its_cdr_and_is_booked_later(
    board: Switchboard, clock: FakeClock, twilio: TwilioSide, unreadable: str
) -> None:
    sid = talk(twilio, clock, 1, 60)
    with board.database.read() as connection:
        assert read_cdr(connection, SELLER.seller_id, sid) is not None
    assert due(board) == [sid]
    clock.at += timedelta(minutes=1)
    assert rate_due_calls(board.database, clock) == 0

    with board.database.write() as connection:
        key = {"seller_id": SELLER.seller_id, "side": Side.BUYER, "party_id": "acme"}
        mended = key | {"version": 3, "body": unreadable, "toml": "", "author": "", "note": ""}
        mended |= {"created_at": clock.now()}
        connection.execute(sa.insert(agreements).values(**mended))
    assert rate_due_calls(board.database, clock) == 1
    assert figures(entries_of(board.database, sid)) == [(EntryKind.CHARGE, 7500)]
    assert (due(board), rate_due_calls(board.database, clock)) == ([], 0)


def test_an_event_of_an_unrated_call_that_changes_nothing_leaves_it_due(
    board: Switchboard, clock: FakeClock, twilio: TwilioSide, unreadable: str
) -> None:
    sid = talk(twilio, clock, 1, 60)
    talk(twilio, clock, 1, 60)
    assert due(board) == [sid]
    late_event(board, sid, 61)
    derive_stale_cdrs(board.database, clock)
    assert due(board) == [sid]
