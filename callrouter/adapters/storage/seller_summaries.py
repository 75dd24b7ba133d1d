"""Sellers as they may be shown: without their tokens, so that no key is needed to open them."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from callrouter.adapters.storage.tables import sellers


@dataclass(frozen=True, slots=True)
class SellerSummary:
    """A seller without secrets; `has_secondary_token` while two tokens sign its webhooks."""

    seller_id: str
    name: str
    account_sid: str
    has_secondary_token: bool
    directory_version: int
    created_at: datetime


_SUMMARIES = sa.select(
    sellers.c.seller_id,
    sellers.c.name,
    sellers.c.account_sid,
    sellers.c.secondary_token.is_not(None),
    sellers.c.directory_version,
    sellers.c.created_at,
).order_by(sellers.c.seller_id)


def summarize_sellers(connection: Connection) -> tuple[SellerSummary, ...]:
    """All sellers by id."""
    return tuple(SellerSummary(*row) for row in connection.execute(_SUMMARIES))
