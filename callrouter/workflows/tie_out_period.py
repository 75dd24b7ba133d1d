"""Tie a buyer's file out against our calls of a period, and keep what came of it.

Nothing is kept of a file that is refused: everything is worked out before anything is written.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import TypeAlias

import polars as pl

from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.kept_files import find_file
from callrouter.adapters.storage.tie_outs import find_standing
from callrouter.domain.billing.statement_periods import StatementPeriod
from callrouter.domain.billing.terms import Cycle
from callrouter.domain.errors import RefusedError
from callrouter.domain.tie_out.buyer_clock import ClockDoubt, DoubtWhy
from callrouter.domain.tie_out.clock_setting import tell_zone
from callrouter.domain.tie_out.counts import say_count
from callrouter.domain.tie_out.covered_period import guess_period, list_covered_beside
from callrouter.domain.tie_out.frames import THEIRS
from callrouter.domain.tie_out.memory import AMPLE, Memory, count_rows, read, read_in_order
from callrouter.domain.tie_out.rules import TieOutRules
from callrouter.domain.tie_out.said_before import NONE_TAKEN
from callrouter.domain.tie_out.tie_out import TieOut, tie_out
from callrouter.workflows.compare_with_records import refuse_other_buyer, refuse_other_month
from callrouter.workflows.keep_buyer_file import EarlierFile, keep_buyer_file, read_earlier_files
from callrouter.workflows.keep_tie_out import keep_tie_out
from callrouter.workflows.read_buyer_file import BuyerFile
from callrouter.workflows.read_candidates import (
    Candidates,
    find_beside,
    leave_counted,
    read_candidates,
)
from callrouter.workflows.read_our_side import EDGE
from callrouter.workflows.read_tied_account import TiedAccount, read_tied_account
from callrouter.workflows.tell_lines import tell_lines
from callrouter.workflows.view_tie_out import KeptTieOut, decode_row

Tell: TypeAlias = Callable[[str], None]
"""Is told of each step as it begins."""

STEPS = 5
"""How many steps there are."""

_ZONE_HELPS = (DoubtWhy.TOO_FEW, DoubtWhy.TWO_ALIKE, DoubtWhy.OTHER_CALLS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be tied out. `days` are the first and last of the period (None: guess it).

    `alone` leaves out the buyer's other files of the period, `anyway` goes on with a file that
    looks like another buyer's, `again` ties out a file that was tied out before.
    """

    buyer_id: str
    days: tuple[date, date] | None = None
    currency: str | None = None
    alone: bool = False
    anyway: bool = False
    again: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TiedOut:
    """What came of it. `is_new`: not what was kept before of the same file.

    `guessed` says in words why this period, "" where it was told; `earlier` are the other files of
    the period, with what the new one says otherwise.
    """

    kept: KeptTieOut
    is_new: bool
    guessed: str = ""
    earlier: tuple[EarlierFile, ...] = ()


def tie_out_period(
    database: Database,
    seller_id: str,
    file: BuyerFile,
    wanted: Wanted,
    author: str,
    at: datetime,
    tell: Tell = lambda step: None,  # noqa: ARG005
    memory: Memory = AMPLE,
) -> TiedOut:
    """Tie a file out, together with the buyer's other files of the period; kept as a new tie-out.

    It supersedes the earlier one of the same buyer and period. A file that was tied out before
    changes nothing, unless it is wanted again. Raises RefusedError for a file of another month or
    buyer, and where the buyer's clock can't be found; nothing is kept then.
    """
    database = database.unhurried()
    account = read_tied_account(database, seller_id, wanted.buyer_id, wanted.currency)
    period, guessed = choose_period(file, account.zone, account.cycle, wanted.days)
    known = None if wanted.again else _find_known(database, seller_id, file, wanted, period)
    if known is not None:
        return TiedOut(kept=known, is_new=False)
    refuse_other_month(file.name, file.stamps, period.starts_at, period.ends_at)
    tell("reading earlier files")
    earlier = _read_earlier(database, seller_id, file, period, wanted, memory)
    tell("reading our calls")
    files = (file, earlier)
    candidates, theirs = _read_sides(database, seller_id, files, account, period, wanted, memory)
    tell("matching")
    rules = account.make_rules(period)
    found = run(file, candidates.ours, theirs, rules, candidates, memory)
    tell("keeping the file")
    amends = next((each.kept.number for each in reversed(earlier) if each.changes.amends), None)
    stored = keep_buyer_file(database, seller_id, account.buyer_id, file, amends, author, at)
    theirs = theirs.with_columns(pl.col("file").replace(0, stored.number))
    tell("keeping the lines")
    lines = tell_lines(found.lines, candidates.ours, theirs, memory)
    made = replace(_describe(found, file, theirs, account, rules), author=author, made_at=at)
    kept = keep_tie_out(database, seller_id, made, lines, at)
    return TiedOut(kept=kept, is_new=True, guessed=guessed, earlier=earlier)


def _read_earlier(
    database: Database,
    seller_id: str,
    file: BuyerFile,
    period: StatementPeriod,
    wanted: Wanted,
    memory: Memory,
) -> tuple[EarlierFile, ...]:
    """The buyer's other files of the period, unless the file is to be tied out alone."""
    if wanted.alone:
        return ()
    span = (period.starts_at, period.ends_at)
    return read_earlier_files(database, seller_id, wanted.buyer_id, file, *span, memory)


def _read_sides(
    database: Database,
    seller_id: str,
    files: tuple[BuyerFile, Sequence[EarlierFile]],
    account: TiedAccount,
    period: StatementPeriod,
    wanted: Wanted,
    memory: Memory,
) -> tuple[Candidates, pl.LazyFrame]:
    """Our calls, and the records (THEIRS with `file`) that they are held against.

    Refuses a file whose callers are another buyer's.
    """
    file, earlier = files
    since, until, buyer_id = period.starts_at, period.ends_at, account.buyer_id
    beside = find_beside(database, seller_id, buyer_id, since, until)
    with database.read() as connection:
        same = find_file(connection, seller_id, buyer_id, file.sha256)
    theirs = join_files(file, earlier, 0 if same is None else same.number)
    theirs, notices = _leave_others(theirs, account, period)
    joined, theirs = theirs, leave_counted(database, theirs, beside)
    theirs = memory.put_aside(read_in_order(theirs, "their", memory))
    if not count_rows(theirs) and count_rows(joined):
        numbers = ", ".join(str(number) for number in sorted(beside.numbers))
        raise RefusedError(f"{file.name}: all of it counts in other tie-outs already: {numbers}")
    found = read_candidates(database, account.currency, theirs, beside, memory)
    found = replace(found, notices=(*found.notices, *notices))
    if not wanted.anyway:
        with database.read() as connection:
            refuse_other_buyer(
                connection, seller_id, buyer_id, file.name, found.ours, theirs, account.directory,
                since, until,
            )  # fmt: skip
    return found, theirs


def _leave_others(
    theirs: pl.LazyFrame, account: TiedAccount, period: StatementPeriod
) -> tuple[pl.LazyFrame, tuple[str, ...]]:
    """THEIRS without what is mostly of other periods in files of several; and that in words."""
    since_ms, until_ms = (round(at.timestamp() * 1000) for at in (period.starts_at, period.ends_at))
    edge_ms = EDGE // timedelta(milliseconds=1)
    near = pl.col("stamp_ms").is_between(since_ms - edge_ms, until_ms + edge_ms)
    left = pl.col("file").is_null()
    began = read(theirs.select("file", "stamp_ms"))
    for file in began["file"].unique().sort():
        stamps = began.filter(pl.col("file") == file)["stamp_ms"]
        for each in list_covered_beside(stamps, account.cycle, account.zone, period):
            begin_ms, end_ms = (
                round(at.timestamp() * 1000) for at in (each.starts_at, each.ends_at)
            )
            is_of = pl.col("stamp_ms").is_between(begin_ms, end_ms, closed="left") & ~near
            left |= (pl.col("file") == file) & is_of
    left = left.fill_null(value=False)
    gone = int(began.select(left.sum()).item())
    told = f"{gone:,} records are left to the tie-out of their own period" if gone else ""
    return theirs.filter(~left), (told,) * bool(told)


def _describe(
    found: TieOut,
    file: BuyerFile,
    theirs: pl.LazyFrame,
    account: TiedAccount,
    rules: TieOutRules,
) -> KeptTieOut:
    """A tie-out as it is kept, but for its number, author and time."""
    return KeptTieOut(
        number=0,
        buyer_id=account.buyer_id,
        since=rules.since,
        until=rules.until,
        zone=rules.zone,
        currency=rules.currency,
        files=tuple(read(theirs.select(pl.col("file").unique().sort())).to_series()),
        mappings=file.mappings,
        clock=found.clock,
        measure=found.measure,
        totals=found.totals,
        notices=found.notices,
        lines=found.totals.whole.lines,
        supersedes=None,
        author="",
        made_at=rules.until,
    )


def _find_known(
    database: Database,
    seller_id: str,
    file: BuyerFile,
    wanted: Wanted,
    period: StatementPeriod,
) -> KeptTieOut | None:
    """The tie-out that stands for the period, if it has this very file in it."""
    with database.read() as connection:
        same = find_file(connection, seller_id, wanted.buyer_id, file.sha256)
        row = find_standing(
            connection, seller_id, wanted.buyer_id, period.starts_at, period.ends_at
        )
    if same is None or row is None or same.number not in row.files:
        return None
    return decode_row(row)


def choose_period(
    file: BuyerFile, zone: str, cycle: Cycle, days: tuple[date, date] | None
) -> tuple[StatementPeriod, str]:
    """The period that is told, or else that of the file, with why in words."""
    if days is not None:
        return StatementPeriod(zone, *days), ""
    covered = guess_period(file.stamps, cycle, zone)
    assert covered is not None  # noqa: S101 - a file without starts was refused before
    return (
        covered.period,
        f"{covered.rows:,} of {say_count(covered.of_rows, 'call')} in the file are of it",
    )


def join_files(
    file: BuyerFile, earlier: Sequence[EarlierFile] = (), number: int = 0
) -> pl.LazyFrame:
    """All records (THEIRS) with `file`, the number of a kept file; the new one's is `number`.

    A file that the new one amends is left out.
    """
    others = [(each.kept.number, each.rows) for each in earlier if not each.changes.amends]
    numbered, first = [], 0
    for number_of_file, rows in (*others, (number, file.rows)):
        of_file = pl.lit(number_of_file, pl.Int64)
        numbered.append(rows.with_columns(pl.col("their") + first, file=of_file))
        first += 1 + int(read(rows.select(pl.col("their").max())).item() or 0)
    return pl.concat(numbered)


def run(
    file: BuyerFile,
    ours: pl.LazyFrame,
    theirs: pl.LazyFrame,
    rules: TieOutRules,
    beside: Candidates | None = None,
    memory: Memory = AMPLE,
) -> TieOut:
    """Tie out OURS and THEIRS with `file`.

    Raises RefusedError, with what would help, where no clock is found. A zone that somebody told is
    believed where the calls don't say which it is.
    """
    mapping, theirs = file.mappings[0], theirs.select(*THEIRS)
    taken, stays = (NONE_TAKEN, ()) if beside is None else (beside.taken, beside.stays)
    match = partial(
        tie_out, ours, theirs, rules, legs=mapping.legs, taken=taken, stays=stays, memory=memory
    )
    found = match(zone=mapping.zone)
    if isinstance(found, ClockDoubt) and found.why in _ZONE_HELPS and file.zone_told:
        told = tell_zone(file.zone_told, rules.since, rules.until, theirs)
        found = match(clock=told)
    if isinstance(found, ClockDoubt):
        raise RefusedError(f"{file.name}: {found.words}: {found.remedy}")
    return found if beside is None else replace(found, notices=found.notices + beside.notices)
