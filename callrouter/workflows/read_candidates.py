"""Our calls that a buyer's records may be of: those of the period, and of whenever records are of.

A file is cut at another midnight than ours, and late records and adjustments are of earlier
periods. Calls of these that another tie-out has a record of are there, too, and told apart: a
record of theirs that is of one of these says something again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import polars as pl

from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.tie_out_lines import find_matched, find_named
from callrouter.adapters.storage.tie_outs import TieOutRow, find_standing, list_tie_outs
from callrouter.domain.tie_out.covered_period import list_days_beside
from callrouter.domain.tie_out.said_before import TAKEN
from callrouter.workflows.read_our_side import EDGE, Span, read_our_side

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """`ours` is OURS, `taken` (TAKEN) those of it that another tie-out has a record of.

    `counted` are these records: `file`, `part`, `line` and `call_ids`.
    """

    ours: pl.DataFrame
    taken: pl.DataFrame
    counted: pl.DataFrame

    def leave_counted(self, theirs: pl.DataFrame) -> pl.DataFrame:
        """THEIRS with `file`, without the very records that another tie-out counts.

        A file may be cut so that two periods have a part of it: it isn't the buyer who says these
        again.
        """
        legs = self.counted.filter(pl.col("call_ids") != "")
        left = theirs.join(self.counted, on=["file", "part", "line"], how="anti").join(
            legs, on=["file", "call_ids"], how="anti"
        )
        return left.sort("their").with_columns(their=pl.int_range(pl.len(), dtype=pl.Int64))


def read_candidates(
    database: Database,
    seller_id: str,
    buyer_id: str,
    currency: str,
    theirs: pl.DataFrame,
    since: datetime,
    until: datetime,
    others: Sequence[TieOutRow],
    own: int | None = None,
) -> Candidates:
    """Our calls of the period, of 26 hours around it, and of each day of a record beside it.

    And those of another tie-out's records that a record of theirs names to amend it. `theirs` is
    THEIRS; its starts may be by any clock. `others` are the buyer's tie-outs of other periods. What
    these have of file `own`, which is tied out again, takes no call.
    """
    numbers = tuple(each.number for each in others)
    spans = [(since, until), *list_days_beside(theirs["stamp_ms"], since, until)]
    wanted = [Span(begin - EDGE, end + EDGE) for begin, end in spans]
    amended = _list_amended(database, seller_id, numbers, theirs["corrects_id"])
    wanted += [Span(at, at + _MS) for at in amended]
    ours = read_our_side(database, seller_id, buyer_id, currency, wanted)
    begin_ms, end_ms = (round(at.timestamp() * 1000) for at in (since, until))
    is_inside = pl.col("started_at_ms").is_between(begin_ms, end_ms, closed="left")
    outside = ours.filter(~is_inside)
    found = _find_taken(database, seller_id, numbers, outside)
    found = found.filter(pl.col("file").ne_missing(own) | pl.lit(own is None))
    taken = outside.select("our", "call_sid").join(found, on="call_sid")
    counted = found.select("file", "part", "line", call_ids="their_call_ids")
    return Candidates(ours, taken.select(*TAKEN), counted)


def list_others(
    database: Database, seller_id: str, buyer_id: str, since: datetime, until: datetime
) -> tuple[TieOutRow, ...]:
    """The buyer's tie-outs of other periods that stand."""
    with database.read() as connection:
        same = find_standing(connection, seller_id, buyer_id, since, until)
        standing = list_tie_outs(connection, seller_id, buyer_id, only_standing=True)
    return tuple(each for each in standing if same is None or each.number != same.number)


def _list_amended(
    database: Database, seller_id: str, others: Sequence[int], named: pl.Series
) -> list[datetime]:
    """When the calls began whose records are named by amendments, wherever these are stamped."""
    names = named.filter(named != "").unique().to_list()
    if not names or not others:
        return []
    with database.read() as connection:
        found = find_named(connection, seller_id, others, names)
    return [_EPOCH + ms * _MS for ms in found["started_at_ms"]]


def _find_taken(
    database: Database, seller_id: str, others: Sequence[int], outside: pl.DataFrame
) -> pl.DataFrame:
    """The lines in which one of the calls is a pair in another tie-out, the newest for each."""
    with database.read() as connection:
        calls = outside["call_sid"].to_list() if others else []
        matched = find_matched(connection, seller_id, others, calls)
    return matched.sort("tie_out", descending=True).unique("call_sid", keep="first")
