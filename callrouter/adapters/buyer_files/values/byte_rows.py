"""Texts of a column as rows of bytes, grouped by shape: where digits and letters stand.

A column has few shapes ("00/00/0000 00:00:00" and its likes), however many texts. A grammar is
asked once for each shape; figures are then taken from the same places of all of its rows at once.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

Bytes = npt.NDArray[np.uint8]
Words = npt.NDArray[np.uint64]
Figures = npt.NDArray[np.int64]
Digits = npt.NDArray[np.signedinteger[Any]]
Rows = npt.NDArray[np.intp]
Flags = npt.NDArray[np.bool_]
Span = tuple[int, int]
Groups = Iterable[tuple[str, Rows | None]]

LONGEST = 64
"""Texts of more bytes have no shape: no instant or duration is that long."""
BLOCK_ROWS = 8_192
"""So many rows are worked on at a time: their bytes stay in the processor's cache."""
_SPLIT_ROWS = 32 * BLOCK_ROWS
_ONE_BY_ONE = 24  # so many shapes of a block are picked out one by one, the rest by sorting

_DIGIT, _LETTER = ord("0"), ord("A")
_CLASSES = np.arange(256, dtype=np.uint8)
_CLASSES[ord("0") : ord("9") + 1] = _DIGIT
_CLASSES[ord("A") : ord("Z") + 1] = _LETTER
_CLASSES[ord("a") : ord("z") + 1] = _LETTER


def split_blocks(texts: pl.Series) -> Iterator[tuple[slice, Words]]:
    """The rows of a column in blocks, each with its texts as words (see `split_words`)."""
    for start in range(0, len(texts), _SPLIT_ROWS):
        words = split_words(texts.slice(start, _SPLIT_ROWS))
        for at in range(0, len(words), BLOCK_ROWS):
            block = words[at : at + BLOCK_ROWS]
            yield slice(start + at, start + at + len(block)), block


def split_words(texts: pl.Series) -> Words:
    """Texts as rows of 8-byte words, ended by zeros; all zero for one that has no shape.

    No shape have texts of more than LONGEST bytes and those that aren't ASCII.
    """
    longest = texts.str.len_bytes().max()
    if isinstance(longest, int) and longest > LONGEST:
        texts = texts.zip_with(texts.str.len_bytes() <= LONGEST, blanks(len(texts)))
        longest = LONGEST
    count = max(1, -(-(longest if isinstance(longest, int) else 0) // 8))
    padded = pl.col("x").str.pad_end(8 * count, "\0").cast(pl.Binary)
    cells = padded.bin.reinterpret(dtype=pl.Array(pl.UInt64, count))
    words = pl.DataFrame({"x": texts}).select(cells).to_series()
    if words.null_count():  # padded by characters: what isn't ASCII has become too wide
        return split_words(texts.zip_with(words.is_not_null(), blanks(len(texts))))
    return words.to_numpy().reshape(len(texts), count)


def blanks(count: int) -> pl.Series:
    """A column of empty texts."""
    return pl.Series([""]).new_from_index(0, count)


class Shapes:
    """The shapes of one column, learnt as its blocks pass by."""

    def __init__(self) -> None:
        self._known: dict[int, list[_Template]] = {}

    def group(self, words: Words) -> Iterator[tuple[str, Rows | None]]:
        """Each shape of a block with the rows that have it; None stands for all rows.

        In a shape each digit is 0, each letter A, every other character itself.
        """
        known = self._known.setdefault(words.shape[1], [])
        rest: Rows | None = None
        block = words
        for at in range(_ONE_BY_ONE):
            if not len(block):
                return
            if at == len(known):
                known.append(_Template.of(block[0]))
            same = known[at].fits(block)
            if same.all():
                yield known[at].shape, rest
                return
            if same.any():
                rows = np.arange(len(words), dtype=np.intp) if rest is None else rest
                yield known[at].shape, rows[same]
                rest = rows[~same]
                block = words[rest]
        rows = np.arange(len(words), dtype=np.intp) if rest is None else rest
        yield from _group_by_sorting(words, rows)


def _group_by_sorting(words: Words, rows: Rows) -> Iterator[tuple[str, Rows]]:
    classes = _CLASSES[np.ascontiguousarray(words[rows]).view(np.uint8)]
    shapes, which = np.unique(classes, axis=0, return_inverse=True)
    order = np.argsort(which.reshape(-1), kind="stable")
    ends = np.cumsum(np.bincount(which.reshape(-1), minlength=len(shapes)))
    for shape, members in zip(shapes, np.split(rows[order], ends[:-1]), strict=True):
        yield _say(shape), members


def _say(classes: Bytes) -> str:
    return classes.tobytes().rstrip(b"\0").decode("ascii", errors="replace")


@dataclass(frozen=True, slots=True)
class _Template:
    """A shape as masks over 8-byte words: digits, letters, and bytes that must be the same."""

    shape: str
    checked: Words
    values: Words
    digits: Words

    @classmethod
    def of(cls, words: Words) -> "_Template":
        text = np.ascontiguousarray(words).view(np.uint8)
        classes = _CLASSES[text]
        is_digit, is_letter = classes == _DIGIT, classes == _LETTER
        digits, letters, fixed = (
            np.where(where, np.uint8(255), np.uint8(0)).view(np.uint64)
            for where in (is_digit, is_letter, ~is_digit & ~is_letter)
        )
        checked = fixed | (digits & _HIGH_HALF) | (letters & _TOP_BITS)
        values = (words & fixed) | (digits & _ZEROS) | (letters & _LETTER_BITS)
        return cls(_say(classes), checked, values, digits)

    def fits(self, words: Words) -> Flags:
        """Which rows have the shape; characters next to letters in ASCII pass for letters."""
        same = np.ones(len(words), dtype=np.bool_)
        for at in range(words.shape[1]):
            word, digits = words[:, at], self.digits[at]
            same &= (word & self.checked[at]) == self.values[at]
            if digits:  # 0x3a to 0x3f are no digits, either
                same &= (word + (digits & _SIXES)) & (digits & _HIGH_HALF) == digits & _ZEROS
        return same


_HIGH_HALF = np.uint64(0xF0F0F0F0F0F0F0F0)
_ZEROS = np.uint64(0x3030303030303030)
_SIXES = np.uint64(0x0606060606060606)
_TOP_BITS = np.uint64(0xC0C0C0C0C0C0C0C0)
_LETTER_BITS = np.uint64(0x4040404040404040)


def number_at(rows: Bytes, span: Span) -> Digits:
    """The number that the digits at `span` of each row make; at most 18 digits.

    In 16 bits up to 2 digits, in 32 up to 8: the smaller, the sooner read.
    """
    start, end = span
    size = np.int16 if end - start <= 2 else np.int32 if end - start <= 8 else np.int64
    number: Digits = rows[:, start].astype(size)
    for at in range(start + 1, end):
        np.multiply(number, 10, out=number)
        np.add(number, rows[:, at], out=number)
    np.subtract(number, 48 * (10 ** (end - start) - 1) // 9, out=number)
    return number


def letters_at(rows: Bytes, start: int) -> npt.NDArray[np.int32]:
    """A key for three letters from `start`, upper and lower case alike (see `letters_key`)."""
    key = np.zeros(len(rows), dtype=np.int32)
    for at in range(start, start + 3):
        key = (key << 5) | (rows[:, at] & 31)
    return key


def letters_key(letters: str) -> int:
    """The key of three letters that `letters_at` gives, for tables of 32,768 entries."""
    first, second, third = (ord(letter) & 31 for letter in letters)
    return (first << 10) | (second << 5) | third


def read_fraction(rows: Bytes, span: Span) -> Figures:
    """Milliseconds of the digits behind a second's point, rounded; at most 999."""
    scale = 10 ** (span[1] - span[0])
    ms: Figures = (number_at(rows, span).astype(np.int64) * 2000 + scale) // (2 * scale)
    return ms.clip(max=999)
