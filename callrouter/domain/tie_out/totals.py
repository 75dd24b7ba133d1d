"""The lines of a tie-out added up: by class, by day, and the way from our total to theirs."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from callrouter.domain.tie_out.classes import DifferenceClass
from callrouter.domain.tie_out.memory import count_rows, read
from callrouter.domain.tie_out.pricing_frame import list_thresholds
from callrouter.domain.tie_out.rules import TieOutRules
from callrouter.domain.tie_out.sides import Sides

WIDEST_S = 30
"""Differences of more seconds are counted together, at either end of a histogram."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """What some lines come to. `rows` are records of their file, `their_calls` what they make."""

    lines: int = 0
    our_calls: int = 0
    their_calls: int = 0
    rows: int = 0
    our_ms: int = 0
    their_ms: int = 0
    our_micros: int = 0
    their_micros: int = 0

    @property
    def micros(self) -> int:
        """What theirs comes to more than ours."""
        return self.their_micros - self.our_micros


@dataclass(frozen=True, slots=True)
class DayTotal:
    """One day on the agreement's clocks, by when calls began with us; None: nothing says when.

    `differing` are the lines that don't agree: where there are none nobody need look further.
    """

    day: date | None
    sums: Sums
    differing: int


@dataclass(frozen=True, slots=True)
class Step:
    """One step on the way from our total to theirs: by so much money, because of so many lines."""

    difference: DifferenceClass
    words: str
    lines: int
    micros: int


@dataclass(frozen=True, slots=True)
class GapCount:
    """Pairs whose seconds, theirs less ours, differ by `gap_s`; `across` of them in money, too."""

    gap_s: int
    pairs: int
    across: int


@dataclass(frozen=True, slots=True)
class NearThreshold:
    """Calls of either side that lasted from `seconds` on, less than a second more."""

    threshold_s: int
    seconds: int
    ours: int
    theirs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """A tie-out in figures; every class is there, in the classes' order.

    `steps` lead from `whole.our_micros` to `whole.their_micros`. `price_micros` is what their own
    price column adds up to (None: it has none). `gaps` are the pairs by their difference in whole
    seconds, `near` the calls of either side around each threshold of the terms.
    """

    classes: Mapping[DifferenceClass, Sums]
    days: tuple[DayTotal, ...]
    whole: Sums
    steps: tuple[Step, ...]
    price_micros: int | None
    gaps: tuple[GapCount, ...]
    near: tuple[NearThreshold, ...]


_SUMS = {
    "lines": pl.len(),
    "our_calls": pl.col("our").count(),
    "their_calls": pl.col("their").count(),
    "rows": pl.col("rows").sum(),
    "our_ms": pl.col("our_ms").sum(),
    "their_ms": pl.col("their_ms").sum(),
    "our_micros": pl.col("our_micros").sum(),
    "their_micros": pl.col("their_micros").sum(),
}
_QUARTER_MS = 900_000
_AGREE = DifferenceClass.AGREE.value
_ACROSS = pl.col("class") == DifferenceClass.ACROSS_THRESHOLD.value
_REPEATS = pl.col("class") == DifferenceClass.DUPLICATE.value
_WORDS = {
    DifferenceClass.OURS_ONLY: "calls that their file hasn't got",
    DifferenceClass.THEIRS_ONLY: "records that are no calls of ours",
    DifferenceClass.AMBIGUOUS: "calls and records of which nothing tells which is which",
}


def add_up(lines: Iterable[pl.DataFrame], sides: Sides, rules: TieOutRules) -> Totals:
    """What LINES, piece by piece, come to; they are of `sides`, and account for all of either."""
    pieces = [_add_piece(each, rules.zone) for each in lines]
    parts = _add_parts(pl.concat([piece.parts for piece in pieces]), ["quarter_ms", "class", "day"])
    parts = parts.sort("quarter_ms", "class", nulls_last=True)
    classes = {
        DifferenceClass(row["class"]): _read_sums(row)
        for row in _add_parts(parts, ["class"]).iter_rows(named=True)
    }
    whole = _read_sums(parts.select(pl.col(*_SUMS).sum()).row(0, named=True))
    assert (whole.our_calls, whole.rows) == _count_rows(sides), "a row is in no class"  # noqa: S101
    return Totals(
        classes={each: classes.get(each, Sums()) for each in DifferenceClass},
        days=tuple(_list_days(parts)),
        whole=whole,
        steps=tuple(_list_steps(pieces, classes, sides)),
        price_micros=_add_prices(sides),
        gaps=tuple(_list_gaps(pl.concat([piece.gaps for piece in pieces]))),
        near=tuple(_count_near(sides, rules)),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Piece:
    """What a piece of the lines comes to.

    `parts` are the sums of each class, by quarter of an hour with its day, `across` how many pairs
    across a threshold are for less and for more money, `gaps` pairs by their gap in seconds,
    `repeats` the money of each duplicate.
    """

    parts: pl.DataFrame
    across: pl.DataFrame
    gaps: pl.DataFrame
    repeats: pl.DataFrame


def _add_piece(lines: pl.DataFrame, zone: str) -> _Piece:
    repeats = lines.filter(_REPEATS).select("their", "their_micros")
    return _Piece(_sum_parts(lines, zone), _sum_across(lines), _count_gaps(lines), repeats)


def _sum_parts(lines: pl.DataFrame, zone: str) -> pl.DataFrame:
    """The sums of each class, by `day` on the clocks of a zone and by less than that.

    Each quarter of an hour is of one day in every zone, so that days are worked out for these only.
    """
    quarter_ms = (pl.col("at_ms") // _QUARTER_MS * _QUARTER_MS).alias("quarter_ms")
    instants = pl.col("quarter_ms").cast(pl.Datetime("ms")).dt.replace_time_zone("UTC")
    return (
        lines.group_by(quarter_ms, "class")
        .agg(**_SUMS)
        .with_columns(day=instants.dt.convert_time_zone(zone).dt.date())
    )


def _add_parts(parts: pl.DataFrame, by: list[str], *more: pl.Expr) -> pl.DataFrame:
    return parts.group_by(by, maintain_order=True).agg(pl.col(*_SUMS).sum(), *more)


def _read_sums(row: Mapping[str, int]) -> Sums:
    return Sums(**{name: row[name] for name in _SUMS})


def _count_rows(sides: Sides) -> tuple[int, int]:
    """How many calls of ours and records of theirs there are, the duplicates included."""
    theirs = (read(side.select(pl.col("rows").sum())).item() for side in _list_theirs(sides))
    return count_rows(sides.ours), sum(theirs)


def _list_theirs(sides: Sides) -> tuple[pl.LazyFrame, pl.LazyFrame]:
    return sides.calls, sides.duplicates


def _list_days(parts: pl.DataFrame) -> Iterator[DayTotal]:
    differing = pl.col("lines").filter(pl.col("class") != _AGREE).sum().alias("differing")
    for row in _add_parts(parts, ["day"], differing).iter_rows(named=True):
        yield DayTotal(row["day"], _read_sums(row), row["differing"])


def _sum_across(lines: pl.DataFrame) -> pl.DataFrame:
    more = pl.col("their_micros") - pl.col("our_micros")
    across = lines.filter(_ACROSS).select(more=more).filter(pl.col("more") != 0)
    is_less = (pl.col("more") < 0).alias("is_less")
    return across.group_by(is_less).agg(pl.len(), pl.col("more").sum())


def _list_steps(
    pieces: Sequence[_Piece], classes: Mapping[DifferenceClass, Sums], sides: Sides
) -> Iterator[Step]:
    """Pairs across a threshold in both directions, then what stands alone; none of no lines."""
    across = pl.concat([piece.across for piece in pieces])
    for is_less, words in (
        (True, "calls that they pay less for"),
        (False, "calls that they pay more for"),
    ):
        some = across.filter(pl.col("is_less") == is_less)
        if some.height:
            count, micros = some.select(pl.col("len").sum(), pl.col("more").sum()).row(0)
            yield Step(DifferenceClass.ACROSS_THRESHOLD, words, count, micros)
    repeats = pl.concat([piece.repeats for piece in pieces])
    for difference in DifferenceClass:
        if difference is DifferenceClass.DUPLICATE:
            yield from _list_repeats(repeats, sides)
        elif difference in _WORDS and difference in classes:
            sums = classes[difference]
            yield Step(difference, _WORDS[difference], sums.lines, sums.micros)


def _list_repeats(repeats: pl.DataFrame, sides: Sides) -> Iterator[Step]:
    """Duplicates by what they are: their file is more by some, and others count elsewhere."""
    kinds = read(sides.duplicates.select("their", "elsewhere", "amends_micros"))
    told = repeats.join(kinds, on="their")
    amends = pl.col("amends_micros").is_not_null()
    for words, which in (
        ("records that are there twice", ~pl.col("elsewhere") & ~amends),
        ("records that amend others of the period", amends),
        ("records of calls that count in other tie-outs", pl.col("elsewhere")),
    ):
        some = told.filter(which)["their_micros"]
        if len(some):
            yield Step(DifferenceClass.DUPLICATE, words, len(some), int(some.sum()))


def _add_prices(sides: Sides) -> int | None:
    price = pl.col("price_micros")
    counted = (sides.calls, sides.duplicates.filter(~pl.col("elsewhere")))
    sums = [read(side.select(price.count(), micros=price.sum())).row(0) for side in counted]
    return sum(micros for _, micros in sums) if any(known for known, _ in sums) else None


def _count_gaps(lines: pl.DataFrame) -> pl.DataFrame:
    """Pairs by the seconds between their times, rounded down, as when fractions are cut off."""
    apart_s = pl.col("their_ms") // 1000 - pl.col("our_ms") // 1000
    return (
        lines.select(gap_s=apart_s.clip(-WIDEST_S - 1, WIDEST_S + 1), across=_ACROSS)
        .drop_nulls("gap_s")
        .group_by("gap_s")
        .agg(pl.len(), pl.col("across").sum())
    )


def _list_gaps(counted: pl.DataFrame) -> Iterator[GapCount]:
    summed = counted.group_by("gap_s").agg(pl.col("len", "across").sum()).sort("gap_s")
    for gap_s, pairs, across in summed.iter_rows():
        yield GapCount(gap_s, pairs, across)


def _count_near(sides: Sides, rules: TieOutRules) -> Iterator[NearThreshold]:
    """How many calls of either side end in each second around a threshold."""
    thresholds = {after_s for terms in rules.terms for after_s in list_thresholds(terms)}
    for threshold_s in sorted(thresholds - {0}):
        seconds = range(max(0, threshold_s - WIDEST_S), threshold_s + WIDEST_S)
        ours = _count_seconds(sides.ours, "our_ms", seconds)
        theirs = _count_seconds(sides.calls, "their_ms", seconds)
        for second in seconds:
            yield NearThreshold(threshold_s, second, ours.get(second, 0), theirs.get(second, 0))


def _count_seconds(side: pl.LazyFrame, name: str, seconds: range) -> Mapping[int, int]:
    """How many times last each of the seconds, begun or whole."""
    is_near = pl.col(name).is_between(seconds.start * 1000, seconds.stop * 1000, closed="left")
    second = (pl.col(name) // 1000).alias("second")
    counted = read(side.filter(is_near).group_by(second).len())
    return dict(counted.iter_rows())
