"""A buyer's clock, or the doubt about it, in words that a person can check."""

from itertools import pairwise

from callrouter.domain.tie_out.buyer_clock import (
    BuyerClock,
    ClockPiece,
    DoubtWhy,
    StampPrecision,
    StartMeans,
)
from callrouter.domain.tie_out.clock_zone import follow_zone
from callrouter.domain.tie_out.counts import say_count

_HOUR_MS = 3_600_000
_DAY_MS = 24 * _HOUR_MS
_MINUTE_MS = 60_000
_HALF_DAY_MIN = 720
_SET_MS = 1_500
"""A clock that jumps by less is not worth a word."""
_MOST_SETS = 3
_MOST_ZONES = 3

_MEANS = {
    StartMeans.DIALED: "",
    StartMeans.ANSWERED: "; their start is the answer",
    StartMeans.ARRIVED: "; their start is when the call reached us",
}
_PRECISION = {
    StampPrecision.MILLISECOND: "",
    StampPrecision.SECOND: "",
    StampPrecision.MINUTE_FLOOR: "; stamps are cut to the minute",
    StampPrecision.MINUTE_NEAREST: "; stamps are rounded to the minute",
}


def say_clock(clock: BuyerClock) -> str:
    """Such as: "their clock: America/Chicago, 37 s ahead, drifting 1.7 s a day; sure: 8 calls"."""
    parts = [f"their clock: {clock.zone}", _say_ahead(clock.ahead_ms)]
    if abs(clock.drift_ms_per_day) >= 50:
        back = " back" if clock.drift_ms_per_day < 0 else ""
        parts.append(f"drifting{back} {abs(clock.drift_ms_per_day) / 1000:.1f} s a day")
    return (
        ", ".join(parts)
        + _say_sets(clock)
        + _MEANS[clock.means]
        + _PRECISION[clock.precision]
        + ("; told, not found" if clock.is_told else f"; sure: {_calls(clock.sure)}")
        + _say_others(clock.other_zones)
    )


def say_doubt(why: DoubtWhy, sure: int, apart_ms: int, ours: str, theirs: str) -> tuple[str, str]:
    """Why their clock isn't known, and what would help; `ours`, `theirs` say when the sides are.

    `apart_ms` is how far two differences of time are from each other that fit both.
    """
    match why:
        case DoubtWhy.NO_STAMPS:
            return "their file has no start times", "map the column that holds the start"
        case DoubtWhy.NOTHING_SHARED:
            words = "no record of theirs is within a day of a call of ours from the same caller"
            remedy = "check that the file is this buyer's and this period's"
            return f"{words}: ours are {ours}, theirs {theirs}", remedy
        case DoubtWhy.TOO_FEW:
            words = f"too few calls agree on one difference of time: {sure} at best"
            remedy = "send a file of more days, or say the zone of their stamps"
            return f"{words}; ours are {ours}, theirs {theirs}", remedy
        case DoubtWhy.TWO_ALIKE:
            apart_min = round(apart_ms / _MINUTE_MS)
            hours, minutes = divmod(apart_min, 60)
            words = (
                f"two differences of time, {hours} h {minutes:02} min apart, fit many calls each"
            )
            if abs(apart_min - _HALF_DAY_MIN) <= 1:
                return words, "check whether the file has lost AM and PM"
            return words, "say the zone of their stamps"
        case DoubtWhy.TOO_LOOSE:
            words = f"their starts follow ours by no steady time, but for {_calls(sure)}"
            return words, "check which of their columns is the start of the call"
        case _:
            words = f"{_calls(sure)} agree, but most calls of either side are not in the other"
            return words, "check that the file is this buyer's; or say the zone of their stamps"


def _say_ahead(ahead_ms: int) -> str:
    size, unit = _amount(abs(ahead_ms))
    if not size:
        return "right to the second"
    return f"{size:,} {unit} {'ahead' if ahead_ms > 0 else 'behind'}"


def _amount(size_ms: int) -> tuple[int, str]:
    """Whole days and minutes as such where it is many, seconds else."""
    days, rest = divmod(size_ms + _HOUR_MS, _DAY_MS)
    if days and rest < 2 * _HOUR_MS:
        return days, "day" if days == 1 else "days"
    seconds = (size_ms + 500) // 1000
    return (seconds, "s") if seconds < 600 else ((seconds + 30) // 60, "min")


def _say_sets(clock: BuyerClock) -> str:
    """When the clock was set, but for the changes of its zone."""
    said = []
    for before, after in pairwise(clock.pieces):
        days = (after.since_at - before.since_at).total_seconds() / 86_400
        jump_ms = _error_ms(clock.zone, after) - _error_ms(clock.zone, before)
        jump_ms -= round(before.drift_ms_per_day * days)
        if abs(jump_ms) >= _SET_MS:
            size, unit = _amount(abs(jump_ms))
            way = "on" if jump_ms > 0 else "back"
            said.append(f"set {way} by {size} {unit} on {after.since_at:%Y-%m-%d}")
    if len(said) > _MOST_SETS:
        return f", set {len(said)} times"
    return "".join(f", {each}" for each in said)


def _error_ms(zone: str, piece: ClockPiece) -> int:
    """How far the clock is ahead beyond its zone when a piece begins."""
    at_ms = round(piece.since_at.timestamp() * 1000)
    course = follow_zone(zone, at_ms, at_ms)
    return piece.offset_ms - (course.offsets_ms[0] if course is not None else 0)


def _say_others(zones: tuple[str, ...]) -> str:
    if not zones:
        return ""
    more = len(zones) - _MOST_ZONES
    named = ", ".join(zones[:_MOST_ZONES]) + (f" and {more} more" if more > 0 else "")
    return f"; as well fit {named}"


def _calls(count: int) -> str:
    return say_count(count, "call")
