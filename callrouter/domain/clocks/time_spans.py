"""Spans of time as people write and read them: 90s, 15m, 2h, 30d, 4w. Always whole seconds."""

import re

_SPAN = re.compile(r"([1-9][0-9]{0,8})([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
LONGEST_S = 36_525 * 86_400
"""A hundred years: more than anything here lasts, and no instant is beyond what Python has."""
_NAMES = (("day", 86_400), ("hour", 3600), ("minute", 60))


def read_span(text: str) -> int | None:
    """The seconds of a number with a unit (s, m, h, d, w), as in "30d"; None for anything else.

    A hundred years are the most.
    """
    match = _SPAN.fullmatch(text)
    seconds = int(match[1]) * _SECONDS[match[2]] if match else 0
    return seconds if 0 < seconds <= LONGEST_S else None


def write_span(seconds: int) -> str:
    """What `read_span` reads as `seconds`, in the largest unit that it is a whole number of."""
    for unit, length in (("d", 86_400), ("h", 3600), ("m", 60)):
        if seconds and seconds % length == 0:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"


def say_span(seconds: float) -> str:
    """About how long, in one unit and rounded down: "12 days", "1 hour", "40 seconds"."""
    whole = max(0, int(seconds))
    for name, length in _NAMES:
        count = whole // length
        if count:
            return f"{count} {name}{'s' if count > 1 else ''}"
    return f"{whole} second{'' if whole == 1 else 's'}"
