"""Amounts of money as buyers write them, whole columns at once, as signed micro-units."""

import polars as pl

from callrouter.adapters.buyer_files.values.cells import clean

_LARGEST = 9_000_000_000
_MARKS = r"[\s$\u20ac\u00a3A-Za-z\u00a0]"
_COMMA_IS_DECIMAL = r"^[^,]*,(?:\d{1,2}|\d{4,})\D*$"


def read_money(texts: pl.Series) -> pl.Series:
    """Micro-units (Int64), null where a text is no amount: $1,234.50, (12.50), -0.0304, 12,50 EUR.

    Whether a lone comma stands before decimals is decided by the whole column: 12,50 anywhere says
    so, 1,250 alone doesn't.
    """
    plain = texts.cast(pl.Float64, strict=False)
    if plain.null_count():
        plain = plain.zip_with(plain.is_not_null(), _read_marked(texts))
    x = pl.col("x")
    micros = pl.when(x.is_finite() & (x.abs() <= _LARGEST)).then(x * 1_000_000).round()
    return pl.DataFrame({"x": plain}).select(micros.cast(pl.Int64)).to_series()


def _read_marked(texts: pl.Series) -> pl.Series:
    bare = pl.DataFrame({"x": texts}).select(clean(pl.col("x")).str.replace_all(_MARKS, ""))["x"]
    has_both = bare.str.contains(r"\..*,") & ~bare.str.contains(r",.*\.")
    comma_is_decimal = bool((bare.str.contains(_COMMA_IS_DECIMAL) | has_both).any())
    x = pl.col("x")
    is_negative = x.str.contains(r"^(?:\(.*\)|.*-|-.*)$")
    digits = x.str.strip_chars("()-+")
    if comma_is_decimal:
        digits = digits.str.replace_all(r"\.(\d{3})", "$1").str.replace(",", ".", literal=True)
    else:
        digits = digits.str.replace_all(r",(\d{3})", "$1")
    amount = digits.cast(pl.Float64, strict=False)
    frame = pl.DataFrame({"x": bare})
    return frame.select(pl.when(is_negative).then(-amount).otherwise(amount)).to_series()
