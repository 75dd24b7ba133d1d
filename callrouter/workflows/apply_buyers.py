"""Replace the buyers that a file names, with exactly the destinations that stand there."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from callrouter.adapters.policy_files.buyers_file import read_buyers
from callrouter.adapters.policy_files.document import place_problems, refusal
from callrouter.adapters.storage.directories import read_directory, save_directory
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.sellers import bump_change_counter
from callrouter.domain.errors import RefusedError
from callrouter.domain.tables.directory import Directory, replace_buyers
from callrouter.domain.tables.routing_table import RoutingTable
from callrouter.domain.tables.table_check import check_buyers, check_table
from callrouter.workflows.live_tables import read_live_tables


@dataclass(frozen=True, slots=True)
class Applied:
    """The directory before and now, the same when the file changed nothing; and what is odd now."""

    before: Directory
    directory: Directory
    warnings: tuple[str, ...]


def apply_buyers(
    database: Database,
    seller_id: str,
    text: str,
    file: str,
    *,
    author: str,
    note: str,
    at: datetime,
) -> Applied:
    """Make the next version of the seller's directory; buyers that the file doesn't name stay.

    Raises PolicyFileError with every problem of the file, RefusedError when a destination would
    vanish that a live routing table names; nothing is changed then.
    """
    buyers, destinations = read_buyers(text, file)
    with database.read() as connection:  # parsed before callers wait for the transaction
        known = read_live_tables(connection, seller_id)
    with database.write() as connection:
        bump_change_counter(connection)  # first: it makes other changes wait for this one
        before = read_directory(connection, seller_id, None)
        problems = check_buyers(buyers, destinations, before)
        if problems:
            raise refusal(place_problems(problems, text, file))
        after = replace_buyers(before, buyers, destinations)
        live = read_live_tables(connection, seller_id, known)
        _refuse_loss(before, after, live)
        if (after.buyers, after.destinations) == (before.buyers, before.destinations):
            return Applied(before, before, _find_dead(before, live))
        save_directory(connection, seller_id, after, author, note, at)
    return Applied(before, after, _find_dead(after, live))


def _refuse_loss(before: Directory, after: Directory, live: Mapping[str, RoutingTable]) -> None:
    lost = sorted(before.destinations.keys() - after.destinations.keys())
    used = [
        f"{destination_id} would vanish, but campaign {table.campaign_id} routes to it "
        f"(live table version {table.version}): keep it with enabled = false, or activate a "
        "table without it first"
        for destination_id in lost
        for table in live.values()
        if destination_id in table.destination_ids()
    ]
    if used:
        raise RefusedError("\n".join(used))


def _find_dead(directory: Directory, live: Mapping[str, RoutingTable]) -> tuple[str, ...]:
    """The live tables by which no call could reach anybody any more."""
    return tuple(
        f"campaign {table.campaign_id} (table version {table.version}): {problem.message}"
        for table in live.values()
        for problem in check_table(table, directory)
    )
