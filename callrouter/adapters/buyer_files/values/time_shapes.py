"""The grammar of written instants: where year, month, day, time and zone stand in a shape.

A shape has 0 for each digit and A for each letter (see `byte_rows`).
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from callrouter.adapters.buyer_files.values.byte_rows import Span
from callrouter.domain.tie_out.mapping import TimeForm


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeLayout:
    """Where the parts of an instant stand; None for a part that isn't written.

    `month_name` and `zone_name` are where three letters begin, `half_day` where AM or PM (or Z)
    does. `offset_sign` is 1 or -1 where an offset is written, else 0.
    """

    year: Span
    month: Span | None
    month_name: int | None
    day: Span
    hour: Span | None
    minute: Span | None
    second: Span | None
    fraction: Span | None
    half_day: int | None
    zone_name: int | None
    offset_sign: int
    offset_hours: Span | None
    offset_minutes: Span | None


_WEEKDAY = r"(?:A+\.?,? +|A+\.?,)?"
_YEAR_FIRST = r"(?P<y>0000)(?P<s>[-/.])(?P<m>00?)(?P=s)(?P<d>00?)"
_NUMERIC = _WEEKDAY + r"(?P<a>00?)(?P<t>[-/.])(?P<b>00?)(?P=t)(?P<c>0000|00)"
_DAY_NAME = _WEEKDAY + r"(?P<d>00?)(?:AA)?[ /-]?(?P<n>AAA)A*\.?,?[ /-]?(?P<y>0000|00)"
_NAME_DAY = _WEEKDAY + r"(?P<n>AAA)A*\.?[ /-]+(?P<d>00?)(?:AA)?,?[ /-]+(?P<y>0000|00)"
_COMPACT = r"(?P<x>00000000|000000)"
_BETWEEN = r"(?: *[,A@] *| +- +| AA | +|[_:-])"
_TIME = (
    r"(?P<h>00?)[:.](?P<i>00)(?:[:.](?P<sec>00)(?:[.,:](?P<f>0{1,9}))?)?"
    r"(?: ?(?P<p>A)\.?A?\.?(?![A.]))?"
)
_RUN_TOGETHER = r"(?P<h>00)(?P<i>00)(?P<sec>00)?(?:\.(?P<f>0{1,9}))?(?P<p>A)?"
_ZONE = r"(?: ?(?P<z>AAA)A{0,2})?(?: ?(?P<sign>[+-])(?P<oh>00):?(?P<om>00)?)?(?: \([A .]*\))?"

_PATTERNS = tuple(
    re.compile(f'[ \'="]*{body}[ "]*')
    for body in (
        *(
            f"{date}(?:{_BETWEEN}{_TIME}{_ZONE})?"
            for date in (_YEAR_FIRST, _NUMERIC, _DAY_NAME, _NAME_DAY, _COMPACT)
        ),
        f"{_YEAR_FIRST}{_BETWEEN}{_RUN_TOGETHER}{_ZONE}",
        f"{_NUMERIC}{_BETWEEN}{_RUN_TOGETHER}{_ZONE}",
        f"{_COMPACT}{_BETWEEN}{_RUN_TOGETHER}{_ZONE}",
        f"(?P<x>00000000){_RUN_TOGETHER}{_ZONE}",
        f"{_TIME},? +{_YEAR_FIRST}",
        f"{_TIME},? +{_NUMERIC}",
        rf"(?:A+ +)?(?P<n>AAA) +(?P<d>00?) +{_TIME}(?: +(?P<z>AAA)A*)? +(?P<y>0000)",
    )
)


@lru_cache(maxsize=4096)
def lay_out(shape: str, form: TimeForm) -> TimeLayout | None:
    """Where the parts stand in texts of this shape; None when it is no instant of the form.

    The form decides about day and month, and about years of two digits, where figures alone are
    written; what cannot be taken for anything else is understood under every form.
    """
    for pattern in _PATTERNS:
        found = pattern.fullmatch(shape)
        if found is not None:
            return _place(found, form)
    return None


def _place(found: re.Match[str], form: TimeForm) -> TimeLayout | None:
    parts = {name: found.span(name) for name, text in found.groupdict().items() if text}
    date = _place_date(parts, form)
    if date is None:
        return None
    name, half, zone = (parts[key][0] if key in parts else None for key in ("n", "p", "z"))
    sign = found.groupdict().get("sign")
    return TimeLayout(
        year=date["y"],
        month=date.get("m"),
        month_name=name,
        day=date["d"],
        hour=parts.get("h"),
        minute=parts.get("i"),
        second=parts.get("sec"),
        fraction=parts.get("f"),
        half_day=half,
        zone_name=zone,
        offset_sign={None: 0, "+": 1, "-": -1}[sign],
        offset_hours=parts.get("oh"),
        offset_minutes=parts.get("om"),
    )


def _place_date(parts: dict[str, Span], form: TimeForm) -> dict[str, Span] | None:
    """Year, month and day as y, m and d."""
    if "x" in parts:
        return _split_run(parts["x"], form)
    if "a" not in parts:
        return parts
    first, second, third = parts["a"], parts["b"], parts["c"]
    if form is TimeForm.MONTH_FIRST:
        return {"m": first, "d": second, "y": third}
    if form is TimeForm.DAY_FIRST:
        return {"d": first, "m": second, "y": third}
    is_short = first[1] - first[0] == third[1] - third[0] == 2
    if form is TimeForm.YEAR_FIRST and is_short:
        return {"y": first, "m": second, "d": third}
    return None


def _split_run(run: Span, form: TimeForm) -> dict[str, Span] | None:
    """A date without anything between: 20261001, 10012026, 261001, 100126."""
    start, end = run
    year = end - start - 4
    if form is TimeForm.MONTH_FIRST:
        order = (("m", 2), ("d", 2), ("y", year))
    elif form is TimeForm.DAY_FIRST:
        order = (("d", 2), ("m", 2), ("y", year))
    elif form is TimeForm.YEAR_FIRST or year > 2:
        order = (("y", year), ("m", 2), ("d", 2))
    else:
        return None
    spans: dict[str, Span] = {}
    for name, length in order:
        spans[name] = (start, start + length)
        start += length
    return spans
