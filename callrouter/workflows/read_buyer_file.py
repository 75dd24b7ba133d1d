"""A buyer's file from its bytes to records: read, understood, its values read; nothing is kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import polars as pl

from callrouter.adapters.buyer_files.changed_places import BY_HAND
from callrouter.adapters.buyer_files.layout import fingerprint
from callrouter.adapters.buyer_files.normalise import normalise
from callrouter.adapters.buyer_files.normalised import LeftOut, join_parts
from callrouter.adapters.buyer_files.proposal import Open, Proposal, Question
from callrouter.adapters.buyer_files.propose import propose
from callrouter.adapters.buyer_files.raw_table import RawTable, RowProblem
from callrouter.adapters.buyer_files.reader import read_file
from callrouter.domain.errors import RefusedError
from callrouter.domain.tie_out.counts import say_count
from callrouter.domain.tie_out.mapping import Field, FieldColumn, LegRule, TimeForm
from callrouter.domain.tie_out.mapping import Mapping as FileMapping
from callrouter.domain.tie_out.memory import AMPLE, Memory

_TIMES = (Field.START, Field.START_DATE, Field.ANSWER, Field.END, Field.UPDATED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clues:
    """What is known before a file is read.

    `remembered` are mappings that were confirmed for the buyer, the newest first. `known_numbers`
    are E.164 of our numbers and of the buyer's destinations, `period` its first and last day.
    """

    remembered: tuple[FileMapping, ...] = ()
    known_numbers: frozenset[str] = frozenset()
    period: tuple[date, date] | None = None

    def find_mapping(self, layout: str) -> FileMapping | None:
        """That of the layout; else the newest, which the file's own layout came from."""
        same = (each for each in self.remembered if each.layout == layout)
        return next(same, next(iter(self.remembered), None))


NO_CLUES = Clues()


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a person says of a file, in the place of what it shows by itself.

    `columns` count from 0. "" and None leave it to the file.
    """

    dates: TimeForm | None = None
    zone: str = ""
    country: str = ""
    legs: LegRule | None = None
    columns: Mapping[Field, int] = field(default_factory=dict)

    @property
    def is_anything(self) -> bool:
        """Whether anything was said."""
        return self != Told()


@dataclass(frozen=True, slots=True, eq=False)
class UnderstoodTable:
    """A table of the file, and how it is read. `is_remembered`: as was confirmed before."""

    raw: RawTable
    proposal: Proposal
    mapping: FileMapping
    is_remembered: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BuyerFile:
    """A buyer's file, its records as THEIRS, and everything of it that is no record.

    `rows` are the records, `stamps` their starts as written, `records` their number. `mappings` say
    how it is read, one a layout, that of the largest table first, `words` what was noticed.
    `problems` are rows and cells that can't be read, `left_out` rows that are no calls.
    `zone_told` is the zone of its times if somebody said it this time: where the data don't say,
    that is believed.
    """

    path: Path
    sha256: str
    rows: pl.LazyFrame
    records: int
    stamps: pl.Series
    mappings: tuple[FileMapping, ...]
    words: tuple[str, ...]
    problems: tuple[RowProblem, ...]
    left_out: tuple[LeftOut, ...]
    zone_told: str = ""

    @property
    def name(self) -> str:
        """The file's name, without its folder; a mark that nobody would see is shown as one."""
        return "".join(mark if mark.isprintable() else "\ufffd" for mark in self.path.name)


def open_buyer_file(path: Path) -> tuple[RawTable, ...]:
    """The tables of a file as text. Raises UnreadableFileError, which names file and line."""
    return read_file(path)


def understand(
    tables: Sequence[RawTable], told: Told, clues: Clues = NO_CLUES
) -> tuple[UnderstoodTable, ...]:
    """How each table is to be read: as it is remembered, or as it seems, or as a person says."""
    understood = []
    for raw in tables:
        known = clues.find_mapping(fingerprint(raw))
        proposal = propose(
            raw, remembered=known, known_numbers=clues.known_numbers, period=clues.period
        )
        mapping = apply_told(proposal.mapping, told, raw)
        is_remembered = known is not None and known.layout == mapping.layout
        understood.append(UnderstoodTable(raw, proposal, mapping, is_remembered))
    return tuple(understood)


def list_questions(tables: Sequence[UnderstoodTable], told: Told) -> tuple[Question, ...]:
    """What only a person can say, and hasn't yet.

    Nothing is asked of a table without a start beside one that has it: it is no list of calls.
    """
    stamped = [table for table in tables if _has_start(table.mapping)]
    return tuple(
        question
        for table in stamped or tables
        for question in table.proposal.questions
        if not _is_answered(question, told)
    )


def read_understood(
    path: Path, tables: Sequence[UnderstoodTable], memory: Memory = AMPLE
) -> BuyerFile:
    """The records of the tables.

    Raises RefusedError when no table has a column with a start, or none of its rows can be read.
    """
    stamped = tuple(table for table in tables if _has_start(table.mapping))
    if not stamped:
        raise RefusedError(_say_no_start(path, tables))
    read = join_parts(tuple(normalise(table.raw, table.mapping) for table in stamped))
    raw_problems = (each for table in stamped for each in table.raw.problems)
    others = [table.raw for table in tables if not _has_start(table.mapping)]
    aside = (problem for raw in others for problem in (*raw.problems, _tell_aside(raw)))
    stamps = read.rows["stamp_ms"]
    if stamps.null_count() == len(stamps):
        shown = f": {read.problems[0]}" if read.problems else ""
        raise RefusedError(f"{path.name} has no row with a start that can be read{shown}")
    return BuyerFile(
        path=path,
        sha256=tables[0].raw.sha256,
        rows=memory.put_aside(read.rows.iter_slices(memory.most_rows)),
        records=len(stamps),
        stamps=stamps,
        mappings=_list_mappings(stamped),
        words=tuple(words for table in stamped for words in table.proposal.words),
        problems=(*raw_problems, *aside, *read.problems),
        left_out=read.left_out,
    )


def _list_mappings(tables: Sequence[UnderstoodTable]) -> tuple[FileMapping, ...]:
    ordered = sorted(tables, key=lambda table: -table.raw.cells.height)
    return tuple({table.mapping.layout: table.mapping for table in ordered}.values())


def _tell_aside(raw: RawTable) -> RowProblem:
    rows = say_count(raw.cells.height, "row")
    message = f"left aside: {rows} without a column that tells when a call began"
    return RowProblem(part=raw.part, line=max(raw.header_line, 1), message=message)


def apply_told(mapping: FileMapping, told: Told, raw: RawTable) -> FileMapping:
    """The mapping with what a person says in the place of what was found.

    Raises RefusedError for a column that isn't there.
    """
    named = [_name_column(each, at, raw) for each, at in told.columns.items()]
    taken = {column.column for column in named} | {-1}
    kept = [
        column
        for column in mapping.columns
        if column.field not in told.columns and column.column not in taken
    ]
    if told.dates is not None:
        kept = [_write_date(column, told.dates) for column in kept]
        named = [_write_date(column, told.dates) for column in named]
    columns = tuple(sorted((*kept, *named), key=lambda column: column.column))
    return replace(
        mapping,
        columns=columns,
        zone=told.zone or mapping.zone,
        country=told.country or mapping.country,
        legs=told.legs or mapping.legs,
    )


def _name_column(named: Field, at: int, raw: RawTable) -> FieldColumn:
    if not 0 <= at < raw.width:
        raise RefusedError(
            f"{raw.file} has {raw.width} columns: there is no column {at + 1} to be its {named}"
        )
    header = raw.header[at] if raw.header else ""
    return FieldColumn(field=named, column=at, header=header, evidence=BY_HAND)


def _write_date(column: FieldColumn, form: TimeForm) -> FieldColumn:
    """The column with the order of day and month that a person says, where it has days at all."""
    orders = ("", TimeForm.DAY_FIRST, TimeForm.MONTH_FIRST)
    if column.field in _TIMES and column.form in orders:
        return replace(column, form=str(form), evidence=BY_HAND)
    return column


def _is_answered(question: Question, told: Told) -> bool:
    match question.about:
        case Open.DAY_ORDER:
            return told.dates is not None
        case Open.NO_START:
            return Field.START in told.columns or Field.START_DATE in told.columns
        case Open.TWO_DURATIONS:
            return Field.TOTAL in told.columns


def _has_start(mapping: FileMapping) -> bool:
    return any(mapping.find(each) is not None for each in (Field.START, Field.START_DATE))


def _say_no_start(path: Path, tables: Sequence[UnderstoodTable]) -> str:
    headings = next((table.raw.header for table in tables if table.raw.header), None)
    shown = f" ({', '.join(headings)})" if headings else ""
    return (
        f"{path.name} has no column{shown} that tells when a call began, and without that nothing"
        " can be matched: name one with --column start=N, columns count from 1"
    )
