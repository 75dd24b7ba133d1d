"""One row of a delimited text to its cells, by the rule, or else as nearly as can be told for sure.

The rule is RFC 4180's: a cell that starts with a quote ends with one, quotes within are doubled.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import cache

_FORMULA = re.compile(r'="[^"]*+"')
"""What spreadsheets are told so that they leave a number as it is; it stays as it is here too."""
_QUOTED = re.compile(r'"((?:[^"]++|"")*+)"')


class Broken(Enum):
    """Why a row isn't written by the rule."""

    OPEN = "open"
    """It ends within quotes: the row may go on in the next line."""
    WRONG = "wrong"
    """A quote stands where none may."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How rows are written: what stands between cells, blanks behind it, quotes round whole rows.

    `skips_blanks` says that blanks behind the delimiter belong to it; `is_wrapped` that each row
    is one quoted cell, which has the real row within.
    """

    delimiter: str
    skips_blanks: bool = False
    is_wrapped: bool = False

    @property
    def mark(self) -> str:
        """The delimiter as a person writes it."""
        return self.delimiter + " " if self.skips_blanks else self.delimiter


def split_row(text: str, dialect: Dialect) -> list[str] | Broken:
    """The cells of a row that is written by the rule, or why it isn't one."""
    if '"' not in text:
        cells = text.split(dialect.delimiter)
        return [cell.lstrip(" ") for cell in cells] if dialect.skips_blanks else cells
    cells_or_broken = _split_quoted(text, dialect)
    if dialect.is_wrapped and isinstance(cells_or_broken, list) and len(cells_or_broken) == 1:
        return split_row(cells_or_broken[0], Dialect(dialect.delimiter, dialect.skips_blanks))
    return cells_or_broken


def _split_quoted(text: str, dialect: Dialect) -> list[str] | Broken:
    """The cells of a row that has quotes somewhere."""
    cells: list[str] = []
    at = 0
    while True:
        at = _skip_blanks(text, at, dialect)
        if text.startswith('"', at):
            match = _QUOTED.match(text, at)
            if match is None:
                return Broken.OPEN
            cells.append(match[1].replace('""', '"'))
            at = match.end()
        else:
            formula = _FORMULA.match(text, at)
            end = formula.end() if formula else _find_end(text, at, dialect)
            if not formula and '"' in text[at:end]:
                return Broken.WRONG
            cells.append(text[at:end])
            at = end
        if at == len(text):
            return cells
        if not text.startswith(dialect.delimiter, at):
            return Broken.WRONG
        at += len(dialect.delimiter)


def repair_row(text: str, dialect: Dialect, width: int) -> list[str] | None:
    """The cells of a row whose quotes are broken, where they can be told for sure.

    For sure is: a way to read it gives `width` cells, and all ways that do agree on what stands in
    which cell, but for the quotes themselves. None otherwise.
    """
    found: dict[str, list[str]] = {}
    for way in _WAYS:
        cells = way(text, dialect)
        if cells is not None and len(cells) == width:
            found.setdefault("\n".join(cells).replace('"', "").replace(" ", ""), cells)
    return next(iter(found.values())) if len(found) == 1 else None


@cache
def _compile(dialect: Dialect, closing: str) -> re.Pattern[str]:
    """What one cell looks like whose quotes stand anyhow, and the delimiter or end behind it.

    `closing` is what stands from an opening quote to the one that closes it before a delimiter.
    """
    mark = re.escape(dialect.delimiter)
    blanks = " *+" if dialect.skips_blanks else ""
    bare = rf'(?:"(?:[^"]++|"")*+")?[^{mark}]*+' if closing == _BY_RULE else f"[^{mark}]*+"
    return re.compile(f'{blanks}(?:"({closing})"(?={mark}|\\Z)|({bare}))({mark}|\\Z)', re.DOTALL)


_BY_RULE = '(?:[^"]++|"")*+'
_BY_EDGES = ".*?"


def _split_by(pattern: re.Pattern[str], text: str) -> list[str]:
    """The cells that a pattern finds, one behind the other."""
    cells: list[str] = []
    for match in pattern.finditer(text):
        quoted, bare, mark = match.groups()
        cells.append(bare if quoted is None else quoted.replace('""', '"'))
        if not mark:
            break
    return cells


def split_loosely(text: str, dialect: Dialect) -> list[str]:
    """The cells where a quote that was closed too early is taken as it stands.

    For `"User 10" <415>,"a,b"`: the first cell ends at the next delimiter.
    """
    return _split_by(_compile(dialect, _BY_RULE), text)


def _split_by_edges(text: str, dialect: Dialect) -> list[str]:
    """The cells where a quote closes only before a delimiter: `"Bob "Bo" Doe","next"`."""
    return _split_by(_compile(dialect, _BY_EDGES), text)


def _unwrap(text: str, dialect: Dialect) -> list[str] | None:
    """The cells of a row that stands within one pair of quotes, quotes within doubled or not."""
    if len(text) < 2 or not (text.startswith('"') and text.endswith('"')):
        return None
    match = _QUOTED.fullmatch(text)
    inner = match[1].replace('""', '"') if match else text[1:-1]
    cells = split_row(inner, dialect)
    return cells if isinstance(cells, list) else None


def _split_anywhere(text: str, dialect: Dialect) -> list[str]:
    """The cells where quotes mean nothing."""
    return text.split(dialect.delimiter)


_WAYS: tuple[Callable[[str, Dialect], list[str] | None], ...] = (
    _split_by_edges,
    split_loosely,
    _unwrap,
    _split_anywhere,
)
"""From the one that explains most; the first that fits gives the cells."""


def _skip_blanks(text: str, at: int, dialect: Dialect) -> int:
    """Where a cell begins."""
    while dialect.skips_blanks and text.startswith(" ", at):
        at += 1
    return at


def _find_end(text: str, at: int, dialect: Dialect) -> int:
    """Where the next delimiter stands, or the row ends."""
    end = text.find(dialect.delimiter, at)
    return len(text) if end < 0 else end
