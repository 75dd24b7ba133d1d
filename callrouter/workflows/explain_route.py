"""What would happen to an imagined call, by what is live or by a table that isn't.

Decides as the call path does, by the same conditions; nothing is reserved, dialled or written.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from difflib import get_close_matches

from sqlalchemy import Connection

from callrouter.adapters.storage.directories import (
    current_version,
    list_directory_versions,
)
from callrouter.adapters.storage.live_numbers import NumberNow
from callrouter.adapters.storage.routing_tables import list_activations, list_campaigns
from callrouter.domain.callers.caller_lists import country_of
from callrouter.domain.errors import NotFoundError
from callrouter.domain.numbers import read_caller
from callrouter.domain.routing.closing import refuse_number
from callrouter.domain.routing.conditions import Conditions
from callrouter.domain.routing.decision import CallSoFar, Decision
from callrouter.domain.routing.eligibility import CARRIER_EXTRA_RING_S
from callrouter.domain.routing.next_destination import decide
from callrouter.domain.routing.plan import make_plan
from callrouter.domain.tables.routing_table import AdvertisedNumber, RoutingTable
from callrouter.workflows.compiled import Compiled
from callrouter.workflows.decide_next import decide_by_live_table
from callrouter.workflows.read_conditions import read_conditions

EXAMPLE_CALL = "CA" + "0" * 32
"""The draw within a priority depends on the call's id; a call that wasn't made needs one too."""


def imagine_call(
    did: str, ani: str, *, state: str = "", zip_code: str = "", country: str = ""
) -> CallSoFar:
    """A call from `ani` to `did` of which the carrier would send no more than is given.

    But for the country, which it always tells: where it is left out, it is that of the number.
    """
    caller = read_caller(ani)
    return CallSoFar(
        EXAMPLE_CALL,
        did,
        caller,
        caller_state=state,
        caller_zip=zip_code,
        caller_country=country_of(caller, country),
    )


def explain_route(
    connection: Connection, seller_id: str, call: CallSoFar, at: datetime | None, now: datetime
) -> tuple[Decision, ...]:
    """The decision about a call, and each one after it if nobody answers; the last closes it.

    By what is live and stands `now`, also for an instant to come; or by what was live at an instant
    of the past, when caps, callers and stops are taken to have been new. Each attempt is taken to
    ring for as long as it may.
    """
    compiled = Compiled()

    def decide_one(so_far: CallSoFar) -> Decision:
        if at is not None and at < now:
            return _decide_as_of(compiled, connection, seller_id, so_far, at)
        return decide_by_live_table(compiled, connection, seller_id, so_far, at or now).decision

    return _follow(call, decide_one)


def try_table(
    connection: Connection, seller_id: str, table: RoutingTable, call: CallSoFar, at: datetime
) -> tuple[Decision, ...]:
    """The same by `table`, live or not, with today's directory and with all that stands now.

    `at` is the instant that hours, caps and the caller's past are looked at for. Raises
    NotFoundError when the DID isn't one of the table's.
    """
    number = _find_number(table, call.did)
    compiled = Compiled()
    directory_version = current_version(connection, seller_id)
    plan = make_plan(table, compiled.directory(connection, seller_id, directory_version))
    now = NumberNow(
        campaign_id=table.campaign_id,
        publisher=number.publisher,
        active_version=table.version,
        directory_version=directory_version,
        conditions_version=0,  # of a cache that begins empty
        lists_callers=True,
    )

    def decide_one(so_far: CallSoFar) -> Decision:
        so_far = replace(so_far, publisher=number.publisher)
        found = read_conditions(compiled, connection, seller_id, plan, now, so_far, at)
        return decide(plan, so_far, found)

    return _follow(call, decide_one)


def _follow(call: CallSoFar, decide_one: Callable[[CallSoFar], Decision]) -> tuple[Decision, ...]:
    """The decisions about a call that nobody ever answers."""
    decided: list[Decision] = []
    while not decided or decided[-1].dial is not None:
        decision = decide_one(call)
        decided.append(decision)
        if decision.dial is not None:
            rung_ms = (decision.dial.ring_s + CARRIER_EXTRA_RING_S) * 1000
            call = replace(
                call,
                tried=(*call.tried, *(dial.destination_id for dial in decision.dials)),
                attempts_made=call.attempts + 1,
                ring_ms=call.ring_ms + rung_ms,
            )
    return tuple(decided)


def _find_number(table: RoutingTable, did: str) -> AdvertisedNumber:
    found = next((number for number in table.numbers if number.number == did), None)
    if found is not None:
        return found
    near = get_close_matches(did, [number.number for number in table.numbers], n=3)
    hint = f"; it has {' and '.join(near)}" if near else ""
    raise NotFoundError(f"{did} isn't a DID of this table of {table.campaign_id}{hint}")


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
