"""What a seller wrote of its states, every version of it, and what holds buyers' states for now."""

from dataclasses import asdict, dataclass, fields
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.engine import Connection

from callrouter.adapters.storage.sellers import bump_conditions
from callrouter.adapters.storage.standing_tables import standing_holds, standing_policies
from callrouter.adapters.storage.statements import matches, select_fields
from callrouter.domain.billing.standing_holds import HoldKind, StandingHold


@dataclass(frozen=True, slots=True)
class StandingPolicy:
    """One version of a seller's standing.toml."""

    version: int
    toml: str
    author: str
    note: str
    created_at: datetime


_POLICIES = (
    select_fields(standing_policies, StandingPolicy)
    .where(matches(standing_policies, "seller_id"))
    .order_by(standing_policies.c.version.desc())
)
_HOLD = tuple(field.name for field in fields(StandingHold))
_HOLDS = (
    select_fields(standing_holds, StandingHold)
    .where(matches(standing_holds, "seller_id"))
    .order_by(standing_holds.c.buyer_id, standing_holds.c.hold_id.desc())
)
_NEWEST_HOLD = sa.select(sa.func.max(standing_holds.c.hold_id)).where(
    matches(standing_holds, "seller_id", "buyer_id")
)
_LIFT = (
    sa.update(standing_holds)
    .where(
        matches(standing_holds, "seller_id", "buyer_id", "kind", prefix="of_"),
        standing_holds.c.lifted_at.is_(None),
        standing_holds.c.until > bindparam("at", type_=standing_holds.c.until.type),
    )
    .values(lifted_at=bindparam("at", type_=standing_holds.c.until.type), lifted_by=bindparam("by"))
    .execution_options(preserve_rowcount=True)
)


def save_policy(
    connection: Connection, seller_id: str, toml: str, *, author: str, note: str, at: datetime
) -> int:
    """Keep the next version, which holds from now on; its number, from 1.

    Raises NotFoundError for an unknown seller.
    """
    bump_conditions(connection, seller_id)
    newest = read_policy(connection, seller_id)
    policy = StandingPolicy(newest.version + 1 if newest else 1, toml, author, note, at)
    values = {"seller_id": seller_id, **asdict(policy)}
    connection.execute(sa.insert(standing_policies), values)
    return policy.version


def read_policy(connection: Connection, seller_id: str) -> StandingPolicy | None:
    """The version that holds; None where none was ever applied."""
    row = connection.execute(_POLICIES.limit(1), {"seller_id": seller_id}).first()
    return None if row is None else StandingPolicy(*row)


def add_hold(connection: Connection, seller_id: str, hold: StandingHold) -> int:
    """Keep a promise or override, whose number is given here; one of its kind ends with it."""
    bump_conditions(connection, seller_id)
    lift_holds(connection, seller_id, hold.buyer_id, hold.kind, at=hold.set_at, author=hold.author)
    key = {"seller_id": seller_id, "buyer_id": hold.buyer_id}
    newest: int | None = connection.execute(_NEWEST_HOLD, key).scalar_one()
    number = (newest or 0) + 1
    values = {name: getattr(hold, name) for name in _HOLD}
    connection.execute(sa.insert(standing_holds), values | {**key, "hold_id": number})
    return number


def lift_holds(
    connection: Connection,
    seller_id: str,
    buyer_id: str,
    kind: HoldKind,
    *,
    at: datetime,
    author: str,
) -> int:
    """End whatever stands of a buyer and a kind; how many there were: one at most."""
    parameters = {
        "of_seller_id": seller_id,
        "of_buyer_id": buyer_id,
        "of_kind": kind,
        "at": at,
        "by": author,
    }
    return connection.execute(_LIFT, parameters).rowcount


def list_holds(
    connection: Connection, seller_id: str, buyer_id: str | None = None
) -> tuple[StandingHold, ...]:
    """Every promise and override of one buyer, or of all: the newest of each buyer first."""
    statement = _HOLDS
    if buyer_id is not None:
        statement = statement.where(standing_holds.c.buyer_id == buyer_id)
    rows = connection.execute(statement, {"seller_id": seller_id})
    return tuple(StandingHold(**dict(zip(_HOLD, row, strict=True))) for row in rows)
