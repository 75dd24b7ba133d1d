"""A line of a tie-out, and what stands in both accounts for its call: what settling goes by."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import polars as pl
from sqlalchemy.engine import Connection

from callrouter.adapters.storage.agreements import read_agreement
from callrouter.adapters.storage.ledger import find_entries_of_call, read_statement_of
from callrouter.adapters.storage.tie_outs import TieOutRow
from callrouter.domain.billing.call_entries import CallAccounts, sort_entries
from callrouter.domain.billing.party import Party, Side
from callrouter.domain.billing.terms import Share
from callrouter.domain.billing.terms_choice import find_terms_for
from callrouter.domain.tie_out.classes import DifferenceClass
from callrouter.domain.tie_out.settlement import Difference, Moved

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferenceLine:
    """What settling must know of a line; `place` is where their record stands, "" for none."""

    line_no: int
    difference: DifferenceClass
    our_micros: int | None
    their_micros: int | None
    call_sid: str
    started_at: datetime | None
    caller: str
    did: str
    campaign_id: str
    destination_id: str
    publisher: str
    place: str


def read_difference_lines(lines: pl.DataFrame) -> Iterator[DifferenceLine]:
    """Each line of a frame (LINE_COLUMNS), in order."""
    for row in lines.iter_rows(named=True):
        started_ms = row["started_at_ms"]
        yield DifferenceLine(
            line_no=row["line_no"],
            difference=DifferenceClass(row["class"]),
            our_micros=row["our_micros"],
            their_micros=row["their_micros"],
            call_sid=row["call_sid"],
            started_at=None if started_ms is None else _EPOCH + timedelta(milliseconds=started_ms),
            caller=row["caller"] or row["their_caller"],
            did=row["did"],
            campaign_id=row["campaign_id"],
            destination_id=row["destination_id"],
            publisher=row["publisher"],
            place=f"line {row['line']} of file {row['file']}" if row["line"] is not None else "",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LineBooks:
    """What stands in the accounts for a line's call.

    `statements` names the closed statement that has the call, by party; `payout_micros` and `share`
    are the publisher's, in the tie-out's currency, None where it has nothing of the call there.
    """

    statements: dict[Party, str]
    payout_micros: int | None = None
    share: Share | None = None


def open_line_books(
    connection: Connection, seller_id: str, tie_out: TieOutRow, line: DifferenceLine
) -> LineBooks:
    """The line's call in the accounts of the buyer and the publisher; nothing without a call."""
    if not line.call_sid:
        return LineBooks(statements={})
    accounts = sort_entries(find_entries_of_call(connection, seller_id, line.call_sid))
    buyer, publisher = Party(Side.BUYER, tie_out.buyer_id), Party(Side.PUBLISHER, line.publisher)
    statements = {}
    for party in (buyer, publisher):
        entry = accounts.find_standing(party)
        if entry is not None:
            statements[party] = read_statement_of(connection, seller_id, entry)
    return LineBooks(
        statements=statements,
        payout_micros=_sum_payouts(accounts, publisher, tie_out.currency),
        share=_find_share(connection, seller_id, publisher, line, tie_out.currency),
    )


def _sum_payouts(accounts: CallAccounts, publisher: Party, currency: str) -> int | None:
    own = [
        entry.amount_micros
        for entry in accounts.entries
        if entry.party == publisher and entry.currency == currency
    ]
    return sum(own) if own else None


def _find_share(
    connection: Connection, seller_id: str, publisher: Party, line: DifferenceLine, currency: str
) -> Share | None:
    agreement = read_agreement(connection, seller_id, publisher) if line.publisher else None
    if agreement is None or line.started_at is None:
        return None
    terms = find_terms_for(agreement, line.campaign_id, line.destination_id, line.started_at)
    return terms.share if terms is not None and terms.currency == currency else None


def describe_difference(
    tie_out: TieOutRow, line: DifferenceLine, books: LineBooks, moved: Moved
) -> Difference:
    """The difference of a line, `moved` being what was settled of it before."""
    payout = books.payout_micros
    return Difference(
        tie_out=tie_out.number,
        line_no=line.line_no,
        difference_class=line.difference,
        currency=tie_out.currency,
        our_micros=line.our_micros or 0,
        their_micros=_find_theirs(line),
        payout_micros=None if payout is None else payout - moved.publisher_micros,
        share=books.share,
    )


def _find_theirs(line: DifferenceLine) -> int | None:
    """What their side comes to; nothing where only we have the call, unknown where it is unsure."""
    if line.difference is DifferenceClass.AMBIGUOUS:
        return None
    return line.their_micros or 0
