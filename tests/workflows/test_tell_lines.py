"""A line of a tie-out says what both sides said, and where their row stands."""

import json
from io import BytesIO
from typing import Any

import polars as pl
import pytest

from callrouter.adapters.storage.tie_out_lines import LINE_COLUMNS
from callrouter.domain.tie_out.classes import LINES, DifferenceClass
from callrouter.domain.tie_out.frames import OURS, THEIRS
from callrouter.domain.tie_out.memory import AMPLE, Memory
from callrouter.workflows.tell_lines import tell_lines
from callrouter.workflows.write_tie_out import (
    COLUMNS,
    leave_agreeing,
    write_lines_csv,
    write_lines_json,
)


def frame(columns: dict[str, Any], *rows: dict[str, Any]) -> pl.DataFrame:
    made = pl.DataFrame(list(rows), schema=columns)
    texts = [name for name, kind in columns.items() if kind == pl.String]
    return made.with_columns(pl.col(texts).fill_null(""))


OUR_SIDE = frame(
    OURS,
    {"our": 0, "call_sid": "CA1", "caller": "+14155550101", "started_at_ms": 1_000, "did": "+1"},
    {"our": 1, "call_sid": "CA2", "caller": "", "reason": "connected 5 s < 30 s"},
)
THEIR_SIDE = frame(
    THEIRS | {"file": pl.Int64},
    {"their": 0, "line": 2, "caller_text": "415 555 0101", "stamp_ms": 5, "file": 7},
    {"their": 1, "line": 3, "caller": "+14155550102", "caller_text": "=1+1", "file": 7},
    {"their": 2, "line": 4, "part": "Sheet 2", "file": 7},
)


def line(kind: DifferenceClass, number: int = 0, **others: Any) -> dict[str, Any]:
    return {"line_no": number, "class": kind.value, "by": "", "rows": 1} | others


def tell(*lines: dict[str, Any], memory: Memory = AMPLE) -> pl.DataFrame:
    of_lines = frame(LINES, *lines).lazy()
    return pl.concat(tell_lines(of_lines, OUR_SIDE.lazy(), THEIR_SIDE.lazy(), memory))


def told(*lines: dict[str, Any]) -> list[dict[str, Any]]:
    whole = tell(*lines)
    assert tell(*lines, memory=Memory(most_rows=1)).equals(whole), "the same piece by piece"
    return whole.rows(named=True)


def test_a_pair_has_both_sides() -> None:
    [row] = told(line(DifferenceClass.AGREE, our=0, their=0, at_ms=1_000))

    assert (row["call_sid"], row["caller"], row["started_at_ms"]) == ("CA1", "+14155550101", 1_000)
    assert (row["file"], row["line"], row["their_caller"]) == (7, 2, "415 555 0101")
    assert (row["their_stamp_ms"], row["their_at_ms"]) == (5, None)


def test_what_stands_alone_has_its_own_side() -> None:
    ours, theirs = told(
        line(DifferenceClass.OURS_ONLY, our=1),
        line(DifferenceClass.THEIRS_ONLY, 1, their=1, at_ms=9_000),
    )

    assert (ours["call_sid"], ours["line"], ours["part"]) == ("CA2", None, "")
    assert ours["reason"] == "connected 5 s < 30 s"
    assert (theirs["call_sid"], theirs["caller"], theirs["line"]) == ("", "+14155550102", 3)
    assert theirs["their_at_ms"] == 9_000


def test_candidates_are_named_so_that_a_person_finds_them() -> None:
    ours, theirs = told(
        line(DifferenceClass.AMBIGUOUS, our=0, candidates="0 2"),
        line(DifferenceClass.AMBIGUOUS, 1, their=0, candidates="1 0"),
    )

    assert (ours["candidates"], theirs["candidates"]) == ("2 Sheet 2:4", "CA2 CA1")


def test_the_columns_are_those_that_are_kept() -> None:
    empty = tell()

    assert dict(empty.schema) == LINE_COLUMNS
    assert empty.height == 0


LINES_TOLD = tell(
    line(DifferenceClass.AGREE, our=0, their=0, our_ms=61_250, our_micros=75_500_000),
    line(DifferenceClass.THEIRS_ONLY, 1, their=1, their_ms=5_000, at_ms=0),
)


def test_lines_are_written_as_csv_that_a_spreadsheet_may_open() -> None:
    out = BytesIO()

    count = write_lines_csv([LINES_TOLD, LINES_TOLD], out)

    header, first, second, *_ = out.getvalue().decode().split("\r\n")
    assert count == 4
    assert header.split(",") == list(COLUMNS)
    assert first.startswith("0,agree,,CA1,1970-01-01T00:00:01.000Z,+14155550101,+1,")
    assert ",61.250,,75.50,," in first
    assert "'=1+1" in second


@pytest.mark.parametrize(
    ("micros", "amount"),
    [
        pytest.param(75_000_000, "75.00", id="whole"),
        pytest.param(-12_500, "-0.0125", id="less than a cent is owed to them"),
        pytest.param(1, "0.000001", id="the least there is"),
        pytest.param(9_007_199_254_740_993, "9007199254.740993", id="more than a float can say"),
        pytest.param(None, None, id="nothing"),
    ],
)
def test_amounts_are_exact(micros: int | None, amount: str | None) -> None:
    out = BytesIO()

    write_lines_csv([LINES_TOLD.head(1).with_columns(our_micros=pl.lit(micros, pl.Int64))], out)

    [row] = pl.read_csv(BytesIO(out.getvalue()), infer_schema=False)["our_amount"]
    assert row == amount


def test_lines_are_written_as_json() -> None:
    out = BytesIO()

    write_lines_json([LINES_TOLD], out)

    first, second = (json.loads(each) for each in out.getvalue().splitlines())
    assert (first["class"], first["our_s"], first["their_s"]) == ("agree", 61.25, None)
    assert second["their_caller"] == "=1+1"


@pytest.mark.parametrize("name", COLUMNS)
def test_no_column_can_become_a_formula(name: str) -> None:
    out = BytesIO()
    evil = LINES_TOLD.with_columns(pl.col(pl.String).replace_strict({}, default="@evil"))

    write_lines_csv([evil], out)

    rows = pl.read_csv(BytesIO(out.getvalue()), infer_schema=False)
    assert not any((cell or "").startswith(("=", "@", "-", "+@")) for cell in rows[name])


def test_marks_that_nobody_sees_are_shown_as_one() -> None:
    out = BytesIO()
    evil = LINES_TOLD.with_columns(their_status=pl.lit("gp\u202exslx\u200b.exe"))

    write_lines_csv([evil], out)

    rows = pl.read_csv(BytesIO(out.getvalue()), infer_schema=False)
    assert set(rows["their_status"]) == {"gp\ufffdxslx\ufffd.exe"}


def test_what_agrees_may_be_left_out() -> None:
    assert leave_agreeing(LINES_TOLD)["line_no"].to_list() == [1]
