import pytest
from hypothesis import given
from hypothesis import strategies as st

from callrouter.domain.money import read_amount, read_signed_amount, say_amount, say_micros


@pytest.mark.parametrize(
    ("text", "micros"),
    [
        ("35.00", 35_000_000),
        ("35", 35_000_000),
        ("0.01", 10_000),
        ("0", 0),
        ("35.005", "'35.005' has more decimals than USD, which has 2"),
        ("35,00", "'35,00' isn't an amount: write it like \"35.00\", with a point"),
        ("-1", "'-1' must be an amount from 0 to 1000000000"),
        ("1000000000", 10**15),
        ("1000000000.01", "'1000000000.01' must be an amount from 0 to 1000000000"),
        ("NaN", "'NaN' isn't an amount: write it like \"35.00\", with a point"),
        ("1e3", "'1e3' isn't an amount: write it like \"35.00\", with a point"),
        ("1_000", "'1_000' isn't an amount: write it like \"35.00\", with a point"),
        (" 35", "' 35' isn't an amount: write it like \"35.00\", with a point"),
        ("\uff13\uff15", "'\uff13\uff15' isn't an amount: write it like \"35.00\", with a point"),
    ],
)
def test_an_amount_is_read_exactly_or_refused_in_words(text: str, micros: int | str) -> None:
    assert read_amount(text, "USD") == micros


@pytest.mark.parametrize(
    ("text", "currency", "micros"),
    [
        ("-4.50", "USD", -4_500_000),
        ("4.50", "USD", 4_500_000),
        ("-4.505", "USD", "'-4.505' has more decimals than USD, which has 2"),
        ("4.50", "JPY", "'JPY' isn't a currency: known are USD, CAD, EUR, GBP, AUD, MXN, NZD"),
        ("--5", "USD", "'--5' isn't an amount: write it like \"35.00\", with a point"),
        ("-", "USD", "'-' isn't an amount: write it like \"35.00\", with a point"),
        ("-1e3", "USD", "'-1e3' isn't an amount: write it like \"35.00\", with a point"),
        ("-1000000001", "USD", "'-1000000001' must be an amount from -1000000000 to 1000000000"),
    ],
)
def test_a_signed_amount_is_read_exactly_too(text: str, currency: str, micros: int | str) -> None:
    assert read_signed_amount(text, currency) == micros


@given(st.integers(0, 10**9))
def test_an_amount_that_is_said_can_be_read_again(cents: int) -> None:
    said = say_amount(cents * 10_000, "USD")

    assert said.endswith(" USD")
    assert read_amount(said.removesuffix(" USD"), "USD") == cents * 10_000


@pytest.mark.parametrize(
    ("micros", "said"),
    [
        (0, "0.00"),
        (45_000_000, "45.00"),
        (1_500_000, "1.50"),
        (1_234_567, "1.234567"),
        (1_005_000, "1.005"),
        (-12_500_000, "-12.50"),
    ],
)
def test_money_is_told_to_the_cent_or_to_its_last_decimal(micros: int, said: str) -> None:
    assert say_micros(micros) == said
