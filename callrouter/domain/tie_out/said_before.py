"""Records about a call that counts already: repeats of another tie-out's, and amendments.

A buyer takes a call back days later: a row of negative money, stamped minutes off, or one that
names the record it amends. It is no further call, and no other call of ours may be taken for it.
"""

from collections.abc import Iterator

import polars as pl

from callrouter.domain.money import say_amount
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
    "has_record": pl.Boolean,
}
"""Our calls that count in another tie-out: in which line of it, with their id and time.

`has_record`: it is a pair there. Else the record was late: it counts once that one is made again.
"""

NONE_TAKEN = pl.DataFrame(schema=TAKEN)

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
    """The records of SAID as FOLDED, with `duplicate_of`, `of_call`, and `why` in words.

    `of_call` is also that of the pair that the record of this file is in, which one amends. What is
    of a taken call is `elsewhere`: no money of this tie-out; else `amends_micros` is what it adds
    to their money by their own price (null: it amends nothing).
    """
    amended = read_some(calls.select("their", "part", "line"), "their", said["duplicate_of"])
    first = amended.select(duplicate_of="their", first_part="part", first_line="line")
    told = (
        read_some(calls, "their", said["their"])
        .join(said, on="their")
        .join(first, on="duplicate_of", how="left")
        .join(_list_first(said, pairs), on="duplicate_of", how="left")
        .with_columns(of_call=pl.coalesce("of_call", "of_first"))
        .join(taken.select("tie_out", "has_record", of_call="our", of="line_no"), "of_call", "left")
    )
    named = read_some(ours.select("our", "call_sid"), "our", told["of_call"])
    told = told.join(named.rename({"our": "of_call"}), "of_call", "left")
    elsewhere = pl.col("tie_out").is_not_null()
    added = pl.col("price_micros").fill_null(0) * _usual_sign(calls)
    return told.with_columns(
        why=_say_what(),
        elsewhere=elsewhere,
        amends_micros=pl.when(pl.col("amends") & ~elsewhere).then(added),
    ).select(*calls.collect_schema().names(), *_OF_DUPLICATES)


_OF_DUPLICATES = ("duplicate_of", "of_call", "why", "elsewhere", "amends_micros")


def _list_first(said: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """Which call of ours each record is of, that another one may say again or amend."""
    paired = pairs.select(duplicate_of="their", of_first="our")
    others = said.select(duplicate_of="their", of_first="of_call").drop_nulls()
    return pl.concat([paired, others])


def _say_what() -> pl.Expr:
    """Whether a record says again, amends or is late, of what, and its price."""
    line = pl.format("line {}", "first_line")
    part = pl.format("{} of {}", line, "first_part")
    here = pl.when(pl.col("first_part") == "").then(line).otherwise(part)
    there = pl.format("line {} of tie-out {} says of our call {}", "of", "tie_out", "call_sid")
    late = pl.format(
        "of our call {}, which line {} of tie-out {} has without a record", "call_sid", "of",
        "tie_out",
    )  # fmt: skip
    verb = pl.when("amends").then(pl.lit("amends ")).otherwise(pl.lit("says again "))
    what = pl.when(pl.col("first_line").is_null()).then("what " + there).otherwise(here)
    price = ": their file says " + say_money(pl.col("price_micros"))
    is_late = ~pl.col("amends") & ~pl.col("has_record")
    why = pl.when(is_late.fill_null(value=False)).then(late).otherwise(pl.concat_str(verb, what))
    return pl.concat_str(why, price.fill_null(""))


def follow_first(
    repeated: pl.LazyFrame, said: pl.DataFrame, pairs: pl.DataFrame, taken: pl.DataFrame
) -> pl.LazyFrame:
    """Repeats within the file, told of the call that the first of them is of, as others are."""
    first = _list_first(said, pairs).rename({"of_first": "of_call"})
    is_taken = pl.col("of_call").is_in(taken["our"].implode()).fill_null(value=False)
    return repeated.join(first.lazy(), "duplicate_of", "left").with_columns(
        rows=pl.lit(1, pl.Int64), elsewhere=is_taken, amends_micros=pl.lit(None, pl.Int64)
    )


def tell_elsewhere(duplicates: pl.LazyFrame, taken: pl.DataFrame, currency: str) -> Iterator[str]:
    """In words, what records are of calls of other tie-outs; `duplicates` as `Sides` has them."""
    of = taken.select("tie_out", "has_record", of_call="our")
    others = duplicates.filter("elsewhere").select("of_call", "why", "price_micros")
    said = read(others).join(of, on="of_call")
    amends = pl.col("why").str.starts_with("amends")
    for begins, some, ends in (
        ("count in", said.filter(~amends & pl.col("has_record")), ""),
        ("stand without one in", said.filter(~amends & ~pl.col("has_record")), _LATE),
    ):
        if some.height:
            yield f"records of calls that {begins} {_say_numbers(some)}: {some.height:,}{ends}"
    amending = said.filter(amends)
    if amending.height:
        amount = say_amount(int(amending["price_micros"].sum()), currency)
        what = f"records that amend calls of {_say_numbers(amending)}"
        yield f"{what}: {amending.height:,}, {amount}; settle it there"


_LATE = "; tie that period out again, and they count there"


def _say_numbers(said: pl.DataFrame) -> str:
    numbers = [str(number) for number in said["tie_out"].unique().sort()]
    return f"tie-out {numbers[0]}" if len(numbers) == 1 else f"tie-outs {', '.join(numbers)}"


def _usual_sign(calls: pl.LazyFrame) -> int:
    """1, or -1 where most of their prices are written as costs."""
    price = pl.col("price_micros")
    below, known = read(calls.select((price < 0).sum(), known=price.count())).row(0)
    return 1 if 2 * int(below) <= int(known) else -1


def _takes_back(calls: pl.LazyFrame) -> pl.Expr:
    """Whether a record has money of the sign that most haven't: some systems write all as costs."""
    is_usual = _usual_sign(calls) == 1
    return (pl.col("price_micros") < 0).fill_null(value=False) & pl.lit(is_usual)


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
