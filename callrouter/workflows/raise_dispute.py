"""Differences are raised with the buyer together: put into a dispute, sent, answered, closed."""

from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy.engine import Connection

from callrouter.adapters.storage.agreements import read_agreement
from callrouter.adapters.storage.difference_decisions import read_decided
from callrouter.adapters.storage.disputes import (
    DisputeChange,
    add_dispute,
    add_lines,
    change_dispute,
    list_changes,
    list_line_numbers,
    read_dispute,
)
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.tie_outs import TieOutRow, read_tie_out
from callrouter.domain.billing.party import Party, Side
from callrouter.domain.errors import RefusedError
from callrouter.domain.tie_out.disputes import (
    Dispute,
    DisputeOutcome,
    DisputeState,
    advance,
    find_last_day,
    judge,
    refuse_late,
)
from callrouter.domain.tie_out.settlement import Decision
from callrouter.workflows.choose_lines import Chosen, choose_lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """A dispute with how many lines went into it, and how many are in another one already."""

    dispute: Dispute
    added: int
    elsewhere: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeView:
    """A dispute with what became of it; `outcome` once it is closed.

    `decisions` are those about its lines as they stand, by line, None for none.
    """

    dispute: Dispute
    decisions: dict[int, Decision | None]
    changes: tuple[DisputeChange, ...]
    outcome: DisputeOutcome | None


def raise_dispute(
    database: Database,
    seller_id: str,
    tie_out: int,
    chosen: Chosen,
    *,
    owner: str,
    note: str,
    at: datetime,
    late: bool = False,
) -> Raised:
    """Open a dispute about the chosen lines of a tie-out; a line is in one dispute at most.

    Raises RefusedError when the terms' window is over, unless it is raised `late` with a note that
    says why, and when there is no line that isn't in a dispute already.
    """
    row, raise_by = _find_window(database, seller_id, tie_out)
    if not late:
        refuse_late(raise_by, row.zone, at)
    elif not note.strip():
        raise RefusedError("say in a note why it is raised late")
    pages = choose_lines(database, seller_id, tie_out, chosen)
    line_nos = [number for page in pages for number in page["line_no"]]
    dispute = Dispute(
        number=0,
        buyer_id=row.buyer_id,
        tie_out=tie_out,
        state=DisputeState.OPEN,
        owner=owner,
        opened_at=at,
        raise_by=raise_by,
        note=note,
    )
    with database.write() as connection:
        dispute = replace(dispute, number=add_dispute(connection, seller_id, dispute, owner))
        added = add_lines(connection, seller_id, dispute, line_nos)
        if not added:
            raise _say_nothing(tie_out, len(line_nos))
    return Raised(dispute=dispute, added=added, elsewhere=len(line_nos) - added)


def _say_nothing(tie_out: int, lines: int) -> RefusedError:
    if not lines:
        return RefusedError(f"no line of tie-out {tie_out} is meant by that")
    return RefusedError(f"all {lines} chosen lines are in a dispute already")


def _find_window(database: Database, seller_id: str, tie_out: int) -> tuple[TieOutRow, date | None]:
    """A tie-out, and the last day on which its differences may be raised."""
    with database.read() as connection:
        row = read_tie_out(connection, seller_id, tie_out)
        agreement = read_agreement(connection, seller_id, Party(Side.BUYER, row.buyer_id))
    days = agreement.tie_out.dispute_days if agreement is not None else None
    return row, find_last_day(row.until, row.zone, days)


def change_state(
    database: Database,
    seller_id: str,
    number: int,
    to: DisputeState,
    *,
    note: str,
    author: str,
    at: datetime,
    owner: str | None = None,
) -> DisputeView:
    """Let a dispute go on; `owner` passes it to another person, `note` says what happened.

    Raises RefusedError for a step that there isn't, and for closing it while a line is undecided.
    """
    with database.write() as connection:
        before = _view(connection, seller_id, number)
        advance(before.dispute, to, before.decisions.values())
        after = replace(before.dispute, state=to, note=note, owner=owner or before.dispute.owner)
        change_dispute(connection, seller_id, before.dispute, after, author, at)
        return _view(connection, seller_id, number)


def view_dispute(database: Database, seller_id: str, number: int) -> DisputeView:
    """A dispute, its lines' decisions, and its changes. Raises NotFoundError for none."""
    with database.read() as connection:
        return _view(connection, seller_id, number)


def _view(connection: Connection, seller_id: str, number: int) -> DisputeView:
    dispute = read_dispute(connection, seller_id, number)
    line_nos = list_line_numbers(connection, seller_id, number)
    decided = read_decided(connection, seller_id, dispute.tie_out, line_nos)
    decisions = {
        line_no: decided[line_no].last.decision if line_no in decided else None
        for line_no in line_nos
    }
    is_closed = dispute.state is DisputeState.CLOSED
    return DisputeView(
        dispute=dispute,
        decisions=decisions,
        changes=list_changes(connection, seller_id, number),
        outcome=judge(decisions.values()) if is_closed else None,
    )
