"""Schedule that a version goes live at an instant, and what was live before it again later."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.routing_tables import add_table
from callrouter.adapters.storage.scheduled_changes import (
    add_change,
    end_change,
    list_pending,
    read_change,
)
from callrouter.adapters.storage.sellers import bump_change_counter
from callrouter.domain.clocks.when import When, find_instant
from callrouter.domain.errors import RefusedError
from callrouter.domain.tables.scheduled_change import ChangeKind, ChangeState, ScheduledChange
from callrouter.workflows.activate_table import Activated, WrittenTable, examine
from callrouter.workflows.live_tables import read_live_tables


@dataclass(frozen=True, slots=True)
class SwapTimes:
    """When a swap is due, and when it is taken back; on the wall of `zone`, or of the table's."""

    swap: When
    back: When | None = None
    zone: str = ""


@dataclass(frozen=True, slots=True)
class Scheduled:
    """The changes that wait now, and what the swap would come to at this moment."""

    swap: ScheduledChange
    back: ScheduledChange | None
    examined: Activated


def schedule_swap(
    database: Database,
    seller_id: str,
    written: WrittenTable,
    times: SwapTimes,
    *,
    force: bool = False,
    author: str,
    note: str,
    at: datetime,
) -> Scheduled:
    """Store a table, unless it is stored, and keep its swap, and its swap back, for their time.

    A time of the way back is the next after the swap. `force`: as in `activate_file`, for the week
    after the swap or until its way back. Raises PolicyFileError when the table could not go live,
    RefusedError for times that have passed or stand in the wrong order; nothing is kept then.
    """
    table = written.table
    swap_at, back_at = _find_times(times, table.zone, at)
    change = ScheduledChange(
        seller_id=seller_id,
        campaign_id=table.campaign_id,
        kind=ChangeKind.SWAP,
        due_at=swap_at,
        author=author,
        note=note,
        created_at=at,
    )
    with database.read() as connection:
        known = read_live_tables(connection, seller_id)
    with database.write() as connection:
        bump_change_counter(connection)
        examined = examine(
            connection, seller_id, written, known, swap_at, force=force, until=back_at
        )
        version = table.version or add_table(
            connection, seller_id, table.campaign_id, written.body, author, note, at
        )
        swap, back = _keep(connection, replace(change, version=version), back_at)
    return Scheduled(swap, back, replace(examined, table=replace(table, version=version)))


def cancel_change(
    database: Database, seller_id: str, change_id: int, author: str, at: datetime
) -> tuple[ScheduledChange, ...]:
    """Cancel a change that is pending, and the swap back of a swap; all that were cancelled.

    Raises NotFoundError for an unknown one, RefusedError when it has ended already.
    """
    outcome = f"cancelled by {author}"
    with database.write() as connection:
        bump_change_counter(connection)
        change = read_change(connection, seller_id, change_id)
        if not end_change(connection, change, ChangeState.CANCELLED, at, outcome):
            raise RefusedError(
                f"change {change_id} is {change.state} since {_show(change.ended_at or at)}: "
                "only what is pending can be cancelled"
            )
        backs = [
            other
            for other in list_pending(connection, seller_id, change.campaign_id)
            if other.swap_id == change_id
        ]
        for back in backs:
            end_change(connection, back, ChangeState.CANCELLED, at, outcome)
    return (change, *backs)


def _keep(
    connection: Connection, swap: ScheduledChange, back_at: datetime | None
) -> tuple[ScheduledChange, ScheduledChange | None]:
    """Keep a swap, and its way back if it has one."""
    swap = add_change(connection, swap)
    if back_at is None:
        return swap, None
    kind, swap_id = ChangeKind.SWAP_BACK, swap.change_id
    back = replace(swap, kind=kind, due_at=back_at, version=None, swap_id=swap_id)
    return swap, add_change(connection, back)


def _find_times(times: SwapTimes, zone: str, at: datetime) -> tuple[datetime, datetime | None]:
    """When the swap is due and when its way back; raises RefusedError for the wrong order."""
    swap_at = find_instant(times.swap, at, times.zone or zone)
    if swap_at <= at:
        raise RefusedError(f"{_show(swap_at)} has passed: a swap is scheduled for the future")
    if times.back is None:
        return swap_at, None
    back_at = find_instant(times.back, swap_at, times.zone or zone)
    if back_at <= swap_at:
        raise RefusedError(f"the way back, {_show(back_at)}, comes before the swap or with it")
    return swap_at, back_at


def _show(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}Z"
