"""Differences of a tie-out are settled, one or many at once; the accounts follow in the same act.

A line that was decided before moves by what is new only: deciding the same again moves nothing.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import polars as pl
import structlog
from sqlalchemy.engine import Connection

from callrouter.adapters.storage.difference_decisions import (
    Decided,
    DecidedRow,
    add_decisions,
    read_decided,
)
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.ledger import (
    list_accounts,
    lock_accounts,
    post_locked,
)
from callrouter.adapters.storage.tie_outs import TieOutRow, list_tie_outs, read_tie_out
from callrouter.domain.billing.ledger import EntryKind, Posting
from callrouter.domain.billing.party import Party, Side
from callrouter.domain.errors import RefusedError
from callrouter.domain.tie_out.classes import DifferenceClass
from callrouter.domain.tie_out.settlement import (
    NOTHING_MOVED,
    Decision,
    Moved,
    Settlement,
    settle,
)
from callrouter.workflows.choose_lines import Chosen, choose_lines
from callrouter.workflows.open_line_books import (
    DifferenceLine,
    LineBooks,
    describe_difference,
    open_line_books,
    read_difference_lines,
)
from callrouter.workflows.review_standing import review_parties

log = structlog.get_logger()

_SETTLED_CLASSES = tuple(
    each
    for each in DifferenceClass
    if each not in (DifferenceClass.AGREE, DifferenceClass.DUPLICATE)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a person decides about lines of a tie-out, and why."""

    tie_out: int
    decision: Decision
    reason: str
    author: str
    agreed_micros: int | None = None
    publisher_follows: bool = True


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that could not be decided so, and why."""

    line_no: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """What came of it: lines decided, lines that stood so already, and what moved in all."""

    decided: int
    unchanged: int
    refused: tuple[Refused, ...]
    moved: Moved
    currency: str


@dataclass(frozen=True, slots=True)
class _Step:
    """One line's settlement, with what is to be posted and kept of it."""

    row: DecidedRow
    postings: tuple[Posting, ...]


def resolve_differences(
    database: Database,
    seller_id: str,
    verdict: Verdict,
    chosen: Chosen,
    at: datetime,
    on_progress: Callable[[int], None] = lambda _: None,
) -> Resolved:
    """Decide about every chosen line; each with its money in one transaction of some hundreds.

    A line that can't be decided so is left as it was and told. Raises NotFoundError for a tie-out
    that isn't there, RefusedError for one that a later one has superseded, and without a reason.
    """
    if not verdict.reason.strip():
        raise RefusedError("say why: the buyer will ask, and whoever looks at the account")
    with database.read() as connection:
        tie_out = _read_standing(connection, seller_id, verdict.tie_out)
    whole = Resolved(decided=0, unchanged=0, refused=(), moved=Moved(), currency=tie_out.currency)
    parties: set[Party] = set()
    for lines in choose_lines(database, seller_id, tie_out.number, chosen):
        with database.write() as connection:
            some, touched = _resolve_page(connection, seller_id, tie_out, verdict, lines, at)
        whole = _add(whole, some)
        parties |= touched
        on_progress(whole.decided + whole.unchanged + len(whole.refused))
    if parties:
        review_parties(database, seller_id, sorted(parties), author=verdict.author, at=at)
    log.info(
        "differences_resolved",
        seller=seller_id,
        tie_out=tie_out.number,
        decision=verdict.decision,
        lines=whole.decided,
        buyer_micros=whole.moved.buyer_micros,
        publisher_micros=whole.moved.publisher_micros,
        author=verdict.author,
    )
    return whole


def _read_standing(connection: Connection, seller_id: str, number: int) -> TieOutRow:
    """The tie-out, if none has superseded it: a line is settled where it is compared last."""
    tie_out = read_tie_out(connection, seller_id, number)
    standing = list_tie_outs(connection, seller_id, tie_out.buyer_id, only_standing=True)
    if number not in {each.number for each in standing}:
        later = min(
            (each.number for each in standing if each.number > number), default=standing[0].number
        )
        raise RefusedError(
            f"tie-out {number} was superseded: settle the differences of tie-out {later} instead"
        )
    return tie_out


def _resolve_page(
    connection: Connection,
    seller_id: str,
    tie_out: TieOutRow,
    verdict: Verdict,
    lines: pl.DataFrame,
    at: datetime,
) -> tuple[Resolved, set[Party]]:
    _lock(connection, seller_id, tie_out, lines)
    decided = read_decided(connection, seller_id, tie_out.number, lines["line_no"].to_list())
    steps: list[_Step] = []
    refused: list[Refused] = []
    for line in read_difference_lines(lines):
        try:
            books = open_line_books(connection, seller_id, tie_out, line)
            step = _resolve(tie_out, verdict, line, books, decided.get(line.line_no), at)
        except RefusedError as error:
            refused.append(Refused(line.line_no, str(error)))
            continue
        steps += [step] if step else []
    postings = [posting for step in steps for posting in step.postings]
    post_locked(connection, seller_id, postings, at)
    add_decisions(connection, seller_id, [step.row for step in steps])
    resolved = Resolved(
        decided=len(steps),
        unchanged=lines.height - len(steps) - len(refused),
        refused=tuple(refused),
        moved=Moved(
            sum(step.row.buyer_micros for step in steps),
            sum(step.row.publisher_micros for step in steps),
        ),
        currency=tie_out.currency,
    )
    return resolved, {posting.party for posting in postings}


def _lock(connection: Connection, seller_id: str, tie_out: TieOutRow, lines: pl.DataFrame) -> None:
    """Hold the accounts that may move: whoever settles the buyer's lines at once waits here."""
    named = {Party(Side.PUBLISHER, name) for name in lines["publisher"].unique() if name}
    accounts = [
        (each.party, each.currency)
        for each in list_accounts(connection, seller_id)
        if each.party in named and each.currency == tie_out.currency
    ]
    buyer = Party(Side.BUYER, tie_out.buyer_id)
    lock_accounts(connection, seller_id, [(buyer, tie_out.currency), *accounts])


def _resolve(
    tie_out: TieOutRow,
    verdict: Verdict,
    line: DifferenceLine,
    books: LineBooks,
    before: Decided | None,
    at: datetime,
) -> _Step | None:
    """A line's settlement with its postings; None when it is decided like that already."""
    moved = before.moved if before else NOTHING_MOVED
    settlement = settle(
        describe_difference(tie_out, line, books, moved),
        verdict.decision,
        moved,
        agreed_micros=verdict.agreed_micros,
        publisher_follows=verdict.publisher_follows,
    )
    is_same = before is not None and before.last.decision is verdict.decision
    if is_same and settlement.step == Moved():
        return None
    row = DecidedRow(
        tie_out=tie_out.number,
        line_no=line.line_no,
        number=before.last.number + 1 if before else 1,
        decision=verdict.decision,
        agreed_micros=settlement.agreed_micros,
        buyer_micros=settlement.step.buyer_micros,
        publisher_micros=settlement.step.publisher_micros,
        reason=verdict.reason,
        author=verdict.author,
        decided_at=at,
    )
    return _Step(row, tuple(_make_postings(tie_out, line, books, row, settlement, at)))


def _make_postings(
    tie_out: TieOutRow,
    line: DifferenceLine,
    books: LineBooks,
    row: DecidedRow,
    settlement: Settlement,
    at: datetime,
) -> Iterator[Posting]:
    """The steps of both accounts, each in the open period, naming what they correct."""
    what = line.call_sid or line.place
    step = settlement.step
    posting = Posting(
        party=Party(Side.BUYER, tie_out.buyer_id),
        kind=EntryKind.ADJUSTMENT,
        amount_micros=step.buyer_micros,
        currency=tie_out.currency,
        reference=f"tie-out:{row.tie_out}:{row.line_no}:{row.number}",
        booked_at=at,
        reason=f"tie-out {row.tie_out}, {row.decision} on {what}: {row.reason}",
        author=row.author,
        call_sid=line.call_sid,
        call_started_at=line.started_at if line.call_sid else None,
        campaign_id=line.campaign_id,
        destination_id=line.destination_id,
        ani=line.caller,
        did=line.did,
    )
    sides: Sequence[tuple[Party, int]] = (
        (posting.party, step.buyer_micros),
        (Party(Side.PUBLISHER, line.publisher), step.publisher_micros),
    )
    for party, micros in sides:
        if micros:
            corrects = books.statements.get(party, "")
            yield replace(posting, party=party, amount_micros=micros, corrects=corrects)


def _add(whole: Resolved, some: Resolved) -> Resolved:
    return replace(
        whole,
        decided=whole.decided + some.decided,
        unchanged=whole.unchanged + some.unchanged,
        refused=whole.refused + some.refused,
        moved=Moved(
            whole.moved.buyer_micros + some.moved.buyer_micros,
            whole.moved.publisher_micros + some.moved.publisher_micros,
        ),
    )
