import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callrouter.adapters.buyer_files.normalise import normalise
from callrouter.adapters.buyer_files.normalised import LeftOut, Normalised, join_parts
from callrouter.adapters.buyer_files.raw_table import RawTable, to_cells
from callrouter.domain.tie_out.frames import THEIRS, CallerKind
from callrouter.domain.tie_out.mapping import Field, FieldColumn, Mapping


def table(text: str, *, part: str = "") -> RawTable:
    """Rows as they would be written down, cells between bars; the first row has the headings."""
    rows = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    header, *cells = rows
    lines = range(2, len(rows) + 1)
    return RawTable(
        cells=to_cells(cells, list(lines), len(header)),
        header=tuple(header),
        header_line=1,
        part=part,
    )


def mapping(raw: RawTable, **fields: str) -> Mapping:
    """`field="heading:form"`, or `heading` alone."""
    assert raw.header is not None
    columns = []
    for field, said in fields.items():
        heading, _, form = said.partition(":")
        at = raw.header.index(heading)
        columns.append(FieldColumn(field=Field(field), column=at, header=heading, form=form))
    return Mapping(columns=tuple(columns), layout="made up")


CALL_LOG = table(
    """
    CALL ID| TIMESTAMP            |AGENT  | ANI        | DNIS       | CALL TIME | TALK TIME | COST
    1001   | 1 Oct 2026 9:00:12 AM|ann    | 4155550101 | 8005550142 | 00:01:35  | 00:01:12  | 0.0304
    1002   | 1 Oct 2026 9:02:05 AM|[None] | Anonymous  | 8005550142 | 00:00:20  |           | 0.0064
    1003   | 1 Oct 2026 9:03:00 AM|bob    | 415555XXXX | 8005550142 | 0:43      | 0:20      | $1.00
    """
)
CALL_LOG_MAPPING = mapping(
    CALL_LOG,
    call_id="CALL ID",
    start="TIMESTAMP:named_month",
    agent="AGENT",
    caller="ANI",
    called="DNIS",
    total="CALL TIME:clock",
    talk="TALK TIME:clock",
    price="COST",
)


def test_a_call_log_becomes_records_of_theirs() -> None:
    read = normalise(CALL_LOG, CALL_LOG_MAPPING)

    assert read.rows.schema == THEIRS
    assert (read.problems, read.unread, read.left_out) == ((), (), ())
    assert read.rows.select("their", "line", "call_ids", "agent", "caller_text").rows() == [
        (0, 2, "1001", "ann", "4155550101"),
        (1, 3, "1002", "", "Anonymous"),
        (2, 4, "1003", "bob", "415555XXXX"),
    ]
    assert read.rows.select("caller", "caller_kind", "caller_pattern", "called").rows() == [
        ("+14155550101", "number", "", "+18005550142"),
        ("", "withheld", "", "+18005550142"),
        ("", "partly", "+1415555????", "+18005550142"),
    ]
    assert read.rows.select("stamp_ms", "is_absolute", "total_ms", "talk_ms").rows() == [
        (1790845212000, False, 95_000, 72_000),
        (1790845325000, False, 20_000, None),
        (1790845380000, False, 43_000, 20_000),
    ]
    assert read.rows["price_micros"].to_list() == [30_400, 6_400, 1_000_000]


def test_a_day_and_a_time_make_a_start() -> None:
    raw = table(
        """
        Date       | Time
        10/31/2026 | 1:45 PM
        2026-10-31 | 13:45:10 EDT
        46326      | 0.5
        10/31/2026 | 905
        10/31/2026 | 134510
        10/31/2026 | later
        """
    )

    read = normalise(raw, mapping(raw, start_date="Date:month_first", start_time="Time"))

    noon = 1793448000000
    assert read.rows["stamp_ms"].to_list() == [
        noon + 6_300_000,
        noon + 6_310_000 + 4 * 3_600_000,
        None,
        noon - 10_500_000,
        noon + 6_310_000,
        None,
    ]
    assert read.rows["is_absolute"].to_list() == [False, True, False, False, False, False]
    as_serial = normalise(raw, mapping(raw, start_date="Date:excel_serial", start_time="Time"))
    assert as_serial.rows["stamp_ms"][2] == noon


def test_a_day_alone_starts_at_midnight() -> None:
    raw = table("Date\n2026-10-31")

    read = normalise(raw, mapping(raw, start_date="Date:year_first"))

    assert read.rows["stamp_ms"].to_list() == [1793404800000]


def test_stamps_of_another_kind_than_the_start_are_not_mixed_with_it() -> None:
    raw = table(
        """
        start               | answer                    | end                 | updated
        2026-10-01 09:00:00 | 2026-10-01T14:00:05-05:00 | 2026-10-01 09:01:00 | 2026-10-01 10:00:00
        """
    )

    read = normalise(
        raw,
        mapping(
            raw,
            start="start:year_first",
            answer="answer:iso",
            end="end:year_first",
            updated="updated:year_first",
        ),
    )

    row = read.rows.row(0, named=True)
    assert row["answer_stamp_ms"] is None
    assert row["end_stamp_ms"] - row["stamp_ms"] == 60_000
    assert row["updated_ms"] - row["stamp_ms"] == 3_600_000
    assert [problem.message for problem in read.problems] == [
        "answer: '2026-10-01T14:00:05-05:00' can't be read, expected a stamp of the start's kind:"
        " both wall clocks, or both instants"
    ]


def test_forms_that_the_mapping_leaves_open_are_found_in_the_values() -> None:
    raw = table("start|total|queue\n25/10/2026 9:00|1:35|words only\n26/10/2026 9:00|0:20|")

    read = normalise(raw, mapping(raw, start="start", total="total", queue="queue"))

    assert read.rows["total_ms"].to_list() == [95_000, 20_000]
    assert read.rows["stamp_ms"].null_count() == 0
    assert [each.field for each in read.unread] == [Field.QUEUE]


def test_a_day_that_nothing_tells_from_a_month_is_not_guessed() -> None:
    raw = table("start\n10/02/2026 9:00")

    read = normalise(raw, mapping(raw, start="start"))

    assert read.rows["stamp_ms"].to_list() == [None]
    assert len(read.problems) == 1


SWAPPED = [
    *(f"2026-{day:02}-10 09:00:00" for day in range(1, 13)),  # the 1st to the 12th of October
    *(f"10/{day}/2026 9:00" for day in range(13, 20)),
]


def test_days_that_a_spreadsheet_swapped_are_swapped_back_and_told_of() -> None:
    raw = table("start\n" + "\n".join(SWAPPED))

    read = normalise(raw, mapping(raw, start="start:month_first"))

    days = pl.from_epoch(read.rows["stamp_ms"], time_unit="ms").dt.strftime("%m-%d %H:%M").to_list()
    assert days == [f"10-{day:02} 09:00" for day in range(1, 20)]
    assert [(each.line, each.rows, each.message) for each in read.repairs] == [
        (2, 12, "start: a spreadsheet had swapped day and month, they are swapped back")
    ]


@pytest.mark.parametrize(
    "texts",
    [
        SWAPPED[:4] + SWAPPED[12:],  # too few to be sure
        [*SWAPPED, "10/05/2026 9:00"],  # texts have small days, too
        [*SWAPPED, "2026-10-25 09:00:00"],  # dates have large days, too
    ],
)
def test_what_may_be_right_is_left_as_it_stands(texts: list[str]) -> None:
    raw = table("start\n" + "\n".join(texts))

    read = normalise(raw, mapping(raw, start="start:month_first"))

    assert read.repairs == ()
    assert read.rows["stamp_ms"][0] == 1768035600000


def test_cells_that_cannot_be_read_stay_as_rows_and_are_told_of() -> None:
    raw = table(
        """
        start               | caller      | total | price | answer
        2026-10-01 09:00:00 | 4155550101  | 95    | 1.50  | 0000-00-00 00:00:00
        soon                | 4155550102  | 20    | 1.50  |
        2026-10-01 09:02:00 | the lobby   | long  | much  | NULL
        """,
        part="October",
    )

    read = normalise(
        raw,
        mapping(
            raw,
            start="start:year_first",
            caller="caller",
            total="total:seconds",
            price="price",
            answer="answer:year_first",
        ),
    )

    assert read.rows.height == 3
    assert read.rows["part"].to_list() == ["October"] * 3
    assert read.rows["stamp_ms"].is_null().to_list() == [False, True, False]
    assert read.rows["caller_kind"].to_list()[2] == CallerKind.UNREADABLE
    assert [str(problem) for problem in read.problems] == [
        "October, line 3: start: 'soon' can't be read, expected an instant like "
        "2026-10-01 13:45:10",
        "October, line 4: total: 'long' can't be read, expected seconds, like 95",
        "October, line 4: price: 'much' can't be read, expected an amount like 12.50",
        "October, line 4: caller: 'the lobby' can't be read, expected a telephone number",
    ]
    assert [(each.header, each.rows) for each in read.unread] == [
        ("start", 1),
        ("total", 1),
        ("price", 1),
        ("caller", 1),
    ]


def test_a_record_that_has_no_start_is_told_of() -> None:
    raw = table("start|caller\n|4155550101\n0000-00-00 00:00:00|4155550102\nNULL|4155550103")

    read = normalise(raw, mapping(raw, start="start:year_first", caller="caller"))

    assert read.rows.height == 3
    assert [problem.message.split(",")[0] for problem in read.problems] == [
        "start: nothing stands there",
        "start: '0000-00-00 00:00:00' can't be read",
        "start: 'NULL' can't be read",
    ]


def test_problems_are_shown_up_to_a_number_and_counted_whole() -> None:
    long_text = "x" * 200
    raw = RawTable(cells=to_cells([[long_text]] * 50, list(range(1, 51)), 1))
    column = FieldColumn(field=Field.TOTAL, column=0, form="seconds")

    read = normalise(raw, Mapping(columns=(column,), layout="made up"))

    assert len(read.problems) == 20
    assert read.problems[0].message.startswith("column 1: 'xxx")
    assert len(read.problems[0].message) < 150
    assert read.unread[0].rows == 50


def test_rows_of_calls_to_others_are_left_out_and_counted() -> None:
    raw = table(
        """
        direction | start
        Inbound   | 2026-10-01 09:00:00
        Outbound  | 2026-10-01 09:01:00
                  | 2026-10-01 09:02:00
        INBOUND   | 2026-10-01 09:03:00
        Outbound  | 2026-10-01 09:04:00
        Internal  | 2026-10-01 09:05:00
        """
    )
    columns = mapping(raw, direction="direction", start="start:year_first").columns

    read = normalise(raw, Mapping(columns=columns, layout="made up", inbound=("inbound",)))

    assert read.rows["line"].to_list() == [2, 4, 5]
    assert read.rows["their"].to_list() == [0, 1, 2]
    assert read.left_out == (
        LeftOut(why="direction is Outbound", rows=2, line=3),
        LeftOut(why="direction is Internal", rows=1, line=7),
    )
    everything = normalise(raw, Mapping(columns=columns, layout="made up"))
    assert everything.rows.height == 6


def test_many_different_directions_are_told_as_one() -> None:
    rows = [[f"to desk {desk}"] for desk in range(30)]
    raw = RawTable(cells=to_cells(rows, list(range(1, 31)), 1))
    column = FieldColumn(field=Field.DIRECTION, column=0)

    read = normalise(raw, Mapping(columns=(column,), layout="x", inbound=("in",)))

    assert read.left_out == (LeftOut(why="column 1 isn't inbound", rows=30, line=1),)


def test_repeated_headings_and_rows_that_say_nothing_are_left_out() -> None:
    raw = table(
        """
        start               | caller     | note
        2026-10-01 09:00:00 | 4155550101 |
        start               | caller     | note
        NULL                |            | a remark
        2026-10-01 09:01:00 |            |
        """
    )

    read = normalise(raw, mapping(raw, start="start:year_first", caller="caller"))

    assert read.rows["line"].to_list() == [2, 5]
    assert [(each.why, each.line) for each in read.left_out] == [
        ("the headings once more", 3),
        ("none of the columns that count says anything", 4),
    ]
    assert read.problems == ()


def test_a_figure_that_stands_for_nothing_is_nothing() -> None:
    raw = table("total | talk\n0:00:10 | 0:00:00\n0:01:00 | 0:00:30")
    columns = mapping(raw, total="total:clock", talk="talk:clock").columns

    read = normalise(raw, Mapping(columns=columns, layout="x", sentinels=("0:00:00",)))

    assert read.rows["talk_ms"].to_list() == [None, 30_000]


def test_what_the_file_has_no_column_for_is_nothing() -> None:
    raw = table("total\n95")

    row = normalise(raw, mapping(raw, total="total:seconds")).rows.row(0, named=True)

    assert row.pop("total_ms") == 95_000
    assert row.pop("line") == 2
    assert row.pop("caller_kind") == "withheld"
    assert set(row.values()) == {"", None, False}


def test_the_parts_of_a_file_are_numbered_through() -> None:
    joined = join_parts(
        (normalise(CALL_LOG, CALL_LOG_MAPPING), normalise(CALL_LOG, CALL_LOG_MAPPING))
    )

    assert joined.rows["their"].to_list() == [0, 1, 2, 3, 4, 5]
    assert joined.rows.schema == THEIRS


_CELLS = st.sampled_from(
    [
        *("", "NULL", "start", "2026-10-01 09:00:00", "10/02/2026", "95", "0:43", "4155550101"),
        *("Outbound", "inbound", "nonsense", "é", "-1", "1e9", "0", "'", '="'),
    ]
)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.lists(_CELLS, min_size=5, max_size=5), max_size=12))
def test_every_row_is_kept_or_counted(rows: list[list[str]]) -> None:
    raw = RawTable(
        cells=to_cells(rows, list(range(2, len(rows) + 2)), 5),
        header=("start", "caller", "total", "direction", "price"),
        header_line=1,
    )
    columns = mapping(
        raw, start="start", caller="caller", total="total", direction="direction", price="price"
    ).columns

    read = normalise(raw, Mapping(columns=columns, layout="x", inbound=("inbound",)))

    assert read.rows.schema == THEIRS
    assert read.rows.height + sum(each.rows for each in read.left_out) == len(rows)
    assert read.rows["their"].to_list() == list(range(read.rows.height))
    assert all(each.rows >= 1 for each in read.unread)
    _assert_texts_are_never_null(read)


def _assert_texts_are_never_null(read: Normalised) -> None:
    texts = [name for name, kind in THEIRS.items() if kind == pl.String]
    assert read.rows.select(pl.col(texts).null_count().sum()).sum_horizontal().item() == 0


@pytest.mark.parametrize("rows", [0, 1])
def test_an_empty_table_is_read_too(rows: int) -> None:
    raw = RawTable(cells=to_cells([["", ""]] * rows, list(range(1, rows + 1)), 2))
    columns = (
        FieldColumn(field=Field.START, column=0),
        FieldColumn(field=Field.CALLER, column=1),
        FieldColumn(field=Field.TOTAL, column=1),
    )

    read = normalise(raw, Mapping(columns=columns, layout="x"))

    assert read.rows.schema == THEIRS
    assert read.rows.height == 0
    assert sum(each.rows for each in read.left_out) == rows
