"""Our calls that a buyer's records may be of: those of the period, and of whenever records are of.

A file is cut at another midnight than ours, and late records and adjustments are of earlier
periods. A call counts in one tie-out that stands: that of its period, or, where none was made, the
one whose file has a record of it; a record counts where its call does. What counts elsewhere is
told apart here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import polars as pl

from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.kept_files import list_files
from callrouter.adapters.storage.tie_out_lines import (
    find_counted,
    find_counted_within,
    find_named,
    find_records,
)
from callrouter.adapters.storage.tie_outs import TieOutRow, find_standing, list_tie_outs
from callrouter.domain.tie_out.classes import DifferenceClass
from callrouter.domain.tie_out.covered_period import list_days_beside
from callrouter.domain.tie_out.memory import AMPLE, Memory, read
from callrouter.domain.tie_out.said_before import TAKEN
from callrouter.workflows.read_our_side import EDGE, Span, read_our_side

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
_NEVER_MS = 2**62
_PLACE = ("file", "part", "line")
_FEW = {"call_sid": pl.String, "started_at_ms": pl.Int64}


@dataclass(frozen=True, slots=True)
class Beside:
    """A buyer's tie-outs that stand: `same` for exactly this period, `others` for other days.

    One of a period that shares days with this one is neither: it is another cut of the same time,
    made apart.
    """

    seller_id: str
    buyer_id: str
    since: datetime
    until: datetime
    same: TieOutRow | None
    others: tuple[TieOutRow, ...]

    @property
    def since_ms(self) -> int:
        """The period's begin."""
        return round(self.since.timestamp() * 1000)

    @property
    def until_ms(self) -> int:
        """The instant before which it ends."""
        return round(self.until.timestamp() * 1000)

    @property
    def numbers(self) -> tuple[int, ...]:
        """Those of the other tie-outs."""
        return tuple(each.number for each in self.others)


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """`ours` is OURS, `taken` (TAKEN) those of it that count in another tie-out.

    `stays` are the `our` of calls of before or after the period that counted in its tie-out before
    and in no other one. `notices` say in words what of the period counts elsewhere.
    """

    ours: pl.LazyFrame
    taken: pl.DataFrame
    stays: tuple[int, ...]
    notices: tuple[str, ...]


def find_beside(
    database: Database, seller_id: str, buyer_id: str, since: datetime, until: datetime
) -> Beside:
    """The buyer's tie-outs that stand, as seen from a period."""
    with database.read() as connection:
        same = find_standing(connection, seller_id, buyer_id, since, until)
        standing = list_tie_outs(connection, seller_id, buyer_id, only_standing=True)
    others = tuple(each for each in standing if each.until <= since or each.since >= until)
    return Beside(seller_id, buyer_id, since, until, same, others)


def leave_counted(database: Database, theirs: pl.LazyFrame, beside: Beside) -> pl.LazyFrame:
    """THEIRS with `file` (0: not kept yet), without the records that another tie-out has a line of.

    It isn't the buyer who says these again: a file may be cut so that two periods have a part of
    it. One that is a duplicate there joins in when nothing else has a record of its call any more.
    """
    if not beside.others:
        return theirs
    there = _find_there(database, theirs, beside)
    if there.is_empty():
        return theirs
    said = there.filter(pl.col("class") == DifferenceClass.DUPLICATE.value)
    free = _find_free(database, said, theirs, beside)
    counted = there.join(free, on=_PLACE, how="anti")
    legs = counted.filter(pl.col("their_call_ids") != "").select("file", call_ids="their_call_ids")
    left = theirs.join(counted.lazy(), on=_PLACE, how="anti")
    return left.join(legs.lazy(), on=["file", "call_ids"], how="anti")


def _find_there(database: Database, theirs: pl.LazyFrame, beside: Beside) -> pl.DataFrame:
    """The other tie-outs' lines with records of the same files, about as old as those here."""
    files = theirs.filter(pl.col("file") != 0).group_by("file")
    edges = files.agg(first=pl.col("stamp_ms").min(), last=pl.col("stamp_ms").max())
    spans = read(edges).sort("file")
    with database.read() as connection:
        found = [
            find_records(connection, beside.seller_id, beside.numbers, file, first or 0, last or 0)
            for file, first, last in spans.iter_rows()
            if any(file in each.files for each in beside.others)
        ]
    return pl.concat(found) if found else pl.DataFrame()


def _find_free(
    database: Database, said: pl.DataFrame, theirs: pl.LazyFrame, beside: Beside
) -> pl.DataFrame:
    """Of duplicates of other tie-outs those of calls of the period that nothing else tells of."""
    began = pl.col("started_at_ms").is_between(beside.since_ms, beside.until_ms, closed="left")
    free = said.filter((pl.col("call_sid") != "") & began)
    numbers = beside.numbers if beside.same is None else (*beside.numbers, beside.same.number)
    with database.read() as connection:
        counted = find_counted(
            connection, beside.seller_id, numbers, free["call_sid"].unique().to_list()
        )
    here = read(counted.lazy().join(theirs.select(_PLACE), on=_PLACE))
    elsewhere = counted.filter(pl.col("tie_out").is_in(beside.numbers))
    told = pl.concat([here, elsewhere])["call_sid"].unique()
    return free.filter(~pl.col("call_sid").is_in(told.implode()))


def read_candidates(
    database: Database,
    currency: str,
    theirs: pl.LazyFrame,
    beside: Beside,
    memory: Memory = AMPLE,
) -> Candidates:
    """Our calls of the period, of 26 hours around it, and of each day of a record beside it.

    And those of another tie-out's records that a record of theirs names to amend it. `theirs` is
    THEIRS; its starts may be by any clock.
    """
    since, until = beside.since, beside.until
    stamps = read(theirs.select("stamp_ms")).to_series()
    spans = [(since, until), *list_days_beside(stamps, since, until)]
    wanted = [Span(begin - EDGE, end + EDGE) for begin, end in spans]
    staying = _find_staying(database, beside)
    named = read(theirs.select(pl.col("corrects_id").unique())).to_series()
    more = pl.concat([_find_amended(database, beside, named), staying])
    starts = (_EPOCH + ms * _MS for ms in more["started_at_ms"].unique().sort())
    wanted += [Span(at, at + _MS) for at in starts]
    ours = read_our_side(database, beside.seller_id, beside.buyer_id, currency, wanted, memory)
    is_inside = pl.col("started_at_ms").is_between(beside.since_ms, beside.until_ms, closed="left")
    outside = read(ours.filter(~is_inside).select("call_sid"))
    away = _find_inside(database, beside)
    counted = pl.concat([away, _find_counted(database, beside.numbers, outside, beside)])
    counted = counted.sort("tie_out", descending=True).unique("call_sid", keep="first")
    numbers = ours.select("our", "call_sid")
    taken = read(numbers.join(counted.lazy(), on="call_sid")).sort("our")
    stays = read(numbers.join(staying.select("call_sid").lazy(), on="call_sid", how="semi"))
    return Candidates(
        ours,
        taken.with_columns(has_record=pl.col("line").is_not_null()).select(*TAKEN),
        tuple(stays["our"].sort()),
        tuple(_tell_away(away)),
    )


def _find_amended(database: Database, beside: Beside, named: pl.Series) -> pl.DataFrame:
    """The lines of calls whose records are named by amendments, wherever these are stamped."""
    names = named.filter(named != "").to_list()
    if not names or not beside.others:
        return pl.DataFrame(schema=_FEW)
    with database.read() as connection:
        found = find_named(connection, beside.seller_id, beside.numbers, names)
    return found.select(*_FEW)


def _find_counted(
    database: Database, numbers: Sequence[int], calls: pl.DataFrame, beside: Beside
) -> pl.DataFrame:
    """The lines of tie-outs in which these calls of ours count."""
    with database.read() as connection:
        sids = calls["call_sid"].to_list() if numbers else []
        return find_counted(connection, beside.seller_id, numbers, sids)


def _find_inside(database: Database, beside: Beside) -> pl.DataFrame:
    """The lines of other tie-outs in which calls of the period count.

    Only those are read whose files have records of about then.
    """
    first, last = ((at - _EPOCH) // _MS for at in (beside.since - EDGE, beside.until + EDGE))
    with database.read() as connection:
        near = {
            kept.number
            for kept in list_files(connection, beside.seller_id, beside.buyer_id)
            if kept.first_start_ms is not None
            and kept.last_start_ms is not None
            and kept.first_start_ms < last
            and kept.last_start_ms >= first
        }
        numbers = [each.number for each in beside.others if not near.isdisjoint(each.files)]
        return find_counted_within(
            connection, beside.seller_id, numbers, beside.since_ms, beside.until_ms
        )


def _find_staying(database: Database, beside: Beside) -> pl.DataFrame:
    """The lines of calls of other periods that would have no place any more.

    What this tie-out supersedes has a record of each, and so their own period's leaves them out.
    """
    if beside.same is None or not beside.others:
        return pl.DataFrame(schema=_FEW)
    number, seller_id = beside.same.number, beside.seller_id
    with database.read() as connection:
        counted = pl.concat(
            find_counted_within(connection, seller_id, (number,), *span)
            for span in ((0, beside.since_ms), (beside.until_ms, _NEVER_MS))
        )
        sids = counted["call_sid"].to_list()
        elsewhere = find_counted(connection, seller_id, beside.numbers, sids)
    is_tied_out = pl.lit(value=False)
    for each in beside.others:
        begin_ms, end_ms = ((at - _EPOCH) // _MS for at in (each.since, each.until))
        is_tied_out |= pl.col("started_at_ms").is_between(begin_ms, end_ms, closed="left")
    left = counted.join(elsewhere, on="call_sid", how="anti")
    return left.filter(is_tied_out).select(*_FEW)


def _tell_away(away: pl.DataFrame) -> Iterator[str]:
    for number, calls in away.group_by("tie_out").len().sort("tie_out").iter_rows():
        verb = "call of the period counts" if calls == 1 else "calls of the period count"
        yield f"{calls:,} {verb} in tie-out {number}, whose files have records of it"
