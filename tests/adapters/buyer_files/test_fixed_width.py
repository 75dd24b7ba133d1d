"""Call records as switches print them: columns stand at the same places, blanks between."""

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callrouter.adapters.buyer_files.assembly import Source
from callrouter.adapters.buyer_files.delimited import read_delimited
from callrouter.adapters.buyer_files.limits import LIMITS, Limits
from callrouter.adapters.buyer_files.raw_table import RawTable
from callrouter.domain.errors import UnreadableFileError

HEADINGS = f"{'Call':>6}  {'Start time':<19}  {'Agent':<18}{'Caller':>16}  {'Seconds':>7}\n"
RULER = "------  -------------------  -----------------   --------------  -------\n"


def say_call(number: int, agent: str = "Ann Doe") -> str:
    caller = f"(415) 555-{number % 100 + 100:04}"
    start = f"2026-10-01 09:{number % 60:02}:00"
    return f"{number:>6}  {start:<19}  {agent:<18}{caller:>16}  {number * 13:>7}\n"


CALLS = [say_call(number, ("Ann Doe", "Bo Roe-Smith")[number % 2]) for number in range(20)]
FIRST = ("0", "2026-10-01 09:00:00", "Ann Doe", "(415) 555-0100", "0")


def read(text: str, limits: Limits = LIMITS) -> RawTable:
    return read_delimited(text.encode(), Source(file="calls.txt", sha256=""), limits)


def records(table: RawTable) -> list[tuple[str, ...]]:
    return [row[:-1] for row in table.cells.rows()]


def test_columns_that_stand_below_one_another_are_cut_where_blanks_stand() -> None:
    table = read("".join(CALLS))

    assert (table.header, table.delimiter, table.encoding) == (None, "", "utf-8")
    assert (table.cells.height, records(table)[0]) == (20, FIRST)
    assert table.cells["line"].to_list() == list(range(1, 21))


def test_headings_are_those_that_stand_over_the_columns() -> None:
    above = ["Acme switch, October\n", "\n", HEADINGS, RULER]
    table = read("".join((*above, *CALLS[:12], "\n", HEADINGS, *CALLS[12:], "Total calls: 20\n")))

    assert table.header == ("Call", "Start time", "Agent", "Caller", "Seconds")
    assert (table.header_line, table.cells.height) == (3, 20)
    assert [str(each) for each in table.preamble] == ["line 1: above the records"]
    assert [str(each) for each in table.set_aside] == [
        "line 4: a line that is drawn",
        "line 18: the headings once more",
        "line 27: a total or a note below the records",
    ]
    assert table.problems == ()


def test_a_line_that_does_not_fit_is_told_and_the_rest_is_read() -> None:
    rows = [*CALLS[:5], "12345678 was paid for twice, 99 calls were not\n", *CALLS[5:], "Page 2\n"]
    table = read("".join(rows))

    assert table.cells.height == 20
    assert [str(each) for each in table.problems] == [
        "line 6: doesn't fit the 5 columns, which stand at the same places in all other lines",
        "line 22: doesn't fit the 5 columns, which stand at the same places in all other lines",
    ]
    assert table.problems[0].text == "12345678 was paid for twice, 99 calls were not"


@pytest.mark.parametrize(
    ("agent", "is_read"),
    [
        pytest.param("Bo Roe-Smithson", True, id="a blank is left behind it"),
        pytest.param("Bo Roe-Smith of the night", False, id="it pushes the others aside"),
        pytest.param("Bo Roe-Smith -", False, id="a word alone between two columns"),
    ],
)
def test_a_cell_that_is_longer_than_all_others_is_read_where_a_blank_is_left(
    agent: str, is_read: bool
) -> None:
    table = read("".join(CALLS * 25) + say_call(7, agent))

    assert (agent in table.cells["c2"].to_list()) == is_read
    assert len(table.problems) == (not is_read)


def test_a_longer_figure_goes_to_the_left() -> None:
    longer = CALLS[3].replace("      39", "12345639")
    table = read("".join(CALLS * 25) + longer)

    assert records(table)[-1][-1] == "12345639"


@pytest.mark.parametrize(
    ("written", "cell"),
    [
        ("10/01/2026 09:00:00 AM", None),
        ("2026-10-01 09:00:00", None),
        ("1 Oct 2026 09:00", None),
        ("Oct 1 2026 09:00", None),
        ("Thu 01 Oct 2026 09:00:00", None),
        ("415 555 0101", None),
        ("+1 415 5550101", None),
        ("100126 0900", "100126"),
        ("00142 7", "00142"),
    ],
)
def test_a_blank_within_a_value_is_no_end_of_a_column(written: str, cell: str | None) -> None:
    table = read("".join(f"{n:03} {written} 80055501{n:02} ACD\n" for n in range(10, 20)))

    assert table.cells["c1"][0] == (cell or written)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("".join(f"2026-10-01 09:{n:02}:00\n" for n in range(20)), id="one column"),
        pytest.param("".join(f"2026-10-01 41555501{n:02}\n" for n in range(20)), id="two columns"),
        pytest.param("".join(CALLS[:2]), id="two lines"),
        pytest.param("".join(f"{n**5} {n} 2026 41555501{n:02}\n" for n in range(20)), id="ragged"),
        pytest.param(
            "On 2026-10-01 we sent 12345678 calls to you\n"
            "On 2026-10-02 there were 8765 calls\nOur number is 4155550101 and yours 4155550102\n",
            id="a letter",
        ),
        pytest.param("2026-10-01" + 2_000 * " " + "4155550101 1 2\n" * 3, id="endless lines"),
        pytest.param("12 34 56 78\n98 76 54 32\n" * 3, id="no figures of note"),
    ],
)
def test_what_shows_no_columns_throughout_is_refused(text: str) -> None:
    with pytest.raises(UnreadableFileError, match="nor do blanks at the same places"):
        read(text)


def test_too_many_lines_that_do_not_fit_refuse_the_file() -> None:
    with pytest.raises(UnreadableFileError, match=r"calls\.txt:21: 2 rows can't be read"):
        read("".join(CALLS) + "Page 2\nPage 3\n", Limits(problems=1))


def test_commas_in_some_lines_do_not_divide_what_stands_below_one_another() -> None:
    table = read("".join(CALLS) + say_call(7, "Roe, Bo"))

    assert records(table)[-1][2] == "Roe, Bo"


@settings(max_examples=60)
@given(
    rows=st.lists(
        st.tuples(
            st.datetimes().map(lambda at: f"{at:%m/%d/%Y %H:%M:%S}"),
            st.integers(100, 199).map(lambda n: f"(415) 555-0{n}"),
            st.integers(0, 5000).map(str),
            st.sampled_from(["", "Ann Doe", "Roe, Bo", "Roe; Bo"]),
        ),
        min_size=3,
        max_size=30,
    ),
    mark=st.sampled_from([",", ";", "\t", "|"]),
    is_even=st.booleans(),
)
def test_what_a_delimiter_divides_is_never_cut_by_its_places(
    rows: list[tuple[str, ...]], mark: str, is_even: bool
) -> None:
    widths = (19, 14, 4, 7)
    if is_even:  # as some systems fill up cells, so that they stand below one another too
        rows = [tuple(map(str.ljust, row, widths)) for row in rows]
    out = io.StringIO()
    csv.writer(out, delimiter=mark).writerows(rows)

    table = read(out.getvalue())

    assert table.delimiter.strip(" ") == mark
    assert table.width == 4


@settings(max_examples=40)
@given(
    rows=st.lists(st.text(" 19ab,:-", min_size=1, max_size=60), max_size=12), at=st.integers(0, 20)
)
def test_each_line_ends_in_exactly_one_place(rows: list[str], at: int) -> None:
    text = [*CALLS[:at], *(f"{row}\n" for row in rows), *CALLS[at:]]
    table = read(f"{HEADINGS}{RULER}{''.join(text)}")

    placed = [*table.preamble, *table.set_aside, *table.problems]
    lines = [*table.cells["line"].to_list(), *(row.line for row in placed)]
    lines += [table.header_line] if table.header is not None else []
    filled = [number for number, row in enumerate([HEADINGS, RULER, *text], 1) if row.strip()]
    assert sorted(lines) == filled
