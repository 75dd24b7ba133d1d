"""A person holds a buyer's state for a while: a promise to pay was made, or they know better."""

from datetime import datetime
from difflib import get_close_matches

import structlog
from sqlalchemy import Connection

from callrouter.adapters.storage.directories import read_directory
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.sellers import bump_conditions
from callrouter.adapters.storage.standing_policies import add_hold, lift_holds
from callrouter.adapters.storage.standings import read_standing
from callrouter.domain.billing.standing_holds import HoldKind, StandingHold
from callrouter.domain.errors import NotFoundError, RefusedError
from callrouter.workflows.apply_standing import find_ladder
from callrouter.workflows.review_standing import review_in

log = structlog.get_logger()


def hold_standing(
    database: Database,
    seller_id: str,
    buyer_id: str,
    kind: HoldKind,
    *,
    state: str | None,
    until: datetime,
    reason: str,
    author: str,
    at: datetime,
) -> StandingHold:
    """Keep a promise or an override, and judge the account by it at once; it replaces one before.

    `state` None is the state that the account is in. Raises NotFoundError for an unknown buyer or
    state, RefusedError for an end that is past.
    """
    if until <= at:
        raise RefusedError(f"{until:%Y-%m-%d %H:%M} UTC is past: nothing would be held")
    with database.write() as connection:
        bump_conditions(connection, seller_id)  # first: it makes other changes wait for this one
        _require_buyer(connection, seller_id, buyer_id)
        hold = StandingHold(
            buyer_id=buyer_id,
            hold_id=0,
            kind=kind,
            state=_choose_state(connection, seller_id, buyer_id, state),
            until=until,
            reason=reason,
            author=author,
            set_at=at,
        )
        add_hold(connection, seller_id, hold)
        review_in(connection, seller_id, buyer_id, author=author, at=at)
    _log_held(seller_id, hold)
    return hold


def lift_standing(
    database: Database,
    seller_id: str,
    buyer_id: str,
    kind: HoldKind,
    *,
    author: str,
    at: datetime,
) -> None:
    """End a promise or an override before its time, and judge the account at once.

    Raises NotFoundError when none stands.
    """
    with database.write() as connection:
        bump_conditions(connection, seller_id)  # first: it makes other changes wait for this one
        if not lift_holds(connection, seller_id, buyer_id, kind, at=at, author=author):
            raise NotFoundError(f"there is no {kind} that holds buyer {buyer_id!r}")
        review_in(connection, seller_id, buyer_id, author=author, at=at)
    log.info("standing_lifted", seller=seller_id, buyer=buyer_id, kind=kind, author=author)


def _log_held(seller_id: str, hold: StandingHold) -> None:
    log.info(
        "standing_held",
        seller=seller_id,
        buyer=hold.buyer_id,
        kind=hold.kind,
        state=hold.state,
        until=hold.until.isoformat(),
        author=hold.author,
    )


def _require_buyer(connection: Connection, seller_id: str, buyer_id: str) -> None:
    buyers = read_directory(connection, seller_id, None).buyers
    if buyer_id not in buyers:
        near = get_close_matches(buyer_id, buyers, n=3) or sorted(buyers)[:5]
        hint = f"; there is {', '.join(near)}" if near else ""
        raise NotFoundError(f"there is no buyer {buyer_id!r}{hint}")


def _choose_state(connection: Connection, seller_id: str, buyer_id: str, state: str | None) -> str:
    ladder = find_ladder(connection, seller_id).ladder
    if state is None:
        kept = read_standing(connection, seller_id, buyer_id)
        known = ladder.find(kept.standing.state) if kept else None
        return known.name if known else ladder.rungs[0].name
    if ladder.find(state) is None:
        names = ", ".join(rung.name for rung in ladder.rungs)
        raise NotFoundError(f"there is no state {state!r}; there is {names}")
    return state
