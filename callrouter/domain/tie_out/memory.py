"""Frames that needn't fit into memory: how much of one is read at once, and where pieces are put.

Where that is, a disk as a rule, isn't known here.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import polars as pl

PutAside: TypeAlias = Callable[[Iterable[pl.DataFrame]], pl.LazyFrame]
"""Takes the pieces of a frame, one at least, one after the other; gives back the whole to read."""


def put_in_memory(pieces: Iterable[pl.DataFrame]) -> pl.LazyFrame:
    """Puts nothing aside: for what fits."""
    return pl.concat(pieces).lazy()


@dataclass(frozen=True, slots=True)
class Memory:
    """How many rows with all of their columns are read at once, and where the others wait.

    Of each row a few figures are held all the time: its number, when it was, what it is paired
    with.
    """

    most_rows: int = 4_000_000
    put_aside: PutAside = put_in_memory

    def count_pieces(self, rows: int) -> int:
        """In how many pieces so many rows are read."""
        return max(1, -(-rows // self.most_rows))


AMPLE = Memory()
"""Nothing is put aside: about a gigabyte for two million rows of either side."""


def read(frame: pl.LazyFrame) -> pl.DataFrame:
    """What a frame comes to, with no more in memory than that."""
    return frame.collect(engine="streaming")


def count_rows(frame: pl.LazyFrame) -> int:
    """How many rows a frame has."""
    return int(read(frame.select(pl.len())).item())


def read_in_order(frame: pl.LazyFrame, number: str, memory: Memory) -> Iterator[pl.DataFrame]:
    """All rows in the order of their numbers, piece by piece; one piece, if empty, at least."""
    rows, low, high = read(
        frame.select(pl.len(), low=pl.col(number).min(), high=pl.col(number).max())
    ).row(0)
    pieces = memory.count_pieces(rows)
    if pieces == 1:
        yield _sort(read(frame), number)
        return
    step = -(-(high - low + 1) // pieces)
    for since in range(low, high + 1, step):
        inside = pl.col(number).is_between(since, since + step, closed="left")
        yield _sort(read(frame.filter(inside)), number)


def read_some(frame: pl.LazyFrame, number: str, wanted: pl.Series) -> pl.DataFrame:
    """The rows with one of these numbers, in their order, each once."""
    numbers = wanted.drop_nulls().unique().rename(number).to_frame().lazy()
    return _sort(read(frame.join(numbers, on=number, how="semi")), number)


def _sort(rows: pl.DataFrame, number: str) -> pl.DataFrame:
    return rows if rows[number].is_sorted() else rows.sort(number)


def find_places(numbers: pl.Series, wanted: pl.Series) -> pl.Series:
    """Where in `numbers`, of which each is there once and all are in order, the wanted ones are.

    Null for null.
    """
    first, last = (numbers[0], numbers[-1]) if len(numbers) else (0, -1)
    if last - first + 1 == len(numbers):
        return wanted - first
    places = pl.Series(numbers.search_sorted(wanted.fill_null(first)), dtype=pl.Int64)
    return places.set(wanted.is_null(), None)
