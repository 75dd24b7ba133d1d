"""A long period is counted call by call, and tells how far it is."""

from dataclasses import replace
from datetime import timedelta

from callrouter.adapters.storage.calls import append_in, ensure_and_lock_call
from callrouter.adapters.storage.cdrs import save_cdr
from callrouter.adapters.storage.ended_calls import CallPeriod
from callrouter.adapters.storage.engine import Database
from callrouter.domain.calls.events import RouteDecided
from callrouter.domain.cdr import Cdr, ConnectedSource, Disposition, HangupParty
from callrouter.domain.routing.decision import Candidate, Decision, Skip, SkipRule
from callrouter.workflows.count_turned_away import count_turned_away
from tests.switchboards import DID, SELLER, T0, open_seller

CALLS = 230
DECIDED = RouteDecided(
    call_sid="",
    received_at=T0,
    decision=Decision(
        attempt=1,
        campaign_id="flood-repair",
        publisher="",
        table_version=1,
        directory_version=1,
        candidates=(Candidate("acme-east", "acme", 1, 1, Skip(SkipRule.CLOSED, "closed")),),
    ),
    twiml="<Response/>",
)
UNTAKEN = Cdr(
    call_sid="",
    started_at=T0,
    ended_at=T0,
    campaign_id="flood-repair",
    publisher="",
    did=DID,
    ani="",
    buyer_id="",
    destination_id="",
    attempts=(),
    disposition=Disposition.NO_DESTINATION,
    hangup_party=HangupParty.ROUTER,
    total_ms=0,
    ring_ms=0,
    answered_ms=0,
    connected_ms=0,
    connected_source=ConnectedSource.NONE,
    table_version=1,
    flags=(),
)


def test_it_tells_how_far_it_is(database: Database) -> None:
    open_seller(database)
    with database.write() as connection:
        for number in range(CALLS):
            sid = f"CA{number:032d}"
            ensure_and_lock_call(connection, SELLER.seller_id, sid, T0, DID, "", T0)
            append_in(connection, SELLER.seller_id, replace(DECIDED, call_sid=sid), None)
            save_cdr(connection, SELLER.seller_id, replace(UNTAKEN, call_sid=sid), 1, T0)
    told: list[int] = []

    with database.read() as connection:
        period = CallPeriod(T0, T0 + timedelta(days=1))
        report = count_turned_away(connection, SELLER.seller_id, period, told.append)

    assert told == [100, 200]
    assert (report.calls, report.untaken) == (CALLS, CALLS)
    [closed] = report.rules
    assert (closed.rule, closed.calls, closed.unpriced) == (SkipRule.CLOSED, CALLS, CALLS)
