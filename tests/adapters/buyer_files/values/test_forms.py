import polars as pl
import pytest

from callrouter.adapters.buyer_files.values.day_order import Undecided
from callrouter.adapters.buyer_files.values.forms import find_duration_form, find_time_form
from callrouter.domain.tie_out.mapping import DurationForm, TimeForm


@pytest.mark.parametrize(
    ("texts", "form"),
    [
        (["2026-10-01 13:45:10", "2026-10-02 13:45"], TimeForm.YEAR_FIRST),
        (["2026-10-01T13:45:10Z", ""], TimeForm.ISO),
        (["Thu, 01 Oct 2026 13:45:10"], TimeForm.NAMED_MONTH),
        (["10/25/2026 1:45 PM"], TimeForm.MONTH_FIRST),
        (["25/10/2026 13:45"], TimeForm.DAY_FIRST),
        (["1790862310", "1790862311", "0"] * 2, None),
        (["1790862310", "1790862311", "NULL"], TimeForm.EPOCH_S),
        (["1790862310123"], TimeForm.EPOCH_MS),
        (["1790862310123456"], TimeForm.EPOCH_US),
        (["46296.573", "46296.375"], TimeForm.EXCEL_SERIAL),
        (["740256.573", "740256.25"], TimeForm.MATLAB_DATENUM),
        (["46296", "46297"], None),
        (["4155550132"], None),
        (["Agent A"], None),
        (["", "[None]"], None),
    ],
)
def test_the_form_of_instants_is_found(texts: list[str], form: TimeForm | None) -> None:
    found = find_time_form(pl.Series(texts))

    assert not isinstance(found, Undecided)
    assert (found.form if found else None) is form


def test_a_day_that_could_be_a_month_is_undecided() -> None:
    assert isinstance(find_time_form(pl.Series(["10/02/2026 13:45"])), Undecided)


@pytest.mark.parametrize(
    ("texts", "form"),
    [
        (["0:01:35", "0:43"], DurationForm.CLOCK),
        (["95", "43", "0"], DurationForm.SECONDS),
        (["95000", "43500", "0"], DurationForm.MILLISECONDS),
        (["0.0011", "0.002"], DurationForm.DAY_FRACTION),
        (["1m 35s", "43s"], DurationForm.WORDS),
        (["Agent A"], None),
        (["", "NULL"], None),
    ],
)
def test_the_form_of_durations_is_found(texts: list[str], form: DurationForm | None) -> None:
    found = find_duration_form(pl.Series(texts))

    assert (found.form if found else None) is form


@pytest.mark.parametrize(
    ("texts", "form"),
    [
        (["95", "62", "181"], DurationForm.SECONDS),
        (["95000", "62000", "181000"], DurationForm.MILLISECONDS),
        (["1:35", "1:02", "3:01"], DurationForm.CLOCK),
        (["1.5833", "1.0333", "3.0167"], DurationForm.DECIMAL_MINUTES),
    ],
)
def test_what_end_less_start_comes_to_tells_the_unit(texts: list[str], form: DurationForm) -> None:
    spans = pl.Series([95_000, 62_000, 181_000])

    found = find_duration_form(pl.Series(texts), spans)

    assert found is not None
    assert found.form is form
    assert found.evidence.startswith("end - start agrees in 100%")


def test_hours_and_minutes_are_known_by_their_spans() -> None:
    spans = pl.Series([3_900_000, 7_200_000, 600_000])

    found = find_duration_form(pl.Series(["1:05", "2:00", "0:10"]), spans)

    assert found is not None
    assert found.form is DurationForm.HOURS_MINUTES
