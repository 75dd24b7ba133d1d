"""Point numbers at one destination, or back: an edit of the live tables like any other.

With an end, the way back is scheduled in the transaction that points them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeAlias

from sqlalchemy import Connection

from callrouter.adapters.policy_files.edit_numbers import point_numbers
from callrouter.adapters.storage.directories import read_directory
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.scheduled_changes import (
    add_change,
    end_change,
    keep_numbers,
    list_pending,
)
from callrouter.adapters.storage.sellers import bump_change_counter
from callrouter.domain.clocks.when import When, find_instant
from callrouter.domain.errors import NotFoundError, RefusedError
from callrouter.domain.tables.routing_table import RoutingTable
from callrouter.domain.tables.scheduled_change import (
    ChangeKind,
    ChangeState,
    ScheduledChange,
    targets_back,
)
from callrouter.domain.tables.table_check import describe_unknown
from callrouter.workflows.activate_table import (
    Activated,
    WrittenTable,
    activate_written,
    read_stored,
    read_written,
)
from callrouter.workflows.live_tables import read_live_tables
from callrouter.workflows.refuse_overwriting import try_until_unchanged

Targets: TypeAlias = Mapping[str, str]
"""Where each number is to point: at a destination, or nowhere of its own ("")."""


@dataclass(frozen=True, slots=True)
class Which:
    """The numbers that are meant: these, or all of a campaign's when none is named."""

    numbers: tuple[str, ...] = ()
    campaign_id: str = ""


@dataclass(frozen=True, slots=True)
class Until:
    """When a pointing ends; times on the wall are of `zone`, or of the table's when it is ""."""

    when: When
    zone: str = ""


@dataclass(frozen=True, slots=True)
class Pointed:
    """One campaign's table that is live now, and the scheduled way back, if the pointing ends."""

    activated: Activated
    back: ScheduledChange | None = None


@dataclass(frozen=True, slots=True)
class _Edit:
    """One campaign: its live table, where its numbers are to point, the table that says so."""

    live: RoutingTable
    targets: Targets
    written: WrittenTable
    pending: tuple[ScheduledChange, ...]


def point(
    database: Database,
    seller_id: str,
    which: Which,
    to: str,
    *,
    until: Until | None,
    force: bool = False,
    author: str,
    note: str,
    at: datetime,
) -> tuple[Pointed, ...]:
    """Route every call to the numbers to the destination `to`, all of them at once.

    It replaces an earlier pointing of the same numbers with its end: they go back to where they
    pointed before that. Raises NotFoundError for a number that is in no live table, a campaign that
    isn't live or an unknown destination, RefusedError for an end that has passed.
    """
    with database.read() as connection:
        directory = read_directory(connection, seller_id, None)
    if to not in directory.destinations:
        raise NotFoundError(describe_unknown(to, directory))

    def finish(connection: Connection, edit: _Edit, activated: Activated) -> Pointed:
        before = _points(edit.live) | _find_before(edit)
        _replace_pending(connection, edit, at)
        due_at = _find_end(edit.live, until, at)
        if due_at is None:
            return Pointed(activated)
        numbers = {number: before[number] for number in edit.targets}
        back = _plan_back(seller_id, edit.live.campaign_id, to, numbers, due_at, author, note, at)
        return Pointed(activated, add_change(connection, back))

    def aim(edit: _Edit, numbers: tuple[str, ...]) -> Targets:
        _find_end(edit.live, until, at)  # refuses one that has passed before anything is changed
        return dict.fromkeys(numbers, to)

    return _repoint(
        database, seller_id, which, aim, finish, author, note, at, force=force, until=until
    )


def point_back(
    database: Database, seller_id: str, which: Which, *, author: str, note: str, at: datetime
) -> tuple[Pointed, ...]:
    """Take a pointing back now: numbers go where they pointed before one that was to end.

    All others by the routes. Raises NotFoundError as `point` does.
    """

    def finish(connection: Connection, edit: _Edit, activated: Activated) -> Pointed:
        _replace_pending(connection, edit, at)
        return Pointed(activated)

    def aim(edit: _Edit, numbers: tuple[str, ...]) -> Targets:
        return dict.fromkeys(numbers, "") | {
            number: before for number, before in _find_before(edit).items() if number in numbers
        }

    return _repoint(database, seller_id, which, aim, finish, author, note, at, force=True)


def edit_live(
    connection: Connection, seller_id: str, live: RoutingTable, targets: Targets
) -> WrittenTable:
    """The live table with its numbers pointing at their targets; itself when they do already.

    Raises RefusedError when its text can't be edited like this.
    """
    stored = read_stored(connection, seller_id, live.campaign_id, live.version)
    edited = point_numbers(stored.text, stored.file, targets)
    return stored if edited == stored.text else read_written(edited, f"{stored.file}, edited")


def _repoint(
    database: Database,
    seller_id: str,
    which: Which,
    aim: Callable[[_Edit, tuple[str, ...]], Targets],
    finish: Callable[[Connection, _Edit, Activated], Pointed],
    author: str,
    note: str,
    at: datetime,
    *,
    force: bool,
    until: Until | None = None,
) -> tuple[Pointed, ...]:
    """Edit each campaign that is meant and activate all of them at once, or none."""

    def act() -> tuple[Pointed, ...]:
        with database.read() as connection:
            known = read_live_tables(connection, seller_id)
            edits = [
                _edit(connection, seller_id, known[campaign_id], numbers, aim)
                for campaign_id, numbers in _choose(known, which).items()
            ]
        with database.write() as connection:
            bump_change_counter(connection)
            go_live = partial(
                activate_written, connection, seller_id, author=author, note=note, at=at
            )
            pointed = []
            for edit in edits:
                end, expected = _find_end(edit.live, until, at), edit.live.version
                activated = go_live(edit.written, known, expected=expected, force=force, until=end)
                pointed.append(finish(connection, edit, activated))
        return tuple(pointed)

    return try_until_unchanged(act)


def _edit(
    connection: Connection,
    seller_id: str,
    live: RoutingTable,
    numbers: tuple[str, ...],
    aim: Callable[[_Edit, tuple[str, ...]], Targets],
) -> _Edit:
    pending = tuple(
        change
        for change in list_pending(connection, seller_id, live.campaign_id)
        if change.kind is ChangeKind.POINT_BACK
    )
    unedited = _Edit(live, {}, edit_live(connection, seller_id, live, {}), pending)
    targets = aim(unedited, numbers)
    return _Edit(live, targets, edit_live(connection, seller_id, live, targets), pending)


def _choose(known: Mapping[str, RoutingTable], which: Which) -> Mapping[str, tuple[str, ...]]:
    """The numbers that are meant, by campaign."""
    if not which.numbers:
        live = known.get(which.campaign_id)
        if live is None:
            raise NotFoundError(f"campaign {which.campaign_id!r} has no live table")
        return {live.campaign_id: tuple(n.number for n in live.numbers)}
    owners = {n.number: table.campaign_id for table in known.values() for n in table.numbers}
    chosen: dict[str, tuple[str, ...]] = {}
    for number in dict.fromkeys(which.numbers):
        if number not in owners:
            raise NotFoundError(f"{number} is in no live table")
        chosen[owners[number]] = (*chosen.get(owners[number], ()), number)
    return chosen


def _points(live: RoutingTable) -> dict[str, str]:
    return {n.number: n.to for n in live.numbers}


def _find_before(edit: _Edit) -> dict[str, str]:
    """Where the numbers that point somewhere for a time pointed before that."""
    before: dict[str, str] = {}
    for change in edit.pending:
        before |= targets_back(change, _points(edit.live))
    return before


def _find_end(live: RoutingTable, until: Until | None, at: datetime) -> datetime | None:
    if until is None:
        return None
    end = find_instant(until.when, at, until.zone or live.zone)
    if end <= at:
        raise RefusedError(f"{end:%Y-%m-%d %H:%M:%S}Z has passed: a pointing ends in the future")
    return end


def _plan_back(
    seller_id: str,
    campaign_id: str,
    pointed_to: str,
    numbers: Targets,
    due_at: datetime,
    author: str,
    note: str,
    at: datetime,
) -> ScheduledChange:
    return ScheduledChange(
        seller_id=seller_id,
        campaign_id=campaign_id,
        kind=ChangeKind.POINT_BACK,
        due_at=due_at,
        author=author,
        note=note,
        created_at=at,
        pointed_to=pointed_to,
        numbers=numbers,
    )


def _replace_pending(connection: Connection, edit: _Edit, at: datetime) -> None:
    """Have no earlier pointing of the same numbers end any more."""
    for change in edit.pending:
        kept = {n: before for n, before in change.numbers.items() if n not in edit.targets}
        if len(kept) == len(change.numbers):
            continue
        if kept:
            keep_numbers(connection, change, kept)
        else:
            end_change(connection, change, ChangeState.CANCELLED, at, "pointed anew, or back")
