"""Take what a decision needs of caps, concurrency and spacing, before anybody is dialled."""

from sqlalchemy import Connection

from callrouter.adapters.storage.reservations import reserve
from callrouter.domain.calls.events import RouteDecided
from callrouter.domain.errors import NoRoomError
from callrouter.workflows.decide_next import Decided


def reserve_room(
    connection: Connection, seller_id: str, decided: RouteDecided, found: Decided
) -> None:
    """Reserve all that `found` claims for the decision that was just recorded.

    The last statement of the transaction: from here to the COMMIT others wait for the counters.
    Raises NoRoomError, so that all of it is rolled back, when somebody else took the last of one.
    """
    if not found.claims:
        return
    refused = reserve(
        connection,
        seller_id,
        decided.call_sid,
        decided.decision.attempt,
        found.claims,
        decided.received_at,
        found.lease_until(decided.received_at),
    )
    if refused:
        raise NoRoomError(frozenset(refused))
