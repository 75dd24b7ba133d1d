"""A dispute as it is sent to the buyer: their record, our call, why, the money."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import IO

import polars as pl

from callrouter.adapters.storage.disputes import list_line_numbers, read_dispute
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.tie_out_lines import stream_lines
from callrouter.domain.tie_out.report import DisputeLetter, ReportedLine
from callrouter.workflows.export_tie_out import Source, find_source, tell_report_lines
from callrouter.workflows.view_tie_out import view_tie_out
from callrouter.workflows.write_tie_out import write_lines_csv


@dataclass(frozen=True, slots=True)
class DisputePaper:
    """A dispute with the lines (LINE_COLUMNS) that it is about."""

    letter: DisputeLetter
    source: Source
    lines: pl.DataFrame

    def tell_lines(self) -> Iterator[ReportedLine]:
        """Its lines as a document lists them."""
        return tell_report_lines(self.lines, self.source)


def draw_up_dispute(database: Database, seller_id: str, number: int, at: datetime) -> DisputePaper:
    """A dispute with all of its lines. Raises NotFoundError when the seller has none such."""
    with database.read() as connection:
        dispute = read_dispute(connection, seller_id, number)
        line_nos = list_line_numbers(connection, seller_id, number)
    tied = view_tie_out(database, seller_id, dispute.tie_out)
    source = find_source(database, seller_id, tied)
    wanted = pl.col("line_no").is_in(line_nos)
    pages = [page.filter(wanted) for page in stream_lines(database, seller_id, tied.number)]
    lines = pl.concat(pages)
    letter = DisputeLetter(
        seller=source.seller,
        buyer=dispute.buyer_id,
        number=number,
        since=tied.since,
        until=tied.until,
        zone=tied.zone,
        currency=tied.currency,
        made_at=at,
        raise_by=dispute.raise_by.isoformat() if dispute.raise_by else "",
        owner=dispute.owner,
        note=dispute.note,
        lines=lines.height,
        our_micros=int(lines["our_micros"].sum()),
        their_micros=int(lines["their_micros"].sum()),
    )
    return DisputePaper(letter, source, lines)


def write_dispute_csv(paper: DisputePaper, out: IO[bytes]) -> int:
    """Write a header and each line; how many there were."""
    return write_lines_csv([paper.lines], out)
