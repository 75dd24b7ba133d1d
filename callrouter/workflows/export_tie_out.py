"""A tie-out's report as one HTML file, a PDF and a workbook."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias

import polars as pl

from callrouter.adapters.documents.tie_out_html import write_tie_out_html
from callrouter.adapters.documents.tie_out_pdf import write_tie_out_pdf
from callrouter.adapters.documents.tie_out_xlsx import write_tie_out_xlsx
from callrouter.adapters.storage.difference_decisions import DecidedRow, read_decided
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.kept_files import read_kept_file
from callrouter.adapters.storage.seller_summaries import summarize_sellers
from callrouter.domain.tie_out.classes import DifferenceClass
from callrouter.domain.tie_out.clock_days import ClockDay, list_clock_days
from callrouter.domain.tie_out.clock_words import say_clock
from callrouter.domain.tie_out.measures import say_measure
from callrouter.domain.tie_out.report import ReportedLine, TieOutReport
from callrouter.workflows.view_tie_out import KeptTieOut
from callrouter.workflows.write_tie_out import leave_agreeing

Pages: TypeAlias = Callable[[], Iterable[pl.DataFrame]]
"""A tie-out's lines (LINE_COLUMNS), from the first one each time that it is asked."""

MOST_ON_PAGE, MOST_ON_PAPER, MOST_IN_WORKBOOK = 1000, 300, 50_000
"""So many differences are listed in each: more than that nobody reads, and all are in the CSV."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
_FIRST = (
    DifferenceClass.ACROSS_THRESHOLD,
    DifferenceClass.OURS_ONLY,
    DifferenceClass.THEIRS_ONLY,
    DifferenceClass.AMBIGUOUS,
    DifferenceClass.DUPLICATE,
    DifferenceClass.SAME_MONEY,
    DifferenceClass.ROUNDING,
)
"""What is looked at first: where money differs most."""


Settled: TypeAlias = Callable[[pl.DataFrame], Mapping[int, str]]
"""What was decided about some lines, in words, by line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Whose report it is, and of which files: each one's name by its number, 0 for one not kept.

    `settled` tells what was decided: nothing about lines that aren't kept.
    """

    seller: str
    files: Mapping[int, str]
    settled: Settled = lambda lines: {}  # noqa: ARG005


def find_source(database: Database, seller_id: str, tied: KeptTieOut) -> Source:
    """The seller's name, the names of the tie-out's files, and what was decided."""
    with database.read() as connection:
        [name] = [
            each.name for each in summarize_sellers(connection) if each.seller_id == seller_id
        ]
        files = {
            number: read_kept_file(connection, seller_id, tied.buyer_id, number).name
            for number in tied.files
        }

    def read_settled(lines: pl.DataFrame) -> Mapping[int, str]:
        with database.read() as connection:
            numbers = lines["line_no"].to_list()
            decided = read_decided(connection, seller_id, tied.number, numbers)
        return {line_no: _say_decision(each.last) for line_no, each in decided.items()}

    return Source(seller=name, files=files, settled=read_settled)


def _say_decision(row: DecidedRow) -> str:
    return f"{row.decision}: {row.reason} ({row.author})"


def write_reports(folder: Path, tied: KeptTieOut, source: Source, pages: Pages) -> tuple[Path, ...]:
    """Write report.html, report.pdf and differences.xlsx into `folder`; what was written."""
    report = make_report(tied, source)
    listed = list_lines(pages, source, MOST_IN_WORKBOOK)
    of_page = listed[:MOST_ON_PAGE]
    totals = tied.totals
    differing = totals.whole.lines - totals.classes[DifferenceClass.AGREE].lines
    of_paper = of_page[:MOST_ON_PAPER]
    html, pdf, xlsx = (folder / n for n in ("report.html", "report.pdf", "differences.xlsx"))
    write_tie_out_html(report, of_page, differing - len(of_page), html)
    write_tie_out_pdf(report, of_paper, differing - len(of_paper), pdf)
    write_tie_out_xlsx(report, listed, xlsx)
    return html, pdf, xlsx


def make_report(tied: KeptTieOut, source: Source) -> TieOutReport:
    """All of the report but its lines."""
    mapping = tied.mappings[0]
    columns = ", ".join(
        f"{each.field} = {each.header or each.column + 1}" for each in mapping.columns
    )
    return TieOutReport(
        seller=source.seller,
        buyer=tied.buyer_id,
        number=tied.number,
        since=tied.since,
        until=tied.until,
        zone=tied.zone,
        currency=tied.currency,
        made_at=tied.made_at,
        files=tuple(source.files.values()),
        reading=f"as {mapping.format}: {columns}" if mapping.format else columns,
        clock=tied.clock.words or say_clock(tied.clock),
        measure=say_measure(tied.measure) if tied.measure is not None else "",
        notices=tied.notices,
        totals=tied.totals,
        clock_days=tuple(_list_clock_days(tied)),
    )


def _list_clock_days(tied: KeptTieOut) -> Iterator[ClockDay]:
    """The days on which there are calls, and those between: of others nothing is known."""
    days = [each.day for each in tied.totals.days if each.day is not None]
    for each in list_clock_days(tied.clock, tied.since, tied.until):
        if days and days[0] <= each.day <= days[-1]:
            yield each


def list_lines(pages: Pages, source: Source, most: int) -> tuple[ReportedLine, ...]:
    """At most so many differences: by class, those that money depends on first."""
    order = {each.value: place for place, each in enumerate(_FIRST)}
    kept: list[pl.DataFrame] = []
    for page in pages():
        kept.append(leave_agreeing(page))
        if sum(each.height for each in kept) > 2 * most:
            kept = [_choose(kept, order, most)]
    return tuple(tell_report_lines(_choose(kept, order, most), source)) if kept else ()


def _choose(kept: list[pl.DataFrame], order: Mapping[str, int], most: int) -> pl.DataFrame:
    joined = pl.concat(kept)
    place = pl.col("class").replace_strict(order, return_dtype=pl.Int64)
    return joined.sort(place, "line_no").head(most)


def tell_report_lines(lines: pl.DataFrame, source: Source) -> Iterator[ReportedLine]:
    """Lines (LINE_COLUMNS) as a document lists them, in their order."""
    settled = source.settled(lines)
    for row in lines.iter_rows(named=True):
        yield ReportedLine(
            line_no=row["line_no"],
            difference=DifferenceClass(row["class"]),
            why=row["why"],
            at=_read_at(row),
            caller=row["caller"],
            did=row["did"],
            destination_id=row["destination_id"],
            call_sid=row["call_sid"],
            place=_say_place(row, source),
            their_ids=row["their_call_ids"],
            their_start=_say_wall(row["their_stamp_ms"]),
            our_ms=row["our_ms"],
            their_ms=row["their_ms"],
            our_micros=row["our_micros"],
            their_micros=row["their_micros"],
            settled=settled.get(row["line_no"], ""),
        )


def _read_at(row: Mapping[str, Any]) -> datetime | None:
    ms = row["started_at_ms"] if row["started_at_ms"] is not None else row["their_at_ms"]
    return None if ms is None else _EPOCH + ms * _MS


def _say_place(row: Mapping[str, Any], source: Source) -> str:
    if row["line"] is None:
        return ""
    name = source.files.get(row["file"], "")
    return ":".join(each for each in (name, row["part"], str(row["line"])) if each)


def _say_wall(ms: int | None) -> str:
    return "" if ms is None else f"{_EPOCH + ms * _MS:%Y-%m-%d %H:%M:%S}"
