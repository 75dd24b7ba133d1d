"""Who gets no calls now, whatever a table says, and why: a destination, a buyer or a publisher.

A stop knows what it was set by and how to say so; what sets and lifts it is decided elsewhere.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias
from zoneinfo import ZoneInfo


class StopKind(StrEnum):
    """What a stop is about."""

    DESTINATION = "destination"
    BUYER = "buyer"
    PUBLISHER = "publisher"


class StopCause(StrEnum):
    """Why somebody gets no calls; one subject may have a stop of each cause at once.

    A person pauses or takes down; the poll of a buyer's health URL finds it unhealthy; the circuit
    breaker opens and, once it has cooled down, is half open: one real call at a time gets through.
    """

    PAUSED = "paused"
    DOWN = "down"
    UNHEALTHY = "unhealthy"
    BREAKER_OPEN = "breaker_open"
    HALF_OPEN = "half_open"


BREAKER_CAUSES = (StopCause.BREAKER_OPEN, StopCause.HALF_OPEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """One reason why a subject gets no calls, since when, and until when where that is known.

    `until` of an open breaker is the end of its cool-down of `cool_down_s` seconds. `zone` is the
    IANA zone in which its times are said, `author` who or what set it.
    """

    kind: StopKind
    subject_id: str
    cause: StopCause
    since: datetime
    until: datetime | None = None
    reason: str = ""
    author: str = ""
    zone: str = "UTC"
    cool_down_s: int = 0

    @property
    def is_breaker(self) -> bool:
        """Whether the circuit breaker set it."""
        return self.cause in BREAKER_CAUSES


StopsBySubject: TypeAlias = Mapping[tuple[StopKind, str], tuple[Stop, ...]]
"""All stops of a seller, by what they are about."""


def group_stops(stops: Iterable[Stop]) -> StopsBySubject:
    """The stops by subject, to be looked up for each candidate."""
    grouped: dict[tuple[StopKind, str], tuple[Stop, ...]] = {}
    for stop in stops:
        subject = (stop.kind, stop.subject_id)
        grouped[subject] = (*grouped.get(subject, ()), stop)
    return MappingProxyType(grouped)


def is_in_force(stop: Stop, at: datetime) -> bool:
    """Whether no call at all may go to the subject at that instant.

    It ends by itself at `until`, whenever the clock process gets to writing that down.
    """
    if stop.cause is StopCause.HALF_OPEN:
        return False
    return stop.until is None or at < stop.until


def lets_probe(stop: Stop, at: datetime) -> bool:
    """Whether the subject may have one real call at a time: its breaker has cooled down."""
    return stop.is_breaker and not is_in_force(stop, at)


def find_stop(stops: Iterable[Stop], at: datetime) -> Stop | None:
    """Of the stops of one candidate the first that is in force, a person's before a machine's."""
    in_force = [stop for stop in stops if is_in_force(stop, at)]
    return min(in_force, key=lambda stop: (_ORDER[stop.cause], stop.since), default=None)


def needs_probe(stops: Iterable[Stop], at: datetime) -> bool:
    """Whether a call to this candidate would be a probe; asked once none of them is in force."""
    return any(lets_probe(stop, at) for stop in stops)


_ORDER = {cause: position for position, cause in enumerate(StopCause)}


def name_stop(stop: Stop) -> str:
    """Whose stop it is and of what cause, as in "buyer acme paused": the same as long as it lasts.

    One of a destination goes without its name, since a skip is of a destination anyway.
    """
    cause = stop.cause.replace("_", " ")
    return cause if stop.kind is StopKind.DESTINATION else f"{stop.kind} {stop.subject_id} {cause}"


def say_stop(stop: Stop, at: datetime) -> str:
    """The stop in the words of a skip, as in "breaker open since 10:02 UTC, 5 of 6 failed".

    An hour of another day than `at` comes with its date.
    """
    since = _say_instant(stop.since, at, stop.zone)
    match stop.cause:
        case StopCause.PAUSED:
            said, why = f"paused by {stop.author} since {since}", ": "
        case StopCause.DOWN | StopCause.UNHEALTHY:
            word = "down" if stop.cause is StopCause.DOWN else "unhealthy"
            end = f"until {_say_instant(stop.until, at, stop.zone)}" if stop.until else ""
            said, why = f"{word} {end or f'since {since}'}", ": "
        case StopCause.BREAKER_OPEN:
            said, why = f"breaker open since {since}", ", "
        case _:  # half open
            said, why = f"breaker half open since {since}, one call at a time", ": "
    return f"{said}{why}{stop.reason}" if stop.reason else said


def _say_instant(instant: datetime, at: datetime, zone: str) -> str:
    there, now = (each.astimezone(ZoneInfo(zone)) for each in (instant, at))
    day = "" if there.date() == now.date() else f"{there:%Y-%m-%d} "
    return f"{day}{there:%H:%M} {zone}"
