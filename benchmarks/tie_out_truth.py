"""Two sides of one month of calls whose truth is known: what a tie-out is measured by.

Callers dial again, the buyer's clock is off, drifts and changes with the season, records are
missing on either side, durations differ, callers are withheld. All numbers are made up.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import polars as pl

from callrouter.domain.tie_out.frames import FOLDED, OURS

INSTANT = "%Y-%m-%dT%H:%M:%S%.3fZ"
STAMP = "%a, %d %b %Y %H:%M:%S"
SINCE = datetime(2026, 10, 15, tzinfo=UTC)
"""Thirty days with the end of summer time in them."""
DAYS = 30
_SPAN_S = DAYS * 86_400
_DIDS = 500
_AREAS = [str(area) for area in (*range(201, 211), *range(301, 311), *range(401, 411))]
PAYABLE_MS = 90_000
PRICE_MICROS = 30_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """How the buyer's records differ from ours."""

    name: str = "plain"
    redials: float = 0.1
    withheld: float = 0.0
    masked: float = 0.0
    drift_ppm: float = 0.0
    minute: bool = False
    zone: str = "UTC-5"
    ahead_s: float = 37.0
    jitter_s: float = 2.0
    missing: float = 0.01
    differing: float = 0.05
    callers: float = 0.2
    """Callers per call."""


PLAIN = Scenario()
SCENARIOS = (
    PLAIN,
    replace(PLAIN, name="change of season", zone="America/Chicago"),
    replace(PLAIN, name="stamps cut to the minute", minute=True),
    replace(PLAIN, name="clock drifts 20 ppm", drift_ppm=20.0),
    replace(PLAIN, name="3 % withheld", withheld=0.03),
    replace(PLAIN, name="3 % masked", masked=0.03),
    replace(PLAIN, name="30 % redials", redials=0.3),
    replace(
        PLAIN,
        name="all of it",
        redials=0.3,
        withheld=0.03,
        drift_ppm=20.0,
        zone="America/Chicago",
    ),
)


@dataclass(frozen=True, slots=True)
class Truth:
    """Both sides; `pairs` (`our`, `their`); `offsets` (`their`, what its stamp is off by)."""

    ours: pl.DataFrame
    theirs: pl.DataFrame
    pairs: pl.DataFrame
    offsets: pl.DataFrame


def make_truth(calls: int, scenario: Scenario, seed: int = 5) -> Truth:
    """The frames OURS and FOLDED of so many true calls, in a mixed order each."""
    rng = np.random.default_rng(seed)
    caller, start_s, talk_s = _dial(rng, calls, scenario)
    did = rng.integers(0, _DIDS, calls)
    ours = _our_side(caller, did, start_s, talk_s)
    theirs = _their_side(rng, ours, scenario)
    ours, theirs = _lose(rng, ours, scenario), _lose(rng, theirs, scenario)
    ours = ours.with_row_index("our").with_columns(pl.col("our").cast(pl.Int64))
    theirs = theirs.with_row_index("their").with_columns(
        pl.col("their").cast(pl.Int64), line=pl.col("their").cast(pl.Int64) + 2
    )
    pairs = ours.select("our", "true").join(theirs.select("their", "true"), "true")
    return Truth(
        ours.select(list(OURS)).cast(dict(OURS)),  # type: ignore[arg-type]
        theirs.select(list(FOLDED)).cast(dict(FOLDED)),  # type: ignore[arg-type]
        pairs.select("our", "their"),
        theirs.select("their", "offset_ms"),
    )


def _dial(
    rng: np.random.Generator, calls: int, scenario: Scenario
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Who calls, when, and for how long they talk; some call again shortly after they hung up."""
    first = calls - int(calls * scenario.redials)
    weights = rng.lognormal(0.0, 1.0, max(int(calls * scenario.callers), 1))
    caller = rng.choice(len(weights), first, p=weights / weights.sum())
    start = rng.uniform(0, _SPAN_S, first)
    talk = np.minimum(rng.exponential(180.0, first), 7_200.0)
    again = rng.choice(first, calls - first)
    redialed = start[again] + talk[again] + 20 + rng.exponential(120.0, len(again))
    talk_again = np.minimum(rng.exponential(180.0, len(again)), 7_200.0)
    return (
        np.concatenate([caller, caller[again]]).astype(np.int64),
        np.concatenate([start, redialed]),
        np.concatenate([talk, talk_again]),
    )


def _our_side(
    caller: npt.NDArray[np.int64],
    did: npt.NDArray[np.int64],
    start_s: npt.NDArray[np.float64],
    talk_s: npt.NDArray[np.float64],
) -> pl.DataFrame:
    since_ms = int(SINCE.timestamp() * 1000)
    figures = {"caller_no": caller, "did_no": did, "start_s": start_s, "talk_s": talk_s}
    at = since_ms + (pl.col("start_s") * 1000).cast(pl.Int64)
    connected = pl.col("talk_s").cast(pl.Int64) * 1000
    return (
        pl.DataFrame(figures)
        .with_row_index("true")
        .select(
            "true",
            call_sid=pl.format("CA{}", pl.col("true").cast(pl.String).str.zfill(32)),
            leg_sids=pl.lit(""),
            caller=pl.format(
                "+1{}555{}",
                pl.Series(_AREAS).gather(caller // 10_000 % len(_AREAS)),
                (pl.col("caller_no") % 10_000).cast(pl.String).str.zfill(4),
            ),
            did=pl.format("+1800555{}", pl.col("did_no").cast(pl.String).str.zfill(4)),
            reached=pl.format("+1415555{}", (pl.col("did_no") % 50).cast(pl.String).str.zfill(4)),
            campaign_id=pl.lit("roofing"),
            destination_id=pl.format("d{}", pl.col("did_no") % 50),
            publisher=pl.lit(""),
            outcome=pl.lit("connected"),
            started_at_ms=at - 4_000,
            dialed_at_ms=at,
            answered_at_ms=at + 6_000,
            total_ms=connected + 10_000,
            answered_ms=connected,
            connected_ms=connected,
            charged_micros=pl.when(connected >= PAYABLE_MS).then(PRICE_MICROS).otherwise(0),
            reason=pl.lit(""),
        )
    )


def _their_side(rng: np.random.Generator, ours: pl.DataFrame, scenario: Scenario) -> pl.DataFrame:
    """Every call as the buyer's system writes it down."""
    count = ours.height
    jitter = rng.normal(0, scenario.jitter_s * 1000, count).astype(np.int64)
    off = rng.integers(2_000, 30_001, count) // 1000 * 1000 * rng.choice([-1, 1], count)
    differs = rng.random(count) < scenario.differing
    hides, masks = rng.random((2, count))
    since_ms = int(SINCE.timestamp() * 1000)
    off_ms = ((pl.col("dialed_at_ms") - since_ms) * (scenario.drift_ppm / 1e6)).cast(pl.Int64)
    off_ms += _shift(pl.col("dialed_at_ms"), scenario.zone) + int(scenario.ahead_s * 1000)
    every_ms = 60_000 if scenario.minute else 1_000
    at = pl.col("dialed_at_ms") + off_ms + pl.Series(jitter)
    talk = (pl.col("connected_ms") + pl.Series(np.where(differs, off, 0))).clip(lower_bound=0)
    hidden, masked = pl.Series(hides < scenario.withheld), pl.Series(masks < scenario.masked)
    caller = pl.col("caller")
    none = {name: pl.lit(None, kind) for name, kind in FOLDED.items() if kind == pl.Int64}
    del none["their"]
    return ours.select(
        "true",
        offset_ms=off_ms - every_ms // 2,
        **none
        | {
            "part": pl.lit(""),
            "call_ids": pl.lit(""),
            "leg_id": pl.lit(""),
            "shared_id": pl.lit(""),
            "caller": pl.when(hidden | masked).then(pl.lit("")).otherwise(caller),
            "caller_kind": pl.when(hidden)
            .then(pl.lit("withheld"))
            .when(masked)
            .then(pl.lit("partly"))
            .otherwise(pl.lit("number")),
            "caller_pattern": pl.when(~hidden & masked)
            .then(caller.str.head(9) + "???")
            .otherwise(pl.lit("")),
            "caller_text": caller,
            "called": pl.col("did"),
            "reached": pl.col("reached"),
            "stamp_ms": at // every_ms * every_ms,
            "is_absolute": pl.lit(False),
            "total_ms": talk,
            "talk_ms": talk,
            "status": pl.lit(""),
            "agent": pl.lit(""),
            "corrects_id": pl.lit(""),
            "rows": pl.lit(1),
        },
    )


def _shift(at: pl.Expr, zone: str) -> pl.Expr:
    """What their wall clock is ahead of UTC, in milliseconds."""
    if zone.startswith("UTC"):
        return pl.lit(int(zone[3:]) * 3_600_000)
    instant = at.cast(pl.Datetime("ms", "UTC")).dt.convert_time_zone(ZoneInfo(zone).key)
    return (instant.dt.base_utc_offset() + instant.dt.dst_offset()).dt.total_milliseconds()


def _lose(rng: np.random.Generator, side: pl.DataFrame, scenario: Scenario) -> pl.DataFrame:
    kept = np.flatnonzero(rng.random(side.height) >= scenario.missing)
    return side[rng.permutation(kept)]


def put_right(truth: Truth) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Both sides with `at_ms`, as if their clock were known."""
    theirs = truth.theirs.join(truth.offsets, "their", maintain_order="left")
    return (
        truth.ours.with_columns(at_ms=pl.col("dialed_at_ms")),
        theirs.with_columns(at_ms=pl.col("stamp_ms") - pl.col("offset_ms")).drop("offset_ms"),
    )


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How many pairs were found, and how many of them are true."""

    precision: float
    recall: float
    wrong: int

    @property
    def f1(self) -> float:
        """The harmonic mean of both."""
        return 2 * self.precision * self.recall / (self.precision + self.recall)


def compare(pairs: pl.DataFrame, truth: Truth) -> Accuracy:
    """Pairs found against those that are."""
    right = pairs.select("our", "their").join(truth.pairs, ["our", "their"]).height
    return Accuracy(right / max(pairs.height, 1), right / truth.pairs.height, pairs.height - right)


def write_files(truth: Truth, folder: Path) -> tuple[Path, Path]:
    """Ours as `callrouter calls export` writes calls, theirs as a contact centre's call log."""
    ours, theirs = folder / "ours.csv", folder / "theirs.csv"
    truth.ours.select(
        call_id="call_sid",
        started_at=_spell_instant("started_at_ms"),
        dialed_at=_spell_instant("dialed_at_ms"),
        answered_at=_spell_instant("answered_at_ms"),
        campaign="campaign_id",
        did="did",
        ani="caller",
        destination="destination_id",
        reached="reached",
        total_s=pl.col("total_ms") / 1000,
        answered_s=pl.col("answered_ms") / 1000,
        connected_s=pl.col("connected_ms") / 1000,
        charged=pl.col("charged_micros") / 1_000_000,
    ).write_csv(ours)
    stamp = pl.col("stamp_ms").cast(pl.Datetime("ms")).dt.strftime(STAMP)
    masked = pl.col("caller_pattern").str.slice(2).str.replace_all("?", "X", literal=True)
    truth.theirs.select(
        **{
            "CALL ID": pl.col("their") + 300_000_000_000_000,
            "TIMESTAMP": stamp,
            "CAMPAIGN": pl.lit("Inbound"),
            "CALL TYPE": pl.lit("Inbound"),
            "AGENT": pl.format("agent{}", pl.col("their") % 300),
            "DISPOSITION": pl.lit("Sale"),
            "ANI": pl.when(pl.col("caller_kind") == "withheld")
            .then(pl.lit("Anonymous"))
            .when(pl.col("caller_kind") == "partly")
            .then(masked)
            .otherwise(pl.col("caller").str.slice(2)),
            "DNIS": pl.col("reached").str.slice(2),
            "CALL TIME": _spell_clock("total_ms"),
            "TALK TIME": _spell_clock("talk_ms"),
        }
    ).write_csv(theirs)
    return ours, theirs


def _spell_instant(column: str) -> pl.Expr:
    return pl.col(column).cast(pl.Datetime("ms")).dt.strftime(INSTANT)


def _spell_clock(column: str) -> pl.Expr:
    seconds = pl.col(column) // 1000
    parts = (seconds // 3600, seconds // 60 % 60, seconds % 60)
    return pl.concat_str([part.cast(pl.String).str.zfill(2) for part in parts], separator=":")


def read_ours_csv(file: Path) -> pl.DataFrame:
    """Our side as `write_files` wrote it, as the frame OURS."""
    rows = pl.scan_csv(file, schema_overrides={"ani": pl.String, "did": pl.String})
    columns = {
        "our": pl.int_range(pl.len()),
        "call_sid": "call_id",
        "caller": pl.col("ani").fill_null(""),
        "campaign_id": "campaign",
        "destination_id": "destination",
        "started_at_ms": _read_instant("started_at"),
        "dialed_at_ms": _read_instant("dialed_at"),
        "answered_at_ms": _read_instant("answered_at"),
        "total_ms": pl.col("total_s") * 1000,
        "answered_ms": pl.col("answered_s") * 1000,
        "connected_ms": pl.col("connected_s") * 1000,
        "charged_micros": pl.col("charged") * 1_000_000,
        "did": "did",
        "reached": "reached",
        "outcome": pl.lit("connected"),
    }
    texts = {name: pl.lit("") for name in OURS if name not in columns}
    read = rows.select(**columns | texts).select(list(OURS))  # type: ignore[arg-type]
    return read.cast(dict(OURS)).collect()  # type: ignore[arg-type]


def _read_instant(column: str) -> pl.Expr:
    return pl.col(column).str.to_datetime(INSTANT, time_unit="ms").dt.epoch("ms")
