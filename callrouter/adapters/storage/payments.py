"""Payments that were told: each kept once, whoever tells it again.

Whoever changes one holds its row (`lock_payment`) before it locks accounts.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.engine import Connection

from callrouter.adapters.storage.payment_tables import payment_returns, payments
from callrouter.adapters.storage.statements import insert_or_skip, matches
from callrouter.domain.billing.party import Party, Side
from callrouter.domain.billing.payment import Owner, Payment, PaymentSource, PaymentState


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPayment:
    """A payment and what became of it.

    `owner` is set while it is TAKEN, `entry` then the number of the entry by which it stands in the
    account, None when all of it was given back. `entries` counts how many entries it ever had.
    `reason` says why it is unmatched, dismissed or reversed.
    """

    payment: Payment
    state: PaymentState
    owner: Owner | None
    told_at: datetime
    told_by: str
    changed_at: datetime
    changed_by: str
    reason: str = ""
    entry: int | None = None
    entries: int = 0


_KEY = ("seller_id", "source", "payment_id")
_TOLD = tuple(field.name for field in fields(Payment))
_REST = ("entry", "entries", "reason", "told_at", "told_by", "state", "changed_at", "changed_by")
_CHANGING = ("state", "side", "party_id", "statement", "entry", "entries", "reason")
_ADD = insert_or_skip(payments)
_SELECT = sa.select(payments)
_ONE = _SELECT.where(matches(payments, *_KEY))
_LOCK = _ONE.with_for_update()
_READ_SEVERAL = _SELECT.where(
    matches(payments, "seller_id", "source"),
    payments.c.payment_id.in_(bindparam("ids", expanding=True)),
).order_by(payments.c.payment_id)
_LOCK_SEVERAL = _READ_SEVERAL.with_for_update()
_AT_ONCE = 500
_CHANGE = (
    sa.update(payments)
    .where(matches(payments, *_KEY, prefix="of_"))
    .values({name: bindparam(name) for name in (*_CHANGING, "changed_at", "changed_by")})
)
_UNMATCHED = (
    _SELECT.where(
        matches(payments, "seller_id"), payments.c.state == sa.literal_column("'unmatched'")
    )
    .order_by(payments.c.told_at, payments.c.source, payments.c.payment_id)
    .limit(bindparam("limit"))
)
_COUNT_UNMATCHED = (
    sa.select(sa.func.count())
    .select_from(payments)
    .where(matches(payments, "seller_id"), payments.c.state == sa.literal_column("'unmatched'"))
)
_RETURNED = sa.select(sa.func.coalesce(sa.func.sum(payment_returns.c.amount_micros), 0)).where(
    matches(payment_returns, *_KEY, "currency")
)
_ADD_RETURN = insert_or_skip(payment_returns)
_RAISE_RETURN = (
    sa.update(payment_returns)
    .where(
        matches(payment_returns, *_KEY, "return_id", prefix="of_"),
        payment_returns.c.amount_micros < bindparam("amount"),
    )
    .values(amount_micros=bindparam("amount"))
)


def add_payments(connection: Connection, seller_id: str, kept: Sequence[KeptPayment]) -> None:
    """Keep payments in the order of their ids; one that is kept already stays as it is."""
    rows = [
        {"seller_id": seller_id}
        | {name: getattr(each.payment, name) for name in _TOLD}
        | {"told_at": each.told_at, "told_by": each.told_by}
        | _changing(each)
        for each in sorted(kept, key=lambda each: each.payment.payment_id)
    ]
    if rows:
        connection.execute(_ADD[connection.dialect.name], rows)


def read_payments(
    connection: Connection,
    seller_id: str,
    source: PaymentSource,
    payment_ids: Iterable[str],
    *,
    lock: bool = False,
) -> dict[str, KeptPayment]:
    """Those of the payments that are kept, by id; with `lock` their rows are held."""
    ids = sorted(set(payment_ids))
    found: dict[str, KeptPayment] = {}
    for start in range(0, len(ids), _AT_ONCE):
        parameters = {
            "seller_id": seller_id, "source": source, "ids": ids[start : start + _AT_ONCE]
        }  # fmt: skip
        rows = connection.execute(_LOCK_SEVERAL if lock else _READ_SEVERAL, parameters)
        found |= {row["payment_id"]: _read(row) for row in rows.mappings()}
    return found


def lock_payment(
    connection: Connection, seller_id: str, source: PaymentSource, payment_id: str
) -> KeptPayment | None:
    """Hold a payment's row until the transaction ends; None when there is no such payment."""
    key = {"seller_id": seller_id, "source": source, "payment_id": payment_id}
    row = connection.execute(_LOCK, key).mappings().one_or_none()
    return None if row is None else _read(row)


def change_payments(connection: Connection, seller_id: str, kept: Sequence[KeptPayment]) -> None:
    """Say what became of payments whose rows are held."""
    rows = [
        {
            "of_seller_id": seller_id,
            "of_source": each.payment.source,
            "of_payment_id": each.payment.payment_id,
        }
        | _changing(each)
        for each in kept
    ]
    if rows:
        connection.execute(_CHANGE, rows)


def list_unmatched(connection: Connection, seller_id: str, limit: int) -> tuple[KeptPayment, ...]:
    """The payments of which nobody has said whose they are, at most `limit`, the oldest first."""
    rows = connection.execute(_UNMATCHED, {"seller_id": seller_id, "limit": limit})
    return tuple(_read(row) for row in rows.mappings())


def count_unmatched(connection: Connection, seller_id: str) -> int:
    """How many payments wait for somebody to say whose they are."""
    count: int = connection.execute(_COUNT_UNMATCHED, {"seller_id": seller_id}).scalar_one()
    return count


def list_payments(
    connection: Connection,
    seller_id: str,
    *,
    party: Party | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int,
) -> tuple[KeptPayment, ...]:
    """The payments of a party, or all, that were paid within a time; the latest first."""
    wanted = _SELECT.where(payments.c.seller_id == seller_id)
    if party is not None:
        wanted = wanted.where(payments.c.side == party.side, payments.c.party_id == party.party_id)
    if since is not None:
        wanted = wanted.where(payments.c.paid_at >= since)
    if until is not None:
        wanted = wanted.where(payments.c.paid_at < until)
    latest_first = wanted.order_by(
        payments.c.paid_at.desc(), payments.c.source, payments.c.payment_id
    )
    return tuple(_read(row) for row in connection.execute(latest_first.limit(limit)).mappings())


def note_return(
    connection: Connection,
    seller_id: str,
    source: PaymentSource,
    payment_id: str,
    return_id: str,
    amount_micros: int,
    currency: str,
    at: datetime,
) -> None:
    """Keep what was given back of a payment, by what; the largest amount that is ever told of it.

    A negative amount has come again. The payment itself may be told later.
    """
    values: dict[str, object] = {
        "seller_id": seller_id,
        "source": source,
        "payment_id": payment_id,
        "return_id": return_id,
        "amount_micros": amount_micros,
        "currency": currency,
        "told_at": at,
    }
    if connection.execute(_ADD_RETURN[connection.dialect.name], values).rowcount == 0:
        of = {f"of_{name}": values[name] for name in (*_KEY, "return_id")}
        connection.execute(_RAISE_RETURN, of | {"amount": amount_micros})


def sum_returned(connection: Connection, seller_id: str, payment: Payment) -> int:
    """What was given back of a payment in its own currency, less what came again."""
    key = {
        "seller_id": seller_id,
        "source": payment.source,
        "payment_id": payment.payment_id,
        "currency": payment.currency,
    }
    return int(connection.execute(_RETURNED, key).scalar_one())


def _changing(kept: KeptPayment) -> dict[str, object]:
    party = kept.owner.party if kept.owner else None
    return {
        "state": kept.state,
        "side": party.side if party else None,
        "party_id": party.party_id if party else None,
        "statement": kept.owner.statement if kept.owner else "",
        "entry": kept.entry,
        "entries": kept.entries,
        "reason": kept.reason,
        "changed_at": kept.changed_at,
        "changed_by": kept.changed_by,
    }


def _read(row: sa.RowMapping) -> KeptPayment:
    side: Side | None = row["side"]
    return KeptPayment(
        payment=Payment(**{name: row[name] for name in _TOLD}),
        owner=Owner(Party(side, row["party_id"]), row["statement"]) if side else None,
        **{name: row[name] for name in _REST},
    )
