"""Zones that a buyer's wall clock may keep, as courses: how far ahead of UTC, from when to when."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
from numpy.typing import NDArray

COMMON_ZONES = (
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "America/Phoenix",
    "America/Anchorage",
    "Pacific/Honolulu",
    "America/Puerto_Rico",
    "UTC",
)
"""Where a buyer of a North American seller most likely is; those first win where several fit."""

_OTHERS = """
Europe/London Asia/Manila Asia/Kolkata America/Bogota America/Mexico_City America/Costa_Rica
America/Halifax America/St_Johns America/Sao_Paulo America/Jamaica America/Panama
America/Regina America/Tijuana America/Havana America/Argentina/Buenos_Aires America/Santiago
America/Asuncion America/Caracas America/Adak America/Miquelon America/Nuuk America/Noronha
Atlantic/Azores Atlantic/Cape_Verde Europe/Dublin Europe/Lisbon Europe/Paris Europe/Berlin
Europe/Madrid Africa/Casablanca Africa/Lagos Africa/Cairo Africa/Johannesburg Africa/Nairobi
Europe/Athens Europe/Kyiv Europe/Bucharest Europe/Chisinau Asia/Jerusalem Asia/Beirut
Europe/Istanbul Europe/Moscow Asia/Riyadh Asia/Tehran Asia/Dubai Asia/Kabul Asia/Karachi
Asia/Colombo Asia/Kathmandu Asia/Dhaka Asia/Yangon Asia/Bangkok Asia/Jakarta
Asia/Ho_Chi_Minh Asia/Shanghai Asia/Hong_Kong Asia/Singapore Australia/Perth Australia/Eucla
Asia/Tokyo Asia/Seoul Australia/Darwin Australia/Adelaide Australia/Brisbane Australia/Sydney
Australia/Lord_Howe Pacific/Guadalcanal Pacific/Norfolk Pacific/Auckland Pacific/Fiji
Pacific/Chatham Pacific/Tongatapu Pacific/Kiritimati Pacific/Easter Pacific/Marquesas
Pacific/Gambier Pacific/Pitcairn Pacific/Pago_Pago Africa/El_Aaiun Africa/Accra
"""

OTHER_ZONES = tuple(_OTHERS.split())
"""One for each way that clocks go at present, the likelier ones first."""

_HOUR_MS = 3_600_000
_WEST_MS, _EAST_MS = -12 * _HOUR_MS, 14 * _HOUR_MS
_STRIDE = timedelta(days=7)
"""No zone changes twice within it."""


@dataclass(frozen=True, slots=True)
class ZoneCourse:
    """How far the wall clocks of some zones are ahead of UTC over a span, all of them alike.

    `offsets_ms` has one more than `changes_ms`: the first holds until the first change, an instant
    in UTC. `zones` has the preferred one first.
    """

    zones: tuple[str, ...]
    changes_ms: tuple[int, ...]
    offsets_ms: tuple[int, ...]

    def ahead_ms(self, at_ms: NDArray[np.int64]) -> NDArray[np.int64]:
        """How far ahead of UTC they are at each instant."""
        offsets = np.array(self.offsets_ms, dtype=np.int64)
        changes = np.array(self.changes_ms, dtype=np.int64)
        return offsets[np.searchsorted(changes, at_ms, side="right")]

    def comes_near(self, offset_ms: int, within_ms: int) -> bool:
        """Whether it is about that far ahead at any time of the span."""
        return any(abs(each - offset_ms) <= within_ms for each in self.offsets_ms)


def follow_zone(name: str, since_ms: int, until_ms: int) -> ZoneCourse | None:
    """The course of an IANA zone, "UTC" or "UTC-05:00" over a span; None if there is no such."""
    fixed = _read_fixed(name)
    if fixed is not None:
        return ZoneCourse((name,), (), (fixed,))
    try:
        zone = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
    changes = tuple(_changes(zone, _instant(since_ms), _instant(until_ms)))
    offsets = (_ahead_ms(zone, _instant(since_ms)), *(ahead for _, ahead in changes))
    return ZoneCourse((name,), tuple(at for at, _ in changes), offsets)


def list_courses(since_ms: int, until_ms: int, *, first: tuple[str, ...]) -> tuple[ZoneCourse, ...]:
    """Each way in which clocks go over a span, with the zones that go so; preferred ones first.

    `first` names zones that are preferred to all others; names of no zone are passed over. What is
    a whole or half hour off UTC throughout is named so where no zone is.
    """
    fixed = (name_fixed(each) for each in range(_WEST_MS, _EAST_MS + 1, _HOUR_MS))
    alike: dict[tuple[tuple[int, ...], tuple[int, ...]], list[str]] = {}
    for name in (*first, *COMMON_ZONES, *OTHER_ZONES, *fixed):
        course = follow_zone(name, since_ms, until_ms)
        if course is not None:
            alike.setdefault((course.changes_ms, course.offsets_ms), []).append(name)
    return tuple(
        ZoneCourse(_without_needless(names), changes, offsets)
        for (changes, offsets), names in alike.items()
    )


def name_fixed(offset_ms: int) -> str:
    """What a clock is called that is so far ahead of UTC all year: UTC, UTC-05:00, UTC+05:30."""
    if offset_ms == 0:
        return "UTC"
    hours, minutes = divmod(abs(offset_ms) // 60_000, 60)
    return f"UTC{'+' if offset_ms > 0 else '-'}{hours:02}:{minutes:02}"


def _read_fixed(name: str) -> int | None:
    if name == "UTC":
        return 0
    sign, hours, colon, minutes = name[3:4], name[4:6], name[6:7], name[7:]
    is_fixed = name.startswith("UTC") and sign in ("+", "-") and colon == ":" and len(minutes) == 2
    if not is_fixed or not (hours + minutes).isdecimal():
        return None
    offset_ms = (int(hours) * 60 + int(minutes)) * 60_000
    return offset_ms if sign == "+" else -offset_ms


def _without_needless(names: list[str]) -> tuple[str, ...]:
    """Each name once, and those that only say hours from UTC left out where a zone is named."""
    once = tuple(dict.fromkeys(names))
    return tuple(name for name in once if name == once[0] or not name.startswith("UTC"))


def _changes(zone: ZoneInfo, since: datetime, until: datetime) -> Iterator[tuple[int, int]]:
    """When the zone's clocks are changed, and how far ahead they are from then on."""
    at = since
    while at < until:
        later = min(at + _STRIDE, until)
        if _ahead_ms(zone, at) != _ahead_ms(zone, later):
            low, high = int(at.timestamp()), int(later.timestamp())
            while high - low > 1:
                middle = (low + high) // 2
                is_before = _ahead_ms(zone, _instant(middle * 1000)) == _ahead_ms(zone, at)
                low, high = (middle, high) if is_before else (low, middle)
            yield high * 1000, _ahead_ms(zone, later)
        at = later


def _ahead_ms(zone: ZoneInfo, at: datetime) -> int:
    there = at.astimezone(zone)
    return int((there.replace(tzinfo=UTC) - at).total_seconds()) * 1000


def _instant(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms // 1000, UTC)
