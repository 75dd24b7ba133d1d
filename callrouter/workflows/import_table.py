"""Store a routing table as its campaign's next version without making it live."""

from dataclasses import replace
from datetime import datetime

from callrouter.adapters.policy_files.routing_table_file import read_table
from callrouter.adapters.policy_files.taken_from import split_taken_from
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.routing_tables import add_table
from callrouter.domain.tables.routing_table import RoutingTable


def import_table(
    database: Database,
    seller_id: str,
    text: str,
    file: str,
    *,
    author: str,
    note: str,
    at: datetime,
) -> RoutingTable:
    """The table with the version under which it is kept now.

    The same text as the newest version's is that version. Raises PolicyFileError when the text
    isn't a table; whether its destinations exist is checked when it goes live.
    """
    table = read_table(text, file)
    _, body = split_taken_from(text, table.campaign_id)
    with database.write() as connection:
        version = add_table(connection, seller_id, table.campaign_id, body, author, note, at)
    return replace(table, version=version)
