"""Every known system: a sample of its files beside what is read out of it.

A new format is a TOML file in callrouter/adapters/buyer_files/formats, and a folder of its name
here with at least one sample; `make golden` writes what is read. Rows are invented.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from callrouter.adapters.buyer_files.headings import fold_heading
from callrouter.adapters.buyer_files.layout import fingerprint
from callrouter.adapters.buyer_files.normalise import normalise
from callrouter.adapters.buyer_files.presets import load_presets
from callrouter.adapters.buyer_files.proposal import Proposal
from callrouter.adapters.buyer_files.propose import propose
from callrouter.adapters.buyer_files.raw_table import RawTable
from callrouter.adapters.buyer_files.reader import read_file
from callrouter.domain.tie_out.folding import Folded
from callrouter.domain.tie_out.mapping import FieldColumn
from tests.domain.tie_out.sides import fold_all
from tests.goldens import check_golden

_FORMATS = Path(__file__).parent / "formats"
_SAMPLES = sorted(file for file in _FORMATS.glob("*/*") if not file.name.endswith(".read.txt"))
_DURATIONS = ("total_ms", "talk_ms", "queue_ms", "hold_ms", "billed_ms")
_TEXTS = ("called", "reached", "call_ids", "leg_id", "shared_id", "status", "agent")


def test_every_format_has_a_sample() -> None:
    assert {file.parent.name for file in _SAMPLES} == {preset.name for preset in load_presets()}


@pytest.mark.parametrize("file", _SAMPLES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_a_sample_is_read_as_its_golden_says(file: Path) -> None:
    (raw,) = read_file(file)
    proposal = propose(raw)
    assert proposal.mapping.format == file.parent.name
    assert proposal.mapping.layout == fingerprint(raw)
    assert not proposal.questions
    normalised = normalise(raw, proposal.mapping)
    folded = fold_all(normalised.rows, proposal.mapping.legs)
    lines = [
        *_say_mapping(proposal),
        *(f"left out: {each.rows} because {each.why}" for each in normalised.left_out),
        *(f"unread: {each}" for each in (*raw.problems, *normalised.problems)),
        "",
        *_say_calls(folded),
    ]
    check_golden(file.with_name(f"{file.stem}.read.txt"), "\n".join(lines) + "\n")


@pytest.mark.parametrize("file", _SAMPLES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_columns_in_another_order_among_others_and_in_other_letters_are_read_alike(
    file: Path,
) -> None:
    (raw,) = read_file(file)
    if raw.header is None:
        pytest.skip("has no headings that could change")
    assert _say_fields(propose(_rearrange(raw, raw.header))) == _say_fields(propose(raw))


def _rearrange(raw: RawTable, header: tuple[str, ...]) -> RawTable:
    """The same records, the last column first, with a column of notes within."""
    notes = pl.Series(["said so"] * raw.cells.height)
    columns = [raw.cells[f"c{place}"] for place in reversed(range(raw.width))]
    columns.insert(raw.width // 2, notes)
    headings = [f"  {heading.replace('_', ' ')}".upper() for heading in reversed(header)]
    headings.insert(raw.width // 2, "Notes")
    cells = pl.DataFrame({f"c{place}": column for place, column in enumerate(columns)})
    return replace(
        raw,
        header=tuple(heading.strip() for heading in headings),
        cells=cells.with_columns(raw.cells["line"]),
    )


def _say_fields(proposal: Proposal) -> set[tuple[str, str, str]]:
    return {(each.field, fold_heading(each.header), each.form) for each in proposal.mapping.columns}


def test_a_layout_is_proposed_in_the_same_way_once_it_is_remembered() -> None:
    (raw,) = read_file(_FORMATS / "five9" / "sample.csv")
    mapping = propose(raw).mapping
    again = propose(raw, remembered=mapping)
    assert (again.mapping, again.confidence) == (mapping, 1.0)


def _say_mapping(proposal: Proposal) -> Iterator[str]:
    mapping = proposal.mapping
    yield f"{mapping.format}, {mapping.legs}, zone {mapping.zone or 'unknown'}"
    yield from (f"  {each.field}: {_say_column(each)}" for each in mapping.columns)
    yield from (f"- {words}" for words in proposal.words)


def _say_column(column: FieldColumn) -> str:
    name = column.header or f"column {column.column + 1}"
    return f"{name} ({column.form})" if column.form else name


def _say_calls(folded: Folded) -> Iterator[str]:
    for row in folded.calls.rows(named=True):
        caller = row["caller"] or row["caller_pattern"] or row["caller_kind"]
        said = [f"{name[:-3]} {row[name] / 1000:g}" for name in _DURATIONS if row[name] is not None]
        said += [f"{name} {row[name]}" for name in _TEXTS if row[name]]
        if row["price_micros"] is not None:
            said.append(f"price {row['price_micros'] / 1_000_000:g}")
        start = _say_start(row["stamp_ms"], is_absolute=row["is_absolute"])
        rows = f" ({row['rows']} rows)" if row["rows"] > 1 else ""
        yield f"line {row['line']}{rows}: {start} {caller}"
        yield f"  {', '.join(said)}"
    for their, of, why in folded.duplicates.rows():
        yield f"record {their} is a duplicate of {of}: {why}"


def _say_start(stamp_ms: int | None, *, is_absolute: bool) -> str:
    if stamp_ms is None:
        return "never"
    said = datetime.fromtimestamp(stamp_ms / 1000, UTC).isoformat(" ", "milliseconds")
    return said.removesuffix("+00:00").removesuffix(".000") + ("Z" if is_absolute else "")
