"""What is kept of a tie-out: the file to the byte, how it was read, and every line."""

import hashlib
from datetime import timedelta

import polars as pl
import pytest

from callrouter.adapters.storage.buyer_mappings import (
    decode_mapping,
    encode_mapping,
    forget_mapping,
    list_mappings,
    read_mapping,
    save_mapping,
)
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.kept_files import (
    KeptFile,
    find_file,
    keep_bytes,
    keep_file,
    list_files,
    read_kept_file,
    stream_bytes,
)
from callrouter.adapters.storage.tie_out_lines import (
    LINE_COLUMNS,
    add_lines,
    find_counted,
    read_lines,
    remove_lines,
    stream_lines,
)
from callrouter.adapters.storage.tie_outs import (
    TieOutRow,
    begin_tie_out,
    find_standing,
    finish_tie_out,
    list_tie_outs,
    list_unfinished,
    read_tie_out,
    remove_unfinished,
)
from callrouter.domain.errors import ChangedUnderneathError, NotFoundError, RefusedError
from callrouter.domain.tie_out.classes import DifferenceClass
from callrouter.domain.tie_out.mapping import DurationForm, Field, FieldColumn, LegRule, Mapping
from tests.domain.builders import T0

A, B = "seller-a", "seller-b"
MONTH = timedelta(days=30)
MAPPING = Mapping(
    columns=(
        FieldColumn(field=Field.CALLER, column=1, header="ANI"),
        FieldColumn(field=Field.TOTAL, column=3, form=DurationForm.CLOCK, confidence=0.9),
    ),
    layout="abc",
    zone="America/Chicago",
    legs=LegRule.LEGS,
    sentinels=("[None]",),
)


def file(
    content: bytes = b"ANI\n", *, name: str = "acme.csv", amends: int | None = None
) -> KeptFile:
    return KeptFile(
        number=0,
        sha256=hashlib.sha256(content).hexdigest(),
        name=name,
        size_bytes=len(content),
        rows=3,
        first_start_ms=1,
        last_start_ms=None,
        mapping=encode_mapping(MAPPING),
        amends=amends,
        received_at=T0,
        author="ann",
    )


def keep(database: Database, kept: KeptFile, *, seller: str = A, buyer: str = "acme") -> KeptFile:
    with database.write() as connection:
        return keep_file(connection, seller, buyer, kept)


def tie_out(buyer: str = "acme", *, supersedes: int | None = None) -> TieOutRow:
    return TieOutRow(
        number=0,
        buyer_id=buyer,
        since=T0,
        until=T0 + MONTH,
        zone="America/New_York",
        currency="USD",
        files=(1, 2),
        mapping="{}",
        clock="{}",
        measure="{}",
        totals="{}",
        notices="[]",
        lines=2,
        supersedes=supersedes,
        author="ann",
        made_at=T0,
    )


def begin(database: Database, row: TieOutRow, *, seller: str = A, ends: bool = True) -> int:
    with database.write() as connection:
        number = begin_tie_out(connection, seller, row)
        if ends:
            finish_tie_out(connection, seller, number, T0)
    return number


def lines(*classes: DifferenceClass, **columns: object) -> pl.DataFrame:
    """A line of each class, with calls CA0, CA1 …, unless other columns are given."""
    count = len(classes)
    values = {
        name: pl.repeat("" if kind == pl.String else None, count, dtype=kind, eager=True)
        for name, kind in LINE_COLUMNS.items()
    }
    frame = pl.DataFrame(values).with_columns(
        pl.Series("line_no", range(count), pl.Int64),
        pl.Series("class", [each.value for each in classes], pl.String),
        pl.Series("call_sid", [f"CA{n}" for n in range(count)], pl.String),
        rows=pl.lit(1, pl.Int64),
    )
    return frame.with_columns(
        **{name: pl.lit(value).cast(LINE_COLUMNS[name]) for name, value in columns.items()}
    )


AGREE, ACROSS, THEIRS = (
    DifferenceClass.AGREE,
    DifferenceClass.ACROSS_THRESHOLD,
    DifferenceClass.THEIRS_ONLY,
)


def test_a_file_is_kept_to_the_byte_in_pieces(database: Database) -> None:
    pieces = [b"a,b\r\n", b"\x00\xff", b"end"]
    kept = file(b"".join(pieces))
    for _ in range(2):  # as after a stop half-way
        keep_bytes(database, A, "acme", kept.sha256, pieces)

    with database.read() as connection:
        read = list(stream_bytes(connection, A, "acme", kept.sha256))
        others = list(stream_bytes(connection, B, "acme", kept.sha256))

    assert (read, others) == (pieces, [])


def test_files_are_numbered_by_buyer_and_the_same_bytes_are_the_same_file(
    database: Database,
) -> None:
    first = keep(database, file(b"1"))
    second = keep(database, file(b"2", amends=1))
    again = keep(database, file(b"1", name="other.csv"))
    other = keep(database, file(b"2"), buyer="bolt")

    assert (first.number, second.number, other.number) == (1, 2, 1)
    assert again == first
    with database.read() as connection:
        assert list_files(connection, A, "acme") == (second, first)
        assert read_kept_file(connection, A, "acme", 2) == second
        assert find_file(connection, A, "acme", second.sha256) == second


def test_a_mapping_is_remembered_by_its_layout_until_it_is_forgotten(database: Database) -> None:
    other = Mapping(columns=(), layout="def")
    with database.write() as connection:
        assert save_mapping(connection, A, "acme", MAPPING, "ann", T0) == 1
        assert save_mapping(connection, A, "acme", other, "ann", T0) == 2
        assert save_mapping(connection, A, "acme", MAPPING, "bob", T0) == 1
        known = read_mapping(connection, A, "acme", "abc")
        assert known is not None
        assert (known.mapping, known.author) == (MAPPING, "ann")

        forget_mapping(connection, A, "acme", "abc", "bob", T0)

        assert read_mapping(connection, A, "acme", "abc") is None
        assert read_mapping(connection, A, "acme", "def") is not None
        assert [each.mapping for each in list_mappings(connection, A, "acme")] == [
            None,
            other,
            MAPPING,
        ]
        assert save_mapping(connection, A, "acme", MAPPING, "ann", T0) == 4


def test_a_mapping_of_a_newer_version_is_refused_in_words() -> None:
    with pytest.raises(RefusedError, match="mapping of acme can't be read by this version"):
        decode_mapping('{"columns": [], "layout": "x", "legs": "by moonlight"}', "acme")


def test_a_tie_out_is_shown_once_it_is_finished(database: Database) -> None:
    number = begin(database, tie_out(), ends=False)
    with database.write() as connection:
        with pytest.raises(NotFoundError, match=f"no tie-out {number}"):
            read_tie_out(connection, A, number)
        assert list_unfinished(connection, A, "acme", T0) == ()
        assert list_unfinished(connection, A, "acme", T0 + MONTH) == (number,)

        finish_tie_out(connection, A, number, T0)
        remove_unfinished(connection, A, number)

        read = read_tie_out(connection, A, number)
        assert (read.files, read.until, read.number) == ((1, 2), T0 + MONTH, number)
        assert list_unfinished(connection, A, "acme", T0 + MONTH) == ()


def test_one_that_was_cleared_away_meanwhile_cannot_be_finished(database: Database) -> None:
    number = begin(database, tie_out(), ends=False)
    with database.write() as connection:
        remove_unfinished(connection, A, number)
        with pytest.raises(ChangedUnderneathError, match="cleared away"):
            finish_tie_out(connection, A, number, T0)


def test_what_stands_is_what_nothing_finished_supersedes(database: Database) -> None:
    first = begin(database, tie_out())
    begin(database, tie_out("bolt"))
    second = begin(database, tie_out(supersedes=first))
    begin(database, tie_out(supersedes=second), ends=False)

    with database.read() as connection:
        standing = list_tie_outs(connection, A, "acme", only_standing=True)
        every = list_tie_outs(connection, A)
        found = find_standing(connection, A, "acme", T0, T0 + MONTH)
        none = find_standing(connection, A, "acme", T0, T0)

    assert [each.number for each in standing] == [second]
    assert [each.number for each in every] == [3, 2, 1]
    assert found is not None
    assert (found.number, none) == (second, None)


def test_lines_are_read_page_by_page_of_one_class_or_all(database: Database) -> None:
    add_lines(database, A, 1, lines(AGREE, ACROSS, AGREE, ACROSS))

    with database.read() as connection:
        agreeing = read_lines(connection, A, 1, AGREE)
        later = read_lines(connection, A, 1, ACROSS, after=1)
        first = read_lines(connection, A, 1, limit=2)
    streamed = list(stream_lines(database, A, 1))
    differing = list(stream_lines(database, A, 1, differing=True))

    assert agreeing["line_no"].to_list() == [0, 2]
    assert later["line_no"].to_list() == [3]
    assert first["line_no"].to_list() == [0, 1]
    assert [page["line_no"].to_list() for page in streamed] == [[0, 1, 2, 3]]
    assert [page["line_no"].to_list() for page in differing] == [[1, 3]]


@pytest.mark.parametrize(
    "text", ["", "a,b", 'say "no"', "two\r\nlines", "\\.", "ümläut", "null", "0123", "\\N", " "]
)
def test_a_line_is_read_as_it_was_written(database: Database, text: str) -> None:
    figures = {"their_ms": -(2**62), "score": 0.1, "their_status": text, "caller": text}
    written = lines(AGREE, **figures)

    add_lines(database, A, 1, written)

    with database.read() as connection:
        assert read_lines(connection, A, 1).equals(written)


def test_nul_is_shown_as_its_picture_since_no_database_keeps_it(database: Database) -> None:
    add_lines(database, A, 1, lines(AGREE, caller="a\x00b"))

    with database.read() as connection:
        assert read_lines(connection, A, 1)["caller"].to_list() == ["a\u2400b"]


def test_lines_that_are_not_to_be_are_removed(database: Database) -> None:
    for seller, number in ((A, 1), (A, 2), (B, 1)):
        add_lines(database, seller, number, lines(AGREE))

    remove_lines(database, A, 1)

    kept = [
        (s, n, sum(p.height for p in stream_lines(database, s, n)))
        for s, n in ((A, 1), (A, 2), (B, 1))
    ]
    assert kept == [(A, 1, 0), (A, 2, 1), (B, 1, 1)]


def test_calls_are_found_in_the_lines_that_count_them(
    database: Database,
) -> None:
    add_lines(database, A, 1, lines(AGREE, ACROSS, line=7))
    add_lines(database, A, 2, lines(AGREE, line=8))
    add_lines(database, A, 3, lines(AGREE))

    with database.read() as connection:
        found = find_counted(connection, A, (1, 3), ["CA0", "CA9"] + [f"CB{n}" for n in range(600)])

    assert found.select("tie_out", "call_sid", "line").rows() == [(1, "CA0", 7), (3, "CA0", None)]


def test_nothing_of_another_seller_is_read_or_changed(database: Database) -> None:
    """Law 10: whatever is asked in the name of one seller, nothing of another's comes of it."""
    kept = keep(database, file(), seller=B)
    keep_bytes(database, B, "acme", kept.sha256, [b"theirs"])
    number = begin(database, tie_out(), seller=B)
    open_one = begin(database, tie_out(), seller=B, ends=False)
    add_lines(database, B, number, lines(AGREE, line=1))
    with database.write() as connection:
        save_mapping(connection, B, "acme", MAPPING, "bob", T0)
        forget_mapping(connection, A, "acme", MAPPING.layout, "ann", T0)
        remove_unfinished(connection, A, open_one)
    remove_lines(database, A, number)

    with database.read() as connection:
        assert find_file(connection, A, "acme", kept.sha256) is None
        assert list_files(connection, A, "acme") == ()
        assert list_tie_outs(connection, A) == ()
        assert find_standing(connection, A, "acme", T0, T0 + MONTH) is None
        assert list_unfinished(connection, A, "acme", T0 + MONTH) == ()
        assert read_lines(connection, A, number).height == 0
        assert find_counted(connection, A, (number,), ["CA0"]).height == 0
        assert read_mapping(connection, A, "acme", MAPPING.layout) is None
        with pytest.raises(NotFoundError):
            read_kept_file(connection, A, "acme", kept.number)
        with pytest.raises(NotFoundError):
            read_tie_out(connection, A, number)

        assert read_mapping(connection, B, "acme", MAPPING.layout) is not None
        assert list_unfinished(connection, B, "acme", T0 + MONTH) == (open_one,)
        assert read_lines(connection, B, number).height == 1
        assert list(stream_bytes(connection, B, "acme", kept.sha256)) == [b"theirs"]
