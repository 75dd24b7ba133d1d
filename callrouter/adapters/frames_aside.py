"""Frames larger than memory wait in files of a temporary folder, for as long as they are needed.

What fits stays in memory. What the frames are of isn't known here.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from callrouter.domain.errors import RefusedError
from callrouter.domain.tie_out.memory import Memory, PutAside


@contextmanager
def open_memory(most_rows: int) -> Iterator[Memory]:
    """A memory of so many rows; whatever is put aside beyond is gone when the block ends.

    Raises RefusedError when the disk of the temporary folder is full.
    """
    with TemporaryDirectory(prefix="callrouter-") as folder:
        yield Memory(most_rows, _put_into(Path(folder), most_rows))


def _put_into(folder: Path, most_rows: int) -> PutAside:
    numbers = iter(range(1_000_000))

    def put_aside(pieces: Iterable[pl.DataFrame]) -> pl.LazyFrame:
        """Of a frame of more than `most_rows` nothing stays in memory."""
        rest = iter(pieces)
        held: list[pl.DataFrame] = []
        rows = 0
        for piece in rest:
            held.append(piece)
            rows += piece.height
            if rows > most_rows:
                return _write(folder / str(next(numbers)), chain(held, rest))
        return pl.concat(held).lazy()

    return put_aside


def _write(folder: Path, pieces: Iterable[pl.DataFrame]) -> pl.LazyFrame:
    paths = []
    for number, piece in enumerate(pieces):
        paths.append(folder / f"{number}.parquet")
        try:
            folder.mkdir(exist_ok=True)
            piece.write_parquet(paths[-1], compression="lz4")
        except (OSError, pl.exceptions.PolarsError) as error:
            raise RefusedError(
                f"what doesn't fit into memory can't be put aside: {error}; name a folder on a"
                " larger disk in TMPDIR, or allow more rows in CALLROUTER_TIE_OUT_ROWS"
            ) from error
    return pl.scan_parquet(paths)
