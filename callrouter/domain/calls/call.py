"""A call as its events tell it: grouped by attempt, the same for any order and any repeats.

Groups and answers simple questions; what it means in dispositions and seconds is decided elsewhere.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from callrouter.domain.calls.attempt import Attempt
from callrouter.domain.calls.attempt_grouping import group_attempts
from callrouter.domain.calls.events import (
    CallArrived,
    CallEnded,
    CallEvent,
    CallSwept,
    FallbackAsked,
    LegProgressed,
    LegSwept,
    RouteDecided,
    SweepGaveUp,
    VoicemailRecorded,
)
from callrouter.domain.calls.plausibility import leave_out_absurd

_AFTERWARDS = (CallSwept, LegSwept, SweepGaveUp)
"""What we learn by asking, at a time that has nothing to do with the call's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallHistory:
    """All events of one call, grouped; `decisions` are in the order of their attempts.

    `events` are as they came; in the groups, figures of the carrier's that can't be true are left
    out, and `misdated` tells whether a stamp was among them.
    """

    events: tuple[CallEvent, ...]
    misdated: bool
    arrived: CallArrived | None
    attempts: tuple[Attempt, ...]
    decisions: tuple[RouteDecided, ...]
    ended: CallEnded | None
    swept: CallSwept | None
    gave_up: SweepGaveUp | None
    voicemail: VoicemailRecorded | None
    fallbacks: tuple[FallbackAsked, ...]

    @property
    def caller_left(self) -> bool:
        """Whether a Dial action told that the caller had gone by then."""
        return any(a.dial_ended and a.dial_ended.caller_status.is_final for a in self.attempts)

    @property
    def is_over(self) -> bool:
        """Whether nothing more is expected: the CDR can be derived.

        The caller's leg and every leg that was dialled must have reported their ends, also those
        of a ring group that didn't get the call (unless nothing was ever heard of them and another
        one had it), and every Dial its action; otherwise the sweep has the last word.
        """
        if self.swept is not None or self.gave_up is not None:
            return True
        return self.ended is not None and all(a.is_told_to_its_end for a in self.attempts)

    @property
    def last_heard_at(self) -> datetime:
        """When the last webhook of the call came; what was learnt by asking doesn't count."""
        live = [e.received_at for e in self.events if not isinstance(e, _AFTERWARDS)]
        return max(live, default=self.events[0].received_at)


def read_history(events: Iterable[CallEvent]) -> CallHistory:
    """Group a call's events; of several with one key the earliest counts, whatever their order."""
    known: dict[str, CallEvent] = {}
    for event in events:
        other = known.get(event.key)
        if other is None or _came_before(event, other):
            known[event.key] = event
    ordered = tuple(sorted(known.values(), key=lambda event: (event.received_at, event.key)))
    live = (e.received_at for e in ordered if not isinstance(e, _AFTERWARDS))
    first_heard_at = next(live, None)
    believed = tuple(leave_out_absurd(event, first_heard_at) for event in ordered)
    # Machines' clocks differ: which decision is the last one, its attempt says better.
    decisions = sorted(
        (e for e in believed if isinstance(e, RouteDecided)), key=lambda e: e.decision.attempt
    )
    return CallHistory(
        events=ordered,
        misdated=any(
            e is not b and _stamps(e) != _stamps(b) for e, b in zip(ordered, believed, strict=True)
        ),
        arrived=_first(believed, CallArrived),
        attempts=group_attempts(believed, decisions),
        decisions=tuple(decisions),
        ended=next((e for e in believed if isinstance(e, CallEnded) and e.status.is_final), None),
        swept=next((e for e in believed if isinstance(e, CallSwept) and e.status.is_final), None),
        gave_up=_first(believed, SweepGaveUp),
        voicemail=_first(believed, VoicemailRecorded),
        fallbacks=tuple(e for e in believed if isinstance(e, FallbackAsked)),
    )


def _stamps(event: CallEvent) -> tuple[datetime | None, ...]:
    if isinstance(event, LegProgressed | CallEnded):
        return (event.occurred_at,)
    if isinstance(event, CallSwept | LegSwept):
        return (event.started_at, event.ended_at)
    return ()


def _came_before(event: CallEvent, other: CallEvent) -> bool:
    if event.received_at != other.received_at:
        return event.received_at < other.received_at
    return repr(event) < repr(other)


_Event = TypeVar("_Event")


def _first(events: tuple[CallEvent, ...], kind: type[_Event]) -> _Event | None:
    return next((event for event in events if isinstance(event, kind)), None)
