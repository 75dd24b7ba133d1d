"""All of the live configuration in one reading, for processes that must do without the database."""

from dataclasses import dataclass, field

from sqlalchemy.engine import Connection

from callrouter.adapters.storage.sellers import read_change_counter
from callrouter.adapters.storage.standings import SellersStanding, read_all_standings
from callrouter.adapters.storage.statements import select_fields
from callrouter.adapters.storage.stops import SellersStop, read_all_stops
from callrouter.adapters.storage.tables import (
    campaigns,
    dids,
    directory_versions,
    routing_tables,
    sellers,
)


@dataclass(frozen=True, slots=True)
class SellerRow:
    """A seller, the tokens still sealed."""

    seller_id: str
    name: str
    account_sid: str
    primary_token: str = field(repr=False)
    secondary_token: str | None = field(repr=False)
    directory_version: int


@dataclass(frozen=True, slots=True)
class NumberRow:
    """A DID of a live table."""

    seller_id: str
    number: str
    campaign_id: str
    publisher: str


@dataclass(frozen=True, slots=True)
class TableRow:
    """A live table as its TOML."""

    seller_id: str
    campaign_id: str
    version: int
    toml: str


@dataclass(frozen=True, slots=True)
class DirectoryRow:
    """A seller's current directory as its JSON."""

    seller_id: str
    version: int
    body: str


@dataclass(frozen=True, slots=True)
class KnownGoodRows:
    """What was live at change number `changes`."""

    changes: int
    sellers: tuple[SellerRow, ...]
    numbers: tuple[NumberRow, ...]
    tables: tuple[TableRow, ...]
    directories: tuple[DirectoryRow, ...]
    stops: tuple[SellersStop, ...] = ()
    standings: tuple[SellersStanding, ...] = ()


_SELLERS = select_fields(sellers, SellerRow).order_by(sellers.c.seller_id)
_NUMBERS = select_fields(dids, NumberRow).order_by(dids.c.seller_id, dids.c.number)
_TABLES = (
    select_fields(routing_tables, TableRow)
    .join(
        campaigns,
        (campaigns.c.seller_id == routing_tables.c.seller_id)
        & (campaigns.c.campaign_id == routing_tables.c.campaign_id)
        & (campaigns.c.active_version == routing_tables.c.version),
    )
    .order_by(routing_tables.c.seller_id, routing_tables.c.campaign_id)
)
_DIRECTORIES = (
    select_fields(directory_versions, DirectoryRow)
    .join(
        sellers,
        (sellers.c.seller_id == directory_versions.c.seller_id)
        & (sellers.c.directory_version == directory_versions.c.version),
    )
    .order_by(directory_versions.c.seller_id)
)
_TRIES = 5


def read_known_good(connection: Connection) -> KnownGoodRows:
    """The live configuration, of one moment though read by several statements.

    Read again while it is changed meanwhile. Should that never end, `changes` is the number from
    before the last reading, so that a later look mends what was mixed.
    """
    changes = read_change_counter(connection)
    for _ in range(_TRIES):
        rows = _read(connection, changes)
        changes = read_change_counter(connection)
        if changes == rows.changes:
            break
    return rows


def _read(connection: Connection, changes: int) -> KnownGoodRows:
    return KnownGoodRows(
        changes=changes,
        sellers=tuple(SellerRow(*row) for row in connection.execute(_SELLERS)),
        numbers=tuple(NumberRow(*row) for row in connection.execute(_NUMBERS)),
        tables=tuple(TableRow(*row) for row in connection.execute(_TABLES)),
        directories=tuple(DirectoryRow(*row) for row in connection.execute(_DIRECTORIES)),
        stops=read_all_stops(connection),
        standings=read_all_standings(connection),
    )
