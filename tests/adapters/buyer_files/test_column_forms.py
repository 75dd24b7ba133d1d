"""In which form each column of a mapping is: what is expected, unless the values contradict it."""

from callrouter.adapters.buyer_files.column_forms import FittedForms, fit_forms
from callrouter.domain.tie_out.mapping import Field, FieldColumn
from tests.adapters.buyer_files.raw_tables import table


def _fit(text: str, *columns: tuple[Field, str], country: str = "US") -> FittedForms:
    raw = table(text, headed=False)
    mapped = [
        FieldColumn(field=field, column=place, form=form)
        for place, (field, form) in enumerate(columns)
    ]
    return fit_forms(raw, mapped, country=country)


def _forms(fitted: FittedForms) -> dict[Field, str]:
    return {column.field: column.form for column in fitted.columns}


class TestTimes:
    def test_one_column_that_tells_day_from_month_tells_it_for_all(self) -> None:
        fitted = _fit(
            "04/05/2026 23:50 | 13/05/2026 00:01\n04/05/2026 09:10 | 04/05/2026 09:11",
            (Field.START, ""),
            (Field.END, ""),
        )
        assert set(_forms(fitted).values()) == {"day_first"}
        assert not fitted.questions

    def test_meanwhile_the_order_is_the_countrys(self) -> None:
        text = "04/05/2026 23:50 | 04/05/2026 23:51"
        columns = ((Field.START, ""), (Field.END, ""))
        assert set(_forms(_fit(text, *columns)).values()) == {"month_first"}
        fitted = _fit(text, *columns, country="DE")
        assert set(_forms(fitted).values()) == {"day_first"}
        assert len(fitted.questions) == 1

    def test_an_order_that_is_given_is_an_answer(self) -> None:
        fitted = _fit("04/05/2026 23:50", (Field.START, "day_first"))
        assert _forms(fitted) == {Field.START: "day_first"}
        assert not fitted.questions

    def test_what_holds_none_is_told_and_goes(self) -> None:
        fitted = _fit("soon | 2026-10-01 09:00", (Field.ANSWER, ""), (Field.START, ""))
        assert _forms(fitted) == {Field.START: "year_first"}
        assert fitted.words == ["column 1 holds no instants: it is not read"]

    def test_what_is_empty_may_be_filled_another_time(self) -> None:
        fitted = _fit(" | 2026-10-01 09:00", (Field.ANSWER, ""), (Field.START, ""))
        assert _forms(fitted) == {Field.ANSWER: "", Field.START: "year_first"}
        assert not fitted.words

    def test_a_given_form_stands_where_values_show_none(self) -> None:
        assert _forms(_fit("0", (Field.ANSWER, "epoch_s"))) == {Field.ANSWER: "epoch_s"}


class TestDurations:
    def test_keep_a_given_form_that_calls_can_have(self) -> None:
        fitted = _fit("90000\n120000", (Field.TOTAL, "milliseconds"))
        assert _forms(fitted) == {Field.TOTAL: "milliseconds"}
        assert not fitted.words

    def test_lose_a_given_form_by_which_calls_would_be_days_long(self) -> None:
        fitted = _fit("90000\n120000", (Field.TOTAL, "seconds"))
        assert _forms(fitted) == {Field.TOTAL: "milliseconds"}
        assert "column 1 is written as milliseconds, not as seconds" in fitted.words[0]

    def test_keep_a_given_form_that_is_as_odd_as_any_other(self) -> None:
        fitted = _fit("900000000\n900000001", (Field.TOTAL, "seconds"))
        assert _forms(fitted) == {Field.TOTAL: "seconds"}

    def test_take_the_unit_of_the_column_that_shows_it(self) -> None:
        fitted = _fit("90000 | 800\n120000 | 0", (Field.TOTAL, ""), (Field.HOLD, ""))
        assert set(_forms(fitted).values()) == {"milliseconds"}

    def test_written_as_a_clock_are_read_the_same_under_every_form(self) -> None:
        fitted = _fit("00:01:30\n00:02:00", (Field.TOTAL, "milliseconds"))
        assert _forms(fitted) == {Field.TOTAL: "clock"}
        assert not fitted.words

    def test_that_are_none_are_told_and_go(self) -> None:
        fitted = _fit("long | ", (Field.TOTAL, ""), (Field.TALK, ""))
        assert _forms(fitted) == {Field.TALK: ""}
        assert fitted.words == ["column 1 holds no durations: it is not read"]

    def test_that_come_to_end_less_start_are_measured(self) -> None:
        rows = "\n".join(
            f"2026-10-01 09:00:04 | 2026-10-01 09:{at:02}:04 | {at}.0" for at in range(1, 9)
        )
        fitted = _fit(rows, (Field.START, ""), (Field.END, ""), (Field.TOTAL, "seconds"))
        assert _forms(fitted)[Field.TOTAL] == "decimal_minutes"
