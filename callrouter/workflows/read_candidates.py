"""Our calls that a buyer's records may be of: those of the period, and of whenever records are of.

A file is cut at another midnight than ours, and late records and adjustments are of earlier
periods: calls of these that an earlier tie-out has found a record of aren't candidates any more.
"""

from datetime import datetime

import polars as pl

from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.tie_out_lines import find_matched
from callrouter.adapters.storage.tie_outs import find_standing, list_tie_outs
from callrouter.domain.tie_out.covered_period import list_days_beside
from callrouter.workflows.read_our_side import EDGE, Span, read_our_side


def read_candidates(
    database: Database,
    seller_id: str,
    buyer_id: str,
    currency: str,
    stamps_ms: pl.Series,
    since: datetime,
    until: datetime,
) -> pl.DataFrame:
    """The frame OURS of the period, of 26 hours around it, and of each day of a record beside it.

    `stamps_ms` are the records' starts, whatever their clock is.
    """
    beside = list_days_beside(stamps_ms, since, until)
    spans = [(since, until), *beside]
    wanted = [Span(begin - EDGE, end + EDGE) for begin, end in spans]
    ours = read_our_side(database, seller_id, buyer_id, currency, wanted)
    begin_ms, end_ms = (round(at.timestamp() * 1000) for at in (since, until))
    is_inside = (pl.col("started_at_ms") >= begin_ms) & (pl.col("started_at_ms") < end_ms)
    outside = ours.filter(~is_inside)["call_sid"].to_list()
    taken = _find_taken(database, seller_id, buyer_id, since, until, outside)
    if not taken:
        return ours
    left = ours.filter(is_inside | ~pl.col("call_sid").is_in(list(taken)))
    return left.with_columns(our=pl.int_range(pl.len(), dtype=pl.Int64))


def _find_taken(
    database: Database,
    seller_id: str,
    buyer_id: str,
    since: datetime,
    until: datetime,
    call_sids: list[str],
) -> frozenset[str]:
    """Those of the calls that have a record in a tie-out of another period that stands."""
    with database.read() as connection:
        same = find_standing(connection, seller_id, buyer_id, since, until)
        standing = list_tie_outs(connection, seller_id, buyer_id, only_standing=True)
        others = [each.number for each in standing if same is None or each.number != same.number]
        if not others or not call_sids:
            return frozenset()
        matched = find_matched(connection, seller_id, others, call_sids)
    return frozenset(matched["call_sid"])
