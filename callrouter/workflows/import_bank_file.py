"""Take the payments of a bank's file: each row ends in one class, all in one transaction."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection

from callrouter.adapters.bank_files.reader import BankFile
from callrouter.adapters.storage.account_payments import list_known_statements
from callrouter.adapters.storage.engine import Database
from callrouter.domain.billing.bank_mapping import BankMapping
from callrouter.domain.billing.bank_rows import BankRow, find_owner, find_words, identify_rows
from callrouter.domain.billing.party import Party, Side
from callrouter.domain.billing.payment import Owner, Payment, PaymentSource
from callrouter.domain.clocks.periods import find_day_start, find_wall_time
from callrouter.domain.errors import FileProblem
from callrouter.workflows.book_payment import (
    Booked,
    Told,
    ToldPayment,
    book_payments,
    foresee_booking,
    word_conflict,
)
from callrouter.workflows.find_account import refuse_account
from callrouter.workflows.review_standing import review_parties
from callrouter.workflows.review_unmatched import review_unmatched


class RowClass(StrEnum):
    """What became of a row."""

    TAKEN = "taken"
    ALREADY = "already there"
    NOT_FOR_US = "not for us"
    UNKNOWN = "unknown payer"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowResult:
    """One row: its class and why; `row` is None where it couldn't be read, `name` the payment's."""

    line: int
    row_class: RowClass
    row: BankRow | None = None
    name: str = ""
    owner: Owner | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Imported:
    """Every row of a file in its order, and whether anything was written."""

    rows: tuple[RowResult, ...]
    written: bool

    def count(self) -> Mapping[RowClass, int]:
        """How many rows there are of each class."""
        counted = Counter(row.row_class for row in self.rows)
        return {each: counted[each] for each in RowClass}


def import_bank_file(
    database: Database,
    seller_id: str,
    file: BankFile,
    mapping: BankMapping,
    author: str,
    at: datetime,
    *,
    dry_run: bool = False,
    leaves_refused: bool = False,
) -> Imported:
    """Put the payments of a file into the accounts; those whose payer is unknown are kept, too.

    Nothing is written on a dry run, nor when any row is refused, unless `leaves_refused`: then the
    other rows are taken. Rows that were taken before, from this file or another, change nothing.
    """
    results = [_refuse_line(problem) for problem in file.problems]
    source = PaymentSource.BANK
    with database.write() as connection:
        candidates: list[_Candidate] = []
        for each in _examine(connection, seller_id, file, mapping, at):
            if isinstance(each, RowResult):
                results.append(each)
            else:
                candidates.append(each)
        told = [candidate.told for candidate in candidates]
        booked = foresee_booking(connection, seller_id, source, told, author, at)
        is_refused = Told.CONFLICT in {each.told for each in booked} or any(
            result.row_class is RowClass.REFUSED for result in results
        )
        writes = not dry_run and (leaves_refused or not is_refused)
        if writes:
            booked = book_payments(connection, seller_id, source, told, author, at)
            review_unmatched(connection, seller_id, at)
    if writes:
        owners = [each.kept.owner.party for each in booked if each.kept.owner]
        review_parties(database, seller_id, owners, author=author, at=at)
    results += map(_say, candidates, booked)
    return Imported(tuple(sorted(results, key=lambda each: each.line)), writes)


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A row that is a payment, and whose it seems to be."""

    row: BankRow
    told: ToldPayment


def _examine(
    connection: Connection, seller_id: str, file: BankFile, mapping: BankMapping, at: datetime
) -> Iterator[_Candidate | RowResult]:
    """Each row that could be read as a payment, or as what it is instead."""
    words = find_words(file.rows)
    named = {
        known.number.casefold(): known
        for known in list_known_statements(connection, seller_id)
        if known.party.side is Side.BUYER and known.number.casefold() in words
    }
    statements = {word: (known.number, known.party) for word, known in named.items()}
    tomorrow = find_wall_time(mapping.zone, at).date() + timedelta(days=1)
    problems: dict[tuple[Party, str], str | None] = {}
    for key, row in identify_rows(mapping.bank, file.rows):
        if row.amount_micros <= 0:
            yield _say_not_for_us(row)
            continue
        owner = find_owner(row, mapping, statements)
        problem = None
        if isinstance(owner, Owner):
            account = owner.party, row.currency
            if account not in problems:
                problems[account] = refuse_account(connection, seller_id, *account)
            problem = problems[account]
            if owner.statement and named[owner.statement.casefold()].currency != row.currency:
                owner = Owner(owner.party)  # whose it is, it says all the same
        if row.paid_on > tomorrow:
            problem = f"{row.paid_on} is a day to come: are dates written {mapping.dates}?"
        if problem is not None:
            yield _refuse(row, problem)
        else:
            yield _Candidate(row, ToldPayment(_as_payment(key, row, mapping, at), owner))


def _as_payment(key: str, row: BankRow, mapping: BankMapping, at: datetime) -> Payment:
    return Payment(
        source=PaymentSource.BANK,
        payment_id=key,
        amount_micros=row.amount_micros,
        currency=row.currency,
        paid_at=min(find_day_start(mapping.zone, row.paid_on), at),
        payer=row.payer,
        text=row.text,
    )


def _refuse_line(problem: FileProblem) -> RowResult:
    reason = f"{problem.key}: {problem.message}"
    return RowResult(line=problem.line, row_class=RowClass.REFUSED, reason=reason)


def _refuse(row: BankRow, reason: str) -> RowResult:
    return RowResult(line=row.line, row_class=RowClass.REFUSED, row=row, reason=reason)


def _say_not_for_us(row: BankRow) -> RowResult:
    reason = "money that went" if row.amount_micros else "no money moved"
    return RowResult(line=row.line, row_class=RowClass.NOT_FOR_US, row=row, reason=reason)


_CLASSES = {
    Told.TAKEN: RowClass.TAKEN,
    Told.ALREADY: RowClass.ALREADY,
    Told.UNMATCHED: RowClass.UNKNOWN,
}


def _say(candidate: _Candidate, booked: Booked) -> RowResult:
    kept, payment = booked.kept, candidate.told.payment
    if booked.told is Told.CONFLICT:
        return replace(_refuse(candidate.row, word_conflict(payment, kept)), name=payment.name)
    return RowResult(
        line=candidate.row.line,
        row_class=_CLASSES[booked.told],
        row=candidate.row,
        name=payment.name,
        owner=kept.owner,
        reason=kept.reason,
    )
