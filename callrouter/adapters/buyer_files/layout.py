"""Which layout a file has, so that a way to read it is used for no other; what changed in it."""

import hashlib
import json
from collections.abc import Iterable, Sequence

import polars as pl

from callrouter.adapters.buyer_files.headings import fold_heading
from callrouter.adapters.buyer_files.raw_table import RawTable

_LOOKED_AT = 500
_DATE = r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}[ T]\d{1,2}:\d{2}"


def fingerprint(raw: RawTable) -> str:
    """The same for files of one layout: a hash of the headings in their order.

    Case, blanks and marks in headings don't count. Without headings: how many columns there are and
    which of them hold instants.
    """
    if raw.header is not None:
        folded = json.dumps([fold_heading(each) for each in raw.header])
        return f"headings-{hashlib.sha256(folded.encode()).hexdigest()[:32]}"
    head = raw.cells.head(_LOOKED_AT).drop("line")
    held = head.select(_holds_instants(name) for name in head.columns).row(0) if head.width else ()
    places = "-".join(str(place) for place, holds in enumerate(held, start=1) if holds)
    return f"columns-{raw.width}-instants-{places or 'none'}"


def _holds_instants(name: str) -> pl.Expr:
    filled = pl.col(name).str.strip_chars().replace("", None).drop_nulls()
    return ((filled.len() > 0) & filled.str.contains(_DATE).all()).alias(name)


def tell_changes(before: Sequence[str], now: Sequence[str]) -> tuple[str, ...]:
    """What became of a layout's headings, in words: which columns went, which came, which moved.

    Nothing where they are the same. Columns that are further right only because one came to the
    left of them haven't moved.
    """
    was, then = [fold_heading(each) for each in before], [fold_heading(each) for each in now]
    went = [name for name, key in zip(before, was, strict=True) if key not in then]
    came = [name for name, key in zip(now, then, strict=True) if key not in was]
    kept = [key for key in was if key in then]
    order = {key: place for place, key in enumerate(kept)}
    stayed = _longest_in_order([order[key] for key in then if key in order])
    moved = [
        name
        for name, key in zip(now, then, strict=True)
        if key in order and order[key] not in stayed
    ]
    said = (("is gone", "are gone", went), ("is new", "are new", came), ("moved", "moved", moved))
    return tuple(_say(names, one, more) for one, more, names in said if names)


def _longest_in_order(places: Sequence[int]) -> set[int]:
    """The most of them that stand in rising order."""
    best: list[list[int]] = []
    for at, place in enumerate(places):
        before = [run for i, run in enumerate(best[:at]) if places[i] < place]
        best.append([*_longest(before), place])
    return set(_longest(best))


def _longest(runs: Sequence[list[int]]) -> list[int]:
    return max(runs, key=lambda run: len(run), default=[])


def _say(names: Iterable[str], one: str, more: str) -> str:
    listed = [f'"{name}"' for name in names]
    noun, verb = ("the column", one) if len(listed) == 1 else ("the columns", more)
    return f"{noun} {', '.join(listed)} {verb}"
