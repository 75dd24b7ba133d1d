import polars as pl
import pytest

from callrouter.adapters.buyer_files.values.money import read_money


@pytest.mark.parametrize(
    ("text", "micros"),
    [
        ("12.50", 12_500_000),
        ("0.0304", 30_400),
        ("$1,234.50", 1_234_500_000),
        ("1,250", 1_250_000_000),
        ("(12.50)", -12_500_000),
        ("-$12.50", -12_500_000),
        ("12.50-", -12_500_000),
        ("USD 12.50", 12_500_000),
        ("12,50 €", 12_500_000),
        ("1.234,50", 1_234_500_000),
        ("free", None),
        ("", None),
        ("1e300", None),
    ],
)
def test_an_amount_is_read_as_micro_units(text: str, micros: int | None) -> None:
    assert read_money(pl.Series([text])).to_list() == [micros]


def test_a_comma_that_is_decimal_once_is_decimal_in_the_whole_column() -> None:
    assert read_money(pl.Series(["12,50", "1,250"])).to_list() == [12_500_000, 1_250_000]
