from dataclasses import replace
from itertools import count
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from sqlalchemy import event

from callrouter.adapters.storage.calls import ensure_and_lock_call, read_call
from callrouter.adapters.storage.cdrs import (
    CdrCursor,
    CdrFilter,
    StoredCdr,
    list_cdrs,
    list_open_calls,
    read_cdr,
    save_cdr,
    stream_cdrs,
)
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.tables import calls as calls_table
from callrouter.adapters.storage.tables import cdrs as cdrs_table
from callrouter.domain.cdr import (
    AttemptOutcome,
    AttemptRecord,
    Cdr,
    CdrFlag,
    ConnectedSource,
    Disposition,
    HangupParty,
)
from callrouter.domain.errors import NotFoundError
from tests.adapters.storage.builders import any_texts, cdrs, unhurried
from tests.domain.builders import ANI, DID, T0, at

EVERYTHING = CdrFilter()
ATTEMPT = AttemptRecord(
    attempt=1,
    destination_id="acme-east",
    buyer_id="acme",
    outcome=AttemptOutcome.CONNECTED,
    leg_sid="CA1",
    dialed_at=at(1),
    ring_ms=9_000,
    answered_ms=120_000,
    connected_ms=112_000,
    table_version=7,
)
CDR = Cdr(
    call_sid="CA0",
    started_at=T0,
    ended_at=at(130),
    campaign_id="roofing",
    publisher="radio",
    did=DID,
    ani=ANI,
    buyer_id="acme",
    destination_id="acme-east",
    attempts=(ATTEMPT,),
    disposition=Disposition.CONNECTED,
    hangup_party=HangupParty.CALLER,
    total_ms=130_000,
    ring_ms=9_000,
    answered_ms=120_000,
    connected_ms=112_000,
    connected_source=ConnectedSource.CARRIER_LEG,
    table_version=7,
    flags=(CdrFlag.DEGRADED, CdrFlag.SWEPT),
)
_fresh = count()


def save(database: Database, *some: Cdr, events: int = 5, seconds: float = 200.0) -> int:
    """Save each for seller acme; the revision of the last."""
    with database.write() as connection:
        for cdr in some:
            ensure_and_lock_call(
                connection, "acme", cdr.call_sid, cdr.started_at, cdr.did, cdr.ani, at(180)
            )
            revision = save_cdr(connection, "acme", cdr, events, at(seconds)).revision
    return revision


def listed(
    database: Database,
    wanted: CdrFilter = EVERYTHING,
    after: CdrCursor | None = None,
    limit: int = 100,
    seller_id: str = "acme",
) -> list[str]:
    with database.read() as connection:
        page = list_cdrs(connection, seller_id, wanted, after, limit)
    return [stored.cdr.call_sid for stored in page]


def test_a_cdr_is_read_as_it_was_saved(database: Database) -> None:
    assert save(database, CDR) == 1
    with database.read() as connection:
        assert read_cdr(connection, "acme", "CA0") == StoredCdr(CDR, 1, at(200))
        assert read_cdr(connection, "acme", "CA0", 1) == StoredCdr(CDR, 1, at(200))
        assert read_cdr(connection, "acme", "CA0", 2) is None
        assert read_cdr(connection, "bolt", "CA0") is None


@unhurried
@given(cdr=cdrs())
def test_any_cdr_is_read_as_it_was_saved_and_saving_it_again_makes_no_revision(
    database: Database, cdr: Cdr
) -> None:
    cdr = replace(cdr, call_sid=f"CA{next(_fresh):032d}", campaign_id="roofing")
    assert save(database, cdr) == 1
    assert save(database, cdr) == 1
    with database.read() as connection:
        stored = read_cdr(connection, "acme", cdr.call_sid)
    assert stored is not None
    assert stored.cdr.attempts == cdr.attempts
    assert replace(stored.cdr, **{n: getattr(cdr, n) for n in TEXTS}) == cdr


TEXTS = ("publisher", "did", "ani", "buyer_id", "destination_id")
"""What strangers may have written: NUL is shown instead of kept."""


@unhurried
@given(cdr=cdrs(any_texts))
def test_whatever_is_in_a_cdr_saving_it_twice_is_one_revision(database: Database, cdr: Cdr) -> None:
    cdr = replace(cdr, call_sid=f"CA{next(_fresh):032d}", campaign_id="roofing")
    assert [save(database, cdr), save(database, cdr)] == [1, 1]


def test_saving_closes_the_call(database: Database) -> None:
    save(database, CDR, events=5)
    with database.read() as connection:
        call = read_call(connection, "acme", "CA0")
    assert call is not None
    assert (call.closed_at, call.next_sweep_at) == (at(200), None)
    assert (call.cdr_revision, call.derived_events) == (1, 5)


def test_another_content_is_the_next_revision_and_the_earlier_ones_stay(
    database: Database,
) -> None:
    mended = replace(CDR, total_ms=131_000)
    assert save(database, CDR, events=5, seconds=200) == 1
    assert save(database, mended, events=6, seconds=300) == 2
    with database.read() as connection:
        assert read_cdr(connection, "acme", "CA0") == StoredCdr(mended, 2, at(300))
        assert read_cdr(connection, "acme", "CA0", 1) == StoredCdr(CDR, 1, at(200))
        call = read_call(connection, "acme", "CA0")
    assert call is not None
    assert (call.closed_at, call.cdr_revision, call.derived_events) == (at(200), 2, 6)


def test_the_same_content_from_more_events_is_no_revision_but_is_noted(
    database: Database,
) -> None:
    save(database, CDR, events=5)
    assert save(database, CDR, events=6) == 1
    with database.read() as connection:
        call = read_call(connection, "acme", "CA0")
    assert call is not None
    assert (call.cdr_revision, call.derived_events) == (1, 6)


def test_a_cdr_of_a_call_that_is_not_there_is_refused(database: Database) -> None:
    with pytest.raises(NotFoundError, match="CA0"), database.write() as connection:
        save_cdr(connection, "acme", CDR, 5, at(200))
    assert listed(database) == []


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(sa.update(cdrs_table).values(total_ms=1), id="UPDATE"),
        pytest.param(sa.delete(cdrs_table), id="DELETE"),
    ],
)
def test_cdrs_can_be_neither_changed_nor_removed(
    database: Database, change: sa.Update | sa.Delete
) -> None:
    save(database, CDR)
    with (
        pytest.raises(sa.exc.DBAPIError, match="cdrs is append-only"),
        database.write() as connection,
    ):
        connection.execute(change)
    assert listed(database) == ["CA0"]


def calls(number: int) -> list[Cdr]:
    """Calls CA0, CA1, … a minute apart, but two always at the same instant."""
    return [replace(CDR, call_sid=f"CA{n}", started_at=at(60 * (n // 2))) for n in range(number)]


def test_calls_are_listed_newest_first_in_pages_without_gap_or_overlap(
    database: Database,
) -> None:
    save(database, *calls(7))
    pages, after = [], None
    while page := listed(database, after=after, limit=3):
        pages.append(page)
        with database.read() as connection:
            last = read_cdr(connection, "acme", page[-1])
        assert last is not None
        after = CdrCursor.behind(last)
    assert pages == [["CA6", "CA5", "CA4"], ["CA3", "CA2", "CA1"], ["CA0"]]


def test_only_the_latest_revision_of_a_call_is_listed(database: Database) -> None:
    save(database, *calls(2))
    save(database, replace(CDR, call_sid="CA1", started_at=T0, total_ms=1))
    with database.read() as connection:
        page = list_cdrs(connection, "acme", EVERYTHING, None, 10)
    assert [(s.cdr.call_sid, s.revision, s.cdr.total_ms) for s in page] == [
        ("CA1", 2, 1),
        ("CA0", 1, 130_000),
    ]


def test_a_revision_that_no_longer_fits_the_filter_hides_the_call(database: Database) -> None:
    save(database, CDR)
    save(database, replace(CDR, disposition=Disposition.ABANDONED))
    assert listed(database, CdrFilter(disposition=Disposition.CONNECTED)) == []
    assert listed(database, CdrFilter(disposition=Disposition.ABANDONED)) == ["CA0"]


@pytest.mark.parametrize(
    "wanted",
    [
        pytest.param(CdrFilter(since=at(60), until=at(120)), id="since is in, until is out"),
        pytest.param(CdrFilter(campaign="solar"), id="campaign"),
        pytest.param(CdrFilter(buyer="bolt"), id="buyer"),
        pytest.param(CdrFilter(disposition=Disposition.BUSY), id="disposition"),
        pytest.param(CdrFilter(did="+18005550199"), id="did"),
        pytest.param(CdrFilter(ani="+14155550199"), id="ani"),
        pytest.param(CdrFilter(buyer="bolt", ani="+14155550199"), id="two conditions"),
    ],
)
def test_a_filter_keeps_what_fits_all_of_it(database: Database, wanted: CdrFilter) -> None:
    fits = replace(
        CDR,
        call_sid="CAfits",
        started_at=at(60),
        campaign_id="solar",
        buyer_id="bolt",
        disposition=Disposition.BUSY,
        did="+18005550199",
        ani="+14155550199",
    )
    later = replace(CDR, call_sid="CAlater", started_at=at(120))
    save(database, CDR, fits, later)
    assert listed(database, wanted) == ["CAfits"]
    assert listed(database, wanted, seller_id="bolt") == []


@pytest.mark.parametrize("page", [1, 3, 7, 8, 100])
def test_a_stream_gives_every_call_once_whatever_the_page(database: Database, page: int) -> None:
    save(database, *calls(7))
    with database.read() as connection:
        streamed = [s.cdr.call_sid for s in stream_cdrs(connection, "acme", EVERYTHING, page=page)]
    assert streamed == ["CA6", "CA5", "CA4", "CA3", "CA2", "CA1", "CA0"]


def test_a_stream_stays_whole_while_calls_are_added(database: Database) -> None:
    save(database, *calls(4))
    seen = []
    with database.read() as connection:
        for n, stored in enumerate(stream_cdrs(connection, "acme", EVERYTHING, page=1)):
            seen.append(stored.cdr.call_sid)
            if database.is_postgresql:
                save(database, replace(CDR, call_sid=f"CAnew{n}", started_at=at(9_000 + n)))
    assert seen == ["CA3", "CA2", "CA1", "CA0"]


def test_open_calls_are_listed_until_they_have_a_cdr(database: Database) -> None:
    with database.write() as connection:
        for n in range(3):
            ensure_and_lock_call(connection, "acme", f"CA{n}", at(n), DID, ANI, at(180))
        ensure_and_lock_call(connection, "bolt", "CA9", at(9), DID, ANI, at(180))
    save(database, replace(CDR, call_sid="CA1"))
    with database.read() as connection:
        open_calls = list_open_calls(connection, "acme", 10)
        assert [call.call_sid for call in open_calls] == ["CA2", "CA0"]
        assert len(list_open_calls(connection, "acme", 1)) == 1


def test_a_few_open_calls_are_found_by_an_index_of_their_own(database: Database) -> None:
    rows = [
        {"seller_id": "acme", "call_sid": f"CA{n}", "arrived_at": at(n), "did": DID, "ani": ANI}
        | {"campaign_id": "roofing", "publisher": "radio", "closed_at": at(n) if n % 500 else None}
        for n in range(3_000)
    ]
    with database.write() as connection:
        connection.execute(sa.insert(calls_table), rows)
    asked: list[tuple[str, Any]] = []
    with database.read() as connection:
        connection.exec_driver_sql("ANALYZE")
        event.listen(
            connection, "before_cursor_execute", lambda *seen: asked.append((seen[2], seen[3]))
        )
        assert len(list_open_calls(connection, "acme", 10)) == 6
        [(statement, parameters)] = asked
        explain = "EXPLAIN" if database.is_postgresql else "EXPLAIN QUERY PLAN"
        plan = str(connection.exec_driver_sql(f"{explain} {statement}", parameters).all())
    assert "calls_open_seller_id_arrived_at_call_sid_idx" in plan
    assert "Sort" not in plan
    assert "TEMP B-TREE" not in plan
