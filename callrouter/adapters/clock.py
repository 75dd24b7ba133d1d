"""The only place that reads the time."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


class SystemClock:
    """The machine's own time."""

    def now(self) -> datetime:
        """The present instant, aware UTC."""
        return datetime.now(UTC)  # noqa: TID251 - this is the place


@dataclass(frozen=True, slots=True)
class ScaledClock:
    """Time that runs `scale` times as fast since `origin`; for rehearsals against the simulator."""

    origin: datetime
    scale: float

    def now(self) -> datetime:
        """The present instant of the faster time, aware UTC."""
        real = datetime.now(UTC)  # noqa: TID251 - this is the place
        return self.origin + timedelta(seconds=(real - self.origin).total_seconds() * self.scale)
