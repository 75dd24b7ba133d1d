"""Our side of a tie-out out of a file that `calls export` wrote: no database is needed.

The whole file is read at once, column by column; a million calls take seconds.
"""

from pathlib import Path

import polars as pl

from callrouter.domain.cdr import AttemptOutcome
from callrouter.domain.errors import RefusedError
from callrouter.domain.tie_out.frames import OURS
from callrouter.workflows.export_calls import COLUMNS
from callrouter.workflows.read_our_side import read_callers

_NEEDED = ("call_id", "started_at", "ani", "connected_s")
_SECONDS = ("total_s", "answered_s", "connected_s", "ring_s")
_OUTCOMES = {outcome.value for outcome in AttemptOutcome}
_STAMP = "%Y-%m-%dT%H:%M:%S%.3fZ"


def read_our_file(path: Path, buyer_id: str | None = None) -> pl.DataFrame:
    """The frame OURS of a buyer's calls in a CSV file, the oldest first; of all for None.

    What the file doesn't say is "": the legs, the number reached. The dialling is taken to be the
    start, and the answer to follow `ring_s` later. Nothing is charged yet. A call that went to
    several buyers stands with the last, as in the file. Raises RefusedError for a file that isn't
    one of ours, naming the line.
    """
    calls = _read_csv(path)
    if buyer_id is not None and "buyer" in calls.columns:
        calls = calls.filter(pl.col("buyer") == buyer_id)
        if calls.is_empty():
            raise RefusedError(f"{path} has no calls of {buyer_id}")
    named = calls.rename(
        {"call_id": "call_sid", "ani": "caller", "campaign": "campaign_id"}, strict=False
    ).rename({"destination": "destination_id", "disposition": "outcome"}, strict=False)
    missing = {"campaign_id", "destination_id", "publisher", "did", "outcome"} - set(named.columns)
    given = named.with_columns(pl.lit("").alias(name) for name in sorted(missing))
    rows = given.with_columns(
        pl.lit("").alias(name) for name in ("leg_sids", "reached", "reason")
    ).with_columns(
        **_read_seconds(calls, path),
        started_at_ms=_read_starts(calls, path),
        caller=read_callers(given["caller"]),
        outcome=pl.when(pl.col("outcome").is_in(_OUTCOMES)).then("outcome").otherwise(pl.lit("")),
        charged_micros=pl.lit(0, pl.Int64),
    )
    ordered = rows.sort("started_at_ms", maintain_order=True).with_columns(
        dialed_at_ms=pl.col("started_at_ms"),
        answered_at_ms=pl.when(pl.col("answered_ms") > 0).then(
            pl.col("started_at_ms") + pl.col("ring_ms")
        ),
        our=pl.int_range(pl.len(), dtype=pl.Int64),
    )
    return ordered.select(*OURS)


def _read_csv(path: Path) -> pl.DataFrame:
    """The columns that matter, as text; seconds as figures."""
    wanted = [name for name in COLUMNS if name not in ("ended_at", "attempt_outcomes", "flags")]
    try:
        scanned = pl.scan_csv(path, infer_schema=False)
        found = scanned.collect_schema().names()
        _refuse_foreign(path, found)
        return scanned.select(
            pl.col(name).fill_null("") for name in wanted if name in found
        ).collect()
    except OSError as error:
        raise RefusedError(f"{path} can't be read: {error.strerror or error}") from error
    except pl.exceptions.PolarsError as error:
        said = str(error).split("\n", maxsplit=1)[0]
        raise RefusedError(
            f"{path} isn't a CSV file as `calls export` writes it: {said}"
        ) from error


def _refuse_foreign(path: Path, found: list[str]) -> None:
    if missing := [name for name in _NEEDED if name not in found]:
        raise RefusedError(
            f"{path}:1: {', '.join(missing)} missing: our side is a file as `callrouter calls"
            " export` writes it"
        )


def _read_seconds(calls: pl.DataFrame, path: Path) -> dict[str, pl.Series]:
    """Seconds as whole milliseconds; 0 where the file has no such column."""
    read = {}
    for name in _SECONDS:
        if name in calls.columns:
            ms = (calls[name].cast(pl.Float64, strict=False) * 1000).round().cast(pl.Int64)
            _refuse_unread(path, name, calls[name], ms, "seconds like 61.250")
        else:
            ms = pl.zeros(calls.height, pl.Int64, eager=True)
        read[f"{name.removesuffix('_s')}_ms"] = ms
    return read


def _read_starts(calls: pl.DataFrame, path: Path) -> pl.Series:
    texts = calls["started_at"]
    instants = texts.str.to_datetime(_STAMP, time_unit="ms", strict=False)
    _refuse_unread(path, "started_at", texts, instants, "an instant like 2026-10-01T13:45:10.000Z")
    return instants.dt.epoch("ms")


def _refuse_unread(path: Path, name: str, texts: pl.Series, read: pl.Series, expected: str) -> None:
    if read.null_count():
        at = read.is_null().arg_max() or 0
        raise RefusedError(
            f"{path}: {name} of call {at + 1}: found {texts[at]!r}, expected {expected}"
        )
