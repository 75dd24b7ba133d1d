"""The money at stake now: per buyer what is owed, overdue, unbilled, and may be added by calls."""

import csv
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from datetime import datetime
from typing import TextIO

from sqlalchemy import Connection

from callrouter.adapters.storage.directories import read_directory
from callrouter.adapters.storage.live_dials import count_live_dials
from callrouter.domain.billing.exposure import find_dearest_call
from callrouter.domain.money import say_micros
from callrouter.workflows.export_calls import spell_cell
from callrouter.workflows.judge_standing import Account, judge_accounts
from callrouter.workflows.read_account import LONGEST_CALL_S


@dataclass(frozen=True, slots=True, kw_only=True)
class StakeRow:
    """One buyer's money at stake; amounts as decimal text in `currency`.

    `in_progress` is what calls in progress may add: what is held for them, or where nothing is held
    for want of a limit, the dearest that each may cost. `limit` is "" without one, "0.00" for who
    pays in advance; `left` is what the limit leaves.
    """

    buyer: str
    state: str
    currency: str
    owed: str
    overdue: str
    days_overdue: int
    unbilled: str
    live_calls: int
    in_progress: str
    limit: str
    left: str


COLUMNS = tuple(field.name for field in fields(StakeRow))


def view_stake(connection: Connection, seller_id: str, at: datetime) -> tuple[StakeRow, ...]:
    """Every buyer with an account, by its id."""
    directory = read_directory(connection, seller_id, None)
    live: dict[str, int] = {}
    for destination_id, calls in count_live_dials(connection, seller_id).items():
        destination = directory.destinations.get(destination_id)
        if destination is not None:
            live[destination.buyer_id] = live.get(destination.buyer_id, 0) + calls
    return tuple(
        _row(account, live.get(account.buyer_id, 0), at)
        for account in judge_accounts(connection, seller_id, at)
    )


def export_stake_csv(rows: Iterable[StakeRow], out: TextIO) -> None:
    """A header and a line for each buyer."""
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([spell_cell(value) for value in astuple(row)])


def _row(account: Account, live_calls: int, at: datetime) -> StakeRow:
    figures, limit = account.figures, account.figures.limit_micros
    in_progress = figures.held_micros
    if limit is None and account.agreement is not None:
        in_progress = live_calls * find_dearest_call(account.agreement, LONGEST_CALL_S, at)
    left = None if limit is None else limit - figures.exposure_micros
    return StakeRow(
        buyer=account.buyer_id,
        state=account.judged.rung.name,
        currency=figures.currency,
        owed=say_micros(figures.owed_micros),
        overdue=say_micros(figures.overdue_micros),
        days_overdue=figures.days_overdue,
        unbilled=say_micros(figures.unbilled_micros),
        live_calls=live_calls,
        in_progress=say_micros(in_progress),
        limit="" if limit is None else say_micros(limit),
        left="" if left is None else say_micros(left),
    )
