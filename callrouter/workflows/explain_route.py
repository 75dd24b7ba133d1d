"""What would happen to a call, now or at an instant of the past; and what was decided for one.

Decides as the call path does, by the same tables; nothing is reserved, dialled or written.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from callrouter.adapters.storage.calls import read_events
from callrouter.adapters.storage.directories import list_directory_versions
from callrouter.adapters.storage.routing_tables import list_activations, list_campaigns
from callrouter.domain.call import read_history
from callrouter.domain.closing import refuse_number
from callrouter.domain.conditions import Conditions
from callrouter.domain.decision import CallSoFar, Decision
from callrouter.domain.eligibility import CARRIER_EXTRA_RING_S
from callrouter.domain.errors import NotFoundError
from callrouter.domain.events import RouteDecided
from callrouter.domain.numbers import read_caller
from callrouter.domain.plan import make_plan
from callrouter.domain.routing import decide
from callrouter.domain.routing_table import RoutingTable
from callrouter.workflows.compiled import Compiled
from callrouter.workflows.decide_next import decide_by_live_table

EXAMPLE_CALL = "CA" + "0" * 32
"""The draw within a priority depends on the call's id; a call that wasn't made needs one too."""


def explain_route(
    connection: Connection, seller_id: str, did: str, ani: str, at: datetime | None, now: datetime
) -> tuple[Decision, ...]:
    """The decision about a call from `ani` to `did`, and each one after it if nobody answers.

    By what is live and stands `now`, or by what was live at `at`, when caps and callers are taken
    to have been new. The last one closes the call. Each attempt is
    taken to ring for as long as it may.
    """
    call = CallSoFar(EXAMPLE_CALL, did, read_caller(ani))
    decided: list[Decision] = []
    compiled = Compiled()
    while not decided or decided[-1].dial is not None:
        if at is None:
            found = decide_by_live_table(compiled, connection, seller_id, call, now)
            decision = found.decision
        else:
            decision = _decide_as_of(compiled, connection, seller_id, call, at)
        decided.append(decision)
        if decision.dial is not None:
            rung_ms = (decision.dial.ring_s + CARRIER_EXTRA_RING_S) * 1000
            tried = (*call.tried, *(dial.destination_id for dial in decision.dials))
            call = replace(
                call,
                tried=tried,
                ring_ms=call.ring_ms + rung_ms,
                attempts_made=call.attempts + 1,
            )
    return tuple(decided)


def recall_decisions(
    connection: Connection, seller_id: str, call_sid: str
) -> tuple[RouteDecided, ...]:
    """What was decided for a call, in the order of its attempts, as it was recorded then.

    Raises NotFoundError when this seller has no such call.
    """
    events = read_events(connection, seller_id, call_sid)
    if not events:
        raise NotFoundError(f"there is no call {call_sid!r}")
    return read_history(events).decisions


def _decide_as_of(
    compiled: Compiled, connection: Connection, seller_id: str, call: CallSoFar, at: datetime
) -> Decision:
    directory_version = _directory_version_at(connection, seller_id, at)
    for table in _tables_at(compiled, connection, seller_id, at):
        owned = next((n for n in table.numbers if n.number == call.did), None)
        if owned is not None:
            directory = compiled.directory(connection, seller_id, directory_version)
            plan = make_plan(table, directory)
            return decide(plan, replace(call, publisher=owned.publisher), Conditions(at=at))
    return refuse_number(call, directory_version)


def _tables_at(
    compiled: Compiled, connection: Connection, seller_id: str, at: datetime
) -> Iterator[RoutingTable]:
    """Each campaign's table that was live at `at`."""
    for campaign in list_campaigns(connection, seller_id):
        activations = list_activations(connection, seller_id, campaign.campaign_id)
        live = next((a for a in activations if a.activated_at <= at), None)
        if live is not None:
            yield compiled.table(connection, seller_id, campaign.campaign_id, live.version)


def _directory_version_at(connection: Connection, seller_id: str, at: datetime) -> int:
    versions = list_directory_versions(connection, seller_id)
    return next((v.version for v in versions if v.created_at <= at), 0)
