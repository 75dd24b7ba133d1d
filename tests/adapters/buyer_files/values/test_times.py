from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callrouter.adapters.buyer_files.values.times import read_times
from callrouter.domain.tie_out.mapping import TimeForm

ISO, NAMED = TimeForm.ISO, TimeForm.NAMED_MONTH
YEAR, MONTH, DAY = TimeForm.YEAR_FIRST, TimeForm.MONTH_FIRST, TimeForm.DAY_FIRST


def read(text: str, form: TimeForm) -> tuple[str, bool] | None:
    ms, is_absolute = read_times(pl.Series([text]), form).row(0)
    if ms is None:
        return None
    instant = datetime.fromtimestamp(ms / 1000, UTC).replace(tzinfo=None)
    return instant.isoformat(sep=" "), is_absolute


@pytest.mark.parametrize(
    ("text", "form", "wall_clock"),
    [
        ("2026-10-01 13:45:10", YEAR, "2026-10-01 13:45:10"),
        ("2026/10/1 3:45", YEAR, "2026-10-01 03:45:00"),
        ("2026-10-01T13:45:10.250", YEAR, "2026-10-01 13:45:10.250000"),
        ("2026-10-01 13:45:10,250", YEAR, "2026-10-01 13:45:10.250000"),
        ("2026-10-01", YEAR, "2026-10-01 00:00:00"),
        ("20261001134510", YEAR, "2026-10-01 13:45:10"),
        ("20261001-134510", YEAR, "2026-10-01 13:45:10"),
        ("26-10-01 13:45", YEAR, "2026-10-01 13:45:00"),
        ("10/02/2026 13:45:10", MONTH, "2026-10-02 13:45:10"),
        ("10/02/2026 13:45:10", DAY, "2026-02-10 13:45:10"),
        ("10.02.26 13:45", DAY, "2026-02-10 13:45:00"),
        ("10/2/2026, 1:45 PM", MONTH, "2026-10-02 13:45:00"),
        ("10/02/2026 12:00:05 AM", MONTH, "2026-10-02 00:00:05"),
        ("10/02/2026 12:00:05 pm", MONTH, "2026-10-02 12:00:05"),
        ("10/02/2026 9:00 a.m.", MONTH, "2026-10-02 09:00:00"),
        ("100226 1345", MONTH, "2026-10-02 13:45:00"),
        ("13:45:10 10/02/2026", MONTH, "2026-10-02 13:45:10"),
        ("13:45:10 2026-10-02", YEAR, "2026-10-02 13:45:10"),
        ("Fri, 21 Aug 2026 09:00:12", NAMED, "2026-08-21 09:00:12"),
        ("21-Aug-26 9:00 PM", NAMED, "2026-08-21 21:00:00"),
        ("Aug 21, 2026 9:00:01 AM", NAMED, "2026-08-21 09:00:01"),
        ("September 5th, 2026 at 9:00 AM", NAMED, "2026-09-05 09:00:00"),
        ("Fri Aug 21 09:00:12 2026", NAMED, "2026-08-21 09:00:12"),
        ("46296.375", TimeForm.EXCEL_SERIAL, "2026-10-01 09:00:00"),
        ("46296.5730324074", TimeForm.EXCEL_SERIAL, "2026-10-01 13:45:10"),
        ("740256.375", TimeForm.MATLAB_DATENUM, "2026-10-01 09:00:00"),
        ('="2026-10-01 13:45"', YEAR, "2026-10-01 13:45:00"),
        ("'2026-10-01 13:45", YEAR, "2026-10-01 13:45:00"),
        ("  2026-10-01 13:45 ", YEAR, "2026-10-01 13:45:00"),
    ],
)
def test_a_wall_clock_is_read_as_if_it_were_utc(text: str, form: TimeForm, wall_clock: str) -> None:
    assert read(text, form) == (wall_clock, False)


@pytest.mark.parametrize(
    ("text", "form", "instant"),
    [
        ("2026-10-01T13:45:10Z", ISO, "2026-10-01 13:45:10"),
        ("2026-10-01T13:45:10.123456789+05:30", ISO, "2026-10-01 08:15:10.123000"),
        ("2026-10-01 13:45:10-0500", ISO, "2026-10-01 18:45:10"),
        ("2026-10-01 13:45:10 -05", ISO, "2026-10-01 18:45:10"),
        ("2026-10-01 13:45:10.083 UTC", ISO, "2026-10-01 13:45:10.083000"),
        ("2026-10-01 13:45:10 CDT", YEAR, "2026-10-01 18:45:10"),
        ("Fri, 21 Aug 2026 09:00:12 GMT", NAMED, "2026-08-21 09:00:12"),
        ("Fri, 21 Aug 2026 09:00:12 +0000", NAMED, "2026-08-21 09:00:12"),
        ("Fri Aug 21 09:00:12 EDT 2026", NAMED, "2026-08-21 13:00:12"),
        ("Fri Aug 21 2026 09:00:12 GMT-0500 (Central Time)", NAMED, "2026-08-21 14:00:12"),
        ("21/Aug/2026:09:00:12 +0000", NAMED, "2026-08-21 09:00:12"),
        ("1790862310", TimeForm.EPOCH_S, "2026-10-01 13:45:10"),
        ("1790862310.25", TimeForm.EPOCH_S, "2026-10-01 13:45:10.250000"),
        ("1790862310123", TimeForm.EPOCH_MS, "2026-10-01 13:45:10.123000"),
        ("1790862310123456", TimeForm.EPOCH_US, "2026-10-01 13:45:10.123000"),
    ],
)
def test_an_offset_or_an_epoch_makes_it_an_instant(text: str, form: TimeForm, instant: str) -> None:
    assert read(text, form) == (instant, True)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("", YEAR),
        ("[None]", YEAR),
        ("2026-02-29 10:00:00", YEAR),
        ("2026-13-01 10:00:00", YEAR),
        ("2026-10-01 24:10:00", YEAR),
        ("2026-10-01 10:60:00", YEAR),
        ("0000-00-00 00:00:00", YEAR),
        ("10/25/2026 10:00", DAY),
        ("10/02/2026 10:00", YEAR),
        ("10/02/2026 10:00", NAMED),
        ("10/02/2026 13:00 AM", MONTH),
        ("10/02/2026 10:00 XM", MONTH),
        ("21 Foo 2026 10:00", NAMED),
        ("4155550132", TimeForm.EPOCH_MS),
        ("0", TimeForm.EPOCH_S),
        ("12.5", TimeForm.EXCEL_SERIAL),
        ("2026-10-01 13:45:10 " + "and more words than an instant ever has", YEAR),
        ("2026-10-01 13:45:10é", YEAR),
    ],
)
def test_what_is_no_instant_of_the_form_is_left_unread(text: str, form: TimeForm) -> None:
    assert read(text, form) is None


def test_an_unknown_zone_leaves_a_wall_clock() -> None:
    assert read("2026-10-01 13:45:10 IST", YEAR) == ("2026-10-01 13:45:10", False)


def test_mixed_texts_of_one_column_are_read_each_as_what_it_can_only_be() -> None:
    texts = pl.Series(
        ["10/02/2026 9:05", "2026-10-02 09:05:00", "2 Oct 2026 09:05", "2026-10-02T14:05:00Z", "x"]
    )

    read_both = read_times(texts, MONTH)

    assert read_both["ms"].to_list()[:3] == [1790931900000] * 3
    assert read_both["is_absolute"].to_list() == [False, False, False, True, False]
    assert read_both["ms"][4] is None


def test_serial_numbers_and_texts_of_a_spreadsheet_are_read_side_by_side() -> None:
    read_both = read_times(pl.Series(["46296.375", "2026-10-01 09:00"]), TimeForm.EXCEL_SERIAL)

    assert read_both["ms"].n_unique() == 1


def test_more_shapes_than_are_looked_for_one_by_one_are_read_all_the_same() -> None:
    before = ["", " ", "  ", "'", "="]
    between = [" ", "  ", "T", " - ", ", ", "_", "-", " at "]
    texts = [f"{a}2026-10-0{1}{b}9:05{c}" for a in before for b in between for c in ("", " AM")]

    assert read_times(pl.Series(texts), YEAR)["ms"].to_list() == [1790845500000] * len(texts)


_STAMPS = st.datetimes(datetime(1990, 1, 1), datetime(2099, 12, 31))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("form", "pattern"),
    [
        (YEAR, "%Y-%m-%d %H:%M:%S"),
        (MONTH, "%m/%d/%Y %I:%M:%S %p"),
        (DAY, "%d.%m.%Y %H:%M:%S"),
        (NAMED, "%a, %d %b %Y %H:%M:%S"),
        (NAMED, "%B %d, %Y %H:%M:%S"),
        (NAMED, "%a %b %d %H:%M:%S %Y"),
        (YEAR, "%Y%m%d%H%M%S"),
    ],
)
@settings(max_examples=30, deadline=None)
@given(stamps=st.lists(_STAMPS, min_size=1, max_size=40))
def test_what_is_written_is_read(form: TimeForm, pattern: str, stamps: list[datetime]) -> None:
    texts = pl.Series([stamp.strftime(pattern) for stamp in stamps])

    expected = [
        int(stamp.replace(tzinfo=UTC, microsecond=0).timestamp()) * 1000 for stamp in stamps
    ]
    assert read_times(texts, form)["ms"].to_list() == expected


@settings(max_examples=50, deadline=None)
@given(texts=st.lists(st.text(max_size=80), max_size=30), form=st.sampled_from(TimeForm))
def test_any_text_is_read_or_left_and_no_row_is_lost(texts: list[str], form: TimeForm) -> None:
    assert read_times(pl.Series(texts, dtype=pl.String), form).height == len(texts)
