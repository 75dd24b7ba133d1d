"""Texts as phone systems write them: what is read, what is mended, what is told."""

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callrouter.adapters.buyer_files.assembly import Source
from callrouter.adapters.buyer_files.delimited import read_delimited
from callrouter.adapters.buyer_files.fast_rows import Stretch, read_clean_rows
from callrouter.adapters.buyer_files.limits import LIMITS, Limits
from callrouter.adapters.buyer_files.quoting import Dialect
from callrouter.adapters.buyer_files.raw_table import RawTable
from callrouter.adapters.buyer_files.row_by_row import RowReader
from callrouter.domain.errors import UnreadableFileError

SOURCE = Source(file="calls.csv", sha256="")
HEADER = ("Start", "Caller", "Talk")
ROWS = [
    ("2026-10-01 09:00:00", "+14155550101", "62"),
    ("2026-10-01 09:05:00", "+14155550102", "0"),
]


def read(text: str | bytes, limits: Limits = LIMITS) -> RawTable:
    content = text.encode() if isinstance(text, str) else text
    return read_delimited(content, SOURCE, limits)


def records(table: RawTable) -> list[tuple[str, ...]]:
    return [row[:-1] for row in table.cells.rows()]


def lines(table: RawTable) -> list[int]:
    return table.cells.get_column("line").to_list()


def write(delimiter: str = ",", end: str = "\n") -> str:
    return "".join(delimiter.join(row) + end for row in [HEADER, *ROWS])


@pytest.mark.parametrize(
    ("content", "encoding", "delimiter"),
    [
        pytest.param(write().encode(), "utf-8", ",", id="comma"),
        pytest.param(write(";").encode(), "utf-8", ";", id="semicolon"),
        pytest.param(write("\t").encode(), "utf-8", "\t", id="tab"),
        pytest.param(write("|").encode(), "utf-8", "|", id="bar"),
        pytest.param(write(", ").encode(), "utf-8", ", ", id="comma and blank"),
        pytest.param(write(end="\r\n").encode(), "utf-8", ",", id="CRLF"),
        pytest.param(write(end="\r").encode(), "utf-8", ",", id="CR alone"),
        pytest.param(write().rstrip("\n").encode(), "utf-8", ",", id="no line end at the end"),
        pytest.param(write().encode() + b"\x1a", "utf-8", ",", id="an end as in DOS"),
        pytest.param(write().encode("utf-8-sig"), "utf-8", ",", id="UTF-8 with its mark"),
        pytest.param(write("\t").encode("utf-16"), "utf-16", "\t", id="UTF-16"),
        pytest.param(write("\t").encode("utf-16-le"), "utf-16", "\t", id="UTF-16 without a mark"),
        pytest.param(write().encode("utf-16-be"), "utf-16", ",", id="UTF-16 big end first"),
        pytest.param(
            "".join(f'"{",".join(row)}"\n' for row in [HEADER, *ROWS]).encode(),
            "utf-8",
            ",",
            id="whole rows in quotes",
        ),
    ],
)
def test_however_a_text_is_written_it_has_the_same_rows(
    content: bytes, encoding: str, delimiter: str
) -> None:
    table = read(content)

    assert (table.header, table.header_line) == (HEADER, 1)
    assert records(table) == ROWS
    assert lines(table) == [2, 3]
    assert (table.encoding, table.delimiter) == (encoding, delimiter)
    assert (table.problems, table.set_aside, table.preamble, table.repairs) == ((), (), (), ())


@pytest.mark.parametrize(
    ("written", "cell"),
    [
        pytest.param('"Doe, Jo"', "Doe, Jo", id="a delimiter in quotes"),
        pytest.param('"Jo ""J"" Doe"', 'Jo "J" Doe', id="doubled quotes"),
        pytest.param('"""Jo"" <415>"', '"Jo" <415>', id="a name in doubled quotes"),
        pytest.param('"Jo\nDoe"', "Jo\nDoe", id="a line end in quotes"),
        pytest.param('"Jo\r\nDoe"', "Jo\r\nDoe", id="a line end of two characters in quotes"),
        pytest.param('="0123"', '="0123"', id="a formula round a text"),
        pytest.param("=1+2", "=1+2", id="a formula, which is never worked out"),
        pytest.param("'0123", "'0123", id="an apostrophe"),
        pytest.param("[None]", "[None]", id="a word for nothing"),
        pytest.param("", "", id="nothing"),
        pytest.param(" x ", " x ", id="blanks"),
        pytest.param("# 7", "# 7", id="what elsewhere is a comment"),
        pytest.param('"User 10" <114>', '"User 10" <114>', id="quotes closed too early"),
        pytest.param('""Name" <1115>"', '"Name" <1115>', id="quotes that aren't doubled"),
        pytest.param('"Bob "the boss" Doe"', 'Bob "the boss" Doe', id="quotes in the middle"),
        pytest.param('"Bob "x, y" Doe"', 'Bob "x, y" Doe', id="a delimiter within such quotes"),
        pytest.param('5" pipe', '5" pipe', id="an inch"),
    ],
)
def test_a_cell_is_what_the_file_says(written: str, cell: str) -> None:
    table = read(f"Start,Name,Talk\n2026-10-01,{written},62\n2026-10-02,Al,7\n")

    assert records(table) == [("2026-10-01", cell, "62"), ("2026-10-02", "Al", "7")]
    assert lines(table) == [2, 3 + cell.count("\n")]
    assert table.problems == ()


def test_mended_quotes_are_counted() -> None:
    table = read('Start,Name,Talk\n1,Al,6\n2,"User 10" <114>,7\n3,"User 11" <115>,8\n')

    (repair,) = table.repairs
    assert (repair.line, repair.rows) == (3, 2)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        pytest.param(
            "2026-10-02,Doe, Jo,7",
            "has 4 cells where there are 3 columns; a cell with a comma",
            id="long",
        ),
        pytest.param("2026-10-02", "has 1 cells where there are 3 columns", id="one cell"),
        pytest.param('2026-10-02,"Jo,7,8', "has a quote that is never closed", id="open"),
        pytest.param('a",b"c","d,e"f,g",h', "has quotes that can mean several things", id="no way"),
    ],
)
def test_a_row_that_cannot_be_read_is_told_and_the_rest_is_read(row: str, message: str) -> None:
    table = read(f"Start,Name,Talk\n2026-10-01,Al,62\n{row}\n2026-10-03,Bo,8\n2026-10-04,Cy,9\n")

    assert [record[0] for record in records(table)] == ["2026-10-01", "2026-10-03", "2026-10-04"]
    assert lines(table) == [2, 4, 5]
    (problem,) = table.problems
    assert (problem.line, problem.text) == (3, row)
    assert message in problem.message


def test_empty_cells_beyond_the_last_column_are_nothing() -> None:
    table = read("Start,Name,Talk\n2026-10-01,Al,62,,\n2026-10-02,Bo,7\n")

    assert records(table) == [("2026-10-01", "Al", "62"), ("2026-10-02", "Bo", "7")]
    assert (table.problems, table.repairs) == ((), ())


def test_cells_that_are_missing_at_a_rows_end_are_empty_and_told() -> None:
    table = read("Start,Name,Talk,Note\n2026-10-01,Al,62\n2026-10-02,Bo,7,x\n2026-10-03,Cy,8\n")

    assert [row[3] for row in records(table)] == ["", "x", ""]
    (repair,) = table.repairs
    assert (repair.message, repair.line, repair.rows) == (
        "3 cells of 4; the rest were taken as empty",
        2,
        2,
    )


def test_rows_of_nothing_but_delimiters_and_quotes_are_blank() -> None:
    table = read('Start,Name,Talk\n2026-10-01,Al,62\n"",""\n,\n2026-10-03,Cy,8\n')

    assert lines(table) == [2, 5]
    assert (table.problems, table.repairs) == ((), ())


def test_a_line_end_within_a_cell_without_quotes_is_mended() -> None:
    table = read("Start,Note,Talk\n2026-10-01,called\nback,62\n2026-10-02,x,7\n")

    assert records(table) == [("2026-10-01", "called\nback", "62"), ("2026-10-02", "x", "7")]
    assert lines(table) == [2, 4]
    assert table.repairs[0].line == 2


def test_a_file_that_was_cut_off_says_so() -> None:
    table = read("Start,Name,Talk\n2026-10-01,Al,62\n2026-10-02,B")

    assert records(table) == [("2026-10-01", "Al", "62")]
    assert "cut off" in table.problems[0].message


def test_what_stands_around_the_records_is_set_aside_and_kept() -> None:
    table = read(
        '"Inbound Report","2026-10-02 10:11:12"\n\n"Time range:","2026-10-01",""\n\n'
        '"CALL DATE","DID","CID NUMBER","ROUTE","CHANNEL"\n'
        "DATETIME,VARCHAR(20),VARCHAR(20),TEXT,INTEGER\n"
        '"2026-10-01 09:00:04","8005550100","4155550101","IN","2"\n\n,,,,\n'
        '"CALL DATE","DID","CID NUMBER","ROUTE","CHANNEL"\n'
        '"2026-10-01 09:00:09","8005550100","4155550102","IN","2"\n'
        '"","","TOTALS","2"\n'
        "exported by cron\n"
    )

    assert (table.header_line, lines(table)) == (5, [7, 11])
    assert [(row.line, row.text) for row in table.preamble] == [
        (1, "Inbound Report | 2026-10-02 10:11:12"),
        (3, "Time range: | 2026-10-01"),
    ]
    assert [(row.line, row.message) for row in table.set_aside] == [
        (6, "the types of columns"),
        (10, "the headings once more"),
        (12, "a total or a note below the records"),
    ]
    assert [problem.line for problem in table.problems] == [13]


@pytest.mark.parametrize(
    ("above", "header", "line"),
    [
        pytest.param("Account:,Acme\nFrom:,2026-10-01\n\n", HEADER, 4, id="titles of two cells"),
        pytest.param("sep=,\n", HEADER, 2, id="what spreadsheets say of the delimiter"),
        pytest.param("Call,,\n", HEADER, 2, id="headings of groups"),
    ],
)
def test_headings_are_found_below_titles(above: str, header: tuple[str, ...], line: int) -> None:
    table = read(above + write())

    assert (table.header, table.header_line) == (header, line)
    assert records(table) == ROWS


def test_a_blank_heading_does_not_make_headings_of_the_types() -> None:
    table = read("Start,,Talk\nDATETIME,TEXT,INTEGER\n2026-10-01,Al,62\n")

    assert table.header == ("Start", "", "Talk")
    assert [row.line for row in table.set_aside] == [2]


def test_a_record_is_no_total_because_a_name_begins_like_one() -> None:
    table = read("Start,Name,Talk\n2026-10-01,Al,62\n2026-10-02,Total Care,7\n")

    assert len(records(table)) == 2


def test_without_headings_the_first_row_is_a_record() -> None:
    table = read(
        '"","4155550101","200","2026-10-01 09:00:00","27"\n'
        '"","4155550102","200","2026-10-01 09:01:00","5"\n'
    )

    assert (table.header, table.header_line, lines(table)) == (None, 0, [1, 2])


def test_a_delimiter_at_the_ends_of_lines_makes_no_column() -> None:
    assert read("Start,Talk,\n2026-10-01,62,\n").header == ("Start", "Talk")
    assert read("Start,Talk,\n2026-10-01,62,x\n").header == ("Start", "Talk", "")


def test_a_blank_column_stays_where_it_is() -> None:
    table = read("Start,,Talk\n2026-10-01,,62\n")

    assert (table.header, records(table)) == (("Start", "", "Talk"), [("2026-10-01", "", "62")])


@pytest.mark.parametrize(
    ("content", "encoding", "name"),
    [
        pytest.param("Łódź".encode(), "utf-8", "Łódź", id="UTF-8"),
        pytest.param("Müller".encode("cp1252"), "cp1252", "Müller", id="Western European"),
        pytest.param("Иванов Пётр".encode("cp1251"), "cp1251", "Иванов Пётр", id="Cyrillic"),
        pytest.param(
            "Müller, Jörg".encode() + b" \xe9", "utf-8", "Müller, Jörg é", id="a stray byte"
        ),
    ],
)
def test_names_in_other_encodings_are_read(content: bytes, encoding: str, name: str) -> None:
    table = read(b'Start;Name;Talk\n2026-10-01;"' + content + b'";62\n')

    assert (table.encoding, records(table)[0][1]) == (encoding, name)


def test_a_byte_that_no_letter_is_does_not_lose_the_file() -> None:
    rows = "2026-10-01;Zoë Müller;62\n" * 4_000

    table = read(f"Start;Name;Talk\n{rows}".encode("cp1252") + b"2026-10-01;\x81;7\n")

    assert (table.encoding, len(records(table))) == ("cp1252", 4_001)
    assert records(table)[-1][1] == "\x81"


@pytest.mark.parametrize(
    ("content", "limits", "message"),
    [
        pytest.param(b" \n\n", LIMITS, "calls.csv:1: is empty", id="blank"),
        pytest.param(b"dear all\nplease find\n", LIMITS, "calls.csv:1: has no columns", id="prose"),
        pytest.param(b"a,b\n1,2\n\x00\x01,3\n", LIMITS, "calls.csv:3: has bytes", id="half binary"),
        pytest.param("a,b\n1,\0\n".encode("utf-16"), LIMITS, "has bytes", id="zero in UTF-16"),
        pytest.param(bytes(range(1, 32)) * 9, LIMITS, "has bytes", id="control characters"),
        pytest.param(
            b"a,b\n" + b"x" * 99, Limits(line_bytes=50), "calls.csv:2: a line is longer", id="line"
        ),
        pytest.param(b"1,2\n" * 9, Limits(rows=5), "calls.csv:6: has more than 5 lines", id="rows"),
        pytest.param(b"1,2,3\n", Limits(columns=2), "has 3 columns; at most 2", id="columns"),
        pytest.param(b"1,2,3\n" * 9, Limits(cells=5), "more than 5 cells", id="cells"),
        pytest.param(
            b"a,b\n" + b"1,2\n" * 40 + b"1,2,3\n" * 9,
            Limits(problems=3),
            "calls.csv:42: 4 rows can't be read; the first has 3 cells",
            id="hardly a row can be read",
        ),
    ],
)
def test_what_cannot_be_read_at_all_is_refused(
    content: bytes, limits: Limits, message: str
) -> None:
    with pytest.raises(UnreadableFileError, match=message):
        read(content, limits)


_CELLS = st.text(alphabet="a1\",;\n é'=#", max_size=5)


@given(
    rows=st.integers(2, 4).flatmap(
        lambda width: st.lists(
            st.lists(_CELLS, min_size=width, max_size=width), min_size=1, max_size=8
        )
    ),
    end=st.sampled_from(["\n", "\r\n"]),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    quotes_all=st.booleans(),
    broken_at=st.none() | st.integers(0, 200),
)
@settings(max_examples=100, deadline=None)
def test_reading_in_bulk_and_row_by_row_is_the_same(
    rows: list[list[str]], end: str, delimiter: str, quotes_all: bool, broken_at: int | None
) -> None:
    text = io.StringIO(newline="")
    dialect = csv.excel()
    dialect.delimiter, dialect.lineterminator = delimiter, end
    dialect.quoting = csv.QUOTE_ALL if quotes_all else csv.QUOTE_MINIMAL
    csv.writer(text, dialect).writerows(rows)
    body = text.getvalue()
    if broken_at is not None:
        body = body[:broken_at] + '"' + body[broken_at:]
    content, width = body.encode(), len(rows[0])

    bulk = read_clean_rows(Stretch(content), Dialect(delimiter), width, LIMITS.record_lines)
    reader = RowReader(content, Dialect(delimiter), LIMITS, SOURCE)
    slowly = reader.read(width, 0, len(content), 1)[0]

    def filled(table: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
        return [row for row in table if any(cell.strip() for cell in row[:-1])]

    if bulk is not None:
        assert filled(bulk.rows()) == filled(slowly.rows())
        assert (reader.problems, reader.repairs) == ([], {})
    if broken_at is None:
        assert [row[:-1] for row in filled(slowly.rows())] == [
            tuple(row) for row in rows if any(cell.strip() for cell in row)
        ]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('="0123",a\n="0124",b\n', id="numbers as formulas"),
        pytest.param('a,="0123"\r\n"b, c",="0124"\r\n', id="and quotes"),
        pytest.param('"a\nb","c ""d"""\n"","x"\n', id="line ends in quotes"),
        pytest.param('a,\n"b, c",\n', id="an empty column"),
        pytest.param('a,\r\n"b",""', id="an empty column and CRLF"),
        pytest.param('"a\nb",\n,"c"\n', id="an empty column and line ends in quotes"),
    ],
)
def test_what_many_systems_write_is_read_in_bulk(text: str) -> None:
    reader = RowReader(text.encode(), Dialect(","), LIMITS, SOURCE)
    bulk = read_clean_rows(Stretch(text.encode()), Dialect(","), 2, LIMITS.record_lines)

    assert bulk is not None
    assert bulk.rows() == reader.read(2, 0, len(text), 1)[0].rows()
    assert not reader.repairs


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('="a,b",c\n="d,e",f\n', id="a delimiter in a formula"),
        pytest.param('="a",c\n"d ""e""",f\n', id="formulas and doubled quotes"),
        pytest.param("a,b\nc\n", id="a short row"),
        pytest.param("a,b\n\nc,d\n", id="a blank line"),
        pytest.param("a,b,c\n", id="a long row"),
        pytest.param('a,"b"c\n', id="a quote too early"),
        pytest.param('a,b"c"\n', id="a quote too late"),
        pytest.param('a,"b\n', id="an open quote"),
        pytest.param("a,b\rc\n", id="a return by itself"),
        pytest.param('"a\r\nb",\r\n', id="CRLF within quotes and an empty column"),
        pytest.param('a,"' + "\n" * 101 + '"\n', id="a cell of a hundred lines"),
        pytest.param("", id="nothing"),
    ],
)
def test_what_may_be_read_otherwise_is_not_read_in_bulk(text: str) -> None:
    assert read_clean_rows(Stretch(text.encode()), Dialect(","), 2, LIMITS.record_lines) is None


def test_a_blank_behind_delimiters_is_read_in_bulk_only_without_quotes() -> None:
    dialect = Dialect(",", skips_blanks=True)
    bulk = read_clean_rows(Stretch(b"a, b\n"), dialect, 2, 9)

    assert bulk is not None
    assert bulk.rows() == [("a", "b", 1)]
    assert read_clean_rows(Stretch(b'a, "b"\n'), dialect, 2, 9) is None


@given(
    st.lists(
        st.lists(st.sampled_from(["a", "Total", "2026-10-01", "62", " ", ""]), max_size=5),
        max_size=20,
    )
)
@settings(max_examples=50, deadline=None)
def test_each_row_ends_in_exactly_one_place(rows: list[list[str]]) -> None:
    header = ["Start", "Caller", "Talk"]
    text = "".join(",".join(row) + "\n" for row in [header, header, *rows])

    table = read(text)

    told = [*table.preamble, *table.set_aside, *table.problems]
    placed = [table.header_line, *lines(table), *(row.line for row in told)]
    joined = [repair for repair in table.repairs if "line end" in repair.message]
    filled = [n for n, row in enumerate(rows, 3) if any(cell.strip() for cell in row)]
    assert len(placed) == len(set(placed))
    assert set(placed) <= {1, 2, *filled}
    assert joined or set(placed) == {1, 2, *filled}


def test_one_broken_row_among_many_leaves_the_others_as_they_are() -> None:
    good = [f'2026-10-01,"Doe, {n}\nJo",{n}\n' for n in range(20_000)]
    good[10_000] = "2026-10-01,a,b,c\n"

    table = read("Start,Name,Talk\n" + "".join(good))

    assert len(records(table)) == 19_999
    assert [problem.line for problem in table.problems] == [2 + 20_000]
    assert lines(table)[-2:] == [39_997, 39_999]
    assert [record[2] for record in records(table)] == [
        str(n) for n in range(20_000) if n != 10_000
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_marks_that_nobody_sees_are_taken_out_and_told(encoding: str) -> None:
    text = (
        "Start,Caller\u200b,Agent\n"
        "2026-10-01 09:00:00,\u202a+1 415 555 0101\u202c,Zo\u00eb \u202eeoD\ufeff\n"
    )
    table = read_delimited(text.encode(encoding), Source(file="calls.csv", sha256=""), LIMITS)

    assert table.header == ("Start", "Caller", "Agent")
    assert table.cells.rows() == [("2026-10-01 09:00:00", "+1 415 555 0101", "Zo\u00eb eoD", 2)]
    assert [each.message for each in table.repairs] == ["5 marks that nobody sees were taken out"]
