from typing import Any

import polars as pl
import pytest

from callrouter.domain.tie_out.file_changes import RowChanges, compare_rows
from callrouter.domain.tie_out.frames import THEIRS, empty


def records(*rows: dict[str, Any]) -> pl.DataFrame:
    """Records of theirs; what a row doesn't say is "" or null."""
    numbered = [
        {"caller_text": "415 555 0101", "stamp_ms": 0, "total_ms": 60_000}
        | row
        | {"their": n, "line": n + 2}
        for n, row in enumerate(rows)
    ]
    frame = pl.DataFrame(numbered, schema=THEIRS)
    texts = [name for name, kind in THEIRS.items() if kind == pl.String]
    return frame.with_columns(pl.col(texts).fill_null(""))


A, B, C = ({"call_ids": name} for name in "abc")


@pytest.mark.parametrize(
    ("earlier", "later", "same", "new", "gone", "changed"),
    [
        pytest.param([A, B], [A, B], 2, 0, 0, 0, id="nothing"),
        pytest.param([A, B], [B, A, C], 2, 1, 0, 0, id="a row more, in another order"),
        pytest.param([A, B], [B], 1, 0, 1, 0, id="a row less"),
        pytest.param([A, B], [A, B | {"total_ms": 1}], 1, 0, 0, 1, id="other seconds"),
        pytest.param([A], [A | {"total_ms": None}], 0, 0, 0, 1, id="no seconds any more"),
        pytest.param([A, A], [A], 1, 0, 1, 0, id="one of two that look the same"),
        pytest.param([{}], [{}, {"stamp_ms": 5}], 1, 1, 0, 0, id="without ids, by what is seen"),
        pytest.param([{"stamp_ms": None}], [{"stamp_ms": None}], 1, 0, 0, 0, id="without starts"),
        pytest.param([A], [{}], 0, 0, 0, 1, id="ids in one file only: by what is seen"),
        pytest.param([], [A], 0, 1, 0, 0, id="an empty one before"),
    ],
)
def test_rows_are_the_same_new_gone_or_changed(
    earlier: list[dict[str, Any]],
    later: list[dict[str, Any]],
    same: int,
    new: int,
    gone: int,
    changed: int,
) -> None:
    before = records(*earlier) if earlier else empty(THEIRS)

    changes = compare_rows(before.lazy(), records(*later).lazy())

    assert (changes.same, changes.new, changes.gone, changes.changed) == (same, new, gone, changed)


def test_the_lines_of_what_changed_are_told() -> None:
    changes = compare_rows(records(A, B).lazy(), records(C, A | {"total_ms": 1}).lazy())

    assert (changes.lines, changes.gone_lines) == ((2, 3), (3,))
    assert str(changes) == "0 rows the same, 1 new, 1 changed, 1 gone"


@pytest.mark.parametrize(
    ("changes", "amends"),
    [
        pytest.param(RowChanges(1, 9, 1, 0), True, id="half of the rows again"),
        pytest.param(RowChanges(0, 0, 1, 1), True, id="half of them changed"),
        pytest.param(RowChanges(1, 0, 2, 0), False, id="fewer"),
        pytest.param(RowChanges(0, 5, 0, 0), False, id="after an empty file"),
    ],
)
def test_a_file_that_has_most_of_the_rows_again_amends(changes: RowChanges, amends: bool) -> None:
    assert changes.amends is amends
