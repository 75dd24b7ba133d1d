"""A dispute as a PDF to be sent: what it is about, what it comes to, every line of it."""

from collections.abc import Iterable
from pathlib import Path

from callrouter.adapters.documents.paper import Paper, choose_sheet
from callrouter.adapters.documents.paper_table import Column, PaperTable
from callrouter.adapters.documents.tie_out_lines import write_lines
from callrouter.adapters.documents.tie_out_wording import say_dispute
from callrouter.adapters.documents.wording import say_local, say_money
from callrouter.domain.tie_out.report import DisputeLetter, ReportedLine


def write_dispute_pdf(letter: DisputeLetter, lines: Iterable[ReportedLine], file: Path) -> None:
    """Write the dispute with all of `lines` to `file`; the same dispute gives the same bytes."""
    title = say_dispute(letter)
    with Paper(
        choose_sheet(letter.currency), f"{letter.seller} · {title}", letter.made_at
    ) as paper:
        paper.set_title(title)
        paper.set_author(letter.seller)
        paper.set_lang("en")
        paper.add_page()
        paper.style(16, bold=True, accent=True)
        paper.line_of_text(title, height_mm=8)
        paper.style(8.5, faint=True)
        made = say_local(letter.made_at, letter.zone)
        paper.line_of_text(f"{letter.seller} · times are of {letter.zone} · made {made}")
        paper.ln(2)
        paper.rule(heavy=True)
        paper.ln(4)
        _write_sums(paper, letter)
        paper.style(9)
        for line in paper.fit(letter.note, paper.epw, 12):
            paper.line_of_text(line)
        write_lines(paper, lines, letter.currency, letter.zone)
        paper.output(str(file))


def _write_sums(paper: Paper, letter: DisputeLetter) -> None:
    table = PaperTable(paper, (Column("", 46), Column("", 70, "R")), 10)
    table.row(("Calls", f"{letter.lines:,}"))
    table.row((f"Ours, {letter.currency}", say_money(letter.our_micros)))
    table.row((f"Theirs, {letter.currency}", say_money(letter.their_micros)))
    gap = say_money(letter.our_micros - letter.their_micros)
    table.row(("In dispute", gap), bold=True)
    if letter.raise_by:
        table.row(("Can be raised until", letter.raise_by))
    table.row(("Please answer to", letter.owner))
    paper.ln(4)
