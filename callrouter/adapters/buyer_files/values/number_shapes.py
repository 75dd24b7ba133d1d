"""Numbers of North America with brackets, dashes, dots and blanks between, a column at once."""

import re
from functools import lru_cache

import numpy as np
import polars as pl

from callrouter.adapters.buyer_files.values.byte_rows import (
    Bytes,
    Figures,
    Shapes,
    Span,
    number_at,
    split_blocks,
)

_DRESSED = re.compile(r"[ '=\"]*(?P<number>\+?[0(][0 ().-]*0)[ \"]*")
_DECIMAL = re.compile(r"0+\.0+")
_SMALLEST = 2_000_000_000  # area codes begin with 2 to 9
_ONE = 10_000_000_000


def read_dressed(texts: pl.Series, *, is_home: bool) -> pl.Series:
    """E.164 of ten digits, or eleven with 1, however they are dressed; null for every other text.

    With a plus there must be eleven; where ten digits aren't written at home, there must be a plus.
    """
    figures = np.zeros(len(texts), dtype=np.int64)
    shapes = Shapes()
    for block, words in split_blocks(texts):
        for shape, rows in shapes.group(words):
            runs = _find_runs(shape, is_home=is_home)
            if runs is None:
                continue
            chosen = words if rows is None else words[rows]
            read = _read_runs(np.ascontiguousarray(chosen).view(np.uint8), runs)
            figures[block][slice(None) if rows is None else rows] = read
    x = pl.col("x")
    number = pl.when(x > 0).then(pl.format("+{}", x))
    return pl.DataFrame({"x": figures}).select(number.alias("x")).to_series()


@lru_cache(maxsize=4096)
def _find_runs(shape: str, *, is_home: bool) -> tuple[Span, ...] | None:
    """Where the digits of a number stand in a shape; None when it is no common form."""
    found = _DRESSED.fullmatch(shape)
    if found is None or _DECIMAL.fullmatch(found["number"]):
        return None
    has_plus, digits = found["number"].startswith("+"), found["number"].count("0")
    if digits not in (10, 11) or (has_plus and digits == 10) or not (has_plus or is_home):
        return None
    return tuple(run.span() for run in re.finditer("0+", shape))


def _read_runs(texts: Bytes, runs: tuple[Span, ...]) -> Figures:
    """The number with its country code, 0 where it can't be one."""
    figure = np.zeros(len(texts), dtype=np.int64)
    for start, end in runs:
        figure *= 10 ** (end - start)
        figure += number_at(texts, (start, end))
    if sum(end - start for start, end in runs) == 10:
        figure[figure < _SMALLEST] = 0
        figure[figure > 0] += _ONE
    else:
        figure[(figure < _ONE + _SMALLEST) | (figure >= 2 * _ONE)] = 0
    return figure
