"""Frames that don't fit into memory wait on disk, and come back as they were."""

import tempfile
from pathlib import Path

import polars as pl
import pytest

from callrouter.adapters.frames_aside import open_memory
from callrouter.domain.errors import RefusedError
from callrouter.domain.tie_out.classes import DIFFERENCE_CLASS
from callrouter.domain.tie_out.memory import read_in_order

KIND: dict[str, pl.DataType | type[pl.DataType]] = {
    "number": pl.Int64,
    "caller": pl.String,
    "class": DIFFERENCE_CLASS,
    "at_ms": pl.Int64,
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def pieces_of(*heights: int) -> list[pl.DataFrame]:
    first = 0
    pieces = []
    for height in heights:
        rows = [(first + n, f"+1415555010{n % 9}", "agree", None) for n in range(height)]
        pieces.append(pl.DataFrame(rows, schema=KIND, orient="row"))
        first += height
    return pieces


def files_in(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.rglob("*.parquet"))


@pytest.mark.parametrize(
    ("heights", "files"),
    [((0,), 0), ((3, 2), 0), ((3, 2, 1), 3), ((9,), 1), ((0, 4, 4), 3)],
    ids=["no row", "just fits", "one row more", "one large piece", "an empty piece first"],
)
def test_what_fits_stays_in_memory_and_all_else_comes_back_from_disk(
    folder: Path, heights: tuple[int, ...], files: int
) -> None:
    pieces = pieces_of(*heights)

    with open_memory(5) as memory:
        aside = memory.put_aside(iter(pieces))

        assert len(files_in(folder)) == files
        assert aside.collect().equals(pl.concat(pieces))
        assert all(each.height <= 5 for each in read_in_order(aside, "number", memory))


def test_nothing_is_left_behind(folder: Path) -> None:
    with open_memory(1) as memory:
        memory.put_aside(pieces_of(2, 2))
        memory.put_aside(pieces_of(3))
        assert len(files_in(folder)) == 3

    assert not list(folder.iterdir())


@pytest.mark.parametrize("is_full", [True, False], ids=["the disk is full", "no folder"])
def test_where_nothing_can_be_put_it_is_told_what_would_help(folder: Path, is_full: bool) -> None:
    with open_memory(1) as memory:
        [inside] = folder.iterdir()
        if is_full:
            (inside / "0").mkdir()
            (inside / "0" / "0.parquet").symlink_to("/dev/full")
        else:
            inside.rmdir()

        with pytest.raises(RefusedError, match="TMPDIR"):
            memory.put_aside(pieces_of(2))
