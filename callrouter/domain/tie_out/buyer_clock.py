"""A buyer's clock against ours, as values: its zone, its error, how that changes by the day.

How it is found: `clock_offset`.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class StartMeans(StrEnum):
    """Which moment of ours the buyer's start is stamped at."""

    DIALED = "dialed"
    """Their phone began to ring."""
    ANSWERED = "answered"
    ARRIVED = "arrived"
    """The call reached us: the buyer runs on the same platform, or copies our stamp."""


class StampPrecision(StrEnum):
    """How much of the time of day their stamps keep."""

    SECOND = "second"
    MINUTE_FLOOR = "minute_floor"
    MINUTE_NEAREST = "minute_nearest"


@dataclass(frozen=True, slots=True)
class ClockPiece:
    """From `since` on (a day of their wall clock), their stamps less ours are `offset_ms`.

    The whole difference between a stamp read as UTC and our UTC instant: zone and error together.
    `sure` counts the calls that it rests on.
    """

    since: date
    offset_ms: int
    sure: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BuyerClock:
    """How a buyer's stamps become our instants.

    `zone` is the IANA zone that fits ("UTC+05:30" style where none does, "UTC" for instants),
    `ahead_ms` how far their clock is ahead of ours beyond it, `drift_ms_per_day` by how much that
    grows. `spread_ms` is how far three quarters of sure calls are from their piece at most: the
    window of a match follows from it. `is_told`: given by a person or the file, not found.
    """

    zone: str
    pieces: tuple[ClockPiece, ...]
    means: StartMeans
    precision: StampPrecision
    ahead_ms: int
    drift_ms_per_day: float
    spread_ms: int
    sure: int
    is_told: bool = False
    words: str = ""
