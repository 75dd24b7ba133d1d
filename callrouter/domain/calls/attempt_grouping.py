"""Which event of a call belongs to which attempt, and of a ring group to which destination.

The same for any order of the events and any repeats.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeAlias, TypeVar

from callrouter.domain.calls.attempt import Attempt
from callrouter.domain.calls.events import (
    CallEvent,
    DialEnded,
    LegProgressed,
    LegStatus,
    LegSwept,
    RouteDecided,
    ScreeningAnswered,
    WhisperStarted,
)
from callrouter.domain.numbers import is_sip_address
from callrouter.domain.routing.decision import Dial

_OfLeg: TypeAlias = LegProgressed | WhisperStarted | ScreeningAnswered
_Event = TypeVar("_Event")
_NEVER = datetime.min.replace(tzinfo=UTC)


def group_attempts(
    events: Sequence[CallEvent], decisions: Sequence[RouteDecided]
) -> tuple[Attempt, ...]:
    """The attempts of a call, in their order; `events` in theirs, `decisions` by attempt.

    Those that rang together have one number, and stand in the order of the decision.
    """
    decided: dict[int, list[RouteDecided]] = {}
    for decision in decisions:
        if decision.decision.dial is not None:
            decided.setdefault(decision.decision.attempt, []).append(decision)
    by_attempt: dict[int, list[_OfLeg | DialEnded]] = {number: [] for number in decided}
    for event in events:
        if isinstance(event, DialEnded | LegProgressed | WhisperStarted | ScreeningAnswered):
            by_attempt.setdefault(event.attempt, []).append(event)
    gathered = [
        attempt
        for number, own in sorted(by_attempt.items())
        for attempt in _gather(number, decided.get(number, []), own)
    ]
    matched = _match_swept_legs(gathered, [e for e in events if isinstance(e, LegSwept)])
    return tuple(_settle_groups(matched))


def _gather(
    number: int, decided: list[RouteDecided], own: Sequence[_OfLeg | DialEnded]
) -> Iterator[Attempt]:
    """The attempt of that number, one for each destination that was rung in it."""
    end = _pick_dial_end([e for e in own if isinstance(e, DialEnded)])
    of_legs = [e for e in own if not isinstance(e, DialEnded)]
    picked = _pick_decision(decided, own)
    dials = picked.decision.dials if picked is not None else ()
    by_destination = _split(of_legs, _name_destinations(dials, end, of_legs))
    for destination_id, events in by_destination.items():
        dial = next((d for d in dials if d.destination_id == destination_id), None)
        sids = {event.leg_sid for event in events}
        yield Attempt(
            attempt=number,
            destination_id=destination_id,
            decided=picked,
            dial=dial or (dials[0] if dials else None),
            dial_ended=end,
            legs={e.status: e for e in reversed(events) if isinstance(e, LegProgressed)},
            whisper=_first(events, WhisperStarted),
            screening=_first(events, ScreeningAnswered),
            swept=None,
            has_lead=len(by_destination) == 1 or bool(end and end.leg_sid in sids - {""}),
        )


def _pick_decision(
    decided: list[RouteDecided], own: Sequence[_OfLeg | DialEnded]
) -> RouteDecided | None:
    """The decision whose destinations the carrier dialled; where nothing tells, the first one."""
    told = {e.destination_id for e in own}
    ordered = sorted(decided, key=lambda d: d.rival)
    return max(
        ordered,
        key=lambda d: sum(dial.destination_id in told for dial in d.decision.dials),
        default=None,
    )


def _pick_dial_end(ends: list[DialEnded]) -> DialEnded | None:
    """The action that said how the Dial ended, before one that we only know was lost."""
    return next((end for end in ends if end.status is not None), ends[0] if ends else None)


def _name_destinations(
    dials: tuple[Dial, ...], end: DialEnded | None, of_legs: list[_OfLeg]
) -> tuple[str, ...]:
    """The destinations that were rung, or that we decided to ring where the carrier is silent.

    The Dial's action names the first one of those that were rung together.
    """
    ours = tuple(dial.destination_id for dial in dials)
    told = (end.destination_id if end else "", *(e.destination_id for e in of_legs))
    theirs = tuple(dict.fromkeys(destination_id for destination_id in told if destination_id))
    if not theirs or set(theirs) & set(ours):
        return tuple(dict.fromkeys((*ours, *theirs))) or ("",)
    return theirs


def _split(of_legs: list[_OfLeg], destination_ids: tuple[str, ...]) -> dict[str, list[_OfLeg]]:
    """Events by destination: by its own word, else by that of another event of the same leg."""
    of_sid = {e.leg_sid: e.destination_id for e in of_legs if e.leg_sid and e.destination_id}
    split: dict[str, list[_OfLeg]] = {destination_id: [] for destination_id in destination_ids}
    for event in of_legs:
        named = event.destination_id or of_sid.get(event.leg_sid, "")
        split[named or destination_ids[0]].append(event)
    return split


def _first(events: Sequence[_OfLeg], kind: type[_Event]) -> _Event | None:
    return next((event for event in events if isinstance(event, kind)), None)


def _match_swept_legs(attempts: list[Attempt], legs: list[LegSwept]) -> list[Attempt]:
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
        has_no_leg = attempt.own_end is not None and attempt.own_end.status is not None
        if attempt.leg_sid or attempt.dial is None or has_no_leg:
            continue
        dialled = _strip_headers(attempt.dial.dial_string)
        leg = next((leg for leg in left if _strip_headers(leg.dial_string) == dialled), None)
        if leg is not None:
            left.remove(leg)
            matched[index] = replace(attempt, swept=leg)
    next_attempt = max((attempt.attempt for attempt in matched), default=0) + 1
    for index, leg in enumerate(left):
        (unexplained,) = _gather(next_attempt + index, [], ())
        matched.append(replace(unexplained, swept=leg))
    return matched


def _strip_headers(dial_string: str) -> str:
    """A SIP address without its headers, of which the call's id is one; anything else as it is."""
    return dial_string.partition("?")[0] if is_sip_address(dial_string) else dial_string


def _settle_groups(attempts: list[Attempt]) -> Iterator[Attempt]:
    """Of those that rang together, say which one the Dial's end is about, and that all were rung.

    The one that the action names. Where that is lost, or names none: of those that may have been
    put through the one whose leg was completed, and ended last, since the carrier takes the others
    down at the bridge; among equals the one that lasted longest.
    """
    together: dict[int, list[Attempt]] = defaultdict(list)
    for attempt in attempts:
        together[attempt.attempt].append(attempt)
    for group in together.values():
        lead = _choose_lead(group)
        was_rung = len(group) > 1 and any(attempt.has_sign for attempt in group)
        for attempt in group:
            yield replace(attempt, has_lead=attempt is lead, was_rung_beside=was_rung)


def _choose_lead(group: list[Attempt]) -> Attempt:
    end = group[0].dial_ended
    named = end.leg_sid if end else ""
    if named:
        for attempt in group:
            if attempt.has_lead or attempt.leg_sid == named:
                return attempt
        silent = next((attempt for attempt in group if not attempt.leg_sid), None)
        if silent is not None:
            return silent
    return max(group, key=_measure_progress)


def _measure_progress(attempt: Attempt) -> tuple[bool, bool, datetime, bool, int]:
    """How far a leg got: past its screening, completed, until when, answered, for how long."""
    final, swept, screening = attempt.final_leg, attempt.swept, attempt.screening
    statuses = {final.status if final else None, swept.status if swept else None}
    ends = (final.occurred_at if final else None, swept.ended_at if swept else None)
    durations = (final.duration_s if final else None, swept.duration_s if swept else None)
    return (
        screening.accepted if screening is not None else not attempt.is_screened,
        LegStatus.COMPLETED in statuses,
        next((end for end in ends if end is not None), _NEVER),
        LegStatus.IN_PROGRESS in attempt.legs or attempt.whisper is not None,
        next((seconds for seconds in durations if seconds is not None), -1),
    )
