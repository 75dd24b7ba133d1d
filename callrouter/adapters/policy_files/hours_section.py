"""Opening hours as TOML, under `[rules.hours]`, `[buyers.hours]` and `[routes.hours]` alike.

Which zone hours without one are in is not known here: it is each buyer's.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, TypeAlias

from pydantic import BeforeValidator, Field

from callrouter.adapters.policy_files.document import PolicyDocument
from callrouter.adapters.policy_files.explain import Section
from callrouter.adapters.policy_files.rules import (
    LONGEST_NAME,
    ZONE,
    Refusal,
    Rule,
    must_be,
    quote,
    written,
)
from callrouter.domain.clocks.holiday_calendars import check_calendar
from callrouter.domain.clocks.hours import ALL_WEEK, DAY_MIN, Hours, Span, Window
from callrouter.domain.errors import FileProblem
from callrouter.domain.tables.table_check import KeyPath

MOST_WINDOWS = 24
"""Of one day."""
MOST_ENTRIES = 100
"""Of any other list: each is looked at for each call."""

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WINDOW = re.compile(r"(\d{1,2}):(\d{2}) ?- ?(\d{1,2}):(\d{2})", re.ASCII)
_YEARS = range(2000, 2101)
_WHOLE_DAY = '"00:00-24:00"'


@dataclass(frozen=True, slots=True)
class _Placed:
    """A window with the place where it is written, within the section."""

    window: Window
    text: str
    place: KeyPath

    def __str__(self) -> str:
        return f"{quote(self.text)} on {_WEEKDAYS[self.window.weekday]}"


def _read_times(text: str) -> tuple[int, int] | str:
    """The first and last minute of day of a window such as `08:00-18:00`, or why it isn't one."""
    match = _WINDOW.fullmatch(text.strip())
    if match is None:
        return must_be(WINDOW.expected, text)
    hour, minute, end_hour, end_minute = map(int, match.groups())
    start_min, end_min = hour * 60 + minute, end_hour * 60 + end_minute
    if minute > 59 or end_minute > 59 or start_min >= DAY_MIN or end_min > DAY_MIN:
        return f"{must_be(WINDOW.expected, text)}; a day goes from 00:00 to 24:00"
    if start_min == end_min % DAY_MIN and (start_min, end_min) != (0, DAY_MIN):
        return (
            f"{quote(text)} ends when it begins: write {_WHOLE_DAY} for a whole day, "
            "or [] for a day that is closed"
        )
    return start_min, end_min


def _refuse_window(value: object) -> Refusal:
    read = _read_times(str(value))
    return read if isinstance(read, str) else None


def _refuse_calendar(value: object) -> Refusal:
    return check_calendar(str(value))


def _refuse_moment(value: object) -> Refusal:
    if not isinstance(value, datetime) or value.year not in _YEARS:
        return must_be(f"in a year from {_YEARS[0]} to {_YEARS[-1]}", value)
    if value.second or value.microsecond:
        return must_be("a whole minute, without seconds", value)
    return None


def _at_most(most: int, things: str, example: str) -> Rule:
    expected = f"{things}, at most {most}"

    def refuses(value: object) -> Refusal:
        if isinstance(value, list) and len(value) > most:
            return f"must be {expected}, found {len(value)}"
        return None

    return Rule(expected, example, refuses)


def _as_list(value: object) -> object:
    """The shorthand `fri = "…"` as the list of one that it stands for."""
    return [value] if isinstance(value, str | date) else value


def _as_date(value: object) -> object:
    """A date that is written in quotes, or whatever else stands there."""
    try:
        return date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _as_moment(value: object) -> object:
    """A date and time that are written in quotes, or whatever else stands there."""
    try:
        has_time = isinstance(value, str) and ":" in value
        return datetime.fromisoformat(str(value)) if has_time else value
    except ValueError:
        return value


WINDOW = Rule('a window in 24-hour times as in "08:00-18:00"', '"08:00-18:00"', _refuse_window)
CALENDAR = Rule('a country or state as in "US" or "US-TX"', '"US-TX"', _refuse_calendar)
DATE = Rule("a date as in 2026-12-24", "2026-12-24")
MOMENT = Rule("a date and time as in 2026-11-27T08:00:00", "2026-11-27T08:00:00", _refuse_moment)
_SPAN = "[{ from = 2026-11-27T08:00:00, until = 2026-11-28T08:00:00 }]"

_Windows: TypeAlias = Annotated[
    list[Annotated[str, WINDOW]] | None,
    BeforeValidator(_as_list),
    _at_most(MOST_WINDOWS, 'windows as in ["08:00-12:00", "13:00-18:00"]', WINDOW.example),
]
_Moment: TypeAlias = Annotated[datetime, BeforeValidator(_as_moment), MOMENT]


class SpanSection(Section):
    """An entry of `closures` or `openings`: a one-off exception."""

    from_: Annotated[_Moment, Field(alias="from")]
    until: _Moment
    note: Annotated[str, written("storm", 0, LONGEST_NAME)] = ""


_Spans: TypeAlias = Annotated[
    list[SpanSection],
    Field(default_factory=list),
    _at_most(MOST_ENTRIES, f"a list of tables as in {_SPAN}", _SPAN),
]


class HoursSection(Section):
    """`hours`: when calls are taken."""

    zone: Annotated[str | None, ZONE] = None
    every_day: _Windows = None
    weekdays: _Windows = None
    weekend: _Windows = None
    mon: _Windows = None
    tue: _Windows = None
    wed: _Windows = None
    thu: _Windows = None
    fri: _Windows = None
    sat: _Windows = None
    sun: _Windows = None
    holidays: Annotated[
        list[Annotated[str, CALENDAR]],
        Field(default_factory=list),
        BeforeValidator(_as_list),
        _at_most(MOST_ENTRIES, 'countries or states as in ["US", "US-TX"]', '["US"]'),
    ]
    closed_on: Annotated[
        list[Annotated[date, BeforeValidator(_as_date), DATE]],
        Field(default_factory=list),
        BeforeValidator(_as_list),
        _at_most(MOST_ENTRIES, "dates as in [2026-12-24, 2026-12-31]", "[2026-12-24]"),
    ]
    closures: _Spans
    openings: _Spans


HOURS = Rule('a table as in { weekdays = "08:00-18:00" }', '{ weekdays = "08:00-18:00" }')


def to_hours(section: HoursSection) -> Hours:
    """The hours that a section states in which `find_hours_conflicts` finds nothing."""
    stated = {key: value for key, value in section if key in _KEYS and value is not None}
    return Hours(
        windows=tuple(each.window for each in _list_windows(stated)) if stated else ALL_WEEK,
        zone=section.zone or "",
        holidays=tuple(section.holidays),
        closed_on=tuple(section.closed_on),
        closures=tuple(map(_to_span, section.closures)),
        openings=tuple(map(_to_span, section.openings)),
    )


def find_hours_conflicts(document: PolicyDocument, path: KeyPath) -> Iterator[FileProblem]:
    """What is wrong between the keys of the hours at `path`, if there are any."""
    hours = document.value_at(path)
    if not isinstance(hours, dict):
        return
    stated = {key: _as_list(value) for key, value in hours.items() if key in _KEYS}
    lists = {key: value[:MOST_WINDOWS] for key, value in stated.items() if isinstance(value, list)}
    yield from _find_overlaps(document, path, _list_windows(lists))
    if stated and not any(stated.values()) and not hours.get("openings"):
        message = f"is open at no time; write for example every_day = {_WHOLE_DAY}, or leave it out"
        yield document.problem(path, message)
    for key in ("closures", "openings"):
        entries = hours.get(key)
        for index in range(min(len(entries), MOST_ENTRIES) if isinstance(entries, list) else 0):
            yield from _find_reversed_span(document, (*path, key, index))


_COLLECTIVE = ("weekdays",) * 5 + ("weekend",) * 2
_KEYS = frozenset({*_WEEKDAYS, *_COLLECTIVE, "every_day"})


def _list_windows(stated: Mapping[str, Sequence[object]]) -> Iterator[_Placed]:
    """The windows of every weekday that are well written, each day's by the key that decides."""
    for weekday, keys in enumerate(zip(_WEEKDAYS, _COLLECTIVE, strict=True)):
        key = next((key for key in (*keys, "every_day") if key in stated), "")
        for index, text in enumerate(stated.get(key, ())):
            times = _read_times(text) if isinstance(text, str) else ""
            if not isinstance(times, str):
                yield _Placed(Window(weekday, *times), str(text), (key, index))


def _find_overlaps(
    document: PolicyDocument, path: KeyPath, windows: Iterator[_Placed]
) -> Iterator[FileProblem]:
    """A problem at each window that overlaps the one before it on the clock, Sunday's included."""
    ordered = sorted(windows, key=lambda each: each.window.begins_min)
    told: set[KeyPath] = set()
    # If any two overlap, then so do two that follow each other.
    for earlier, later in zip(ordered, [*ordered[1:], *ordered[:1]], strict=True):
        if earlier is later or not earlier.window.overlaps(later.window) or later.place in told:
            continue
        told.add(later.place)
        line = document.line_of((*path, *earlier.place))
        is_list = isinstance(document.value_at((*path, later.place[0])), list)
        place = later.place if is_list else later.place[:1]
        message = f"{later} overlaps {earlier} (line {line}); let one end before the other begins"
        yield document.problem((*path, *place), message)


def _find_reversed_span(document: PolicyDocument, path: KeyPath) -> Iterator[FileProblem]:
    begins, ends = (_as_moment(document.value_at((*path, key))) for key in ("from", "until"))
    if not isinstance(begins, datetime) or not isinstance(ends, datetime):
        return
    if (begins.tzinfo is None) != (ends.tzinfo is None):
        message = "must be like from: both with an offset from UTC, or both without"
        yield document.problem((*path, "until"), message)
    elif ends <= begins:
        message = f"must be after from, {begins}; found {ends}"
        yield document.problem((*path, "until"), message)


def _to_span(section: SpanSection) -> Span:
    begins, ends = (
        each.astimezone(UTC) if each.tzinfo else each for each in (section.from_, section.until)
    )
    return Span(begins, ends, section.note)
