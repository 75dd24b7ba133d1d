"""Amounts and dates are read as the mapping says, or not at all."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callrouter.adapters.bank_files.figures import read_day, read_figure
from callrouter.domain.billing.bank_mapping import BankColumns, BankMapping, DecimalMark

POINT = BankMapping(
    bank="first", columns=BankColumns(date="Date", amount="Amount"), dates="YYYY-MM-DD", zone="UTC"
)
POINT_GROUPED = replace(POINT, thousands=",")
COMMA = replace(POINT, decimal=DecimalMark.COMMA)
COMMA_GROUPED = replace(COMMA, thousands=".")
COMMA_BLANKS = replace(COMMA, thousands=" ")
SWISS = replace(POINT, thousands="'")


@pytest.mark.parametrize(
    ("text", "mapping", "micros"),
    [
        ("35.00", POINT, 35_000_000),
        ("35", POINT, 35_000_000),
        ("35.5", POINT, 35_500_000),
        ("35.5000", POINT, 35_500_000),
        (" 1234.56 ", POINT, 1_234_560_000),
        ("+1,234.56", POINT_GROUPED, 1_234_560_000),
        ("1234.56", POINT_GROUPED, 1_234_560_000),
        ("1,234,567", POINT_GROUPED, 1_234_567_000_000),
        ("-5.00", POINT, -5_000_000),
        ("\u22125.00", POINT, -5_000_000),
        ("5.00-", POINT, -5_000_000),
        ("(5.00)", POINT, -5_000_000),
        ("1234,5", COMMA, 1_234_500_000),
        ("1.234,50", COMMA_GROUPED, 1_234_500_000),
        ("1\u00a0234,50", COMMA_BLANKS, 1_234_500_000),
        ("1\u202f234 567,50", COMMA_BLANKS, 1_234_567_500_000),
        ("1'234.50", SWISS, 1_234_500_000),
        ("1.234", COMMA_GROUPED, 1_234_000_000),
        ("0.00", POINT, 0),
    ],
)
def test_an_amount_is_read(text: str, mapping: BankMapping, micros: int) -> None:
    assert read_figure(text, "USD", mapping) == micros


@pytest.mark.parametrize(
    ("text", "mapping", "said"),
    [
        ("1.234,50", POINT, "isn't an amount with a decimal point, as the mapping says: such as"),
        ("1.234,50", POINT_GROUPED, "a decimal point, as the mapping says: such as 1,234.50"),
        ("1,50", POINT, "isn't an amount with a decimal point"),
        ("1,50", POINT_GROUPED, "isn't an amount with a decimal point"),
        ("1,2345.00", POINT_GROUPED, "isn't an amount"),
        ("1234,567.00", POINT_GROUPED, "isn't an amount"),
        ("1.50", COMMA, "isn't an amount with a decimal comma, as the mapping says"),
        ("1.50", COMMA_GROUPED, "isn't an amount with a decimal comma"),
        ("1,234", COMMA, "has more decimals than USD, which has 2"),
        ("1.234", POINT, "has more decimals than USD, which has 2"),
        ("=50+3", POINT, "isn't an amount"),
        ("$50.00", POINT, "isn't an amount"),
        ("1e3", POINT, "isn't an amount"),
        ("\u0665\u0660", POINT, "isn't an amount"),
        (".50", POINT, "isn't an amount"),
        ("5.", POINT, "isn't an amount"),
        ("--5", POINT, "isn't an amount"),
        ("", POINT, "'' isn't an amount"),
        ("9" * 13, POINT, "is absurdly large"),
    ],
)
def test_anything_else_is_refused_rather_than_misread(
    text: str, mapping: BankMapping, said: str
) -> None:
    read = read_figure(text, "USD", mapping)
    assert isinstance(read, str)
    assert said in read


@given(st.integers(-(10**11) + 1, 10**11 - 1), st.sampled_from([POINT_GROUPED, COMMA_GROUPED]))
def test_whatever_a_bank_can_write_is_read_exactly(cents: int, mapping: BankMapping) -> None:
    written = f"{cents / abs(cents) if cents else 1:+.0f}"[0] + f"{abs(cents) // 100:,}"
    written += f".{abs(cents) % 100:02}"
    if mapping is COMMA_GROUPED:
        written = written.translate(str.maketrans(",.", ".,"))
    assert read_figure(written, "USD", mapping) == cents * 10_000


@pytest.mark.parametrize(
    ("text", "dates"),
    [
        ("2026-11-05", "YYYY-MM-DD"),
        ("11/05/2026", "MM/DD/YYYY"),
        ("11/5/2026", "MM/DD/YYYY"),
        ("05.11.26", "DD.MM.YY"),
        ("20261105", "YYYYMMDD"),
        ("5 Nov 2026", "DD MMM YYYY"),
        ("05-NOV-2026", "DD-MMM-YYYY"),
        ("2026-11-05 13:45", "YYYY-MM-DD"),
        ("2026-11-05T13:45:07.123Z", "YYYY-MM-DD"),
    ],
)
def test_a_date_is_read(text: str, dates: str) -> None:
    assert read_day(text, dates) == date(2026, 11, 5)


@pytest.mark.parametrize(
    ("text", "dates", "said"),
    [
        ("13/05/2026", "MM/DD/YYYY", "is no day of the calendar, read as MM/DD/YYYY"),
        ("31.02.2026", "DD.MM.YYYY", "is no day of the calendar"),
        ("2026-11-05", "MM/DD/YYYY", "isn't a date written like MM/DD/YYYY"),
        ("5 Nev 2026", "DD MMM YYYY", "isn't a date"),
        ("2026115", "YYYYMMDD", "isn't a date"),
        ("", "YYYY-MM-DD", "isn't a date"),
        ("\u0662026-11-05", "YYYY-MM-DD", "isn't a date"),
    ],
)
def test_no_other_date_is(text: str, dates: str, said: str) -> None:
    read = read_day(text, dates)
    assert isinstance(read, str)
    assert said in read
