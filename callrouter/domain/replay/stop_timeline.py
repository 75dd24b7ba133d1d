"""Who got no calls at each moment of the past, by the transitions that were written down."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from callrouter.domain.health.stops import Stop, StopCause, StopKind


@dataclass(frozen=True, slots=True)
class StopTurn:
    """One transition: the stop of the cause `old` ended, `new` began; None for neither."""

    at: datetime
    kind: StopKind
    subject_id: str
    old: StopCause | None
    new: Stop | None


class StopTimeline:
    """What stands at a moment; asked from the earliest on."""

    def __init__(self, turns: Iterable[StopTurn]) -> None:
        """`turns` in the order in which they were made."""
        self._turns = iter(turns)
        self._next = next(self._turns, None)
        self._standing: dict[tuple[StopKind, str, StopCause], Stop] = {}
        self._stops: tuple[Stop, ...] = ()

    def find_stops(self, at: datetime) -> tuple[Stop, ...]:
        """Everything that stood at `at`, which is no earlier than it was the last time."""
        if self._next is None or self._next.at > at:
            return self._stops
        while self._next is not None and self._next.at <= at:
            self._take(self._next)
            self._next = next(self._turns, None)
        self._stops = tuple(self._standing.values())
        return self._stops

    def _take(self, turn: StopTurn) -> None:
        if turn.old is not None:
            self._standing.pop((turn.kind, turn.subject_id, turn.old), None)
        if turn.new is not None:
            self._standing[turn.kind, turn.subject_id, turn.new.cause] = turn.new
