"""Make the scheduled changes whose time has come, each once, however many clocks there are."""

from collections.abc import Callable, Mapping
from datetime import datetime

import structlog
from sqlalchemy import Connection

from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.routing_tables import ActivationAction, Expecting
from callrouter.adapters.storage.scheduled_changes import (
    end_change,
    list_due,
    list_pending,
    note_replaced,
    read_change,
)
from callrouter.adapters.storage.sellers import bump_change_counter
from callrouter.domain.errors import CallrouterError, RefusedError, StorageUnavailableError
from callrouter.domain.tables.routing_table import RoutingTable
from callrouter.domain.tables.scheduled_change import (
    ChangeKind,
    ChangeState,
    ScheduledChange,
    alert_key,
    find_overtaken,
    order_due,
    targets_back,
)
from callrouter.workflows.activate_table import (
    Activated,
    WrittenTable,
    activate_written,
    read_stored,
)
from callrouter.workflows.compare_tables import compare_tables
from callrouter.workflows.live_tables import read_live_tables, read_stored_table
from callrouter.workflows.point_numbers import edit_live
from callrouter.workflows.ports import Clock
from callrouter.workflows.raise_alert import raise_alert
from callrouter.workflows.refuse_overwriting import Expected, try_until_unchanged

log = structlog.get_logger()

OVERTAKEN = "its swap and its swap back were both due when a clock came to them: neither was made"


def run_due_changes(database: Database, clock: Clock) -> int:
    """Make every due change, the oldest first; how many were looked at.

    Each is checked again as any activation. One that is refused is marked as failed and raises an
    alert. Raises StorageUnavailableError when the database is away: what is left is due still.
    """
    with database.read() as connection:
        due = order_due(list_due(connection, clock.now()))
    overtaken = find_overtaken(due)
    for change in due:
        at = clock.now()
        if (change.seller_id, change.change_id) in overtaken:
            _skip(database, change, at)
            continue
        try:
            _MAKERS[change.kind](database, change, at)
        except StorageUnavailableError:
            raise
        except CallrouterError as error:
            _fail(database, change, str(error), at)
        except Exception:
            log.exception("scheduled_change_broke", **_name(change))
            _fail(database, change, "a mistake of ours, see the log", at)
    return len(due)


def _swap(database: Database, change: ScheduledChange, at: datetime) -> None:
    with database.read() as connection:
        known = read_live_tables(connection, change.seller_id)
        written = read_stored(connection, change.seller_id, change.campaign_id, change.version or 0)
    with database.write() as connection:
        activated = _make(connection, change, written, known, Expecting.ANYTHING, at)
        if activated is not None:
            before = activated.before.version if activated.before else None
            note_replaced(connection, change, before)
    _log_made(change, activated)


def _swap_back(database: Database, change: ScheduledChange, at: datetime) -> None:
    """Make what the swap replaced live again, if what the swap made live is live still."""

    def act() -> Activated | None:
        with database.read() as connection:
            known = read_live_tables(connection, change.seller_id)
            swap = read_change(connection, change.seller_id, change.swap_id or 0)
            live = known.get(change.campaign_id)
            if swap.replaced_version is None or live is None:
                raise RefusedError("nothing was live before the swap that this takes back")
            seller_id, campaign_id = change.seller_id, change.campaign_id
            made = read_stored_table(connection, seller_id, campaign_id, swap.version or 0)
            written = read_stored(connection, seller_id, campaign_id, swap.replaced_version)
        if compare_tables(live, made) and compare_tables(live, written.table):
            raise RefusedError(
                f"version {live.version} is live, which is not what the swap made live (version "
                f"{made.version}): somebody changed it since. To go back all the same: `callrouter "
                f"table activate {campaign_id} --version {written.table.version}`"
            )
        with database.write() as connection:
            return _make(connection, change, written, known, live.version, at)

    _log_made(change, try_until_unchanged(act))


def _point_back(database: Database, change: ScheduledChange, at: datetime) -> None:
    """Edit the table that is live now: numbers that still point there no longer do."""

    def act() -> Activated | None:
        with database.read() as connection:
            known = read_live_tables(connection, change.seller_id)
            live = known[change.campaign_id]  # it was live once, and so it is for ever
            targets = targets_back(change, {n.number: n.to for n in live.numbers})
            written = edit_live(connection, change.seller_id, live, targets)
        outcome = "" if targets else f"no number was at {change.pointed_to} any more"
        with database.write() as connection:
            return _make(connection, change, written, known, live.version, at, outcome)

    _log_made(change, try_until_unchanged(act))


_MAKERS: Mapping[ChangeKind, Callable[[Database, ScheduledChange, datetime], None]] = {
    ChangeKind.SWAP: _swap,
    ChangeKind.SWAP_BACK: _swap_back,
    ChangeKind.POINT_BACK: _point_back,
}


def _make(
    connection: Connection,
    change: ScheduledChange,
    written: WrittenTable,
    known: Mapping[str, RoutingTable],
    expected: Expected,
    at: datetime,
    outcome: str = "",
) -> Activated | None:
    """Claim the change and activate its table in one transaction; None when it had ended.

    An hour with nobody was asked about when it was scheduled: now nobody is there to ask.
    """
    bump_change_counter(connection)
    if not end_change(connection, change, ChangeState.DONE, at, outcome):
        return None
    is_back = change.kind is ChangeKind.SWAP_BACK
    return activate_written(
        connection,
        change.seller_id,
        written,
        known,
        expected=expected,
        action=ActivationAction.ROLLBACK if is_back else ActivationAction.ACTIVATE,
        force=True,
        author=change.author,
        note=f"change {change.change_id}: {change.note or change}",
        at=at,
    )


def _skip(database: Database, change: ScheduledChange, at: datetime) -> None:
    with database.write() as connection:
        ended = end_change(connection, change, ChangeState.SKIPPED, at, OVERTAKEN)
    if ended:
        log.warning("scheduled_change_skipped", **_name(change), reason=OVERTAKEN)


def _fail(database: Database, change: ScheduledChange, reason: str, at: datetime) -> None:
    """Mark it as failed, and its swap back as skipped, and have the seller told."""
    with database.write() as connection:
        if not end_change(connection, change, ChangeState.FAILED, at, reason):
            return
        for other in list_pending(connection, change.seller_id, change.campaign_id):
            if other.swap_id == change.change_id:
                end_change(connection, other, ChangeState.SKIPPED, at, "its swap failed")
        raise_alert(
            connection,
            change.seller_id,
            alert_key(change.campaign_id),
            f"Scheduled change {change.change_id} of {change.campaign_id} was not made",
            f"{change}, due at {change.due_at:%Y-%m-%d %H:%M:%S}Z: {reason}",
            at,
        )
    log.warning("scheduled_change_failed", **_name(change), reason=reason)


def _log_made(change: ScheduledChange, activated: Activated | None) -> None:
    if activated is not None:
        log.info("scheduled_change_made", **_name(change), table=activated.table.version)


def _name(change: ScheduledChange) -> dict[str, str | int]:
    return {
        "seller": change.seller_id,
        "change": change.change_id,
        "campaign": change.campaign_id,
        "what": str(change),
    }
