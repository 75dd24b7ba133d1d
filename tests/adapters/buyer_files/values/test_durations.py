import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callrouter.adapters.buyer_files.values.durations import read_durations
from callrouter.domain.tie_out.mapping import DurationForm

S, CLOCK, WORDS = DurationForm.SECONDS, DurationForm.CLOCK, DurationForm.WORDS


def read(text: str, form: DurationForm) -> int | None:
    ms = read_durations(pl.Series([text]), form)[0]
    return None if ms is None else int(ms)


@pytest.mark.parametrize(
    ("text", "form", "seconds"),
    [
        ("95", S, 95),
        ("95.4", S, 95.4),
        ("95.0", S, 95),
        ("1,234", S, 1234),
        ("95 s", S, 95),
        ("95000", DurationForm.MILLISECONDS, 95),
        ("00:06:53", CLOCK, 413),
        ("'00:06:53", CLOCK, 413),
        ('="00:06:53"', CLOCK, 413),
        ("6:53", CLOCK, 413),
        ("0:43", CLOCK, 43),
        ("90:15", CLOCK, 5415),
        ("0:43", DurationForm.HOURS_MINUTES, 2580),
        ("0:43:10", DurationForm.HOURS_MINUTES, 2590),
        ("00:00:00.235", CLOCK, 0.235),
        ("125:00:01", CLOCK, 450001),
        ("1 day, 2:03:04", CLOCK, 93784),
        ("0 days 00:03:45", CLOCK, 225),
        ("1.02:03:04", CLOCK, 93784),
        ("12:03:45 AM", CLOCK, 225),
        ("1899-12-30 00:03:45", CLOCK, 225),
        ("95", CLOCK, 95),
        ("0:01:35", S, 95),
        ("0.0026041666667", DurationForm.DAY_FRACTION, 225),
        ("3.75", DurationForm.DECIMAL_MINUTES, 225),
        ("1h 02m 03s", WORDS, 3723),
        ("4 min 10 sec", WORDS, 250),
        ("2 hours", WORDS, 7200),
        ("1 minute and 5 seconds", WORDS, 65),
        ("250 ms", WORDS, 0.25),
    ],
)
def test_a_duration_is_read_in_its_form(text: str, form: DurationForm, seconds: float) -> None:
    assert read(text, form) == round(seconds * 1000)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("", CLOCK),
        ("-3", S),
        ("nan", S),
        ("00:43:75", CLOCK),
        ("00:61:00", CLOCK),
        ("abc", CLOCK),
        ("1..2 s", WORDS),
        ("3000000", S),  # longer than a month
        ("900:00:00", CLOCK),
        ("90 days", WORDS),
        ("12:03:45 XM", CLOCK),
    ],
)
def test_what_is_no_duration_is_left_unread(text: str, form: DurationForm) -> None:
    assert read(text, form) is None


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 86_400 * 20), min_size=1, max_size=40))
def test_what_is_written_is_read(durations: list[int]) -> None:
    def clock(seconds: int) -> str:
        return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"

    written = {
        CLOCK: [clock(seconds) for seconds in durations],
        S: [str(seconds) for seconds in durations],
        DurationForm.MILLISECONDS: [str(seconds * 1000) for seconds in durations],
        DurationForm.DAY_FRACTION: [repr(seconds / 86_400) for seconds in durations],
        DurationForm.DECIMAL_MINUTES: [f"{seconds / 60:.6f}" for seconds in durations],
    }
    for form, texts in written.items():
        read_back = read_durations(pl.Series(texts), form).to_list()
        assert read_back == [seconds * 1000 for seconds in durations], form


@settings(max_examples=50, deadline=None)
@given(texts=st.lists(st.text(max_size=80), max_size=30), form=st.sampled_from(DurationForm))
def test_any_text_is_read_or_left_and_no_row_is_lost(texts: list[str], form: DurationForm) -> None:
    read_back = read_durations(pl.Series(texts, dtype=pl.String), form)
    assert len(read_back) == len(texts)
    assert (read_back.drop_nulls() >= 0).all()
