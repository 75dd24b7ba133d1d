"""A call as its events tell it: grouped by attempt, the same for any order and any repeats.

Groups and answers simple questions; what it means in dispositions and seconds is decided elsewhere.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from callrouter.domain.decision import Dial
from callrouter.domain.events import (
    CallArrived,
    CallEnded,
    CallEvent,
    CallSwept,
    DialEnded,
    FallbackAsked,
    LegProgressed,
    LegStatus,
    LegSwept,
    RouteDecided,
    ScreeningAnswered,
    SweepGaveUp,
    VoicemailRecorded,
    WhisperStarted,
)
from callrouter.domain.plausibility import leave_out_absurd

_AFTERWARDS = (CallSwept, LegSwept, SweepGaveUp)
"""What we learn by asking, at a time that has nothing to do with the call's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """Everything that is known of one attempt; `legs` has one event per status of its leg."""

    attempt: int
    decided: RouteDecided | None
    dial_ended: DialEnded | None
    legs: Mapping[LegStatus, LegProgressed]
    whisper: WhisperStarted | None
    screening: ScreeningAnswered | None
    swept: LegSwept | None

    @property
    def dial(self) -> Dial | None:
        """What we told the carrier to dial, where the decision is known."""
        return self.decided.decision.dial if self.decided else None

    @property
    def is_screened(self) -> bool:
        """Whether the buyer had to press a key before the two were joined."""
        return self.screening is not None or bool(self.dial and self.dial.screening)

    @property
    def is_whispered(self) -> bool:
        """Whether the buyer's side heard something of ours before the two were joined.

        A whisper, a prompt, or the digits that its menu was sent.
        """
        if self.is_screened or self.whisper is not None:
            return True
        return self.dial is not None and bool(self.dial.whisper or self.dial.send_digits)

    @property
    def final_leg(self) -> LegProgressed | None:
        """The callback that reported the leg's end; a completed leg outranks any other end."""
        ends = [event for status, event in self.legs.items() if status.is_final]
        return min(ends, key=lambda e: (e.status is not LegStatus.COMPLETED, e.key), default=None)

    @property
    def was_dialled(self) -> bool:
        """Whether anything of the carrier's shows that it dialled this attempt at all."""
        return bool(self.legs or self.dial_ended or self.swept or self.whisper or self.screening)

    @property
    def destination_id(self) -> str:
        """The destination that the carrier dialled; its own word outranks our decision.

        They differ when two machines decided apart from each other during an outage: what the
        carrier did is then what its requests carry in their URLs.
        """
        told = next(
            (
                event.destination_id
                for event in (self.dial_ended, self.whisper, *self.legs.values())
                if event is not None and event.destination_id
            ),
            "",
        )
        return told or (self.dial.destination_id if self.dial else "")

    @property
    def leg_sid(self) -> str:
        """The carrier's id of the buyer's leg, or "" when none is known."""
        if self.dial_ended and self.dial_ended.leg_sid:
            return self.dial_ended.leg_sid
        events = (self.swept, self.whisper, self.screening, *self.legs.values())
        return next((e.leg_sid for e in events if e is not None and e.leg_sid), "")


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

        The caller's leg and every leg that was dialled must have reported their ends and every
        Dial its action; otherwise the sweep has the last word.
        """
        if self.swept is not None or self.gave_up is not None:
            return True
        return self.ended is not None and all(_is_told_to_its_end(a) for a in self.attempts)

    @property
    def last_heard_at(self) -> datetime:
        """When the last webhook of the call came; what was learnt by asking doesn't count."""
        live = [e.received_at for e in self.events if not isinstance(e, _AFTERWARDS)]
        return max(live, default=self.events[0].received_at)


def _is_told_to_its_end(attempt: Attempt) -> bool:
    end = attempt.dial_ended
    if end is None or end.status is None:
        return False
    final = attempt.final_leg
    if final is None:
        # Without a leg's id the carrier could not even make a leg of that number.
        is_legless = not end.leg_sid and not attempt.legs
        return is_legless and not end.bridged and end.status is not LegStatus.COMPLETED
    return not end.bridged or final.duration_s is not None or end.duration_s is not None


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
        attempts=_group_attempts(believed, tuple(decisions)),
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


def _group_attempts(
    events: tuple[CallEvent, ...], decisions: tuple[RouteDecided, ...]
) -> tuple[Attempt, ...]:
    decided: dict[int, list[RouteDecided]] = {}
    for decision in decisions:
        if decision.decision.dial is not None:
            decided.setdefault(decision.decision.attempt, []).append(decision)
    by_attempt: dict[int, list[CallEvent]] = {number: [] for number in decided}
    for event in events:
        if isinstance(event, DialEnded | LegProgressed | WhisperStarted | ScreeningAnswered):
            by_attempt.setdefault(event.attempt, []).append(event)
    attempts = [
        _gather(number, decided.get(number, []), tuple(own))
        for number, own in sorted(by_attempt.items())
    ]
    return _match_swept_legs(attempts, [e for e in events if isinstance(e, LegSwept)])


def _gather(number: int, decided: list[RouteDecided], own: tuple[CallEvent, ...]) -> Attempt:
    return Attempt(
        attempt=number,
        decided=_pick_decision(decided, own),
        dial_ended=_pick_dial_end([e for e in own if isinstance(e, DialEnded)]),
        legs={e.status: e for e in reversed(own) if isinstance(e, LegProgressed)},
        whisper=_first(own, WhisperStarted),
        screening=_first(own, ScreeningAnswered),
        swept=None,
    )


def _pick_decision(decided: list[RouteDecided], own: tuple[CallEvent, ...]) -> RouteDecided | None:
    """The decision whose destination the carrier dialled; where nothing tells, the first one."""
    told = {e.destination_id for e in own if isinstance(e, DialEnded | LegProgressed)}
    ordered = sorted(decided, key=lambda d: d.rival)
    followed = (d for d in ordered if d.decision.dial and d.decision.dial.destination_id in told)
    return next(followed, ordered[0] if ordered else None)


def _pick_dial_end(ends: list[DialEnded]) -> DialEnded | None:
    """The action that said how the Dial ended, before one that we only know was lost."""
    return next((end for end in ends if end.status is not None), ends[0] if ends else None)


def _match_swept_legs(attempts: list[Attempt], legs: list[LegSwept]) -> tuple[Attempt, ...]:
    """Give each leg of the carrier's records to its attempt: by leg id, else by number, in order.

    The records don't carry our attempt numbers. Ids go first: two destinations may share a number,
    and a leg that is known by its id must not be taken for another one. A leg that nothing of ours
    explains (somebody else's TwiML answered while we were down) is an attempt of its own.
    """
    by_sid = {leg.leg_sid: leg for leg in legs}
    matched = [
        replace(attempt, swept=by_sid.pop(attempt.leg_sid, None) if attempt.leg_sid else None)
        for attempt in attempts
    ]
    left = sorted(by_sid.values(), key=lambda leg: (leg.started_at or leg.received_at, leg.leg_sid))
    for index, attempt in enumerate(matched):
        # An action that names no leg says that there was none; one that was lost says nothing.
        has_no_leg = attempt.dial_ended is not None and attempt.dial_ended.status is not None
        if attempt.leg_sid or attempt.dial is None or has_no_leg:
            continue
        number = attempt.dial.dial_string
        leg = next((leg for leg in left if leg.dial_string == number), None)
        if leg is not None:
            left.remove(leg)
            matched[index] = replace(attempt, swept=leg)
    next_attempt = max((attempt.attempt for attempt in matched), default=0) + 1
    unexplained = (
        replace(_gather(next_attempt + index, [], ()), swept=leg) for index, leg in enumerate(left)
    )
    return (*matched, *unexplained)
