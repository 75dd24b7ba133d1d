"""Live routing tables, parsed: what a change of the configuration is checked against."""

from collections.abc import Mapping
from types import MappingProxyType

from sqlalchemy import Connection

from callrouter.adapters.policy_files.routing_table_file import read_table
from callrouter.adapters.storage.routing_tables import list_campaigns, read_table_text
from callrouter.domain.tables.routing_table import RoutingTable

_NONE: Mapping[str, RoutingTable] = MappingProxyType({})


def read_stored_table(
    connection: Connection, seller_id: str, campaign_id: str, version: int
) -> RoutingTable:
    """A stored version. Raises NotFoundError when there is none."""
    text = read_table_text(connection, seller_id, campaign_id, version)
    return read_table(text, name_version(campaign_id, version), version=version)


def read_live_tables(
    connection: Connection, seller_id: str, known: Mapping[str, RoutingTable] = _NONE
) -> Mapping[str, RoutingTable]:
    """The live table of each campaign that has one, by campaign.

    Those of `known`, which an earlier call gave, are used where the same version is live still: a
    stored version never changes, and to parse it takes milliseconds.
    """
    live: dict[str, RoutingTable] = {}
    for row in list_campaigns(connection, seller_id):
        campaign_id, version = row.campaign_id, row.active_version
        if version is None:
            continue
        before = known.get(campaign_id)
        live[campaign_id] = (
            before
            if before is not None and before.version == version
            else read_stored_table(connection, seller_id, campaign_id, version)
        )
    return MappingProxyType(live)


def name_version(campaign_id: str, version: int) -> str:
    """What a stored version is called where a file name would stand."""
    return f"{campaign_id} version {version}"
