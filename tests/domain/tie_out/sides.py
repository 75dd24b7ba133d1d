"""Both sides of a tie-out for tests: rows of which only what matters is said."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TypeAlias

import polars as pl

from callrouter.domain.billing.terms import Clock
from callrouter.domain.tie_out.classes import PAIRS, UNSURE
from callrouter.domain.tie_out.classify import classify
from callrouter.domain.tie_out.fold_file import fold_file
from callrouter.domain.tie_out.folding import Folded
from callrouter.domain.tie_out.frames import FOLDED, OURS, THEIRS, CallerKind, empty
from callrouter.domain.tie_out.mapping import Field, LegRule
from callrouter.domain.tie_out.matching import Matches
from callrouter.domain.tie_out.measures import Measure, read_ours, read_theirs
from callrouter.domain.tie_out.memory import AMPLE, Memory
from callrouter.domain.tie_out.rules import TieOutRules
from callrouter.domain.tie_out.sides import Sides

Cell: TypeAlias = str | int | float | bool | None
Row: TypeAlias = Mapping[str, Cell]

AT = datetime(2026, 10, 1, 14, 0, tzinfo=UTC)
AT_MS = int(AT.timestamp() * 1000)
USD = 1_000_000
MEASURE = Measure(Clock.CONNECTED, Field.TOTAL)
CALLER = "+14155550101"
DID = "+18005550150"
ACME_EAST = "+14155550150"


def s(seconds: float) -> int:
    """Seconds as the milliseconds that frames have."""
    return round(seconds * 1000)


def ours_of(rows: Iterable[Row]) -> pl.DataFrame:
    """The frame OURS with `at_ms`: connected calls of one caller, unless a row says otherwise.

    `answered_ms` and `total_ms` are the connected time where they aren't told.
    """
    made = []
    for number, row in enumerate(rows):
        at_ms = row.get("started_at_ms", row.get("at_ms", AT_MS))
        connected_ms = row.get("connected_ms", s(60))
        made.append(
            {
                "our": number,
                "call_sid": f"CA{number}",
                "leg_sids": "",
                "caller": CALLER,
                "did": DID,
                "reached": ACME_EAST,
                "campaign_id": "flood-repair",
                "destination_id": "acme-east",
                "publisher": "",
                "outcome": "connected" if connected_ms else "no_answer",
                "started_at_ms": at_ms,
                "dialed_at_ms": at_ms,
                "answered_at_ms": at_ms if connected_ms else None,
                "total_ms": connected_ms,
                "answered_ms": connected_ms,
                "connected_ms": connected_ms,
                "charged_micros": 0,
                "reason": "",
                "at_ms": at_ms,
            }
            | dict(row)
        )
    return pl.DataFrame(made, schema=OURS | {"at_ms": pl.Int64})


def _theirs(number: int, row: Row) -> dict[str, Cell]:
    texts = {name: "" for name, kind in THEIRS.items() if kind == pl.String}
    figures = {name: None for name, kind in THEIRS.items() if kind == pl.Int64}
    return (
        figures
        | texts
        | {
            "their": number,
            "line": number + 2,
            "caller": CALLER,
            "caller_kind": CallerKind.NUMBER.value,
            "called": DID,
            "stamp_ms": row.get("at_ms", AT_MS),
            "is_absolute": False,
            "total_ms": s(60),
        }
        | dict(row)
    )


def theirs_of(rows: Iterable[Row]) -> pl.DataFrame:
    """The frame THEIRS: records of one minute of the same caller, unless a row says otherwise."""
    made = [_theirs(number, row) for number, row in enumerate(rows)]
    return pl.DataFrame(made, schema=THEIRS) if made else empty(THEIRS)


def calls_of(rows: Iterable[Row]) -> pl.DataFrame:
    """The frame FOLDED with `at_ms`, of calls of one record each."""
    made = [{"rows": 1, "at_ms": AT_MS} | _theirs(number, row) for number, row in enumerate(rows)]
    return pl.DataFrame(made, schema=FOLDED | {"at_ms": pl.Int64})


def fold_all(theirs: pl.DataFrame, rule: LegRule, memory: Memory = AMPLE) -> Folded:
    """The calls of a whole file, in the order of their numbers."""
    folded = fold_file(theirs.lazy(), rule, memory)
    return Folded(folded.calls.collect().sort("their"), folded.duplicates, folded.legs)


def numbered(count: int) -> list[str]:
    """So many different callers."""
    return [f"+1415555{number:04}" for number in range(count)]


def sides_of(ours: Iterable[Row], calls: Iterable[Row], duplicates: Iterable[Row] = ()) -> Sides:
    """Both sides, our connected time to be compared with their total."""
    default: Row = {
        "duplicate_of": 0,
        "why": "the same to the letter",
        "of_call": None,
        "elsewhere": False,
        "amends_micros": None,
    }
    repeated: list[Row] = [{**default, **each} for each in duplicates]
    theirs = calls_of(calls).with_columns(their_ms=read_theirs(MEASURE))
    again = pl.DataFrame(
        [
            {"rows": 1, "at_ms": AT_MS} | _theirs(theirs.height + number, row)
            for number, row in enumerate(repeated)
        ],
        schema=calls_of([]).schema
        | {"duplicate_of": pl.Int64, "why": pl.String, "of_call": pl.Int64}
        | {"elsewhere": pl.Boolean, "amends_micros": pl.Int64},
    ).with_columns(their_ms=read_theirs(MEASURE))
    return Sides(
        ours_of(ours).with_columns(our_ms=read_ours(MEASURE)).lazy(),
        theirs.lazy(),
        again.lazy(),
        has_times=any(each["their_ms"].is_not_null().any() for each in (theirs, again)),
    )


def class_all(
    sides: Sides,
    pairs: pl.DataFrame,
    unsure: pl.DataFrame,
    step_ms: int,
    rules: TieOutRules,
    memory: Memory = AMPLE,
) -> pl.DataFrame:
    """All LINES of both sides."""
    return pl.concat(classify(sides, Matches(pairs, unsure), step_ms, rules, memory))


def pairs_of(*numbers: tuple[int, int]) -> pl.DataFrame:
    """PAIRS, found by the caller."""
    rows = [
        {"our": our, "their": their, "by": "caller", "gap_ms": 0, "score": 1.0, "runner_up": None}
        for our, their in numbers
    ]
    return pl.DataFrame(rows, schema=PAIRS)


def unsure_of(*candidates: tuple[int, int, int]) -> pl.DataFrame:
    """UNSURE: group, our and their numbers."""
    rows = [
        {"group": group, "our": our, "their": their, "score": 0.5}
        for group, our, their in candidates
    ]
    return pl.DataFrame(rows, schema=UNSURE)
