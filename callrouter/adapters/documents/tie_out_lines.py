"""Differences as rows of a page: their record, our call, why, the money."""

from collections.abc import Iterable

from callrouter.adapters.documents.paper import Paper
from callrouter.adapters.documents.paper_table import Column, PaperTable
from callrouter.adapters.documents.tie_out_wording import say_ms
from callrouter.adapters.documents.wording import say_local, say_money
from callrouter.domain.tie_out.report import CLASS_WORDS, ReportedLine

_POINTS = 7.0


def write_lines(paper: Paper, lines: Iterable[ReportedLine], currency: str, zone: str) -> None:
    """The lines on pages in landscape that begin with the header row; no page without any."""
    table: PaperTable | None = None
    for line in lines:
        if table is None:
            paper.add_page(orientation="landscape")
            paper.heading("Differences")
            table = PaperTable(paper, _list_columns(paper.epw, currency), _POINTS)
        table.row(_make_cells(line, zone))


def _list_columns(width: float, currency: str) -> tuple[Column, ...]:
    fixed = (
        Column("Line", 11, "R"),
        Column("Began (ours)", 27),
        Column("Caller", 21),
        Column("Our s", 13, "R"),
        Column("Ours " + currency, 17, "R"),
        Column("Their record", 34, most_lines=3),
        Column("Their s", 13, "R"),
        Column("Theirs " + currency, 18, "R"),
    )
    rest = width - sum(column.width_mm for column in fixed)
    return (
        *fixed,
        Column("What differs, and why", rest - 46, most_lines=4),
        Column("Our call", 46),
    )


def _make_cells(line: ReportedLine, zone: str) -> tuple[str, ...]:
    """One difference, in the order of the columns; "-" where a side has nothing."""
    theirs = " ".join(filter(None, (line.their_start, line.their_ids, line.place)))
    words = f"{CLASS_WORDS[line.difference]}: {line.why}"
    return (
        str(line.line_no),
        say_local(line.at, zone) if line.at else "-",
        line.caller or "withheld",
        say_ms(line.our_ms),
        _say_money(line.our_micros),
        theirs or "-",
        say_ms(line.their_ms),
        _say_money(line.their_micros),
        f"{words} ({line.settled})" if line.settled else words,
        line.call_sid or "-",
    )


def _say_money(micros: int | None) -> str:
    return "-" if micros is None else say_money(micros)
