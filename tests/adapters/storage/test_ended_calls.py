from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from callrouter.adapters.storage.calls import append_in, ensure_and_lock_call
from callrouter.adapters.storage.cdrs import save_cdr
from callrouter.adapters.storage.ended_calls import (
    CallPeriod,
    count_ended_calls,
    stream_ended_calls,
)
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.event_codec import encode
from callrouter.adapters.storage.tables import call_events
from callrouter.domain.cdr import Disposition
from callrouter.domain.routing.decision import Candidate, Skip, SkipRule
from callrouter.domain.routing.turned_away import PastCandidate
from tests.adapters.storage.test_cdrs import CDR
from tests.domain.builders import ANI, DID, T0, at, decided

SKIP = Skip(SkipRule.FILTERED, "state == TX: state is OK", "state == TX")
ALL = CallPeriod(T0, T0 + timedelta(days=1))


def put(
    database: Database,
    number: int,
    *,
    seller_id: str = "acme",
    campaign_id: str = "roofing",
    has_cdr: bool = True,
) -> None:
    """A call that arrived `number` seconds after T0, with two decisions and a rival one."""
    call_sid = f"CA{number}"
    with database.write() as connection:
        ensure_and_lock_call(
            connection, seller_id, call_sid, at(number), DID, ANI, at(900),
            campaign_id=campaign_id,
        )  # fmt: skip
        for attempt in (1, 2):
            event = decided(attempt, number)
            event = replace(
                event,
                call_sid=call_sid,
                decision=replace(
                    event.decision, candidates=(Candidate("bolt", "bolt", 1, 1, SKIP),)
                ),
            )
            append_in(connection, seller_id, event, None)
            append_in(connection, seller_id, replace(event, rival=True), None)
        if has_cdr:
            cdr = replace(CDR, call_sid=call_sid)
            save_cdr(connection, seller_id, cdr, 1, T0)
            save_cdr(connection, seller_id, replace(cdr, disposition=Disposition.BUSY), 2, T0)


@pytest.fixture
def filled(database: Database) -> Database:
    for number in range(5):
        put(database, number)
    put(database, 7, campaign_id="solar")
    put(database, 8, has_cdr=False)
    put(database, 9, seller_id="other")
    return database


def test_a_call_comes_with_its_latest_cdr_and_each_decision_but_a_rivals(filled: Database) -> None:
    with filled.read() as connection:
        first = next(stream_ended_calls(connection, "acme", ALL))

    assert first.disposition is Disposition.BUSY
    assert first.attempts == CDR.attempts
    assert [each.attempt for each in first.decisions] == [1, 2]
    for each in first.decisions:
        assert each.candidates == (PastCandidate("bolt", "bolt", SKIP),)
        assert each.dial is not None
        assert (each.campaign_id, each.table_version) == ("roofing", 7)
    [[skip, _]] = [[c.skip for each in first.decisions for c in each.candidates]]
    assert skip is not None
    assert skip.subject == "state == TX"


@pytest.mark.parametrize("page", [1, 2, 6, 7, 500])
@pytest.mark.parametrize(
    ("period", "calls"),
    [
        pytest.param(ALL, 6, id="everything that ended"),
        pytest.param(replace(ALL, campaign_id="roofing"), 5, id="of one campaign"),
        pytest.param(CallPeriod(at(1), at(4)), 3, id="the end isn't in it"),
        pytest.param(CallPeriod(at(100), at(200)), 0, id="nothing"),
    ],
)
def test_every_call_of_the_period_comes_once_in_pages_of_any_size(
    filled: Database, period: CallPeriod, calls: int, page: int
) -> None:
    with filled.read() as connection:
        assert len(list(stream_ended_calls(connection, "acme", period, page=page))) == calls
        assert count_ended_calls(connection, "acme", period) == calls


def test_a_decision_of_before_skips_had_subjects_has_none(database: Database) -> None:
    put(database, 1)
    old = encode(decided(3, 1)).replace(
        '"candidates":[]',
        '"candidates":[{"destination_id":"bolt","buyer_id":"bolt","priority":1,"weight":1,'
        '"skip":{"rule":"full","saw":"cap 5/5 connected today"}}]',
    )
    row = {"seller_id": "acme", "call_sid": "CA1", "key": "decided:3", "kind": "route_decided"}
    with database.write() as connection:
        connection.execute(sa.insert(call_events), {**row, "received_at": T0, "body": old})
        [call] = stream_ended_calls(connection, "acme", ALL)

    [candidate] = call.decisions[-1].candidates
    assert candidate.skip is not None
    assert (candidate.skip.rule, candidate.skip.subject) == (SkipRule.FULL, "")
