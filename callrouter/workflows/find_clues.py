"""What is known of a buyer before a file of its is read: mappings, numbers, the period."""

from datetime import date

from callrouter.adapters.storage.buyer_mappings import list_mappings
from callrouter.adapters.storage.directories import read_directory
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.owned_numbers import list_dids
from callrouter.domain.numbers import is_e164
from callrouter.domain.tie_out.mapping import Mapping
from callrouter.workflows.read_buyer_file import Clues


def find_clues(
    database: Database, seller_id: str, buyer_id: str, period: tuple[date, date] | None = None
) -> Clues:
    """The mappings that hold for the buyer, the newest first, our numbers and its destinations."""
    with database.read() as connection:
        versions = list_mappings(connection, seller_id, buyer_id)
        directory = read_directory(connection, seller_id, None)
        numbers = list_dids(connection, seller_id)
    newest: dict[str, Mapping | None] = {}
    for version in versions:
        newest.setdefault(version.layout, version.mapping)
    dials = {each.dial for each in directory.destinations.values() if each.buyer_id == buyer_id}
    return Clues(
        remembered=tuple(mapping for mapping in newest.values() if mapping is not None),
        known_numbers=frozenset(filter(is_e164, dials)) | frozenset(numbers),
        period=period,
    )
