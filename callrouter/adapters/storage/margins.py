"""What calls moved: their entries in the ledger and the carrier's cost, read for pages of calls."""

from collections.abc import Iterator, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from callrouter.adapters.storage.audit_tables import AWAITS_PRICE, carrier_costs
from callrouter.adapters.storage.carrier_costs import Cost
from callrouter.adapters.storage.cdrs import CdrCursor, CdrFilter, list_cdrs
from callrouter.adapters.storage.ledger_tables import IS_OF_CALL, ledger_entries
from callrouter.adapters.storage.tables import cdrs
from callrouter.domain.billing.ledger import EntryKind
from callrouter.domain.billing.margin import Booked, CallMoney, CarrierCost
from callrouter.domain.billing.party import Party

_PAGE = 500
_ENTRY = ledger_entries.c
_COST = carrier_costs.c


def stream_call_money(
    connection: Connection, seller_id: str, wanted: CdrFilter, *, page: int = _PAGE
) -> Iterator[CallMoney]:
    """What each of these calls moved, newest call first, in constant memory."""
    after: CdrCursor | None = None
    while True:
        rows = list_cdrs(connection, seller_id, wanted, after, page)
        call_sids = [stored.cdr.call_sid for stored in rows]
        booked = read_booked(connection, seller_id, call_sids)
        costs = _read_costs(connection, seller_id, call_sids)
        for stored in rows:
            cdr = stored.cdr
            yield CallMoney(
                call_sid=cdr.call_sid,
                started_at=cdr.started_at,
                campaign_id=cdr.campaign_id,
                publisher=cdr.publisher,
                buyer_id=cdr.buyer_id,
                booked=tuple(booked.get(cdr.call_sid, ())),
                costs=tuple(costs.get(cdr.call_sid, ())),
            )
        if len(rows) < page:
            return
        after = CdrCursor.behind(rows[-1])


def sum_costs_without_cdr(
    connection: Connection, seller_id: str, since: datetime, until: datetime
) -> tuple[Cost, ...]:
    """What the carrier took for legs that started in a period, of calls that have no CDR here."""
    has_cdr = sa.exists().where(
        cdrs.c.seller_id == _COST.seller_id, cdrs.c.call_sid == _COST.call_sid
    )
    statement = (
        sa.select(_COST.currency, sa.func.sum(_COST.cost_micros), sa.func.count())
        .where(
            _COST.seller_id == seller_id,
            _COST.started_at >= since,
            _COST.started_at < until,
            _COST.cost_micros.is_not(None),
            ~has_cdr,
        )
        .group_by(_COST.currency)
        .order_by(_COST.currency)
    )
    rows = connection.execute(statement)
    return tuple(Cost(currency, int(micros), legs) for currency, micros, legs in rows)


def read_booked(
    connection: Connection, seller_id: str, call_sids: Sequence[str]
) -> dict[str, list[Booked]]:
    """What stands in the ledger for each of these calls, corrections counted, by call."""
    account = (_ENTRY.call_sid, _ENTRY.side, _ENTRY.party_id, _ENTRY.currency)
    statement = (
        sa.select(*account, sa.func.sum(_ENTRY.amount_micros))
        .where(
            _ENTRY.seller_id == seller_id,
            _ENTRY.call_sid.in_(call_sids),
            IS_OF_CALL,
            _ENTRY.kind != EntryKind.PAYMENT,
        )
        .group_by(*account)
        .order_by(*account)
    )
    found: dict[str, list[Booked]] = {}
    for call_sid, side, party_id, currency, micros in connection.execute(statement):
        booked = Booked(Party(side, party_id), currency, int(micros))
        found.setdefault(call_sid, []).append(booked)
    return found


def _read_costs(
    connection: Connection, seller_id: str, call_sids: Sequence[str]
) -> dict[str, list[CarrierCost]]:
    """By call and currency; legs that never get a price, for nobody answered them, are left out."""
    of_call = (_COST.call_sid, _COST.currency)
    unpriced = sa.func.sum(sa.case((AWAITS_PRICE, 1), else_=0))
    statement = (
        sa.select(*of_call, sa.func.coalesce(sa.func.sum(_COST.cost_micros), 0), unpriced)
        .where(
            _COST.seller_id == seller_id,
            _COST.call_sid.in_(call_sids),
            _COST.cost_micros.is_not(None) | AWAITS_PRICE,
        )
        .group_by(*of_call)
        .order_by(*of_call)
    )
    found: dict[str, list[CarrierCost]] = {}
    for call_sid, currency, micros, count in connection.execute(statement):
        found.setdefault(call_sid, []).append(CarrierCost(currency, int(micros), int(count)))
    return found
