"""Cells that say nothing, and what spreadsheets put around those that do."""

from collections.abc import Sequence

import polars as pl

_NOTHING = frozenset(
    {
        *("", "-", "--", "n/a", "na", "nan", "nil", "none", "null", r"\n", "undefined"),
        *("[none]", "[null]", "(null)", "#n/a", "#n/a n/a", "#value!"),
        *("-no value-", "no value", "not available"),
    }
)
"""Texts that stand for nothing, in lower case: each of them was seen in some export."""
_AROUND = " \t\u00a0\u202f\ufeff"


def clean(texts: pl.Expr) -> pl.Expr:
    """Texts without what a spreadsheet put around them: blanks, ="…", a leading apostrophe."""
    bare = texts.str.strip_chars(_AROUND)
    is_wrapped = bare.str.starts_with("'") | bare.str.starts_with('="') | bare.str.starts_with('"')
    inside = bare.str.strip_prefix("=").str.strip_chars("'\"").str.strip_chars(_AROUND)
    return pl.when(is_wrapped).then(inside).otherwise(bare)


def is_nothing(texts: pl.Expr, sentinels: Sequence[str] = ()) -> pl.Expr:
    """Which texts stand for nothing: empty, NULL, [None] and their likes, or a sentinel."""
    bare = clean(texts)
    known = [*_NOTHING, *(sentinel.strip().lower() for sentinel in sentinels)]
    is_short = bare.str.len_bytes() <= max(len(text.encode()) for text in known)
    lowered = pl.when(is_short).then(bare.str.to_lowercase()).otherwise(pl.lit("?"))
    return lowered.is_in(known)


def is_nothing_written(text: str) -> bool:
    """The same of one text that is cleaned already."""
    return text.strip().lower() in _NOTHING


def read_words(texts: pl.Series, sentinels: Sequence[str] = ()) -> pl.Series:
    """Ids, names and states as written, cleaned; "" where a cell says nothing."""
    frame = pl.DataFrame({"x": texts})
    x = pl.col("x")
    first = x.str.slice(0, 1)
    suspect = first.is_in(_first_letters(sentinels)) | x.str.ends_with(" ") | x.str.ends_with("\t")
    is_suspect = frame.select(suspect).to_series()
    if not is_suspect.any():
        return texts
    different = texts.filter(is_suspect).unique()
    nothing = is_nothing(x, sentinels)
    cleaned = different.to_frame("x").select(pl.when(nothing).then(pl.lit("")).otherwise(clean(x)))
    return texts.replace(different, cleaned.to_series())


def _first_letters(sentinels: Sequence[str]) -> list[str]:
    """What a text begins with that may have to be cleaned or may stand for nothing."""
    begins = {text[:1] for text in (*_NOTHING, *sentinels)} | set(_AROUND) | set("'\"=")
    return [letter for text in begins for letter in {text.lower(), text.upper()}]
