"""A buyer's clock day by day: by how much it was ahead of ours, beyond its zone."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from callrouter.domain.tie_out.buyer_clock import BuyerClock, ClockPiece

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ClockDay:
    """By how many milliseconds their clock was ahead at noon (UTC) of a day."""

    day: date
    ahead_ms: int


def list_clock_days(clock: BuyerClock, since: datetime, until: datetime) -> Iterator[ClockDay]:
    """Each day (UTC) of which noon is in a period, `since` included and `until` not."""
    noon = datetime.combine(since.astimezone(UTC).date(), time(12), UTC)
    while noon < until:
        if noon >= since:
            yield ClockDay(noon.date(), _find_offset_ms(clock, noon) - _find_zone_ms(clock, noon))
        noon += _DAY


def _find_offset_ms(clock: BuyerClock, at: datetime) -> int:
    piece = _find_piece(clock, at)
    return piece.offset_ms + round(piece.drift_ms_per_day * ((at - piece.since_at) / _DAY))


def _find_piece(clock: BuyerClock, at: datetime) -> ClockPiece:
    begun = [piece for piece in clock.pieces if piece.since_at <= at]
    return begun[-1] if begun else clock.pieces[0]


def _find_zone_ms(clock: BuyerClock, at: datetime) -> int:
    """What the zone makes of a difference; without a zone's rules, what the first piece says."""
    try:
        zone = ZoneInfo(clock.zone)
    except (ZoneInfoNotFoundError, ValueError):
        return clock.pieces[0].offset_ms - clock.ahead_ms
    shift = at.astimezone(zone).utcoffset()
    assert shift is not None  # noqa: S101 - every zone has one
    return shift // timedelta(milliseconds=1)
