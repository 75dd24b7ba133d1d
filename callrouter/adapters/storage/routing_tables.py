"""Routing tables: their versions as written, which one is live, and the numbers that it has.

Knows nothing of what the TOML says: who activates a version names its numbers.
"""

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import Enum, StrEnum

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.engine import Connection

from callrouter.adapters.storage.sellers import bump_change_counter
from callrouter.adapters.storage.statements import insert_or_skip, matches, select_fields
from callrouter.adapters.storage.tables import (
    campaigns,
    dids,
    routing_tables,
    sellers,
    table_activations,
)
from callrouter.adapters.storage.types import make_storable
from callrouter.domain.errors import ChangedUnderneathError, NotFoundError, RefusedError
from callrouter.domain.tables.routing_table import AdvertisedNumber


class ActivationAction(StrEnum):
    """Why a version went live: as the next step, or back to an earlier one."""

    ACTIVATE = "activate"
    ROLLBACK = "rollback"


class Expecting(Enum):
    """What an activation may expect besides a version."""

    ANYTHING = "anything"
    """Whatever is live now may be replaced."""


@dataclass(frozen=True, slots=True)
class CampaignRow:
    """A campaign: the live version of its table (None before the first) and the newest one."""

    campaign_id: str
    active_version: int | None
    newest_version: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class TableVersion:
    """One stored version of a table."""

    version: int
    author: str
    note: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Activation:
    """One entry of a campaign's activation log."""

    sequence: int
    version: int
    previous_version: int | None
    action: ActivationAction
    author: str
    note: str
    activated_at: datetime


_OF_CAMPAIGN = ("seller_id", "campaign_id")
_KNOWN_SELLER = sa.select(sellers.c.seller_id).where(matches(sellers, "seller_id"))
_ADD_CAMPAIGN = insert_or_skip(campaigns, *_OF_CAMPAIGN, "created_at")
_NEWEST = (
    sa.select(routing_tables.c.version, routing_tables.c.toml)
    .where(matches(routing_tables, *_OF_CAMPAIGN))
    .order_by(routing_tables.c.version.desc())
    .limit(1)
)
_SELECT_TOML = sa.select(routing_tables.c.toml).where(
    matches(routing_tables, *_OF_CAMPAIGN, "version")
)
_LIST_VERSIONS = (
    select_fields(routing_tables, TableVersion)
    .where(matches(routing_tables, *_OF_CAMPAIGN))
    .order_by(routing_tables.c.version.desc())
)
_SELECT_ACTIVE = sa.select(campaigns.c.active_version).where(matches(campaigns, *_OF_CAMPAIGN))
_SET_ACTIVE = (
    sa.update(campaigns)
    .where(
        matches(campaigns, *_OF_CAMPAIGN, prefix="of_"),
        campaigns.c.active_version.is_not_distinct_from(bindparam("previous", type_=sa.Integer)),
    )
    .values(active_version=bindparam("version"))
)
_REMOVE_DIDS = sa.delete(dids).where(matches(dids, *_OF_CAMPAIGN))
_OWNED_ELSEWHERE = (
    sa.select(dids.c.number, dids.c.campaign_id)
    .where(
        matches(dids, "seller_id"),
        dids.c.campaign_id != bindparam("campaign_id"),
        dids.c.number.in_(bindparam("numbers", expanding=True)),
    )
    .order_by(dids.c.number)
)
_NEXT_SEQUENCE = sa.select(
    sa.func.coalesce(sa.func.max(table_activations.c.sequence), 0) + 1
).where(matches(table_activations, *_OF_CAMPAIGN))
_LIST_ACTIVATIONS = (
    select_fields(table_activations, Activation)
    .where(matches(table_activations, *_OF_CAMPAIGN))
    .order_by(table_activations.c.sequence.desc())
)
_newest_version = (
    sa.select(sa.func.coalesce(sa.func.max(routing_tables.c.version), 0))
    .where(
        routing_tables.c.seller_id == campaigns.c.seller_id,
        routing_tables.c.campaign_id == campaigns.c.campaign_id,
    )
    .scalar_subquery()
)
_LIST_CAMPAIGNS = (
    sa.select(
        campaigns.c.campaign_id, campaigns.c.active_version, _newest_version, campaigns.c.created_at
    )
    .where(matches(campaigns, "seller_id"))
    .order_by(campaigns.c.campaign_id)
)


def add_table(
    connection: Connection,
    seller_id: str,
    campaign_id: str,
    toml: str,
    author: str,
    note: str,
    at: datetime,
) -> int:
    """Keep a table as the campaign's next version; its version number.

    The same text as the newest version's is that version. A new campaign begins with version 1.
    Raises NotFoundError for an unknown seller.
    """
    toml = make_storable(toml)
    bump_change_counter(connection)
    of_campaign = {"seller_id": seller_id, "campaign_id": campaign_id}
    if connection.execute(_KNOWN_SELLER, of_campaign).first() is None:
        raise NotFoundError(f"there is no seller {seller_id!r}")
    connection.execute(_ADD_CAMPAIGN[connection.dialect.name], {**of_campaign, "created_at": at})
    newest = connection.execute(_NEWEST, of_campaign).one_or_none()
    version: int = newest.version if newest else 0
    if newest is not None and newest.toml == toml:
        return version
    version += 1
    row = {"version": version, "toml": toml, "author": author, "note": note, "created_at": at}
    connection.execute(sa.insert(routing_tables), {**of_campaign, **row})
    return version


def activate(
    connection: Connection,
    seller_id: str,
    campaign_id: str,
    version: int,
    numbers: tuple[AdvertisedNumber, ...],
    expected_active: int | Expecting | None,
    action: ActivationAction,
    author: str,
    note: str,
    at: datetime,
) -> int | None:
    """Make a stored version live with its `numbers`; the version that was live before.

    Raises NotFoundError for an unknown version, ChangedUnderneathError when something else than
    `expected_active` is live, RefusedError when another campaign of the seller has a number.
    """
    bump_change_counter(connection)
    of_campaign = {"seller_id": seller_id, "campaign_id": campaign_id}
    read_table_text(connection, seller_id, campaign_id, version)
    previous = active_version(connection, seller_id, campaign_id)
    if expected_active is not Expecting.ANYTHING and previous != expected_active:
        raise ChangedUnderneathError(
            f"campaign {campaign_id!r} has version {previous} live, not {expected_active}:"
            " look at its history and repeat"
        )
    _refuse_others_numbers(connection, of_campaign, numbers)
    swap = {"of_seller_id": seller_id, "of_campaign_id": campaign_id, "previous": previous}
    if connection.execute(_SET_ACTIVE, {**swap, "version": version}).rowcount != 1:
        raise ChangedUnderneathError(f"campaign {campaign_id!r} was changed at the same moment")
    connection.execute(_REMOVE_DIDS, of_campaign)
    if numbers:
        rows = [{**of_campaign, "number": n.number, "publisher": n.publisher} for n in numbers]
        connection.execute(sa.insert(dids), rows)
    sequence = connection.execute(_NEXT_SEQUENCE, of_campaign).scalar_one()
    entry = Activation(sequence, version, previous, action, author, note, activated_at=at)
    connection.execute(sa.insert(table_activations), {**of_campaign, **asdict(entry)})
    return previous


def read_table_text(connection: Connection, seller_id: str, campaign_id: str, version: int) -> str:
    """A version's TOML as it was written. Raises NotFoundError when there is none."""
    parameters = {"seller_id": seller_id, "campaign_id": campaign_id, "version": version}
    toml: str | None = connection.execute(_SELECT_TOML, parameters).scalar_one_or_none()
    if toml is None:
        raise NotFoundError(f"campaign {campaign_id!r} has no routing table version {version}")
    return toml


def active_version(connection: Connection, seller_id: str, campaign_id: str) -> int | None:
    """The live version, None before the first. Raises NotFoundError for an unknown campaign."""
    of_campaign = {"seller_id": seller_id, "campaign_id": campaign_id}
    row = connection.execute(_SELECT_ACTIVE, of_campaign).one_or_none()
    if row is None:
        raise NotFoundError(f"there is no campaign {campaign_id!r}")
    version: int | None = row.active_version
    return version


def find_active_version(connection: Connection, seller_id: str, campaign_id: str) -> int | None:
    """The live version, None before the first and for an unknown campaign."""
    of_campaign = {"seller_id": seller_id, "campaign_id": campaign_id}
    version: int | None = connection.execute(_SELECT_ACTIVE, of_campaign).scalar_one_or_none()
    return version


def list_versions(
    connection: Connection, seller_id: str, campaign_id: str
) -> tuple[TableVersion, ...]:
    """All stored versions of a campaign's table, the newest first."""
    parameters = {"seller_id": seller_id, "campaign_id": campaign_id}
    return tuple(TableVersion(*row) for row in connection.execute(_LIST_VERSIONS, parameters))


def list_activations(
    connection: Connection, seller_id: str, campaign_id: str
) -> tuple[Activation, ...]:
    """What was live when, by whom and why; the newest first."""
    parameters = {"seller_id": seller_id, "campaign_id": campaign_id}
    rows = connection.execute(_LIST_ACTIVATIONS, parameters)
    return tuple(replace(Activation(*row), action=ActivationAction(row.action)) for row in rows)


def list_campaigns(connection: Connection, seller_id: str) -> tuple[CampaignRow, ...]:
    """The seller's campaigns by id."""
    rows = connection.execute(_LIST_CAMPAIGNS, {"seller_id": seller_id})
    return tuple(CampaignRow(*row) for row in rows)


def _refuse_others_numbers(
    connection: Connection,
    of_campaign: dict[str, str],
    numbers: tuple[AdvertisedNumber, ...],
) -> None:
    parameters = {**of_campaign, "numbers": [n.number for n in numbers]}
    taken = connection.execute(_OWNED_ELSEWHERE, parameters).all()
    if taken:
        named = ", ".join(f"{row.number} (campaign {row.campaign_id!r})" for row in taken)
        raise RefusedError(f"numbers of another live routing table can't be taken over: {named}")
