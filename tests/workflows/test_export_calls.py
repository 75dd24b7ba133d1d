import csv
import io
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callrouter.workflows.export_calls import Cell, spell_cell, spell_instant

FORMULA_STARTS = "=+-@\t\r\n"


@pytest.mark.parametrize(
    ("cell", "spelt"),
    [
        pytest.param("acme-east", "acme-east", id="text"),
        pytest.param("", "", id="nothing"),
        pytest.param("+18005550100", "+18005550100", id="e164"),
        pytest.param("-1.5", "-1.5", id="a-negative-number"),
        pytest.param("=1+1", "'=1+1", id="equals"),
        pytest.param("+1800CALLNOW", "'+1800CALLNOW", id="plus-but-no-number"),
        pytest.param("+1+cmd|' /C calc'!A0", "'+1+cmd|' /C calc'!A0", id="plus-with-a-command"),
        pytest.param("-2+3", "'-2+3", id="minus"),
        pytest.param("@SUM(A1)", "'@SUM(A1)", id="at"),
        pytest.param("\t=1", "'\t=1", id="tab"),
        pytest.param("\r=1", "'\r=1", id="carriage-return"),
        pytest.param("+1800\n=1", "'+1800\n=1", id="a-number-and-a-line-more"),
        pytest.param("sip:intake@pbx.example.com", "sip:intake@pbx.example.com", id="sip"),
        pytest.param(0.0, "0.000", id="no-seconds"),
        pytest.param(129.512, "129.512", id="seconds"),
        pytest.param(14400.0, "14400.000", id="whole-seconds"),
        pytest.param(2, "2", id="a-count"),
        pytest.param(["swept", "clock_gap"], "swept clock_gap", id="flags"),
        pytest.param([], "", id="no-flags"),
    ],
)
def test_a_cell_is_spelt(cell: Cell, spelt: str) -> None:
    assert spell_cell(cell) == spelt


@given(st.text())
def test_no_text_begins_a_formula_and_none_is_lost(text: str) -> None:
    spelt = spell_cell(text)
    assert spelt in (text, f"'{text}")
    if spelt[:1] in FORMULA_STARTS and spelt:
        assert float(spelt) is not None  # a mere number


@given(st.integers(0, 10**9))
def test_milliseconds_survive_as_seconds_with_three_decimals(ms: int) -> None:
    assert spell_cell(ms / 1000) == f"{ms // 1000}.{ms % 1000:03d}"


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1))
def test_a_csv_reader_gets_back_what_was_spelt(texts: list[str]) -> None:
    out = io.StringIO(newline="")
    csv.writer(out).writerow([spell_cell(text) for text in texts])
    out.seek(0)
    assert next(csv.reader(out)) == [spell_cell(text) for text in texts]


@pytest.mark.parametrize(
    ("at", "spelt"),
    [
        pytest.param(
            datetime(2026, 11, 21, 15, 4, 5, 120_999, UTC), "2026-11-21T15:04:05.120Z", id="ms"
        ),
        pytest.param(
            datetime(2026, 11, 21, 15, 4, 5, 0, timezone(timedelta(hours=-6))),
            "2026-11-21T21:04:05.000Z",
            id="another-zone",
        ),
    ],
)
def test_an_instant_is_spelt_in_utc_with_milliseconds(at: datetime, spelt: str) -> None:
    assert spell_instant(at) == spelt
