"""Files as they come in by mail: packed, workbooks, and what is no list of calls at all."""

import gzip
import hashlib
import io
import stat
import zipfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import xlsxwriter

from callrouter.adapters.buyer_files.limits import LIMITS, Limits
from callrouter.adapters.buyer_files.raw_table import RawTable
from callrouter.adapters.buyer_files.reader import read_file
from callrouter.domain.errors import UnreadableFileError
from tests.adapters.buyer_files.old_workbooks import write_ods, write_xls

CSV = b"Start,Caller,Talk\n2026-10-01 09:00:00,+14155550101,62\n"
ROW = ("2026-10-01 09:00:00", "+14155550101", "62")


def read(folder: Path, content: bytes, limits: Limits = LIMITS) -> tuple[RawTable, ...]:
    path = folder / "calls.xls"
    path.write_bytes(content)
    return read_file(path, limits)


def records(table: RawTable) -> list[tuple[str, ...]]:
    return [row[:-1] for row in table.cells.rows()]


def pack(**members: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in members.items():
            opened.writestr(name, content)
    return packed.getvalue()


def write_workbook() -> bytes:
    content = io.BytesIO()
    workbook = xlsxwriter.Workbook(content, {"remove_timezone": True})
    stamp = workbook.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    day = workbook.add_format({"num_format": "yyyy-mm-dd"})
    clock = workbook.add_format({"num_format": "hh:mm:ss"})
    hours = workbook.add_format({"num_format": "[h]:mm:ss"})
    calls = workbook.add_worksheet("Calls")
    calls.write(0, 0, "Acme, October")
    calls.write_row(
        2, 1, ["Start", "Day", "Talk", "Long", "Caller", "Price", "Share", "Paid", "Note"]
    )
    for row in range(3, 6):
        calls.write_datetime(row, 1, datetime(2026, 10, 1, 13, 45, row, tzinfo=UTC), stamp)
        calls.write_datetime(row, 2, date(2026, 10, 1), day)
        calls.write_number(row, 3, 413 / 86_400, clock)
        calls.write_datetime(row, 4, timedelta(hours=25, seconds=3), hours)
        calls.write_number(row, 5, 14155550101)
        calls.write_number(row, 6, 0.1 + 0.2)
        calls.write_number(row, 7, 0.0000125)
        calls.write_boolean(row, 8, True)
        calls.write_string(row, 9, '=HYPERLINK("x")')
    calls.write_row(6, 1, ["Total", "", "", "", "", 0.9])
    workbook.add_worksheet("Empty")
    more = workbook.add_worksheet("More")
    more.write_row(0, 0, ["Start", "Note"])
    more.write_row(1, 0, ["2026-10-02", "a\nb"])
    workbook.add_worksheet("Lists").hide()
    workbook.close()
    return content.getvalue()


def test_a_workbook_is_a_table_for_each_sheet_with_rows(tmp_path: Path) -> None:
    calls, more = read(tmp_path, write_workbook())

    assert (calls.part, more.part) == ("Calls", "More")
    assert calls.header == (
        "", "Start", "Day", "Talk", "Long", "Caller", "Price", "Share", "Paid", "Note",
    )  # fmt: skip
    assert records(calls)[0] == (
        "", "2026-10-01 13:45:03", "2026-10-01", "00:06:53", "25:00:03", "14155550101", "0.3",
        "0.0000125", "TRUE", '=HYPERLINK("x")',
    )  # fmt: skip
    assert calls.cells.get_column("line").to_list() == [4, 5, 6]
    assert [(row.line, row.text) for row in calls.preamble] == [(1, "Acme, October")]
    assert [row.line for row in calls.set_aside] == [7]
    assert [repair.part for repair in calls.repairs] == ["Lists"]
    assert records(more) == [("2026-10-02", "a\nb")]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(CSV, id="as it is"),
        pytest.param(gzip.compress(CSV), id="gzip"),
        pytest.param(gzip.compress(CSV[:30]) + gzip.compress(CSV[30:]), id="gzip after gzip"),
        pytest.param(pack(**{"calls.csv": CSV}), id="zip"),
        pytest.param(
            pack(**{"oct/calls.csv": CSV, "__MACOSX/oct/._calls.csv": b"\0", "x/": b""}),
            id="zip of a Mac",
        ),
    ],
)
def test_however_a_file_is_packed_it_has_the_same_rows(tmp_path: Path, content: bytes) -> None:
    (table,) = read(tmp_path, content)

    assert (table.part, records(table)) == ("", [ROW])
    assert (table.file, table.sha256) == ("calls.xls", hashlib.sha256(content).hexdigest())


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(write_xls([["Start", "Talk"], ["2026-10-01", 62.0]]), id="XLS"),
        pytest.param(write_ods([["Start", "Talk"], ["2026-10-01", 62.0]]), id="ODS"),
    ],
)
def test_other_workbooks_are_read_as_well(tmp_path: Path, content: bytes) -> None:
    (table,) = read(tmp_path, content)

    assert (table.header, table.part) == (("Start", "Talk"), "")
    assert records(table) == [("2026-10-01", "62")]


def test_a_duration_of_an_ods_is_written_with_its_hours(tmp_path: Path) -> None:
    (table,) = read(tmp_path, write_ods([["Short", "Long"], ["PT00H06M53S", "PT25H00M03S"]]))

    assert records(table) == [("00:06:53", "25:00:03")]


def test_a_zip_of_several_files_names_them(tmp_path: Path) -> None:
    content = pack(**{"a.csv": CSV, "b.xlsx": write_workbook(), "c.csv": b"Start,Talk\n"})

    assert [table.part for table in read(tmp_path, content)] == [
        "a.csv",
        "b.xlsx / Calls",
        "b.xlsx / More",
    ]


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        pytest.param("ReadMe.txt", CSV, "is something to read, by its name", id="readme"),
        pytest.param("notes.txt", b"All calls of October.\nAcme\n", "has no columns", id="notes"),
        pytest.param("terms.pdf", b"%PDF-1.7", "is a PDF", id="PDF"),
        pytest.param("logo.png", b"\x89PNG\r\n", "is an image", id="image"),
        pytest.param("index.html", b"<html><p>Hello", "is a web page without a table", id="page"),
        pytest.param("none.csv", b"", "is empty", id="empty"),
        pytest.param(
            "letter.docx",
            pack(**{"[Content_Types].xml": b"<Types/>", "word/document.xml": b""}),
            "is a text document",
            id="letter",
        ),
    ],
)
def test_papers_in_a_zip_of_calls_are_left_aside_and_told_of(
    tmp_path: Path, name: str, content: bytes, why: str
) -> None:
    noise = {".DS_Store": b"\0", "__MACOSX/._calls.csv": b"\0", "._calls.csv": b"\0"}
    (table,) = read(tmp_path, pack(**{name: content, "calls.csv": CSV, **noise}))

    assert (table.part, records(table)) == ("calls.csv", [ROW])
    (problem,) = table.problems
    assert str(problem).startswith(f"{name}, line 1: left aside: {why}")


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def pack_under_password() -> bytes:
    """A zip whose entry says that it is under a password."""
    packed = bytearray(pack(**{"calls.csv": CSV}))
    packed[6] |= 1  # the entry itself
    packed[packed.find(b"PK\x01\x02") + 8] |= 1  # and the list of entries
    return bytes(packed)


def pack_link() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as opened:
        link = zipfile.ZipInfo("calls.csv")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        opened.writestr(link, "/etc/passwd")
    return packed.getvalue()


def write_far_corners() -> bytes:
    """A workbook of two cells, as far apart as they can be."""
    content = io.BytesIO()
    workbook = xlsxwriter.Workbook(content, {"constant_memory": True})  # else it visits each row
    sheet = workbook.add_worksheet()
    sheet.write(0, 0, "Start")
    sheet.write(1_048_575, 16_383, "Talk")
    workbook.close()
    return content.getvalue()


def write_long_sheet() -> bytes:
    content = io.BytesIO()
    workbook = xlsxwriter.Workbook(content)
    sheet = workbook.add_worksheet()
    for row in range(9):
        sheet.write_row(row, 0, [row, row, row])
    workbook.close()
    return content.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"", "calls.xls:1: is empty", id="empty"),
        pytest.param(b"\n\nStart,Talk\n", "calls.xls:3: has headings, but no rows", id="headings"),
        pytest.param(b"\xef\xbb\xbf<html><form>Sign in", "the page to log in", id="a log-in page"),
        pytest.param("<!DOCTYPE html>".encode("utf-16"), "is a web page", id="a page in UTF-16"),
        pytest.param(
            b"MIME-Version: 1.0\r\nContent-Type: multipart/related\r\n\r\n",
            "is a web page saved as one file",
            id="a page saved as one file",
        ),
        pytest.param(b'<?xml version="1.0"?>', "is an XML file", id="XML"),
        pytest.param(b' [ {"calls": 1}]', "is a JSON file", id="JSON"),
        pytest.param(b"%PDF-1.7", "is a PDF; send the calls as CSV or XLSX", id="PDF"),
        pytest.param(b"\x89PNG\r\n", "is an image", id="image"),
        pytest.param(bytes(257) + b"ustar", "is a tar archive", id="tar"),
        pytest.param(gzip.compress(bytes(257) + b"ustar"), "is a tar archive", id="tar in a gzip"),
        pytest.param(gzip.compress(CSV)[:-12], "is a gzip that was cut off", id="half a gzip"),
        pytest.param(gzip.compress(CSV)[:-8] + bytes(8), "is a damaged gzip", id="a damaged gzip"),
        pytest.param(gzip.compress(gzip.compress(CSV)), "archive within a gzip", id="nested gzip"),
        pytest.param(gzip.compress(bytes(9 * 2**20)), "more than 200 times", id="gzip bomb"),
        pytest.param(pack(**{"a.csv": bytes(9 * 2**20)}), "more than 200 times", id="zip bomb"),
        pytest.param(
            pack(**{"a.csv": CSV, "b.zip": pack(**{"c.csv": CSV})}),
            "calls.xls:1: b.zip: is an archive within a zip",
            id="nested zip",
        ),
        pytest.param(
            pack(**{"a.csv": CSV, "b.7z": b"7z\xbc\xaf\x27\x1c"}), "b.7z: is a 7z", id="7z in a zip"
        ),
        pytest.param(
            pack(**{"readme.txt": b"Hello", "b.pdf": b"%PDF"}),
            "is a zip without a list of calls; readme.txt left aside: is something to read",
            id="a zip of papers alone",
        ),
        pytest.param(
            pack(**{".DS_Store": b"\0", "__MACOSX/x": b"\0"}),
            "a zip without a file",
            id="noise alone",
        ),
        pytest.param(
            b'Start,Caller\n"' + b"4155550101\n" * 200,
            "calls.xls:2: has no row that can be read; the first has a quote that is never closed",
            id="a quote that is never closed",
        ),
        pytest.param(pack(), "a zip without a file in it", id="an empty zip"),
        pytest.param(pack(**{"a.csv": CSV})[:60], "is a damaged zip", id="half a zip"),
        pytest.param(pack_under_password(), "is under a password", id="zip under a password"),
        pytest.param(pack(**{"../../a.csv": CSV}), "points outside", id="a path upwards"),
        pytest.param(pack(**{"/etc/a.csv": CSV}), "points outside", id="a path from the root"),
        pytest.param(pack(**{"C:\\a.csv": CSV}), "points outside", id="a path on a drive"),
        pytest.param(pack_link(), "is a link to another file", id="a link"),
        pytest.param(
            OLE + bytes(600) + "EncryptedPackage".encode("utf-16-le"),
            "is a workbook under a password",
            id="workbook under a password",
        ),
        pytest.param(
            write_ods([["Start"]], is_under_password=True),
            "is a workbook under a password",
            id="ODS under a password",
        ),
        pytest.param(
            write_xls([["Start"]], is_under_password=True),
            "is a workbook under a password",
            id="XLS under a password",
        ),
        pytest.param(OLE + bytes(600), "is a workbook that can't be read", id="damaged XLS"),
        pytest.param(
            pack(**{"[Content_Types].xml": b"<Types/>", "word/document.xml": b""}),
            r"is a text document \(DOCX\)",
            id="a letter",
        ),
    ],
)
def test_what_is_no_list_of_calls_is_refused_in_words(
    tmp_path: Path, content: bytes, message: str
) -> None:
    with pytest.raises(UnreadableFileError, match=message):
        read(tmp_path, content)


@pytest.mark.parametrize(
    ("content", "limits", "message"),
    [
        pytest.param(CSV, Limits(received_bytes=20), "has more than 20 bytes", id="bytes"),
        pytest.param(
            gzip.compress(CSV), Limits(unpacked_bytes=20), "more than 20 bytes", id="unpacked"
        ),
        pytest.param(
            pack(**{"a.csv": CSV, "b.csv": CSV}), Limits(members=1), "a zip of 2 files", id="files"
        ),
        pytest.param(
            write_far_corners(),
            Limits(workbook_memory_bytes=512 * 2**20),
            "damaged or needs too much memory",
            id="memory",
        ),
        pytest.param(write_long_sheet(), Limits(columns=2), "has 3 columns", id="columns"),
        pytest.param(write_long_sheet(), Limits(rows=5), "has too many rows", id="rows"),
        pytest.param(write_long_sheet(), Limits(cells=5), "more than 5 cells", id="cells"),
        pytest.param(write_long_sheet(), Limits(workbook_seconds=0), "longer than 0 s", id="time"),
    ],
)
def test_a_file_beyond_a_limit_is_refused(
    tmp_path: Path, content: bytes, limits: Limits, message: str
) -> None:
    with pytest.raises(UnreadableFileError, match=message):
        read(tmp_path, content, limits)


def test_a_workbook_without_a_cell_has_no_rows(tmp_path: Path) -> None:
    content = io.BytesIO()
    xlsxwriter.Workbook(content).close()

    with pytest.raises(UnreadableFileError, match="has no rows"):
        read(tmp_path, content.getvalue())


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match=r"calls\.csv:1: can't be opened: No such file"):
        read_file(tmp_path / "calls.csv")
