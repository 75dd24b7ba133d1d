"""Virtual time: real time run faster (or slower) from an origin that both parties know.

The only module of the simulator that reads the machine's clock.
"""

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime


@dataclass(frozen=True, slots=True)
class VirtualClock:
    """virtual = origin + (real - origin) * scale; with scale 1 it is the machine's own clock.

    `origin_s` is in epoch seconds. Two processes with the same origin and scale on one machine
    agree to within a microsecond times the scale.
    """

    origin_s: float = 0.0
    scale: float = 1.0

    def __post_init__(self) -> None:
        if self.scale <= 0:
            raise ValueError(f"the clock's scale is {self.scale}; it must be above 0")

    def now(self) -> datetime:
        """The virtual instant, aware UTC."""
        real_s = time.time()  # noqa: TID251 - this module is the simulator's one clock
        return datetime.fromtimestamp(self.origin_s + (real_s - self.origin_s) * self.scale, UTC)

    def real_s(self, virtual_s: float) -> float:
        """How many real seconds pass while `virtual_s` virtual ones do."""
        return virtual_s / self.scale

    def real_s_until(self, at: datetime) -> float:
        """Real seconds from now to the virtual instant `at`; 0 if it has passed."""
        return max(0.0, self.real_s((at - self.now()).total_seconds()))

    def stopwatch_s(self) -> float:
        """A running count of real seconds, for how long something took; its start means nothing."""
        return time.perf_counter()

    async def sleep(self, virtual_s: float) -> None:
        """Wait for `virtual_s` virtual seconds."""
        await asyncio.sleep(max(0.0, self.real_s(virtual_s)))

    async def sleep_until(self, at: datetime) -> None:
        """Wait until the virtual instant `at`: never returns before it."""
        while (left_s := self.real_s_until(at)) > 0:
            await asyncio.sleep(left_s)


def whole_second(at: datetime) -> datetime:
    """The instant floored to its second: the only resolution that a carrier reports."""
    return at.replace(microsecond=0)


def whole_seconds_between(start: datetime, end: datetime) -> int:
    """Seconds between the two reported (floored) stamps, so that they agree with the stamps."""
    return int((whole_second(end) - whole_second(start)).total_seconds())


def rfc2822(at: datetime) -> str:
    """A carrier's `Timestamp`: RFC 2822, UTC, whole seconds (`Tue, 15 Sep 2026 17:00:05 +0000`)."""
    return format_datetime(whole_second(at))
