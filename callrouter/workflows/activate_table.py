"""Make a routing table live: from a file, as a new version, or a version that is stored already.

Checked against the directory and the other campaigns within the transaction that activates it, so
that what was checked is what goes live. What can be parsed before is: callers wait for that
transaction.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias

from sqlalchemy import Connection

from callrouter.adapters.policy_files.document import place_problems, refusal
from callrouter.adapters.policy_files.routing_table_file import read_table
from callrouter.adapters.storage.directories import read_directory
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.routing_tables import (
    ActivationAction,
    Expecting,
    activate,
    add_table,
    read_table_text,
)
from callrouter.adapters.storage.sellers import bump_change_counter
from callrouter.domain.errors import ChangedUnderneathError, FileProblem
from callrouter.domain.routing_table import RoutingTable
from callrouter.domain.table_check import check_own_numbers, check_table, warn_about_table
from callrouter.workflows.live_tables import name_version, read_live_tables

Expected: TypeAlias = int | Expecting | None
"""The version that must be live for the change to be made; None: no version yet."""


@dataclass(frozen=True, slots=True)
class Activated:
    """The table that is live now, the one before it, and what is odd about the new one.

    Both are the same when the table was live already; nothing was changed then.
    """

    table: RoutingTable
    before: RoutingTable | None
    warnings: tuple[FileProblem, ...]


@dataclass(frozen=True, slots=True)
class WrittenTable:
    """A table with the text that it was read from and the name of its file in messages."""

    table: RoutingTable
    text: str
    file: str


def activate_file(
    database: Database,
    seller_id: str,
    text: str,
    file: str,
    *,
    expected: Expected = Expecting.ANYTHING,
    author: str,
    note: str,
    at: datetime,
) -> Activated:
    """Store the table of a file as its campaign's next version and make that live.

    The same text as the newest version's is that version. Raises PolicyFileError with every
    problem, ChangedUnderneathError when something else than `expected` is live; nothing is changed
    then.
    """
    written = WrittenTable(read_table(text, file), text, file)
    with database.read() as connection:
        known = read_live_tables(connection, seller_id)
    with database.write() as connection:
        bump_change_counter(connection)  # first: it makes other changes wait for this one
        found = _look(connection, seller_id, written, expected, known)
        campaign_id = written.table.campaign_id
        version = add_table(connection, seller_id, campaign_id, text, author, note, at)
        table = replace(written.table, version=version)
        if found.before != table:
            _swap(connection, seller_id, table, ActivationAction.ACTIVATE, author, note, at)
    return replace(found, table=table)


def activate_version(
    database: Database,
    seller_id: str,
    campaign_id: str,
    version: int,
    *,
    expected: Expected = Expecting.ANYTHING,
    action: ActivationAction = ActivationAction.ACTIVATE,
    author: str,
    note: str,
    at: datetime,
) -> Activated:
    """Make a stored version live, if today's directory still allows it.

    Raises NotFoundError for an unknown version, and otherwise as `activate_file` does.
    """
    with database.read() as connection:
        known = read_live_tables(connection, seller_id)
    with database.write() as connection:
        bump_change_counter(connection)
        text = read_table_text(connection, seller_id, campaign_id, version)
        file = name_version(campaign_id, version)
        written = WrittenTable(read_table(text, file, version=version), text, file)
        found = _look(connection, seller_id, written, expected, known)
        if found.before != written.table:
            _swap(connection, seller_id, written.table, action, author, note, at)
    return found


def _look(
    connection: Connection,
    seller_id: str,
    written: WrittenTable,
    expected: Expected,
    known: Mapping[str, RoutingTable],
) -> Activated:
    """What activating would amount to; raises whatever stands against it.

    `known` are the tables that were live a moment ago, parsed.
    """
    table = written.table
    directory = read_directory(connection, seller_id, None)
    live = read_live_tables(connection, seller_id, known)
    problems = (*check_table(table, directory), *check_own_numbers(table, live))
    if problems:
        raise refusal(place_problems(problems, written.text, written.file))
    before = live.get(table.campaign_id)
    live_version = before.version if before else None
    if expected is not Expecting.ANYTHING and live_version != expected:
        raise ChangedUnderneathError(
            f"campaign {table.campaign_id} has version {_say(live_version)} live, not "
            f"{_say(expected)}: somebody else changed it; look at its history, then repeat"
        )
    warnings = warn_about_table(table, directory)
    return Activated(table, before, place_problems(warnings, written.text, written.file))


def _say(version: Expected) -> str:
    return "none" if version is None else str(version)


def _swap(
    connection: Connection,
    seller_id: str,
    table: RoutingTable,
    action: ActivationAction,
    author: str,
    note: str,
    at: datetime,
) -> None:
    activate(
        connection,
        seller_id,
        table.campaign_id,
        table.version,
        table.numbers,
        Expecting.ANYTHING,
        action,
        author,
        note,
        at,
    )
