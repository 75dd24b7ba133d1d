"""A statement as PDF and as Excel: all there, figures as figures, the same bytes each time."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zipfile import ZipFile

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen

from callrouter.adapters.documents import statement_xlsx
from callrouter.adapters.documents.statement_pdf import write_statement_pdf
from callrouter.adapters.documents.statement_xlsx import write_statement_xlsx
from callrouter.adapters.documents.wording import say_balance, say_kind, say_money, say_title
from callrouter.domain.billing.ledger import Entry, EntryKind
from callrouter.domain.billing.party import Party, Side
from callrouter.domain.billing.statement import Line, Statement, summarize, tally
from callrouter.domain.billing.statement_document import (
    Letterhead,
    Recipient,
    StatementDocument,
    say_hours,
    say_seconds,
)
from callrouter.domain.errors import RefusedError
from tests.adapters.documents.reading import read_cells

SINCE = datetime(2026, 11, 16, 6, tzinfo=UTC)
MICROS = 1_000_000


def make_line(number: int, kind: EntryKind, dollars: int, reason: str, **more: object) -> Line:
    at = SINCE + timedelta(minutes=number)
    values: dict[str, object] = {
        "party": Party(Side.BUYER, "acme"),
        "number": number,
        "kind": kind,
        "amount_micros": dollars * MICROS,
        "currency": "USD",
        "reference": str(number),
        "booked_at": at,
        "posted_at": at,
        "reason": reason,
        "author": "ann",
    }
    return Line(Entry(**(values | more)))  # type: ignore[arg-type]


def call(number: int, reason: str = "connected 121 s >= 120 s: 1 x 75.00 USD") -> Line:
    return make_line(
        number,
        EntryKind.CHARGE,
        75,
        reason,
        call_sid=f"CA{number:032x}",
        call_started_at=SINCE + timedelta(minutes=number),
        cdr_revision=1,
        campaign_id="flood-repair",
        destination_id="acme-east",
        ani="+14155550123",
        did="+18005550100",
        total_ms=141_450,
        connected_ms=121_000,
    )


def make_document(calls: list[Line], *others: Line, **head: object) -> StatementDocument:
    summary = summarize(tally([*calls, *others]))
    statement = Statement(
        party=Party(Side.BUYER, "acme"),
        currency="USD",
        number="acme-2026-0007",
        zone="America/Chicago",
        starts_at=SINCE,
        ends_at=SINCE + timedelta(days=7),
        closed_at=SINCE + timedelta(days=7, hours=6),
        due_on=date(2026, 12, 8),
        agreement_version=1,
        opening_micros=0,
        amount_micros=summary.amount_micros,
        payments_micros=summary.payments_micros,
        entries=summary.entries,
    )
    return StatementDocument(
        statement=replace(statement, **head),  # type: ignore[arg-type]
        summary=summary,
        sender=Letterhead(name="Northbound Calls LLC", how_to_pay=("Wire: 000123456",)),
        recipient=Recipient(name="Acme Restoration Inc.", address=("400 Flood Avenue",)),
        others=others,
    )


def count_pages(file: Path) -> int:
    return file.read_bytes().count(b"/Type /Page\n")


def test_a_pdf_has_letterhead_sums_places_and_every_call(tmp_path: Path, texts: list[str]) -> None:
    payment = make_line(90, EntryKind.PAYMENT, -40, "wire 4711")
    credit = make_line(91, EntryKind.CREDIT, -20, "dispute 12", corrects="acme-2026-0006")
    document = make_document([call(1), call(2)], payment, credit)

    write_statement_pdf(document, iter([call(1), call(2)]), 0, tmp_path / "s.pdf")

    for expected in (
        "Northbound Calls LLC", "Acme Restoration Inc.", "acme-2026-0007",
        "16 Nov 2026 to 22 Nov 2026", "8 Dec 2026", "Balance due", "90.00", "How to pay",
        "Please name acme-2026-0007.", "0:04:02", "wire 4711", "2026-11-16 00:02:00",
        "+14155550123", "141.450", "121", "75.00", "connected 121 s >= 120 s: 1 x 75.00 USD",
        "dispute 12 (corrects acme-2026-0006)",
    ):  # fmt: skip
        assert expected in texts, expected
    assert texts.count("+18005550100") == 2


def test_the_header_row_is_on_every_page_of_calls(tmp_path: Path, texts: list[str]) -> None:
    calls = [call(number) for number in range(1, 131)]

    write_statement_pdf(make_document(calls), iter(calls), 1_234, tmp_path / "s.pdf")

    pages = count_pages(tmp_path / "s.pdf")
    assert pages >= 4
    assert texts.count("Caller") == pages - 1
    assert texts.count("Page 2 of {nb}") == 1
    assert any(text.startswith("1,234 more lines aren't listed") for text in texts)


def test_the_same_statement_is_the_same_pdf_to_the_byte(tmp_path: Path) -> None:
    for name in ("a.pdf", "b.pdf"):
        write_statement_pdf(make_document([call(1)]), iter([call(1)]), 0, tmp_path / name)

    assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "b.pdf").read_bytes()


def test_names_in_other_scripts_are_written_and_what_no_font_has_is_a_box(
    tmp_path: Path, texts: list[str]
) -> None:
    document = make_document([call(1)])
    names = Recipient(name="Żółć Ремонт Αθήνα 設備", address=("long " * 60,))

    write_statement_pdf(
        replace(document, recipient=names), iter([call(1, "very " * 200)]), 0, tmp_path / "s.pdf"
    )

    assert "Żółć Ремонт Αθήνα □□" in texts
    assert any(text.startswith("long long") and text.endswith("…") for text in texts)
    assert any(text.startswith("very very") and text.endswith("…") for text in texts)


def make_font(file: Path, character: str) -> None:
    """A font that has one character."""
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder([".notdef", "one"])
    builder.setupCharacterMap({ord(character): "one"})
    pen = TTGlyphPen(None)
    for point in ((0, 0), (0, 700), (700, 700)):
        (pen.lineTo if point != (0, 0) else pen.moveTo)(point)
    pen.closePath()
    builder.setupGlyf({".notdef": TTGlyphPen(None).glyph(), "one": pen.glyph()})
    builder.setupHorizontalMetrics({".notdef": (500, 0), "one": (800, 0)})
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": "One", "styleName": "Regular"})
    builder.setupOS2(sTypoAscender=800, sTypoDescender=-200)
    builder.setupPost()
    builder.save(file)


def test_a_font_of_the_letterhead_has_what_ours_lacks(tmp_path: Path, texts: list[str]) -> None:
    make_font(tmp_path / "one.ttf", "設")
    document = make_document([call(1)])
    sender = replace(document.sender, font=str(tmp_path / "one.ttf"))
    document = replace(document, sender=sender, recipient=Recipient(name="設備 Ltd"))
    named = call(1, "設 115 s < 120 s")

    write_statement_pdf(document, iter([named]), 0, tmp_path / "s.pdf")

    assert {"設□ Ltd", "設 115 s < 120 s"} <= set(texts)
    assert b"/BaseFont /MPDFAA+One" in (tmp_path / "s.pdf").read_bytes()


def test_what_is_no_font_is_refused(tmp_path: Path) -> None:
    document = make_document([call(1)])
    sender = replace(document.sender, font=__file__)

    with pytest.raises(RefusedError, match="isn't a font that can be used"):
        write_statement_pdf(replace(document, sender=sender), iter([]), 0, tmp_path / "s.pdf")


def test_a_draft_of_a_payout_without_a_call_is_a_page(tmp_path: Path, texts: list[str]) -> None:
    document = make_document([], number="", party=Party(Side.PUBLISHER, "radio"), currency="EUR")

    write_statement_pdf(document, iter([]), 0, tmp_path / "s.pdf")

    assert "Draft payout statement" in texts
    assert "No calls" in texts
    assert "How to pay" not in texts
    assert count_pages(tmp_path / "s.pdf") == 1


def test_many_places_and_payments_go_on_over_pages(tmp_path: Path) -> None:
    calls = [Line(replace(call(n).entry, destination_id=f"acme-{n:03}")) for n in range(1, 61)]
    payments = tuple(make_line(n, EntryKind.PAYMENT, -1, "wire") for n in range(100, 140))

    write_statement_pdf(make_document(calls, *payments), iter([]), 0, tmp_path / "s.pdf")

    assert count_pages(tmp_path / "s.pdf") == 3


def test_a_workbook_has_numbers_and_dates_and_texts_that_are_no_formulas(tmp_path: Path) -> None:
    file = tmp_path / "s.xlsx"
    calls = [call(1), call(2, "=1+1")]
    credit = make_line(91, EntryKind.CREDIT, -20, "dispute 12", corrects="acme-2026-0006")
    document = make_document(calls, credit)

    write_statement_xlsx(document, iter(calls), file)

    header, first, second = read_cells(file, 2)
    assert (header[0], header[6:10]) == (
        "Call started",
        ["Total s", "Connected s", "Amount", "Reason"],
    )
    assert float(first[0]) == pytest.approx(46342 + 1 / 1440)  # 2026-11-16 00:01 in Chicago
    assert first[6:9] == ["141.45", "121", "75"]
    assert second[9] == "=1+1"
    assert read_cells(file, 3)[1][1:5] == ["Credit", "-20", "dispute 12", "acme-2026-0006"]
    sums = {row[0]: row[1] for row in read_cells(file, 1) if len(row) > 1}
    assert (sums["This statement"], sums["Balance due"]) == ("130", "130")
    with ZipFile(file) as book:
        sheet = book.read("xl/worksheets/sheet2.xml").decode()
    assert 'topLeftCell="A2" activePane="bottomLeft" state="frozen"' in sheet
    assert "<f>" not in sheet


def test_the_same_statement_is_the_same_workbook_to_the_byte(tmp_path: Path) -> None:
    for name in ("a.xlsx", "b.xlsx"):
        write_statement_xlsx(make_document([call(1)]), iter([call(1)]), tmp_path / name)

    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_more_calls_than_a_sheet_holds_go_onto_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statement_xlsx, "MOST_ROWS", 2)
    calls = [call(number) for number in range(1, 6)]

    write_statement_xlsx(make_document(calls), iter(calls), tmp_path / "s.xlsx")

    assert [len(read_cells(tmp_path / "s.xlsx", sheet)) for sheet in (2, 3, 4)] == [3, 3, 2]


@pytest.mark.parametrize(
    ("side", "closing", "number", "title", "balance"),
    [
        pytest.param(Side.BUYER, 1, "a-1", "Statement", "Balance due", id="a buyer owes"),
        pytest.param(Side.BUYER, -1, "a-1", "Statement", "In your favour", id="a buyer has credit"),
        pytest.param(
            *(Side.PUBLISHER, 1, "P-a-1", "Payout statement", "Balance due to you"), id="a payout"
        ),
        pytest.param(
            *(Side.PUBLISHER, -1, "", "Draft payout statement", "Paid in advance"), id="an advance"
        ),
    ],
)
def test_a_statement_is_called(
    side: Side, closing: int, number: str, title: str, balance: str
) -> None:
    head = make_document(
        [], party=Party(side, "a"), opening_micros=closing, number=number
    ).statement

    assert (say_title(head), say_balance(head)) == (title, balance)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        pytest.param(say_money(1_234_567_500_000), "1,234,567.50", id="thousands"),
        pytest.param(say_money(-40_000_000), "-40.00", id="negative"),
        pytest.param(say_money(1_234_500), "1.2345", id="less than a cent"),
        pytest.param(say_seconds(121_000), "121", id="whole seconds"),
        pytest.param(say_seconds(119_600), "119.600", id="milliseconds"),
        pytest.param(say_seconds(-500), "-0.500", id="taken back"),
        pytest.param(say_hours(45_296_999), "12:34:56", id="hours"),
        pytest.param(say_hours(-61_000), "-0:01:01", id="hours taken back"),
    ],
)
def test_figures_are_said(said: str, expected: str) -> None:
    assert said == expected


def test_kinds_are_said_with_what_they_take_back() -> None:
    taken_back = replace(make_line(1, EntryKind.REVERSAL, 5, ""), taken_back=EntryKind.PAYMENT)

    assert say_kind(taken_back) == "Payment taken back"
    assert say_kind(call(1)) == "Call"
    assert say_kind(replace(taken_back, taken_back=EntryKind.CHARGE)) == "Call taken back"
