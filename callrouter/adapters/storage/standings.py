"""How buyers' accounts stand, and every change of that: written whole, each with its figures.

Each change raises the seller's conditions version, which calls read with their DID.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

import sqlalchemy as sa
from pydantic import TypeAdapter
from sqlalchemy import bindparam
from sqlalchemy.engine import Connection

from callrouter.adapters.storage.prepared import Prepared
from callrouter.adapters.storage.sellers import bump_conditions
from callrouter.adapters.storage.standing_tables import standing_changes, standings
from callrouter.adapters.storage.statements import insert_or_skip, matches, select_fields
from callrouter.domain.billing.standing_ladder import AccountFigures
from callrouter.domain.limits.standing import BuyerStanding, Effect


@dataclass(frozen=True, slots=True)
class KeptStanding:
    """A buyer's standing, and since when it has been in its state."""

    standing: BuyerStanding
    since: datetime


@dataclass(frozen=True, slots=True)
class SellersStanding:
    """A standing and whose buyer it is."""

    seller_id: str
    standing: BuyerStanding


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingChange:
    """One transition of a buyer's state; `old` is "" for its first."""

    sequence: int
    buyer_id: str
    old: str
    new: str
    changed_at: datetime
    reason: str
    author: str
    figures: AccountFigures
    effect: Effect


_STANDING = TypeAdapter(BuyerStanding)
_FIGURES = TypeAdapter(AccountFigures)
_EFFECT = TypeAdapter(Effect)
_KEY = ("seller_id", "buyer_id")
_LIST = Prepared(
    sa.select(standings.c.body, standings.c.since)
    .where(matches(standings, "seller_id"))
    .order_by(standings.c.buyer_id)
)
_ALL = sa.select(standings.c.seller_id, standings.c.body).order_by(*standings.primary_key.columns)
_READ = sa.select(standings.c.body, standings.c.since).where(matches(standings, *_KEY))
_INSERT = insert_or_skip(standings)
_REPLACE = (
    sa.update(standings)
    .where(matches(standings, *_KEY, prefix="of_"))
    .values({name: bindparam(name) for name in ("state", "since", "body")})
)
_CHANGES = (
    select_fields(standing_changes, StandingChange)
    .where(matches(standing_changes, "seller_id"))
    .order_by(standing_changes.c.sequence.desc())
)


def list_standings(connection: Connection, seller_id: str) -> tuple[KeptStanding, ...]:
    """How all of a seller's buyers with an agreement stand, by their ids."""
    rows = _LIST.all(connection, {"seller_id": seller_id})
    return tuple(KeptStanding(_STANDING.validate_json(body), since) for body, since in rows)


def read_standing(connection: Connection, seller_id: str, buyer_id: str) -> KeptStanding | None:
    """How one buyer stands; None for one whose account was never looked at."""
    parameters = {"seller_id": seller_id, "buyer_id": buyer_id}
    row = connection.execute(_READ, parameters).one_or_none()
    return None if row is None else KeptStanding(_STANDING.validate_json(row.body), row.since)


def read_all_standings(connection: Connection) -> tuple[SellersStanding, ...]:
    """How all buyers of all sellers stand."""
    rows = connection.execute(_ALL)
    return tuple(SellersStanding(row.seller_id, _STANDING.validate_json(row.body)) for row in rows)


def save_standing(
    connection: Connection,
    seller_id: str,
    standing: BuyerStanding,
    before: KeptStanding | None,
    figures: AccountFigures,
    *,
    at: datetime,
    author: str,
) -> int | None:
    """Write how a buyer stands now, and the transition if its state is another than `before`.

    The transition's number, or None when the state stayed. Raises the conditions version, so that
    no later call is routed by the one before. Within a transaction that holds the seller's
    `bump_conditions` since before `before` was read.
    """
    sequence = bump_conditions(connection, seller_id)
    is_new = before is None or before.standing.state != standing.state
    values = {
        "state": standing.state,
        "since": at if before is None or is_new else before.since,
        "body": _STANDING.dump_json(standing).decode(),
    }
    _write(connection, {"seller_id": seller_id, "buyer_id": standing.buyer_id}, values)
    if not is_new:
        return None
    change = StandingChange(
        sequence=sequence,
        buyer_id=standing.buyer_id,
        old=before.standing.state if before else "",
        new=standing.state,
        changed_at=at,
        reason=standing.reason,
        author=author,
        figures=figures,
        effect=standing.effect,
    )
    _add_change(connection, seller_id, change)
    return sequence


def list_standing_changes(
    connection: Connection, seller_id: str, *, buyer_id: str | None = None, most: int
) -> tuple[StandingChange, ...]:
    """The transitions, the newest first, of one buyer where that is named."""
    statement = _CHANGES.limit(most)
    if buyer_id is not None:
        statement = statement.where(standing_changes.c.buyer_id == buyer_id)
    return tuple(
        StandingChange(
            **{
                **row._asdict(),
                "figures": _FIGURES.validate_json(row.figures),
                "effect": _EFFECT.validate_json(row.effect),
            }
        )
        for row in connection.execute(statement, {"seller_id": seller_id})
    )


def _write(connection: Connection, key: Mapping[str, object], values: Mapping[str, object]) -> None:
    inserted = connection.execute(_INSERT[connection.dialect.name], {**key, **values}).rowcount
    if not inserted:
        of_key = {f"of_{name}": value for name, value in key.items()}
        connection.execute(_REPLACE, {**of_key, **values})


def _add_change(connection: Connection, seller_id: str, change: StandingChange) -> None:
    values = asdict(change) | {
        "seller_id": seller_id,
        "figures": _FIGURES.dump_json(change.figures).decode(),
        "effect": _EFFECT.dump_json(change.effect).decode(),
    }
    connection.execute(sa.insert(standing_changes), values)
