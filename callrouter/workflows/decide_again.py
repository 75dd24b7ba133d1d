"""Make a recorded decision again, from what was recorded with it: the same must come out (law 6).

Raises nothing for a decision that followed from the call itself: there is nothing to decide then.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from callrouter.adapters.storage.calls import read_events
from callrouter.domain.calls.call import read_history
from callrouter.domain.calls.events import CallArrived, CallEvent, RouteDecided
from callrouter.domain.errors import NotFoundError
from callrouter.domain.routing.conditions import Conditions
from callrouter.domain.routing.decision import Decision
from callrouter.domain.routing.next_destination import decide
from callrouter.workflows.compiled import Compiled
from callrouter.workflows.decide_next import read_call_so_far


@dataclass(frozen=True, slots=True)
class Recalled:
    """A decision as it was recorded, and as it comes out when it is made again.

    `again` is None for one that asked no table: the two have talked, the number isn't in service.
    """

    decided: RouteDecided
    again: Decision | None

    @property
    def agrees(self) -> bool:
        """Whether the same came out."""
        return self.again is None or self.again == self.decided.decision


def recall_decisions(connection: Connection, seller_id: str, call_sid: str) -> tuple[Recalled, ...]:
    """What was decided for a call, in the order of its attempts, each made again.

    Raises NotFoundError when this seller has no such call.
    """
    events = read_events(connection, seller_id, call_sid)
    if not events:
        raise NotFoundError(f"there is no call {call_sid!r}")
    compiled = Compiled()
    return tuple(
        Recalled(decided, decide_again(compiled, connection, seller_id, events, decided))
        for decided in read_history(events).decisions
    )


def decide_again(
    compiled: Compiled,
    connection: Connection,
    seller_id: str,
    events: Sequence[CallEvent],
    decided: RouteDecided,
) -> Decision | None:
    """The decision by the versions, the conditions and the events that it was made from."""
    was = decided.decision
    history = read_history(tuple(e for e in events if _came_before(e, decided)))
    if not was.candidates or history.arrived is None:
        return None
    plan = compiled.plan(
        connection, seller_id, was.campaign_id, was.table_version, was.directory_version
    )
    arrived: CallArrived = history.arrived
    call = replace(read_call_so_far(history, arrived, ()), publisher=was.publisher)
    again = decide(plan, call, decided.conditions or Conditions(at=decided.received_at))
    return replace(again, attempt=was.attempt)


def _came_before(event: CallEvent, decided: RouteDecided) -> bool:
    """Whether it was known then: an event's own answer has the same instant as the event."""
    if isinstance(event, RouteDecided):
        return event.decision.attempt < decided.decision.attempt
    return event.received_at <= decided.received_at
