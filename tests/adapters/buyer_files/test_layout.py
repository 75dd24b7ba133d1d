"""A way to read a file is for its layout alone: when two layouts are one, and what changed."""

import pytest

from callrouter.adapters.buyer_files.layout import fingerprint, tell_changes
from tests.adapters.buyer_files.raw_tables import table

_HEADED = "Start | Caller | Seconds\n2026-10-01 09:00 | 4155550101 | 60"


class TestFingerprint:
    def test_is_the_same_for_other_rows_case_and_blanks(self) -> None:
        again = "START | caller |  seconds\n2026-11-01 09:00 | 4155550102 | 7"
        assert fingerprint(table(_HEADED)) == fingerprint(table(again))

    @pytest.mark.parametrize(
        "header",
        [
            "Start | Seconds | Caller",
            "Start | Caller | Minutes",
            "Start | Caller | Seconds | Agent",
        ],
        ids=["another-order", "another-word", "one-more"],
    )
    def test_is_another_one_for_other_headings(self, header: str) -> None:
        assert fingerprint(table(_HEADED)) != fingerprint(table(f"{header}\n1 | 2 | 3"))

    def test_without_headings_counts_columns_and_says_which_hold_instants(self) -> None:
        raw = table("2026-10-01 09:00 | 4155550101 | \n | 4155550102 | 60", headed=False)
        assert fingerprint(raw) == "columns-3-instants-1"
        assert fingerprint(table("1 | 2", headed=False)) == "columns-2-instants-none"

    def test_a_column_that_holds_an_instant_here_and_there_doesnt_hold_instants(self) -> None:
        raw = table("2026-10-01 09:00 | x\nlater | y", headed=False)
        assert fingerprint(raw) == "columns-2-instants-none"


class TestChanges:
    @pytest.mark.parametrize(
        ("before", "now", "told"),
        [
            ("a b c", "A b  c", ()),
            ("a b c", "a c", ('the column "b" is gone',)),
            ("a b c", "a x y b c", ('the columns "x", "y" are new',)),
            ("a b c", "b c a", ('the column "a" moved',)),
            ("a b", "x", ('the columns "a", "b" are gone', 'the column "x" is new')),
        ],
    )
    def test_are_told_in_words(self, before: str, now: str, told: tuple[str, ...]) -> None:
        assert tell_changes(before.split(), now.split()) == told
