"""Make a routing table live: from a file, as a new version, or a version that is stored already.

Checked against the directory and the other campaigns within the transaction that activates it, so
that what was checked is what goes live. What can be parsed before is: callers wait for that
transaction.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from callrouter.adapters.policy_files.document import refusal
from callrouter.adapters.policy_files.routing_table_file import read_table
from callrouter.adapters.policy_files.taken_from import split_taken_from
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
from callrouter.adapters.storage.stops import read_stops
from callrouter.domain.errors import FileProblem
from callrouter.domain.health.stops import group_stops
from callrouter.domain.tables.routing_table import RoutingTable
from callrouter.domain.tables.scheduled_change import alert_key
from callrouter.workflows.inspect_table import inspect_table
from callrouter.workflows.live_tables import name_version, read_live_tables
from callrouter.workflows.raise_alert import recover_alert
from callrouter.workflows.refuse_overwriting import Expected, refuse_other_than

_MOST_NOTED = 3


@dataclass(frozen=True, slots=True)
class Activated:
    """The table that is live now, the one before it, and what is odd about the new one.

    Both are the same when the table was live already; nothing was changed then. `forced` is what
    would have refused it.
    """

    table: RoutingTable
    before: RoutingTable | None
    warnings: tuple[FileProblem, ...]
    forced: tuple[FileProblem, ...] = ()


@dataclass(frozen=True, slots=True)
class WrittenTable:
    """A table with the text that it was read from and the name of its file in messages.

    Of version 0 as long as it isn't stored. `body` is the text without the line that `table export`
    puts in front: what is stored.
    """

    table: RoutingTable
    text: str
    file: str
    body: str


def read_written(text: str, file: str, *, version: int = 0) -> WrittenTable:
    """The table of a text. Raises PolicyFileError with every problem."""
    table = read_table(text, file, version=version)
    return WrittenTable(table, text, file, split_taken_from(text, table.campaign_id)[1])


def activate_file(
    database: Database,
    seller_id: str,
    text: str,
    file: str,
    *,
    expected: Expected = Expecting.ANYTHING,
    force: bool = False,
    author: str,
    note: str,
    at: datetime,
) -> Activated:
    """Store the table of a file as its campaign's next version and make that live.

    A first line that says which version the file was taken from is what is expected, unless
    `expected` says something else. The same text as the newest version's is that version. With
    `force` also a table by which some hour of the coming week has nobody for a DID. Raises
    PolicyFileError with every problem, ChangedUnderneathError when something else than what is
    expected is live, with what that changed; nothing is changed then.
    """
    written = read_written(text, file)
    taken_from, _ = split_taken_from(text, written.table.campaign_id)
    if expected is Expecting.ANYTHING and taken_from is not None:
        expected = taken_from
    with database.read() as connection:
        known = read_live_tables(connection, seller_id)
    with database.write() as connection:
        bump_change_counter(connection)  # first: it makes other changes wait for this one
        return activate_written(
            connection,
            seller_id,
            written,
            known,
            expected=expected,
            force=force,
            author=author,
            note=note,
            at=at,
        )


def activate_version(
    database: Database,
    seller_id: str,
    campaign_id: str,
    version: int,
    *,
    expected: Expected = Expecting.ANYTHING,
    action: ActivationAction = ActivationAction.ACTIVATE,
    force: bool = False,
    author: str,
    note: str,
    at: datetime,
) -> Activated:
    """Make a stored version live, if today's directory still allows it.

    Raises NotFoundError for an unknown version, and otherwise as `activate_file` does.
    """
    with database.read() as connection:
        known = read_live_tables(connection, seller_id)
        written = read_stored(connection, seller_id, campaign_id, version)
    with database.write() as connection:
        bump_change_counter(connection)
        return activate_written(
            connection,
            seller_id,
            written,
            known,
            expected=expected,
            action=action,
            force=force,
            author=author,
            note=note,
            at=at,
        )


def read_stored(
    connection: Connection, seller_id: str, campaign_id: str, version: int
) -> WrittenTable:
    """A stored version, which never changes. Raises NotFoundError when there is none."""
    text = read_table_text(connection, seller_id, campaign_id, version)
    file = name_version(campaign_id, version)
    return WrittenTable(read_table(text, file, version=version), text, file, text)


def activate_written(
    connection: Connection,
    seller_id: str,
    written: WrittenTable,
    known: Mapping[str, RoutingTable],
    *,
    expected: Expected,
    action: ActivationAction = ActivationAction.ACTIVATE,
    force: bool = False,
    until: datetime | None = None,
    author: str,
    note: str,
    at: datetime,
) -> Activated:
    """Make a table live within a transaction that has raised the change counter already.

    It is stored first unless it is a stored version. `known` are the tables that were live a moment
    ago, parsed. What it had to be forced for stays in the note; of what begins at `until` or later,
    when it is known not to be live any more, nothing is said. Raises as `activate_file` does, and
    the transaction must end without effect then.
    """
    campaign_id = written.table.campaign_id
    refuse_other_than(connection, seller_id, campaign_id, expected)
    found = examine(connection, seller_id, written, known, at, force=force, until=until)
    note = _note_forced(note, found.forced)
    version = written.table.version or add_table(
        connection, seller_id, campaign_id, written.body, author, note, at
    )
    table = replace(written.table, version=version)
    if found.before != table:
        _make_live(connection, seller_id, table, action, author, note, at)
    return replace(found, table=table)


def _make_live(
    connection: Connection,
    seller_id: str,
    table: RoutingTable,
    action: ActivationAction,
    author: str,
    note: str,
    at: datetime,
) -> None:
    campaign_id, version = table.campaign_id, table.version
    activate(
        connection,
        seller_id,
        campaign_id,
        version,
        table.numbers,
        Expecting.ANYTHING,
        action,
        author,
        note,
        at,
    )
    key, why = alert_key(campaign_id), f"Version {version} of {campaign_id} went live."
    recover_alert(connection, seller_id, key, why, at)


def examine(
    connection: Connection,
    seller_id: str,
    written: WrittenTable,
    known: Mapping[str, RoutingTable],
    at: datetime,
    *,
    force: bool = False,
    until: datetime | None = None,
) -> Activated:
    """What activating it at `at` would amount to, by all else that stands now.

    Raises PolicyFileError with what stands against it.
    """
    table = written.table
    live = read_live_tables(connection, seller_id, known)
    found = inspect_table(
        table,
        written.text,
        written.file,
        read_directory(connection, seller_id, None),
        live,
        group_stops(read_stops(connection, seller_id)),
        at,
        until=until,
    )
    wrong = found.problems if force else (*found.problems, *found.gaps)
    if wrong:
        raise refusal(wrong)
    return Activated(table, live.get(table.campaign_id), found.warnings, found.gaps)


def _note_forced(note: str, forced: tuple[FileProblem, ...]) -> str:
    said = "; ".join(problem.message for problem in forced[:_MOST_NOTED])
    return f"{note} (forced: {said})".strip() if forced else note
