"""Both sides of a tie-out for tests: rows of which only what matters is said."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TypeAlias

import polars as pl

from callrouter.domain.tie_out.frames import FOLDED, OURS, THEIRS, CallerKind, empty

Cell: TypeAlias = str | int | float | bool | None
Row: TypeAlias = Mapping[str, Cell]

AT = datetime(2026, 10, 1, 14, 0, tzinfo=UTC)
AT_MS = int(AT.timestamp() * 1000)
USD = 1_000_000
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


def numbered(count: int) -> list[str]:
    """So many different callers."""
    return [f"+1415555{number:04}" for number in range(count)]
