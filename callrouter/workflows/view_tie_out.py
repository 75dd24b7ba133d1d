"""Tie-outs that were kept: their figures, clock and words, as they were found."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.tie_outs import TieOutRow, list_tie_outs, read_tie_out
from callrouter.domain.errors import RefusedError
from callrouter.domain.tie_out.buyer_clock import BuyerClock
from callrouter.domain.tie_out.mapping import Mapping
from callrouter.domain.tie_out.measures import Measure
from callrouter.domain.tie_out.totals import Totals

MAPPINGS: TypeAdapter[tuple[Mapping, ...]] = TypeAdapter(tuple[Mapping, ...])
CLOCK = TypeAdapter(BuyerClock)
MEASURE: TypeAdapter[Measure | None] = TypeAdapter(Measure | None)
TOTALS = TypeAdapter(Totals)
NOTICES: TypeAdapter[tuple[str, ...]] = TypeAdapter(tuple[str, ...])

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptTieOut:
    """A tie-out as it is kept, without its lines; `files` are numbers of the buyer's files.

    `mappings` are how they were read, one a layout. `supersedes` is the earlier one of the same
    buyer and period.
    """

    number: int
    buyer_id: str
    since: datetime
    until: datetime
    zone: str
    currency: str
    files: tuple[int, ...]
    mappings: tuple[Mapping, ...]
    clock: BuyerClock
    measure: Measure | None
    totals: Totals
    notices: tuple[str, ...]
    lines: int
    supersedes: int | None
    author: str
    made_at: datetime


def view_tie_out(database: Database, seller_id: str, number: int) -> KeptTieOut:
    """A finished tie-out by its number. Raises NotFoundError when the seller has none such."""
    with database.read() as connection:
        return decode_row(read_tie_out(connection, seller_id, number))


def view_tie_outs(
    database: Database,
    seller_id: str,
    buyer_id: str | None = None,
    *,
    only_standing: bool = False,
    limit: int | None = None,
) -> tuple[KeptTieOut, ...]:
    """Finished tie-outs, the newest first; `only_standing`: those that no other supersedes."""
    with database.read() as connection:
        rows = list_tie_outs(
            connection, seller_id, buyer_id, only_standing=only_standing, limit=limit
        )
    return tuple(map(decode_row, rows))


def decode_row(row: TieOutRow) -> KeptTieOut:
    """A tie-out's row with its JSON texts read.

    Raises RefusedError for one that a newer version of this program wrote in words of its own.
    """
    return KeptTieOut(
        number=row.number,
        buyer_id=row.buyer_id,
        since=row.since,
        until=row.until,
        zone=row.zone,
        currency=row.currency,
        files=row.files,
        mappings=_decode(MAPPINGS, row.mapping, row.number),
        clock=_decode(CLOCK, row.clock, row.number),
        measure=_decode(MEASURE, row.measure, row.number),
        totals=_decode(TOTALS, row.totals, row.number),
        notices=_decode(NOTICES, row.notices, row.number),
        lines=row.lines,
        supersedes=row.supersedes,
        author=row.author,
        made_at=row.made_at,
    )


def encode_row(kept: KeptTieOut) -> TieOutRow:
    """The row of a tie-out, its values as JSON texts."""
    return TieOutRow(
        number=kept.number,
        buyer_id=kept.buyer_id,
        since=kept.since,
        until=kept.until,
        zone=kept.zone,
        currency=kept.currency,
        files=kept.files,
        mapping=MAPPINGS.dump_json(kept.mappings).decode(),
        clock=CLOCK.dump_json(kept.clock).decode(),
        measure=MEASURE.dump_json(kept.measure).decode(),
        totals=TOTALS.dump_json(kept.totals).decode(),
        notices=NOTICES.dump_json(kept.notices).decode(),
        lines=kept.lines,
        supersedes=kept.supersedes,
        author=kept.author,
        made_at=kept.made_at,
    )


def _decode(adapter: TypeAdapter[_Value], body: str, number: int) -> _Value:
    try:
        return adapter.validate_json(body)
    except ValidationError as error:
        raise RefusedError(
            f"tie-out {number} can't be read by this version of callrouter: finish the roll-out of"
            f" the newer one that wrote it ({error.error_count()} values are unknown here)"
        ) from error
