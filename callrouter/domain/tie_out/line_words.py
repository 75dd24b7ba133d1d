"""Figures of frames in words, a whole column at a time: seconds, amounts, instants."""

import polars as pl

_MICROS = 1_000_000
_CENT = 10_000


def say_seconds(ms: pl.Expr) -> pl.Expr:
    """Milliseconds with the decimals that they have: "121 s", "119.6 s"."""
    whole = (ms // 1000).cast(pl.String)
    exact = (ms / 1000).cast(pl.String)
    return pl.when(ms % 1000 == 0).then(whole).otherwise(exact) + " s"


def say_money(micros: pl.Expr) -> pl.Expr:
    """Micro-units with cents: "75.00", "-0.05"; with more decimals where cents don't do."""
    sign = pl.when(micros < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    units = (micros.abs() // _MICROS).cast(pl.String)
    rest = micros.abs() % _MICROS
    cents = (rest // _CENT).cast(pl.String).str.zfill(2)
    exact = rest.cast(pl.String).str.zfill(6).str.strip_chars_end("0")
    decimals = pl.when(rest % _CENT == 0).then(cents).otherwise(exact)
    return pl.concat_str(sign, units, pl.lit("."), decimals)


def say_time(at_ms: pl.Expr, zone: str) -> pl.Expr:
    """Instants on the clocks of a zone: "2026-10-01 11:28:05"."""
    instants = at_ms.cast(pl.Datetime("ms")).dt.replace_time_zone("UTC")
    return instants.dt.convert_time_zone(zone).dt.to_string("%Y-%m-%d %H:%M:%S")


def say_span(ms: pl.Expr) -> pl.Expr:
    """About how long, in one unit and rounded down: "12 days", "1 hour", "40 seconds"."""
    seconds = ms.abs() // 1000
    said = _count(seconds, "second")
    for unit, length in (("minute", 60), ("hour", 3600), ("day", 86_400)):
        said = pl.when(seconds >= length).then(_count(seconds // length, unit)).otherwise(said)
    return said


def _count(number: pl.Expr, unit: str) -> pl.Expr:
    plural = pl.when(number == 1).then(pl.lit("")).otherwise(pl.lit("s"))
    return pl.concat_str(number.cast(pl.String), pl.lit(f" {unit}"), plural)
