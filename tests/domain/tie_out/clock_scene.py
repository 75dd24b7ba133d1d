"""A seller and a buyer who keep records of the same calls, by clocks of their own."""

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
from numpy.typing import NDArray

from callrouter.domain.tie_out.buyer_clock import StartMeans
from callrouter.domain.tie_out.frames import CALLER_KIND, FOLDED, OURS

OCTOBER = datetime(2026, 10, 1, tzinfo=UTC)
DAY_MS = 86_400_000

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What happened, and how the buyer's clock goes; shares are of all calls.

    It drifts from `since` on; after the share `set_at` of the days, it is set by `set_ms`, once.
    """

    calls: int = 600
    days: float = 30
    since: datetime = OCTOBER
    zone: str = "America/Chicago"
    ahead_ms: int = 37_000
    jitter_ms: float = 2_000
    drift_ppm: float = 0
    set_ms: int = 0
    set_at: float = 0.5
    redials: float = 0.3
    withheld: float = 0.03
    missing: float = 0.01
    differing: float = 0.05
    precision: str = "second"
    means: StartMeans = StartMeans.DIALED
    absolute: bool = False
    callers: int | None = None
    seed: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class Records:
    """Both sides; `truth` has `our` and `their` of each call that both have."""

    ours: pl.DataFrame
    calls: pl.DataFrame
    truth: pl.DataFrame


def play(scene: Scene) -> Records:
    """The records of both sides, each in the order of time."""
    rng = np.random.default_rng(scene.seed)
    arrived, caller = _arrivals(scene, rng)
    count = arrived.size
    dialed = arrived + rng.integers(200, 30_000, count)
    answered = dialed + rng.integers(2_000, 25_000, count)
    talk = (rng.exponential(180, count) * 1000).astype(np.int64) + 1_000
    began = {
        StartMeans.ARRIVED: arrived,
        StartMeans.DIALED: dialed,
        StartMeans.ANSWERED: answered,
    }[scene.means]
    differs = rng.random(count) < scene.differing
    hidden = rng.random(count) < scene.withheld
    both = {
        "caller": np.where(hidden, "", np.array([_number(each) for each in caller])),
        "reached": np.full(count, "+14155550199"),
        "call": np.arange(count),
    }
    ours = _side(
        OURS,
        **both,
        did=np.full(count, "+18005550100"),
        call_sid=np.array([f"CA{each:08d}" for each in range(count)]),
        started_at_ms=arrived,
        dialed_at_ms=dialed,
        answered_at_ms=answered,
        total_ms=talk + answered - arrived,
        answered_ms=talk,
        connected_ms=talk,
    )
    theirs = _side(
        FOLDED,
        **both,
        called=np.full(count, "+18005550100"),
        caller_kind=pl.Series(np.where(hidden, "withheld", "number")).cast(CALLER_KIND),
        is_absolute=np.full(count, scene.absolute),
        stamp_ms=_stamp(scene, began, rng),
        total_ms=(talk + np.where(differs, rng.integers(2_000, 30_000, count), 0)) // 1000 * 1000,
    )
    ours = ours.filter(_most(rng, count, scene)).sort("dialed_at_ms").with_columns(_numbered("our"))
    theirs = theirs.filter(_most(rng, count, scene)).with_columns(_numbered("their"))
    truth = ours.select("our", "call").join(theirs.select("their", "call"), on="call")
    return Records(ours.drop("call"), theirs.drop("call"), truth)


def _number(caller: int) -> str:
    """A number that nobody has: area codes don't begin with 0."""
    return f"+10{int(caller) * 123_457_789 % 10**9:09}"


def _arrivals(scene: Scene, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """When each call arrives, and who calls; some call again soon."""
    fresh = round(scene.calls / (1 + scene.redials))
    day = rng.uniform(0, scene.days, fresh) // 1
    within = np.clip(rng.normal(0.8, 0.15, fresh), 0, 1.2)
    at = ((day + within) % scene.days * DAY_MS).astype(np.int64)
    caller = rng.integers(0, scene.callers or max(1, scene.calls // 3), fresh)
    again = rng.choice(fresh, scene.calls - fresh, replace=False)
    later = 60_000 + (rng.exponential(120, again.size) * 1000).astype(np.int64)
    at = np.concatenate([at, at[again] + later]) + round(scene.since.timestamp() * 1000)
    caller = np.concatenate([caller, caller[again]])
    order = np.argsort(at)
    return at[order], caller[order]


def _stamp(scene: Scene, began: Ints, rng: np.random.Generator) -> Ints:
    since = round(scene.since.timestamp() * 1000)
    clock = began + scene.ahead_ms + (began - since) * scene.drift_ppm / 1e6
    clock = clock + np.where(began - since > scene.set_at * scene.days * DAY_MS, scene.set_ms, 0)
    clock = clock + rng.normal(0, scene.jitter_ms, began.size)
    wall: Ints = np.array([_ahead(scene.zone, at) for at in began.tolist()]) + clock.astype(
        np.int64
    )
    cut, half = {
        "millisecond": (1, 0),
        "second": (1_000, 0),
        "minute_floor": (60_000, 0),
        "minute_nearest": (60_000, 30_000),
    }[scene.precision]
    return (wall + half) // cut * cut


def _ahead(zone: str, at_ms: int) -> int:
    there = datetime.fromtimestamp(at_ms / 1000, ZoneInfo(zone)).utcoffset()
    assert there is not None
    return round(there.total_seconds() * 1000)


def _most(rng: np.random.Generator, count: int, scene: Scene) -> pl.Series:
    return pl.Series(rng.random(count) >= scene.missing)


def _numbered(name: str) -> pl.Expr:
    return pl.int_range(pl.len()).alias(name)


def _side(columns: dict[str, pl.DataType | type[pl.DataType]], **known: object) -> pl.DataFrame:
    """A frame with all the columns, and those given besides; what isn't given is empty."""
    frame = pl.DataFrame(known)
    blank = [
        (pl.lit("") if kind == pl.String else pl.lit(None)).cast(kind).alias(name)
        for name, kind in columns.items()
        if name not in known
    ]
    return frame.with_columns(blank)
