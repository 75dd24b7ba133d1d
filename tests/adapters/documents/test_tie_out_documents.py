"""A tie-out's report as a page, a PDF and a workbook: all there, and strangers' text stays text."""

from html.parser import HTMLParser
from pathlib import Path

from callrouter.adapters.documents.dispute_pdf import write_dispute_pdf
from callrouter.adapters.documents.tie_out_html import write_tie_out_html
from callrouter.adapters.documents.tie_out_pdf import write_tie_out_pdf
from callrouter.adapters.documents.tie_out_xlsx import write_dispute_xlsx, write_tie_out_xlsx
from tests.adapters.documents.reading import read_cells
from tests.adapters.documents.tie_outs import letter, line, nothing, report, theirs_only

HOSTILE = '<script>alert(1)</script> & "quotes" \''


class _Page(HTMLParser):
    """What a browser would see: texts, tags, and the attributes that can run something."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append(" ".join(data.split()))


def read_page(file: Path) -> _Page:
    page = _Page()
    page.feed(file.read_text("utf-8"))
    return page


def test_the_page_has_both_totals_every_class_and_each_difference(tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    write_tie_out_html(report(), [line(), theirs_only()], 0, file)
    page = read_page(file)
    for text in (
        "Tie-out with Acme Plumbing, 1 Oct 2026 to 31 Oct 2026",
        "88,950.00",
        "85,425.00",
        "-3,525.00",
        "-3.96 % of ours",
        "their CALL TIME includes about 41 s of queue",
        "Differ across the threshold",
        "Threshold, they pay less (58)",
        "Calls of about 120 s",
        "their clock: America/Chicago, 37 s ahead; sure: 1,112 calls",
        "2026-10-03 10:02:00",
        "withheld",
        "unknown",
    ):
        assert text in page.texts, text
    assert {"svg", "table"} <= page.tags


def test_the_page_needs_nothing_else_and_runs_nothing(tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    hostile = line(why=HOSTILE, their_ids=HOSTILE, caller=HOSTILE, place=HOSTILE)
    write_tie_out_html(report(notices=(HOSTILE,), files=(HOSTILE,)), [hostile], 0, file)
    page = read_page(file)
    assert not page.tags & {"script", "link", "img", "iframe", "object"}
    assert not page.attributes & {"src", "href", "onload", "onclick"}
    assert HOSTILE in page.texts


def test_a_tie_out_in_which_all_agrees_says_so(tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    write_tie_out_html(nothing(), [], 0, file)
    texts = read_page(file).texts
    assert "None: every call agrees." in texts
    assert "no part of ours" in texts


def test_differences_that_are_not_listed_are_counted(tmp_path: Path, texts: list[str]) -> None:
    write_tie_out_html(report(), [line()], 1234, tmp_path / "report.html")
    said = "1,234 more aren't listed here"
    assert any(text.startswith(said) for text in read_page(tmp_path / "report.html").texts)
    write_tie_out_pdf(report(), [line()], 1234, tmp_path / "report.pdf")
    assert any(text.startswith(said) for text in texts)


def test_the_pdf_has_sums_classes_days_and_differences(tmp_path: Path, texts: list[str]) -> None:
    file = tmp_path / "report.pdf"
    write_tie_out_pdf(report(), [line(), theirs_only()], 0, file)
    assert file.read_bytes().startswith(b"%PDF")
    joined = " ".join(texts)
    for text in (
        "Tie-out with Acme Plumbing",
        "Note: their CALL TIME includes about 41 s of queue",
        "88,950.00",
        "Rounding only",
        "2026-10-01",
        "unknown",
        "File: acme-october.csv, 1,183 records",
        "Differences",
        "2026-10-03 10:02:00",
    ):
        assert text in joined, text


def test_a_pdf_of_nothing_is_a_page(tmp_path: Path) -> None:
    file = tmp_path / "report.pdf"
    write_tie_out_pdf(nothing(), [], 0, file)
    assert file.read_bytes().count(b"/Type /Page\n") >= 1


def test_the_same_report_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_tie_out_pdf(report(), [line()], 0, tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_the_workbook_has_figures_as_figures_and_formulas_as_text(tmp_path: Path) -> None:
    file = tmp_path / "report.xlsx"
    write_tie_out_xlsx(report(), [line(why="=1+1"), theirs_only()], file)
    head, first, second = read_cells(file, 2)
    assert head[:3] == ["Line", "Class", "Why"]
    assert first[:3] == ["17", "Differ across the threshold", "=1+1"]
    assert first[7:12] == ["121", "75", "118", "0", "-75"]
    assert second[1] == "Theirs only"
    sums = {row[0]: row[1:] for row in read_cells(file, 1) if row}
    assert sums["Both sides"][:2] == ["1190", "1183"]
    assert sums["Differ across the threshold"][-1] == "-3000"


def test_a_dispute_is_sent_with_its_sums_its_window_and_every_line(
    tmp_path: Path, texts: list[str]
) -> None:
    write_dispute_pdf(letter(), [line(), theirs_only()], tmp_path / "dispute.pdf")
    joined = " ".join(texts)
    for text in (
        "Dispute 4 with Acme Plumbing, 1 Oct 2026 to 31 Oct 2026",
        "In dispute",
        "2026-11-07",
        "ann@northside.example",
        "All of these ran past two minutes with us.",
        "Theirs only: no call of ours from this caller",
    ):
        assert text in joined, text
    write_dispute_xlsx(letter(), [line()], tmp_path / "dispute.xlsx")
    assert len(read_cells(tmp_path / "dispute.xlsx", 1)) == 2
