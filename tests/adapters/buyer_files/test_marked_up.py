"""Files that call themselves .xls and are web pages, or what Excel 2003 saved as XML."""

from pathlib import Path

import pytest

from callrouter.adapters.buyer_files.limits import LIMITS, Limits
from callrouter.adapters.buyer_files.raw_table import RawTable
from callrouter.adapters.buyer_files.reader import read_file
from callrouter.domain.errors import UnreadableFileError

HEAD = "<tr><th>Start</th><th>Caller</th><th>Talk</th></tr>"
ROWS = (
    ("2026-10-01 09:00:00", "+14155550101", "62"),
    ("2026-10-01 09:05:00", "+14155550102", "75"),
)


def row(*cells: str) -> str:
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


PAGE = "\n".join(("<html><body><table border=1>", HEAD, *(row(*each) for each in ROWS), "</table>"))


def read(folder: Path, content: str | bytes, limits: Limits = LIMITS) -> tuple[RawTable, ...]:
    path = folder / "calls.xls"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_file(path, limits)


def records(table: RawTable) -> tuple[tuple[str, ...], ...]:
    return tuple(each[:-1] for each in table.cells.rows())


def test_a_web_page_that_calls_itself_a_workbook_is_read_by_its_table(tmp_path: Path) -> None:
    (table,) = read(tmp_path, PAGE)

    assert (table.part, table.header, table.header_line) == ("", ("Start", "Caller", "Talk"), 2)
    assert records(table) == ROWS
    assert table.cells["line"].to_list() == [3, 4]
    assert (table.problems, table.repairs) == ((), ())


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(PAGE.replace("\n", "\r"), id="lines end with CR"),
        pytest.param(f'<?xml version="1.0"?>\n<!DOCTYPE html>{PAGE}', id="XHTML"),
        pytest.param(f"<!-- made by a console -->\n{PAGE}", id="a comment first"),
        pytest.param(PAGE.replace("</td>", "").replace("</tr>", ""), id="nothing is closed"),
        pytest.param(PAGE.replace("<html><body><table border=1>", ""), id="rows alone"),
        pytest.param(PAGE.upper().replace("START", "Start"), id="large letters"),
        pytest.param(
            PAGE.replace("<html><body>", "<html><style>td {x: '<td>'}</style><body>"),
            id="with a style",
        ),
        pytest.param(
            PAGE.replace("<td>62</td>", "<td><script>go('<td>')</script><b>6</b>2 </td>"),
            id="a script and tags in a cell",
        ),
        pytest.param(
            PAGE.replace("+14155550101", "&#43;1415&shy;5550101&nbsp;").replace("&shy;", ""),
            id="entities",
        ),
        pytest.param(
            PAGE.replace(HEAD, f"<thead>{HEAD}</thead>").replace("</table>", "<tfoot></table>"),
            id="in groups of rows",
        ),
        pytest.param(PAGE.replace("<tr><th>", "<th>"), id="headings in no row"),
        pytest.param(PAGE.replace("<td>62</td>", "<td>62</td><td />"), id="a cell in one tag"),
        pytest.param(PAGE.replace("+1415", "&#8234;+1415&#x200b;"), id="marks that nobody sees"),
        pytest.param(
            PAGE.replace("2026-10-01 09:00:00", "2026-10-01<br>\n  09:00:00"),
            id="a line end within a cell",
        ),
        pytest.param(PAGE.replace("<td>62</td>", "<td>62</td><td colspan=2/>"), id="blank cells"),
    ],
)
def test_however_a_page_is_written_it_has_the_same_records(tmp_path: Path, page: str) -> None:
    (table,) = read(tmp_path, page)

    assert records(table) == ROWS


@pytest.mark.parametrize(
    ("encoding", "says"),
    [
        ("utf-16", ""),
        ("utf-8-sig", ""),
        ("utf-8", "iso-8859-1"),
        ("cp1251", "windows-1251"),
        ("cp1252", "iso-8859-1"),
        ("shift_jis", "Shift_JIS"),
    ],
)
def test_a_page_is_read_by_its_mark_or_as_it_says(tmp_path: Path, encoding: str, says: str) -> None:
    name = {"cp1251": "Линия", "shift_jis": "回線"}.get(encoding, "Café")
    page = PAGE.replace("62", name).replace(
        "<body>", f'<meta http-equiv="Content-Type" content="text/html; charset={says}"><body>'
    )
    (table,) = read(tmp_path, page.encode(encoding))

    assert table.cells["c2"].to_list() == [name, "75"]


def test_a_day_that_goes_over_several_rows_stands_in_each(tmp_path: Path) -> None:
    page = "\n".join(
        (
            "<table><tr><td>Day<td>Time<td>Caller",
            '<tr><td rowspan="2">2026-10-01<td>09:00:00<td>4155550101',
            "<tr><td>09:05:00<td>4155550102",
            "<tr><td>2026-10-02<td>09:00:00<td>4155550101",
        )
    )
    (table,) = read(tmp_path, page)

    assert table.cells["c0"].to_list() == ["2026-10-01", "2026-10-01", "2026-10-02"]
    assert table.cells["c2"].to_list() == ["4155550101", "4155550102", "4155550101"]


def test_a_cell_goes_down_no_further_than_its_group_of_rows(tmp_path: Path) -> None:
    head = HEAD.replace("<th>Talk", "<th rowspan=9>Talk")
    (table,) = read(tmp_path, PAGE.replace(HEAD, f"<thead>{head}</thead>"))

    assert records(table) == ROWS


def test_a_cell_over_two_columns_leaves_the_ones_behind_it_in_place(tmp_path: Path) -> None:
    page = PAGE.replace("<td>+14155550101</td><td>62", "<td colspan=2>withheld</td><td>62")
    (table,) = read(tmp_path, page.replace("<th>Talk", "<th>Name</th><th>Talk"))

    assert records(table)[0] == ("2026-10-01 09:00:00", "withheld", "", "62")


def test_a_title_above_the_headings_is_no_record(tmp_path: Path) -> None:
    (table,) = read(tmp_path, PAGE.replace(HEAD, f"<tr><td colspan=3>Acme, October\n{HEAD}"))

    assert records(table) == ROWS
    assert [(each.line, each.text) for each in table.preamble] == [(2, "Acme, October")]


def test_rows_that_share_a_line_are_counted_instead(tmp_path: Path) -> None:
    (table,) = read(tmp_path, PAGE.replace("\n", ""))

    assert table.cells["line"].to_list() == [2, 3]


def test_a_table_within_a_table_that_lays_out_the_page_is_found(tmp_path: Path) -> None:
    menu = "<table><tr><td>Calls<td>Agents</tr><tr><td>1<td>2</tr></table>"
    page = f"<table><tr><td>{menu}</td><td>{PAGE}</td></tr></table>"
    (table,) = read(tmp_path, page)

    assert records(table) == ROWS
    (aside,) = table.problems
    assert str(aside) == "line 1: a table of 2 rows beside that of the calls, which isn't read"


def test_a_table_that_is_cut_into_pages_is_one(tmp_path: Path) -> None:
    further = PAGE.replace("2026-10-01", "2026-10-02")
    (table,) = read(tmp_path, f"{PAGE}\n<p>page 2</p>\n{further}")

    assert table.cells.height == 4
    assert [each.message for each in table.set_aside] == ["the headings once more"]


def test_headings_in_a_table_of_their_own_are_those_of_the_next(tmp_path: Path) -> None:
    (table,) = read(tmp_path, PAGE.replace(HEAD, f"{HEAD}</table><table>"))

    assert table.header == ("Start", "Caller", "Talk")
    assert records(table) == ROWS


def test_two_tables_of_many_rows_are_read_both(tmp_path: Path) -> None:
    other = "<table><tr><th>Start<th>Agent<th>Caller<th>Talk" + 2 * (
        "\n<tr><td>2026-10-02 10:00:00<td>Ann<td>4155550103<td>9"
    )
    calls, further = read(tmp_path, f"{PAGE}\n{other}")

    assert (calls.part, further.part) == ("table 1", "table 2")
    assert (calls.cells.height, further.cells.height) == (2, 2)


SHEET = """<?xml version="1.0"?>
<?mso-application progid="Excel.Sheet"?>
<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"
 xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">
 <Worksheet ss:Name="Calls"><Table>
  <Row ss:Index="2"><Cell><Data ss:Type="String">Day</Data></Cell>
   <Cell ss:MergeAcross="1"><Data ss:Type="String">Start</Data></Cell>
   <Cell><Data ss:Type="String">Talk</Data></Cell><Cell><Data ss:Type="String">Paid</Data></Cell>
   <Cell><Data ss:Type="String">Price</Data><Comment><ss:Data>not read</ss:Data></Comment></Cell>
  </Row>
  <Row><Cell><Data ss:Type="DateTime">2026-10-01T00:00:00.000</Data></Cell>
   <Cell><Data ss:Type="DateTime">2026-10-01T13:45:10.250</Data></Cell>
   <Cell ss:Index="4"><Data ss:Type="DateTime">1899-12-31T00:06:53.000</Data></Cell>
   <Cell><Data ss:Type="Boolean">1</Data></Cell>
   <Cell><Data ss:Type="Number">9.7164000000000005E-2</Data></Cell></Row>
  <Row><Cell><Data ss:Type="DateTime">2026-10-02T00:00:00.000</Data></Cell>
   <Cell><Data ss:Type="DateTime">2026-10-02T00:00:00.000</Data></Cell>
   <Cell ss:Index="4"><Data ss:Type="DateTime">1900-01-01T01:00:03.000</Data></Cell>
   <Cell><Data ss:Type="Boolean">0</Data></Cell>
   <Cell><Data ss:Type="Number">#N/A</Data></Cell></Row>
 </Table></Worksheet>
 <Worksheet ss:Name="Lists"><Table><Row><Cell><Data ss:Type="String">x</Data></Cell></Row></Table>
  <WorksheetOptions xmlns="urn:schemas-microsoft-com:office:excel"><Visible>SheetHidden</Visible>
  </WorksheetOptions></Worksheet>
 <Worksheet ss:Name="Empty"></Worksheet>
</Workbook>"""


def test_a_workbook_that_excel_2003_saved_as_xml_is_read(tmp_path: Path) -> None:
    (table,) = read(tmp_path, SHEET)

    assert table.header == ("Day", "Start", "", "Talk", "Paid", "Price")
    assert records(table) == (
        ("2026-10-01", "2026-10-01 13:45:10.250", "", "0:06:53", "TRUE", "0.097164"),
        ("2026-10-02", "2026-10-02 00:00:00", "", "25:00:03", "FALSE", "#N/A"),
    )
    assert table.cells["line"].to_list() == [3, 4]
    assert [each.part for each in table.repairs] == ["Lists"]


LAUGHS = SHEET.replace(
    "<Workbook",
    '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>\n<Workbook',
    1,
).replace(">Paid<", ">&b;<")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(LAUGHS, "declares a document type of its own", id="a billion laughs"),
        pytest.param(SHEET[:-40], "is damaged", id="half a workbook"),
        pytest.param(PAGE.replace("<html>", "<html><!-- " + "x" * 2**21), "never ends", id="tag"),
        pytest.param(
            PAGE.replace("62", f"{99 * 'x'}<b>" * 11_000), "a cell of more than 1 MiB", id="cell"
        ),
        pytest.param("<table><tr><td>" * 60, "tables within tables", id="depth"),
        pytest.param("<table>x</table>" * 1_001, "more than 1,000 tables", id="tables"),
        pytest.param(row(*["x"] * 1_001), "more than 1,000 columns", id="columns"),
        pytest.param(
            "<table>" + row("x") + "<tr>" + "<td rowspan=9>y<td rowspan=9>y" * 501,
            "more than 1,000 columns",
            id="columns downwards",
        ),
        pytest.param("<table><![x[", "is damaged", id="no HTML"),
        pytest.param(PAGE.encode() + bytes(9), "bytes that no text has", id="binary"),
    ],
)
def test_what_would_take_too_much_or_is_no_such_file_is_refused(
    tmp_path: Path, content: str | bytes, message: str
) -> None:
    with pytest.raises(UnreadableFileError, match=message):
        read(tmp_path, content)


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        pytest.param(Limits(cells=5), "more cells", id="cells"),
        pytest.param(Limits(rows=2), "too many rows", id="rows"),
        pytest.param(Limits(columns=2), "has 3 columns", id="columns"),
        pytest.param(Limits(workbook_seconds=0), "a web page that takes longer", id="time"),
    ],
)
def test_a_page_beyond_a_limit_is_refused(tmp_path: Path, limits: Limits, message: str) -> None:
    with pytest.raises(UnreadableFileError, match=message):
        read(tmp_path, PAGE, limits)
