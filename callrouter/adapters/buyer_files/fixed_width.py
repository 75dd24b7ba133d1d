"""Lines whose columns stand at the same places, as switches print their call records, read.

Declines whatever doesn't show it throughout: lines of prose and of one column aren't taken for it.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import polars as pl

from callrouter.adapters.buyer_files.assembly import Source, assemble
from callrouter.adapters.buyer_files.limits import Limits
from callrouter.adapters.buyer_files.raw_table import RawTable, RowProblem
from callrouter.adapters.buyer_files.shape import HeadRow, Shape, say_row, says_total

_SAMPLE_LINES = 400
_FEWEST_ROWS = 3
_FEWEST_COLUMNS = 3
_FEWEST_TO_DOUBT = 10
_RARE = 33
_NEARLY_ALL = 0.9
_HEADED = 0.6
_LONGEST = 2_000
_SAY_MISFIT = "doesn't fit the {} columns, which stand at the same places in all other lines"
_RULER = r"^[-=_+ ]*[-=_]{2}[-=_+ ]*$"
_DATE = (
    r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? )?"
    r"(?:\S*\d[-/.]\d\S*|\d{1,2} [A-Z][a-z]{2} \d{2,4}|[A-Z][a-z]{2} \d{1,2},? \d{4})"
)
_CLOCK = (
    r"\d{1,2}:\d\d\S*(?: [AaPp]\.?[Mm]\.?)?(?: UTC| GMT| [ECMP][SD]T| CES?T| BST| [+-]\d\d:?\d\d)?"
)
_NUMBER = r"\+\d{1,3} \d{3} \d{7}|(?:\+\d{1,3} |1 )?(?:\(\d{3}\)|\d{3}) \d{3}[ -]\d{4}"
_ONE_VALUE = re.compile(rf"{_DATE}(?: {_CLOCK})?|{_CLOCK}|{_NUMBER}|\D*[^\W\d_]{{2}}\D*", re.ASCII)
"""What may have a blank in it and be one value: an instant, a telephone number, a name."""
_MOST_WORDS = 6


@dataclass(frozen=True, slots=True)
class FixedColumns:
    """Where each column begins and ends; the last one goes on to the end of the line."""

    spans: tuple[tuple[int, int], ...]

    @property
    def gaps(self) -> Iterator[tuple[int, int]]:
        """Where nothing stands: between two columns."""
        for (_, end), (start, _) in zip(self.spans, self.spans[1:], strict=False):
            yield end, start

    def cut(self, line: str) -> list[str] | None:
        """The cells of a line in which one is longer than usual; None where they can't be told.

        They can where a blank is left between it and the next.
        """
        at, cells = 0, []
        for end, start in self.gaps:
            found = re.fullmatch(r"(\S*)\s+(\S*)", line[end:start].ljust(start - end))
            if found is None:
                return None
            is_apart = found[1] and line[end - 1] == " "
            if is_apart or (found[2] and line[start : start + 1].strip() == ""):
                return None
            cells.append(line[at : end + len(found[1])].strip())
            at = start - len(found[2])
        cells.append(line[at:].strip())
        return cells if sum(map(bool, cells)) > 1 else None

    def name(self, line: str) -> list[str]:
        """The headings over the columns: each word belongs to the column it stands over."""
        headings: list[list[str]] = [[] for _ in self.spans]
        for word in re.finditer(r"\S+", line):
            headings[self._find_column(word.start(), word.end())].append(word.group())
        return [" ".join(words) for words in headings]

    def _find_column(self, start: int, end: int) -> int:
        shared = [min(end, last) - max(start, first) for first, last in self.spans]
        return shared.index(max(shared))


def find_fixed_columns(lines: Sequence[str]) -> FixedColumns | None:
    """Where the columns of lines stand; None unless at least three stand where all lines say.

    A single blank divides as well, but not within an instant or a telephone number.
    """
    filled = [line.rstrip() for line in lines if line.strip()][:_SAMPLE_LINES]
    rows = [line for line in filled if _is_row(line)]
    if len(rows) < max(_FEWEST_ROWS, len(filled) / 2) or max(map(len, rows)) > _LONGEST:
        return None
    few = max(1, len(rows) // _RARE) if len(rows) >= _FEWEST_TO_DOUBT else 0
    spans = _find_spans(rows, few)
    rows = [row for row in rows if _count_between(row, spans) <= 1]
    wider = _find_spans(rows, 0)  # what is long in a few rows only is in them as well
    spans = wider if len(wider) == len(spans) else spans
    if len(spans) < _FEWEST_COLUMNS or not _agree(rows, spans):
        return None
    return FixedColumns(tuple(spans))


def _find_spans(rows: Sequence[str], most: int) -> list[tuple[int, int]]:
    """Where something stands in more than `most` rows, in one piece or as one value."""
    taken = Counter(at for row in rows for at, mark in enumerate(row) if mark != " ")
    width = max(map(len, rows), default=0)
    return _join_values(rows, _find_runs([taken[at] > most for at in range(width)]))


def _count_between(row: str, spans: Sequence[tuple[int, int]]) -> int:
    return sum(bool(row[at:end].strip()) for at, end in FixedColumns(tuple(spans)).gaps)


def _is_row(line: str) -> bool:
    """Whether a line may be a record: figures in several places."""
    words = line.split()
    return len(words) >= _FEWEST_COLUMNS and sum(each.isdigit() for each in line) >= 8


def _find_runs(taken: Sequence[bool]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for at, is_taken in enumerate(taken):
        if is_taken and runs and runs[-1][1] == at:
            runs[-1] = runs[-1][0], at + 1
        elif is_taken:
            runs.append((at, at + 1))
    return runs


def _join_values(rows: Sequence[str], runs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The runs, but for those with one blank between that only together are a value."""
    spans: list[tuple[int, int]] = []
    at = 0
    while at < len(runs):
        last = at
        while (
            last + 1 < min(len(runs), at + _MOST_WORDS) and runs[last][1] + 1 == runs[last + 1][0]
        ):
            last += 1
        while last > at and _share(rows, (runs[at][0], runs[last][1])) < _NEARLY_ALL:
            last -= 1
        spans.append((runs[at][0], runs[last][1]))
        at = last + 1
    return spans


def _share(rows: Sequence[str], span: tuple[int, int]) -> float:
    """Which part of what stands there is one value."""
    texts = [text for row in rows if (text := row[slice(*span)].strip())]
    return sum(bool(_ONE_VALUE.fullmatch(text)) for text in texts) / max(1, len(texts))


def _agree(rows: Sequence[str], spans: Sequence[tuple[int, int]]) -> bool:
    """Whether what stands in the columns is alike: three are filled, in one all figures are."""
    filled, alike = 0, 0
    for span in spans:
        texts = [text for row in rows if (text := row[slice(*span)].strip())]
        filled += len(texts) > len(rows) / 2
        shapes = Counter(re.sub(r"\d", "9", text) for text in texts)
        shape, count = max(shapes.items(), key=lambda each: each[1], default=("", 0))
        alike += shape.count("9") >= 4 and count >= _NEARLY_ALL * len(rows)
    return filled >= _FEWEST_COLUMNS and alike > 0


def read_fixed_width(text: str, columns: FixedColumns, source: Source, limits: Limits) -> RawTable:
    """The table of a text whose columns are known; lines that don't fit them are problems."""
    lines = pl.Series("text", text.split("\n")).str.strip_chars_end()
    frame = pl.DataFrame({"text": lines}).with_row_index("line", 1)
    frame = frame.filter(pl.col("text") != "").with_columns(pl.col("line").cast(pl.Int64))
    ruled = frame.filter(pl.col("text").str.contains(_RULER))
    frame = frame.filter(~pl.col("text").str.contains(_RULER))
    head, shape = _read_head(frame.head(_SAMPLE_LINES), columns)
    body = frame.filter(pl.col("line") >= head[shape.first].line)
    above = frame.filter(pl.col("line") == head[shape.first - 1].line)["text"]
    again = pl.col("text").is_in(above.to_list() if shape.header is not None else [])
    rows = body.filter(~again)
    fits = _fits(columns)
    mended = [(line, text, columns.cut(text)) for line, text in rows.filter(~fits).rows()]
    misfits = pl.DataFrame(
        [(line, text) for line, text, cells in mended if cells is None],
        schema=rows.schema,
        orient="row",
    )
    wide = [(*cells, line) for line, _, cells in mended if cells is not None]
    cells = _cut(rows.filter(fits), columns)
    cells = pl.concat([cells, pl.DataFrame(wide, schema=cells.schema, orient="row")])
    table = assemble(head, shape, cells.sort("line"), source)
    is_total = misfits["text"].map_elements(lambda line: says_total([line]), pl.Boolean)
    aside = [
        *_tell(ruled, "a line that is drawn", source),
        *_tell(body.filter(again), "the headings once more", source),
        *_tell(misfits.filter(is_total), "a total or a note below the records", source),
    ]
    problems = _tell(misfits.filter(~is_total), _SAY_MISFIT.format(len(columns.spans)), source)
    if len(problems) > limits.problems:
        first = problems[0]
        message = f"{len(problems):,} rows can't be read; the first {first.message}"
        raise source.refuse(message, first.line)
    ordered = sorted((*table.set_aside, *aside), key=lambda row: row.line)
    return replace(table, set_aside=tuple(ordered), problems=tuple(problems))


def _read_head(frame: pl.DataFrame, columns: FixedColumns) -> tuple[list[HeadRow], Shape]:
    """The lines up to the first record, of which the last one above it may be the headings."""
    records = [line for line, text in frame.filter(_fits(columns)).rows() if _is_row(text)]
    first = records[0] if records else frame["line"][0]
    above = frame.filter(pl.col("line") < first).rows()
    head = [HeadRow([text.strip()], line) for line, text in above]
    width = len(columns.spans)
    header = None
    if above:
        line, text = above[-1]
        names = columns.name(text)
        if sum(map(bool, names)) >= max(2, _HEADED * width) and not _is_row(text):
            header = len(above) - 1
            head[header] = HeadRow(names, line)
    head.append(HeadRow([], first))
    return head, Shape(width, header, len(above))


def _fits(columns: FixedColumns) -> pl.Expr:
    """Whether nothing stands between two columns, and something in several."""
    text = pl.col("text")
    between = [text.str.slice(at, end - at).str.strip_chars() != "" for at, end in columns.gaps]
    filled = pl.sum_horizontal(
        (text.str.slice(at, end - at).str.strip_chars() != "").cast(pl.Int32)
        for at, end in columns.spans
    )
    return ~pl.any_horizontal(between) & (filled > 1)


def _cut(rows: pl.DataFrame, columns: FixedColumns) -> pl.DataFrame:
    """The cells c0 … and the line of rows that fit."""
    starts = [0, *(start for start, _ in columns.spans[1:])]
    ends = [*starts[1:], None]
    text = pl.col("text")
    return rows.select(
        *(
            text.str.slice(at, None if end is None else end - at).str.strip_chars().alias(f"c{i}")
            for i, (at, end) in enumerate(zip(starts, ends, strict=True))
        ),
        "line",
    )


def _tell(rows: pl.DataFrame, message: str, source: Source) -> list[RowProblem]:
    return [
        RowProblem(part=source.part, line=line, message=message, text=say_row([text]))
        for line, text in rows.rows()
    ]
