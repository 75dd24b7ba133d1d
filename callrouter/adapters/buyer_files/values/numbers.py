"""Telephone numbers of a whole column: common forms at once, every other text once.

Common forms are those of North America: ten digits, eleven with 1, E.164 with +1, and the same
with brackets, dots, dashes and blanks, as 415.0, behind tel: or 00 and 011. They come out as
`phonenumbers` has them.
"""

from collections.abc import Sequence

import phonenumbers
import polars as pl

from callrouter.adapters.buyer_files.values.cells import clean, is_nothing, read_words
from callrouter.adapters.buyer_files.values.number_shapes import read_dressed
from callrouter.adapters.buyer_files.values.number_texts import read_number_text
from callrouter.domain.tie_out.frames import CALLER_KIND, CallerKind

_NUMBER, _KIND, _PATTERN = "caller", "caller_kind", "caller_pattern"
_SMALLEST = 2_000_000_000  # area codes begin with 2 to 9
_DECIMAL = r"^\d+\.\d+$"
_COMMON = r"^(?:tel:)?\+?[0-9(][0-9 ().\-]*[0-9]$"


def read_callers(texts: pl.Series, country: str, sentinels: Sequence[str] = ()) -> pl.DataFrame:
    """`caller`, `caller_kind` and `caller_pattern` of each text, as the frame THEIRS has them."""
    number = _at_a_glance(texts, country)
    if number.null_count():
        left = texts.filter(number.is_null())
        dressed = read_dressed(left, is_home=is_north_american(country))
        number = number.scatter(number.is_null().arg_true(), dressed)
    if not number.null_count():
        return _whole(number)
    unknown = texts.filter(number.is_null())
    read = unknown.to_frame("text").join(
        _read_unique(unknown.unique(), country, sentinels),
        on="text",
        how="left",
        maintain_order="left",
    )
    return _fill_in(number, read.drop("text"))


def _fill_in(number: pl.Series, read: pl.DataFrame) -> pl.DataFrame:
    """What was known at a glance, and in its gaps, in their order, what was read one by one."""
    gaps = number.is_null()
    whole = _whole(number)
    filled = []
    for name, common in ((_NUMBER, ""), (_KIND, CallerKind.NUMBER.value), (_PATTERN, "")):
        if (read[name] == common).all():
            filled.append(whole[name])
        else:
            filled.append(whole[name].scatter(gaps.arg_true(), read[name]))
    return pl.DataFrame(filled)


def read_numbers(texts: pl.Series, country: str, sentinels: Sequence[str] = ()) -> pl.Series:
    """Numbers called: E.164 where there is one, else as written ("" where a cell says nothing).

    SIP addresses stay addresses.
    """
    number = _at_a_glance(texts, country)
    if not number.null_count():
        return number
    read = read_callers(texts, country, sentinels)
    frame = pl.DataFrame({"text": texts, "number": read[_NUMBER]})
    text = pl.col("text")
    written = pl.when(is_nothing(text, sentinels)).then(pl.lit("")).otherwise(clean(text))
    is_address = clean(text).str.contains(r"^(?i)sips?:")
    number_or_text = pl.when((pl.col("number") == "") | is_address).then(written)
    return frame.select(x=number_or_text.otherwise(pl.col("number"))).to_series()


def _whole(number: pl.Series) -> pl.DataFrame:
    return pl.select(
        pl.lit(number.fill_null("")).alias(_NUMBER),
        pl.lit(CallerKind.NUMBER.value, dtype=CALLER_KIND).alias(_KIND),
        pl.lit("").alias(_PATTERN),
    )


def is_north_american(country: str) -> bool:
    """Whether numbers of `country` are written with ten digits behind +1."""
    return int(phonenumbers.country_code_for_region(country)) == 1


def _at_a_glance(texts: pl.Series, country: str) -> pl.Series:
    """E.164 of the forms without anything between the digits; null for every other text."""
    x = pl.col("x")
    figure, length = x.cast(pl.Int64, strict=False), x.str.len_bytes()
    with_one = figure.is_between(10_000_000_000 + _SMALLEST, 19_999_999_999)
    ten = length.eq(10) & figure.is_between(_SMALLEST, 9_999_999_999)
    is_home = is_north_american(country)
    frame = pl.DataFrame({"x": texts}).with_columns(
        whole=length.eq(12) & with_one & x.str.starts_with("+"),
        ten=ten if is_home else pl.lit(value=False),
        eleven=length.eq(11) & with_one if is_home else pl.lit(value=False),
    )
    forms = (("ten", pl.format("+1{}", x)), ("eleven", pl.format("+{}", x)), ("whole", x))
    used = [pl.when(name).then(number) for name, number in forms if frame[name].any()]
    if not used:
        return pl.Series([None], dtype=pl.String).new_from_index(0, len(texts))
    return frame.select(x=pl.coalesce(used))["x"]


def _read_unique(texts: pl.Series, country: str, sentinels: Sequence[str]) -> pl.DataFrame:
    """A table of texts that differ, and what each one says."""
    table = pl.DataFrame({"text": texts})
    inner = clean(pl.col("text")).str.replace(r"^(\+?\d+)\.0+$", "$1")
    is_common = inner.str.contains(_COMMON) & ~inner.str.contains(_DECIMAL)
    digits = inner.str.replace_all(r"[^0-9+]", "")
    without_prefix = digits.str.replace(r"^(?:011|00+)", "+")
    bare = table.select(pl.when(is_common).then(without_prefix).otherwise(pl.lit("")))
    common = pl.DataFrame({"text": texts, "x": _at_a_glance(bare.to_series(), country)})
    known = common["x"].is_not_null()
    others = texts.filter(~known)
    said = read_words(others, sentinels)
    read = [read_number_text(text, country) for text in said.to_list()]
    rest = pl.DataFrame(
        {
            "text": others,
            _NUMBER: pl.Series([each.number for each in read], dtype=pl.String),
            _KIND: pl.Series([each.kind.value for each in read], dtype=CALLER_KIND),
            _PATTERN: pl.Series([each.pattern for each in read], dtype=pl.String),
        }
    )
    found = common.filter(known)
    return pl.concat([found.select("text").hstack(_whole(found["x"])), rest])
