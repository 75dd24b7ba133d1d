"""A buyer's clock against ours, as values: its zone, its error, how that changes by the day.

How it is found: `clock_offset`.
"""

from dataclasses import dataclass
from datetime import datetime
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

    MILLISECOND = "millisecond"
    SECOND = "second"
    MINUTE_FLOOR = "minute_floor"
    MINUTE_NEAREST = "minute_nearest"

    @property
    def half_ms(self) -> int:
        """How far a stamp is behind its clock on average, for what was cut off."""
        return {StampPrecision.SECOND: 500, StampPrecision.MINUTE_FLOOR: 30_000}.get(self, 0)


@dataclass(frozen=True, slots=True)
class ClockPiece:
    """From `since_at` on (an instant of ours), their clock less ours is `offset_ms`.

    The whole difference between their wall clock read as UTC and our UTC instant: zone and error
    together. It grows by `drift_ms_per_day` from `since_at` on. The first piece holds before, too.
    `sure` counts the calls that it rests on.
    """

    since_at: datetime
    offset_ms: int
    drift_ms_per_day: float = 0.0
    sure: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BuyerClock:
    """How a buyer's stamps become our instants.

    `zone` is the IANA zone that fits ("UTC+05:30" style where none does, "UTC" for instants),
    `other_zones` those that fit these days just as well, `ahead_ms` how far their clock is ahead of
    ours beyond it at the first sure call, `drift_ms_per_day` by how much that grows.
    `spread_ms` is how far three quarters of sure calls are from their piece at most: the window of
    a match follows from it. `of_instants`: the stamps were said to be instants (`is_absolute`).
    `is_told`: given by a person or the file, not found.
    """

    zone: str
    pieces: tuple[ClockPiece, ...]
    means: StartMeans
    precision: StampPrecision
    ahead_ms: int
    drift_ms_per_day: float
    spread_ms: int
    sure: int
    other_zones: tuple[str, ...] = ()
    of_instants: bool = False
    is_told: bool = False
    words: str = ""


class DoubtWhy(StrEnum):
    """Why a buyer's clock could not be found."""

    NO_STAMPS = "no_stamps"
    NOTHING_SHARED = "nothing_shared"
    """No record of theirs is within a day of a call of ours from the same caller."""
    TOO_FEW = "too_few"
    TWO_ALIKE = "two_alike"
    """Two differences of time fit about as many calls."""
    TOO_LOOSE = "too_loose"
    """Their starts follow ours, but by no steady time."""
    OTHER_CALLS = "other_calls"
    """A few calls agree, and most of either side do not: another buyer's file, most likely."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockDoubt:
    """Their clock could not be found for sure: why, in words too, and what would help.

    `sure` counts the calls that agreed at best.
    """

    why: DoubtWhy
    sure: int
    words: str
    remedy: str
