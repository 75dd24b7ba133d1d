"""Judge buyers' accounts by the seller's states: each minute, and at once where something changed.

What follows is written in one transaction: the state that calls see, the transition with its
figures, an alert to the seller, a letter to the buyer.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

import structlog
from sqlalchemy import Connection

from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.seller_summaries import summarize_sellers
from callrouter.adapters.storage.sellers import bump_conditions
from callrouter.adapters.storage.standings import (
    KeptStanding,
    list_standings,
    read_standing,
    save_standing,
)
from callrouter.domain.billing.party import Party, Side
from callrouter.domain.errors import PolicyFileError, StorageUnavailableError
from callrouter.domain.limits.standing import NO_EFFECT, BuyerStanding
from callrouter.workflows.apply_standing import find_ladder
from callrouter.workflows.judge_standing import judge_accounts, judge_buyer
from callrouter.workflows.ports import Clock
from callrouter.workflows.tell_standing import tell_standing

log = structlog.get_logger()

CLOCK = "clock"


def review_standing(database: Database, clock: Clock) -> int:
    """Judge every account of every seller; how many changed their state.

    An account that can't be judged keeps its state, and holds up no other.
    """
    changed = 0
    with database.read() as connection:
        sellers = [seller.seller_id for seller in summarize_sellers(connection)]
    for seller_id in sellers:
        try:
            with database.read() as connection:
                due = _find_due(connection, seller_id, clock.now())
        except PolicyFileError as error:
            # As a newer version of this program may have applied: what stands goes on standing.
            log.warning("standing_not_reviewed", seller=seller_id, buyer="", reason=str(error))
            continue
        for buyer_id in due:
            changed += review_account(database, seller_id, buyer_id, author=CLOCK, at=clock.now())
    return changed


def review_account(
    database: Database, seller_id: str, buyer_id: str, *, author: str, at: datetime
) -> bool:
    """Judge one account at once, as after a payment; True when its state is another now."""
    with database.write() as connection:
        bump_conditions(connection, seller_id)  # first: it makes other changes wait for this one
        return review_in(connection, seller_id, buyer_id, author=author, at=at)


def review_parties(
    database: Database, seller_id: str, parties: Iterable[Party], *, author: str, at: datetime
) -> None:
    """Judge at once the accounts of those among `parties` who are buyers: money was just posted.

    After that was committed, in a transaction of its own: who changes configuration waits for the
    seller first, and for accounts then. What can't be judged now is by the clock, within a minute.
    """
    for party in sorted(set(parties)):
        if party.side is not Side.BUYER:
            continue
        try:
            review_account(database, seller_id, party.party_id, author=author, at=at)
        except (PolicyFileError, StorageUnavailableError) as error:
            log.warning(
                "standing_not_reviewed",
                seller=seller_id,
                buyer=party.party_id,
                reason=str(error),
            )


def review_in(
    connection: Connection, seller_id: str, buyer_id: str, *, author: str, at: datetime
) -> bool:
    """The same within a transaction that has begun with `bump_conditions`."""
    ladder = find_ladder(connection, seller_id).ladder
    kept = read_standing(connection, seller_id, buyer_id)
    account = judge_buyer(connection, seller_id, ladder, buyer_id, kept, at)
    if not _is_news(kept, account.standing):
        return False
    standing = account.standing
    sequence = save_standing(
        connection, seller_id, standing, kept, account.figures, at=at, author=author
    )
    if sequence is None:
        return False
    was = kept.standing.state if kept else ""
    log.info(
        "standing_changed",
        seller=seller_id,
        buyer=buyer_id,
        old=was,
        new=standing.state,
        reason=standing.reason,
        author=author,
    )
    tell_standing(connection, seller_id, ladder, account, was, sequence, at)
    return True


def _find_due(connection: Connection, seller_id: str, at: datetime) -> tuple[str, ...]:
    """The buyers whose accounts call for a change: only for these others are made to wait."""
    kept = {each.standing.buyer_id: each for each in list_standings(connection, seller_id)}
    return tuple(
        account.buyer_id
        for account in judge_accounts(connection, seller_id, at)
        if _is_news(kept.get(account.buyer_id), account.standing)
    )


def _is_news(kept: KeptStanding | None, standing: BuyerStanding) -> bool:
    """Whether calls must see something else: figures alone change with every call."""
    if kept is None:
        return True
    before = kept.standing
    if standing.effect == NO_EFFECT and standing.state == before.state:
        before = replace(before, reason=standing.reason)
    return before != standing
