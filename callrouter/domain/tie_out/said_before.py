"""Records about a call that has one already: repeats of another tie-out's, and amendments.

A buyer takes a call back days later: a row of negative money, stamped minutes off, or one that
names the record it amends. It is no further call, and no other call of ours may be taken for it.
"""

import polars as pl

from callrouter.domain.tie_out.classes import UNSURE
from callrouter.domain.tie_out.frames import CallerKind
from callrouter.domain.tie_out.line_words import say_money
from callrouter.domain.tie_out.matching import Matches
from callrouter.domain.tie_out.memory import read, read_some

TAKEN: dict[str, pl.DataType | type[pl.DataType]] = {
    "our": pl.Int64,
    "tie_out": pl.Int64,
    "line_no": pl.Int64,
    "their_call_ids": pl.String,
    "their_ms": pl.Int64,
}
"""Our calls that another tie-out has a record of: which line of it, with their id and time."""

SAID: dict[str, pl.DataType | type[pl.DataType]] = {
    "their": pl.Int64,
    "duplicate_of": pl.Int64,
    "of_call": pl.Int64,
    "amends": pl.Boolean,
}
"""Records of a call that has one already: `duplicate_of` in this file, or else `of_call` of ours.

`amends`: it changes what the other one says; else it says the same again.
"""

_NEAR_MS = 300_000
"""An amendment is stamped so far from its call at most: 11:28 for one at 11:30 was seen."""
_SAME_MS = 1000


def find_amendments(calls: pl.LazyFrame, ours: pl.LazyFrame, taken: pl.DataFrame) -> pl.DataFrame:
    """SAID of the records that amend one of this file, or of a call that is taken.

    One that names a record is of that one, wherever it is; else it is next in time of the same
    caller: where it names one that isn't here, of a call that is taken, and where it takes money
    back, of any record, too. `calls` is FOLDED and `ours` OURS, both with `at_ms`; `taken` is TAKEN
    of `ours`.
    """
    names, takes_back = pl.col("corrects_id") != "", _takes_back(calls)
    amending = read(calls.filter(names | takes_back)).sort("their")
    if amending.is_empty():
        return pl.DataFrame(schema=SAID)
    rest = calls.join(amending.select("their").lazy(), on="their", how="anti")
    same_caller = rest.join(amending.select("caller").unique().lazy(), on="caller", how="semi")
    here = _as_originals(read(same_caller).sort("their"), duplicate_of="their")
    there = _as_originals(_describe(taken, ours), of_call="our")
    both = pl.concat([here, there])
    named = amending.filter(names)
    found = [
        _find_named(named, rest, taken),
        _find_near(named, there),
        _find_near(amending.filter(~names), both),
    ]
    return _first_of(found).with_columns(amends=pl.lit(value=True)).select(*SAID)


def part_taken(matches: Matches, taken: pl.DataFrame) -> tuple[Matches, pl.DataFrame]:
    """Matches without calls that are taken, and SAID of the records that are of such calls alone.

    A record that may as well be of a call that isn't taken remains unsure.
    """
    if taken.is_empty():
        return matches, pl.DataFrame(schema=SAID)
    is_taken = pl.col("our").is_in(taken["our"].implode())
    free = matches.unsure.filter(~is_taken)
    again = matches.unsure.filter(is_taken).join(free, on="their", how="anti")
    best = again.sort("their", "score", "our", descending=[False, True, False])
    found = _first_of([_as_said(matches.pairs.filter(is_taken)), _as_said(best)])
    left = Matches(matches.pairs.filter(~is_taken), free.select(*UNSURE))
    return left, found.with_columns(amends=pl.lit(value=False)).select(*SAID)


def find_zeroed(lone: pl.LazyFrame, ours: pl.LazyFrame, taken: pl.DataFrame) -> pl.DataFrame:
    """SAID of lone records that set a taken call's money to 0: of its length, or of none at all.

    `lone` is FOLDED with `at_ms`, without those that are any call of ours.
    """
    if taken.is_empty():
        return pl.DataFrame(schema=SAID)
    length = pl.coalesce("total_ms", "talk_ms").fill_null(0)
    zeroed = read(lone.filter(pl.col("price_micros") == 0)).sort("their")
    near = _find_near(zeroed, _as_originals(_describe(taken, ours), of_call="our"))
    both = near.join(zeroed.select("their", ms=length), on="their").join(
        taken, left_on="of_call", right_on="our"
    )
    is_same = (pl.col("ms") - pl.col("their_ms")).abs() <= _SAME_MS
    kept = both.filter((pl.col("ms") == 0) | is_same.fill_null(value=False))
    return kept.with_columns(amends=pl.lit(value=True)).select(*SAID)


def describe_said(
    said: pl.DataFrame,
    calls: pl.LazyFrame,
    ours: pl.LazyFrame,
    taken: pl.DataFrame,
    pairs: pl.DataFrame,
) -> pl.DataFrame:
    """The records of SAID as FOLDED, with `duplicate_of`, `of_call` and `why` in words.

    `of_call` is also that of the pair that the record of this file is in, which one amends.
    """
    amended = read_some(calls.select("their", "part", "line"), "their", said["duplicate_of"])
    first = amended.select(duplicate_of="their", first_part="part", first_line="line")
    paired = pairs.select(duplicate_of="their", paired="our")
    told = (
        read_some(calls, "their", said["their"])
        .join(said, on="their")
        .join(first, on="duplicate_of", how="left")
        .join(paired, on="duplicate_of", how="left")
        .with_columns(of_call=pl.coalesce("of_call", "paired"))
        .join(taken.select(of_call="our", tie_out="tie_out", of="line_no"), "of_call", "left")
    )
    named = read_some(ours.select("our", "call_sid"), "our", told["of_call"])
    told = told.join(named.rename({"our": "of_call"}), "of_call", "left")
    line = pl.format("line {}", "first_line")
    part = pl.format("{} of {}", line, "first_part")
    here = pl.when(pl.col("first_part") == "").then(line).otherwise(part)
    there = pl.format("line {} of tie-out {} says of our call {}", "of", "tie_out", "call_sid")
    verb = pl.when("amends").then(pl.lit("amends ")).otherwise(pl.lit("says again "))
    what = pl.when(pl.col("first_line").is_null()).then("what " + there).otherwise(here)
    price = ": their file says " + say_money(pl.col("price_micros"))
    why = pl.concat_str(verb, what, price.fill_null(""))
    columns = calls.collect_schema().names()
    return told.with_columns(why=why).select(*columns, "duplicate_of", "of_call", "why")


def _takes_back(calls: pl.LazyFrame) -> pl.Expr:
    """Whether a record has money of the sign that most haven't: some systems write all as costs."""
    price = pl.col("price_micros")
    below, known = read(calls.select((price < 0).sum(), known=price.count())).row(0)
    return (price < 0).fill_null(value=False) & pl.lit(2 * int(below) <= int(known))


def _describe(taken: pl.DataFrame, ours: pl.LazyFrame) -> pl.DataFrame:
    return read_some(ours.select("our", "caller", "at_ms"), "our", taken["our"])


def _as_originals(frame: pl.DataFrame, **number: str) -> pl.DataFrame:
    """What may be amended: the caller, when, and which record or call it is."""
    of = {"duplicate_of": pl.lit(None, pl.Int64), "of_call": pl.lit(None, pl.Int64)}
    of |= {name: pl.col(column) for name, column in number.items()}
    known = (pl.col("caller") != "") & pl.col("at_ms").is_not_null()
    return frame.filter(known).select("caller", "at_ms", **of)


def _as_said(pairs: pl.DataFrame) -> pl.DataFrame:
    return pairs.select("their", pl.lit(None, pl.Int64).alias("duplicate_of"), of_call="our")


def _find_named(named: pl.DataFrame, rest: pl.LazyFrame, taken: pl.DataFrame) -> pl.DataFrame:
    """Which record each amendment names, by the id of a call or of a leg; this file's first."""
    none = pl.lit(None, pl.Int64)
    wanted = named.select(id=pl.col("corrects_id").unique()).lazy()
    ids = [
        read(
            rest.select(id=name, duplicate_of="their", of_call=none).join(
                wanted, on="id", how="semi"
            )
        ).sort("duplicate_of")
        for name in ("call_ids", "leg_id")
    ]
    ids.append(taken.select(id="their_call_ids", duplicate_of=none, of_call="our"))
    known = (
        pl.concat(ids).filter(pl.col("id") != "").unique("id", keep="first", maintain_order=True)
    )
    found = named.select("their", id="corrects_id").join(known, on="id")
    return found.select("their", "duplicate_of", "of_call")


def _find_near(records: pl.DataFrame, originals: pl.DataFrame) -> pl.DataFrame:
    """What of the same caller is next in time to each record, if it is near."""
    is_number = pl.col("caller_kind") == CallerKind.NUMBER.value
    asked = records.filter(is_number & pl.col("at_ms").is_not_null())
    return (
        asked.select("their", "caller", "at_ms")
        .sort("at_ms")
        .join_asof(
            originals.sort("at_ms"),
            on="at_ms",
            by="caller",
            strategy="nearest",
            tolerance=_NEAR_MS,
            check_sortedness=False,
        )
        .filter(pl.col("duplicate_of").is_not_null() | pl.col("of_call").is_not_null())
        .select("their", "duplicate_of", "of_call")
    )


def _first_of(found: list[pl.DataFrame]) -> pl.DataFrame:
    return pl.concat(found).unique("their", keep="first", maintain_order=True)
