"""A tie-out's report as a PDF: sums, pictures, classes, days, then the differences.

The same report gives the same bytes.
"""

from collections.abc import Iterable, Sequence
from io import BytesIO
from pathlib import Path

from markupsafe import Markup

from callrouter.adapters.documents.paper import Paper, choose_sheet
from callrouter.adapters.documents.paper_table import Column, PaperTable
from callrouter.adapters.documents.tie_out_lines import write_lines
from callrouter.adapters.documents.tie_out_pictures import (
    picture_clock,
    picture_gaps,
    picture_money,
    picture_thresholds,
)
from callrouter.adapters.documents.tie_out_wording import say_share, say_tie_out
from callrouter.adapters.documents.wording import say_local, say_money
from callrouter.domain.billing.statement_document import say_hours
from callrouter.domain.tie_out.report import CLASS_WORDS, ReportedLine, TieOutReport
from callrouter.domain.tie_out.totals import Sums

_POINTS = 8.5
_PICTURE_MM = 62.0
"""The most that a picture is high, with its heading: what must be left on a page for one."""


def write_tie_out_pdf(
    report: TieOutReport, lines: Iterable[ReportedLine], left_out: int, file: Path
) -> None:
    """Write the report to `file`; `lines` are those listed, `left_out` counts the rest."""
    title = say_tie_out(report)
    with Paper(
        choose_sheet(report.currency), f"{report.seller} · {title}", report.made_at
    ) as paper:
        paper.set_title(title)
        paper.set_author(report.seller)
        paper.set_lang("en")
        paper.add_page()
        _write_head(paper, report, title)
        _write_picture(paper, "From our total to theirs", picture_money(report))
        _write_classes(paper, report)
        _write_picture(paper, "Their seconds less ours", picture_gaps(report))
        for threshold_s, picture in picture_thresholds(report):
            _write_picture(paper, f"Calls of about {threshold_s} s", picture)
        _write_picture(paper, "Their clock, by how much it was ahead", picture_clock(report))
        _write_days(paper, report)
        _write_how(paper, report)
        write_lines(paper, lines, report.currency, report.zone)
        if left_out:
            paper.ln(3)
            paper.style(_POINTS, bold=True)
            paper.line_of_text(
                f"{left_out:,} more aren't listed here; all are in the CSV and Excel files, and in"
                " all sums above."
            )
        paper.output(str(file))


def _write_head(paper: Paper, report: TieOutReport, title: str) -> None:
    whole = report.totals.whole
    paper.style(16, bold=True, accent=True)
    paper.line_of_text(title, height_mm=8)
    paper.style(_POINTS, faint=True)
    kept = f" · tie-out {report.number}" if report.number else ""
    made = say_local(report.made_at, report.zone)
    seller = f"{report.seller} · " if report.seller else ""
    paper.line_of_text(f"{seller}times are of {report.zone}{kept} · made {made}")
    paper.ln(2)
    paper.rule(heavy=True)
    paper.ln(4)
    columns = (Column("", 62), Column("", 34, "R"), Column("", paper.epw - 96, "R"))
    table = PaperTable(paper, columns, 10)
    calls = f"{whole.our_calls:,} calls, {say_hours(whole.our_ms)}"
    table.row(("Ours", say_money(whole.our_micros), calls))
    records = f"{whole.rows:,} records, {say_hours(whole.their_ms)}"
    table.row(("Theirs, by the terms", say_money(whole.their_micros), records))
    table.row(
        (
            f"Theirs less ours, {report.currency}",
            say_money(whole.micros),
            f"{say_share(whole)} of ours",
        ),
        bold=True,
    )
    if report.totals.price_micros is not None:
        own = say_money(report.totals.price_micros)
        table.row(("Their own price column", own, "as it stands in their file"))
    paper.ln(3)
    for notice in report.notices:
        paper.style(_POINTS, bold=True)
        _write_words(paper, f"Note: {notice}")
    paper.ln(3)


def _write_picture(paper: Paper, title: str, picture: Markup) -> None:
    """Nothing where there is no picture."""
    if not picture:
        return
    if paper.room_mm < _PICTURE_MM:
        paper.add_page(same=True)
    paper.heading(title)
    paper.image(BytesIO(picture.encode()), w=paper.epw)
    paper.ln(5)


def _write_classes(paper: Paper, report: TieOutReport) -> None:
    _make_room(paper, len(report.totals.classes) + 3)
    paper.heading("Where every call and record ended up")
    table = PaperTable(paper, _columns_of_sums(paper.epw, "Class", report.currency), _POINTS)
    for each, sums in report.totals.classes.items():
        table.row((CLASS_WORDS[each], *_cells_of_sums(sums)), faint=not sums.lines)
    paper.rule()
    paper.ln(0.8)
    table.row(("Both sides", *_cells_of_sums(report.totals.whole)), bold=True)
    paper.ln(6)


def _write_days(paper: Paper, report: TieOutReport) -> None:
    _make_room(paper, 6)
    paper.heading("Day by day")
    table = PaperTable(paper, _columns_of_sums(paper.epw, "Day", report.currency), _POINTS)
    for day in report.totals.days:
        name = day.day.isoformat() if day.day else "unknown"
        table.row((name, *_cells_of_sums(day.sums)), faint=not day.differing)
    paper.ln(6)


def _write_how(paper: Paper, report: TieOutReport) -> None:
    words = [f"File: {file}" for file in report.files]
    words += [f"Read as: {report.reading}", f"Compared: {report.measure}"]
    words += [report.clock] if report.clock else []
    _make_room(paper, len(words) + 2)
    paper.heading("How it was compared")
    paper.style(_POINTS)
    for text in words:
        _write_words(paper, text)


def _write_words(paper: Paper, text: str) -> None:
    """A text of up to four lines."""
    for line in paper.fit(text, paper.epw, 4):
        paper.line_of_text(line)


def _make_room(paper: Paper, rows: int) -> None:
    if paper.room_mm < rows * 4.6:
        paper.add_page(same=True)


def _columns_of_sums(width: float, first: str, currency: str) -> tuple[Column, ...]:
    shares = (0.24, 0.1, 0.1, 0.12, 0.12, 0.11, 0.11, 0.1)
    titles = (
        first,
        "Our calls",
        "Records",
        "Our time",
        "Their time",
        f"Ours {currency}",
        f"Theirs {currency}",
        "Gap",
    )
    return tuple(
        Column(title, width * share, "R" if index else "L")
        for index, (title, share) in enumerate(zip(titles, shares, strict=True))
    )


def _cells_of_sums(sums: Sums) -> Sequence[str]:
    return (
        f"{sums.our_calls:,}",
        f"{sums.rows:,}",
        say_hours(sums.our_ms),
        say_hours(sums.their_ms),
        say_money(sums.our_micros),
        say_money(sums.their_micros),
        say_money(sums.micros),
    )
