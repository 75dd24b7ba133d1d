"""Which table is meant by FILE_OR_CAMPAIGN and --version: a file, or a version that is stored."""

from pathlib import Path

from sqlalchemy import Connection

from callrouter.adapters.policy_files.document import load_policy
from callrouter.adapters.policy_files.routing_table_file import read_table
from callrouter.cli.table_views import find_version
from callrouter.domain.tables.routing_table import RoutingTable
from callrouter.workflows.live_tables import read_stored_table


def choose_table(
    connection: Connection, seller_id: str, file_or_campaign: str, version: int | None
) -> RoutingTable:
    """The table of a file where there is one of that name, else a version of the campaign.

    The live one when no version is named. Raises PolicyFileError for a file that isn't a table,
    NotFoundError when there is neither file nor campaign, or no such version.
    """
    if version is None and _names_file(file_or_campaign):
        return read_table(load_policy(Path(file_or_campaign)), file_or_campaign)
    found = find_version(connection, seller_id, file_or_campaign, version)
    return read_stored_table(connection, seller_id, file_or_campaign, found)


def name_table(table: RoutingTable, file_or_campaign: str) -> str:
    """What the table is called in headings."""
    if table.version == 0:
        return file_or_campaign
    return f"{table.campaign_id} version {table.version}"


def _names_file(named: str) -> bool:
    return named.endswith(".toml") or "/" in named or Path(named).is_file()
