"""Rows of text that are written by the rule throughout, read in bulk; any other is declined.

Never guesses: what it gives is what reading row by row gives, or it gives nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray
from polars.exceptions import PolarsError

from callrouter.adapters.buyer_files.quoting import Dialect

_STEP = 512 * 1024
_QUOTE, _LINE_FEED, _RETURN, _EQUALS = b'"\n\r='
_Bytes: TypeAlias = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a text that begins and ends with whole rows: from byte `at`, which is in `line`."""

    content: bytes
    at: int = 0
    line: int = 1

    @property
    def bytes(self) -> _Bytes:
        """Its bytes as figures."""
        return np.frombuffer(self.content, np.uint8)[self.at :]


@dataclass(frozen=True, slots=True)
class _Quotes:
    """How many quotes a text has, and how many of them are part of a cell's text."""

    found: int
    kept: int


def read_clean_rows(
    stretch: Stretch, dialect: Dialect, width: int, record_lines: int
) -> pl.DataFrame | None:
    """The cells c0 … and the `line` of each row, or None where a row isn't clean.

    Clean is: quotes stand by the rule only, each row has `width` cells, none is blank and none goes
    over more than `record_lines` lines. The text is UTF-8.
    """
    if dialect.is_wrapped or stretch.at == len(stretch.content):
        return None
    returns, quotes = _count_returns(stretch), _find_quotes(stretch, dialect)
    if quotes is None or returns is None:
        return None
    cells = _parse(stretch, dialect, width, has_quotes=quotes.found > 0)
    if cells is None:
        return None
    within = _count_within(stretch, cells)
    if within is not None and (within >= record_lines).any():
        return None
    if (cells.get_columns()[-1] == "").any():
        if within is not None and returns:  # which of them are within cells isn't known
            return None
        if not _adds_up(stretch, cells, quotes, returns):
            return None
    if dialect.skips_blanks:
        cells = cells.with_columns(pl.all().str.strip_chars_start(" "))
    lines = pl.int_range(stretch.line, stretch.line + len(cells), eager=True)
    if within is not None:
        lines += within.cum_sum().shift(1, fill_value=0)
    return cells.with_columns(lines.alias("line"))


def _parse(
    stretch: Stretch, dialect: Dialect, width: int, *, has_quotes: bool
) -> pl.DataFrame | None:
    """The cells as polars reads them: short rows are filled up; None where a row is too long."""
    try:
        return pl.read_csv(
            stretch.content,
            has_header=False,
            skip_lines=stretch.line - 1 if stretch.at else 0,
            schema={f"c{index}": pl.String for index in range(width)},
            separator=dialect.delimiter,
            quote_char='"' if has_quotes else None,
            empty_string_is_null=False,
        )
    except PolarsError:
        return None


def _steps(units: _Bytes) -> Iterator[tuple[int, _Bytes]]:
    """The bytes in steps that a processor's cache holds, each with where it begins."""
    for start in range(0, len(units), _STEP):
        yield start, units[start : start + _STEP]


def count_byte(units: _Bytes, byte: int) -> int:
    """How often a byte stands in a text; where it is frequent, faster than bytes.count."""
    return sum(int(np.count_nonzero(part == byte)) for _, part in _steps(units))


def _find_quotes(stretch: Stretch, dialect: Dialect) -> _Quotes | None:
    """The quotes of a text, None where they aren't clean."""
    if stretch.content.find(b'"', stretch.at) < 0:
        return _Quotes(0, 0)
    if dialect.skips_blanks:
        return None
    return _count_quotes(stretch.bytes, dialect.delimiter)


def _count_quotes(units: _Bytes, delimiter: str) -> _Quotes | None:
    """The quotes of a text in which each one stands where the rule has it; None otherwise.

    One opens behind a delimiter or at a row's beginning, or behind = there (="0123"), closes before
    a delimiter or at a row's end, and within quotes there are two at a time.
    """
    around = np.zeros(256, bool)
    around[[ord(delimiter), _LINE_FEED, _QUOTE]] = True
    behind = around.copy()
    behind[_RETURN] = True
    last = len(units) - 1
    is_open, found, doubled, formulas = False, 0, 0, 0
    for start, part in _steps(units):
        places = np.flatnonzero(part == _QUOTE) + start
        opening, closing = (places[1::2], places[::2]) if is_open else (places[::2], places[1::2])
        if opening.size and not opening[0]:
            opening = opening[1:]
        if closing.size and closing[-1] == last:
            closing = closing[:-1]
        before, after = units[opening - 1], units[closing + 1]
        as_formula = opening[before == _EQUALS]
        before[before == _EQUALS] = np.where(as_formula > 1, units[as_formula - 2], _LINE_FEED)
        if not (around[before].all() and behind[after].all()):
            return None
        formulas += len(as_formula)
        is_open ^= bool(len(places) % 2)
        found, doubled = found + len(places), doubled + int(np.count_nonzero(after == _QUOTE))
    if is_open or (formulas and doubled):  # which of the doubled ones are within formulas?
        return None
    return _Quotes(found, doubled + 2 * formulas)


def _count_returns(stretch: Stretch) -> int | None:
    """How many line ends are carriage return and line feed; None where a return stands alone."""
    if stretch.content.find(b"\r", stretch.at) < 0:
        return 0
    units = stretch.bytes
    found, pairs = 0, 0
    for start, part in _steps(units):
        returns = part == _RETURN
        following = units[start + 1 : start + 1 + len(part)]
        found += int(np.count_nonzero(returns))
        pairs += int(np.count_nonzero(returns[: len(following)] & (following == _LINE_FEED)))
    return pairs if pairs == found else None


def _count_within(stretch: Stretch, cells: pl.DataFrame) -> pl.Series | None:
    """How many line ends stand within each row's cells; None where none does anywhere."""
    ends = count_byte(stretch.bytes, _LINE_FEED) + (not stretch.content.endswith(b"\n"))
    if ends == len(cells):
        return None
    counts = pl.all().str.count_matches("\n", literal=True)
    return cells.select(pl.sum_horizontal(counts).cast(pl.Int64)).to_series()


def _adds_up(stretch: Stretch, cells: pl.DataFrame, quotes: _Quotes, returns: int) -> bool:
    """Whether cells, delimiters, quotes and line ends are as long as the text.

    They are shorter where a row has fewer cells than there are columns, or is blank.
    """
    rows = len(cells)
    ends = rows - (not stretch.content.endswith(b"\n"))
    lengths = cells.select(pl.all().str.len_bytes().cast(pl.Int64).sum()).row(0)
    around = rows * (cells.width - 1) + ends + returns + quotes.found - quotes.kept
    return int(sum(lengths)) + around == len(stretch.content) - stretch.at
