"""Whole calls as a carrier and we would live them, with all events that they leave and their truth.

Instants are milliseconds from T0. The carrier stamps whole seconds, cut off, and counts whole
seconds by one rounding of its own; everything reaches us a moment later, in any order.
"""

import math
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto

from hypothesis import strategies as st

from callrouter.domain.carrier_records import CarrierCall, CarrierLeg
from callrouter.domain.cdr import AttemptOutcome, Disposition, HangupParty
from callrouter.domain.decision import Closing
from callrouter.domain.events import CallEvent, LegStatus
from tests.domain.builders import (
    CALL_SID,
    NUMBERS,
    PRESS_1,
    arrived,
    at,
    closed,
    decided,
    dial_ended,
    ended,
    leg,
    leg_sid,
    leg_swept,
    recorded,
    screened,
    swept,
    whispered,
    whole,
)

SWEPT_AT_S = 20_000


class Mode(Enum):
    """What the buyer hears before the two are joined."""

    PLAIN = auto()
    WHISPER = auto()
    SCREENING = auto()


class Fate(Enum):
    """What becomes of one attempt."""

    BUSY = auto()
    RINGS_OUT = auto()
    FAILS = auto()
    FAILS_WITHOUT_A_LEG = auto()
    DECLINES = auto()
    ABANDONED_RINGING = auto()
    ABANDONED_WHISPERED = auto()
    BUSY_AND_ABANDONED = auto()
    BUYER_ENDS_TALK = auto()
    CALLER_ENDS_TALK = auto()


class Ending(Enum):
    """What the caller gets when every attempt has ended unbridged."""

    MESSAGE = auto()
    VOICEMAIL = auto()
    SILENT_VOICEMAIL = auto()
    GONE_BEFORE_NEXT_DIAL = auto()


ENDS_CALL = {
    Fate.ABANDONED_RINGING: (Disposition.ABANDONED, HangupParty.CALLER),
    Fate.ABANDONED_WHISPERED: (Disposition.ABANDONED, HangupParty.CALLER),
    Fate.BUSY_AND_ABANDONED: (Disposition.ABANDONED, HangupParty.CALLER),
    Fate.BUYER_ENDS_TALK: (Disposition.CONNECTED, HangupParty.CALLEE),
    Fate.CALLER_ENDS_TALK: (Disposition.CONNECTED, HangupParty.CALLER),
}
"""The fates after which nothing is dialled any more: what the call is then, and who ended it."""
_FURTHEST_FIRST = (
    (AttemptOutcome.DECLINED, Disposition.DECLINED),
    (AttemptOutcome.NO_ANSWER, Disposition.NO_ANSWER),
    (AttemptOutcome.BUSY, Disposition.BUSY),
    (AttemptOutcome.FAILED, Disposition.FAILED),
)


@dataclass(frozen=True, slots=True)
class PlayedCall:
    """A call's events in the order in which they happened, and what really was.

    `skippable` is the action that the carrier may leave out because the caller had gone, with our
    answer to it; `all_was_told` is False when a decision of ours was never executed.
    """

    events: tuple[CallEvent, ...]
    records: CarrierCall
    disposition: Disposition
    destination: str
    outcomes: tuple[tuple[str, AttemptOutcome], ...]
    hangup_party: HangupParty
    connected_ms: int
    total_ms: int
    skippable: tuple[CallEvent, ...]
    all_was_told: bool

    def sweep(self) -> tuple[CallEvent, ...]:
        """What the sweep appends when it asks the carrier about this call."""
        caller_leg = self.records.caller_leg
        return (
            *(
                leg_swept(
                    0,
                    SWEPT_AT_S,
                    buyer_leg.status,
                    sid=buyer_leg.leg_sid,
                    number=buyer_leg.dial_string,
                    started=buyer_leg.started_at,
                    ended=buyer_leg.ended_at,
                    duration_s=buyer_leg.duration_s,
                )
                for buyer_leg in self.records.buyer_legs
            ),
            swept(
                SWEPT_AT_S,
                caller_leg.status,
                started=caller_leg.started_at,
                ended=caller_leg.ended_at,
                duration_s=caller_leg.duration_s,
            ),
        )


@dataclass(slots=True)
class _Stage:
    """A call while it is being played."""

    draw: st.DrawFn
    rounding: int
    now_ms: int = 0
    events: list[CallEvent] = field(default_factory=list)
    legs: list[CarrierLeg] = field(default_factory=list)
    outcomes: list[tuple[str, AttemptOutcome]] = field(default_factory=list)
    answered_ms: int | None = None
    connected_ms: int = 0
    counts_by_caller_leg: bool = False
    skippable: tuple[CallEvent, ...] = ()
    all_was_told: bool = True

    def pass_ms(self, least: int, most: int) -> None:
        self.now_ms += self.draw(st.integers(least, most))

    def heard(self) -> float:
        """When we hear of what happens now, in seconds."""
        return (self.now_ms + self.draw(st.integers(5, 400))) / 1000

    def hear(self) -> float:
        """Wait until we hear of it: the call goes on from there."""
        heard = self.heard()
        self.now_ms = round(heard * 1000)
        return heard

    def spent_s(self, since_ms: int) -> int:
        return math.floor((self.now_ms - since_ms + self.rounding) / 1000)

    def tell_leg(self, attempt: int, status: LegStatus, duration_s: int | None = None) -> None:
        stamp = whole(self.now_ms / 1000)
        heard = self.heard()
        self.events.append(leg(attempt, heard, status, stamp=stamp, duration_s=duration_s))


@st.composite
def played_calls(draw: st.DrawFn) -> PlayedCall:
    """A call of none to four attempts, of which all but the last leave the caller waiting."""
    stage = _Stage(draw, rounding=draw(st.sampled_from((0, 500, 999))))
    stage.now_ms = draw(st.integers(0, 599))
    started_at = whole(stage.now_ms / 1000)
    arrival_s = stage.hear()
    stage.events.append(arrived(arrival_s))
    destinations = draw(st.permutations(tuple(NUMBERS)))[: draw(st.integers(0, 4))]
    number = draw(st.sampled_from(("", NUMBERS["acme-east"])))
    fate = Fate.BUSY
    for attempt, destination in enumerate(destinations, start=1):
        may_end = attempt == len(destinations)
        fate = draw(st.sampled_from([f for f in Fate if may_end or f not in ENDS_CALL]))
        _play_attempt(stage, attempt, destination, number or NUMBERS[destination], fate)
    if fate in ENDS_CALL:
        disposition, party = ENDS_CALL[fate]
    else:
        disposition, party = _play_ending(stage, len(destinations) + 1)
    records = _end_caller_leg(stage, started_at)
    joined = [d for d, outcome in stage.outcomes if outcome is AttemptOutcome.CONNECTED]
    ended_at = whole(stage.now_ms / 1000)
    total_ms = round((ended_at - at(arrival_s)).total_seconds() * 1000)
    return PlayedCall(
        events=tuple(stage.events),
        records=records,
        disposition=disposition,
        destination=(joined or [d for d, _ in stage.outcomes] or [""])[-1],
        outcomes=tuple(stage.outcomes),
        hangup_party=party,
        connected_ms=stage.connected_ms,
        total_ms=max(total_ms, stage.connected_ms, 0),
        skippable=stage.skippable,
        all_was_told=stage.all_was_told,
    )


def _play_attempt(stage: _Stage, attempt: int, destination: str, number: str, fate: Fate) -> None:
    mode = stage.draw(st.sampled_from(Mode))
    if fate is Fate.DECLINES and mode is Mode.PLAIN:
        mode = Mode.WHISPER
    if fate is Fate.ABANDONED_WHISPERED and mode is Mode.PLAIN:
        mode = Mode.SCREENING
    stage.events.append(
        decided(
            attempt,
            stage.now_ms / 1000,
            destination,
            whisper="A roofing call." if mode is Mode.WHISPER else "",
            screening=PRESS_1 if mode is Mode.SCREENING else None,
            dial_string=number,
        )
    )
    stage.pass_ms(20, 300)
    dialed_at = whole(stage.now_ms / 1000)
    if fate is Fate.FAILS_WITHOUT_A_LEG:
        stage.outcomes.append((destination, AttemptOutcome.FAILED))
        stage.events.append(dial_ended(attempt, stage.hear(), LegStatus.FAILED, sid=""))
        return
    stage.tell_leg(attempt, LegStatus.INITIATED)
    answered_ms = _play_ringing(stage, attempt, fate)
    status, outcome, bridged_ms = _play_answered(stage, attempt, mode, fate, answered_ms)
    duration_s = stage.spent_s(answered_ms) if answered_ms is not None else 0
    stage.tell_leg(attempt, status, duration_s)
    ended_at = whole(stage.now_ms / 1000)
    stage.legs.append(
        CarrierLeg(
            leg_sid=leg_sid(attempt),
            dial_string=number,
            status=status,
            started_at=dialed_at,
            ended_at=ended_at,
            duration_s=duration_s,
        )
    )
    stage.outcomes.append((destination, outcome))
    if bridged_ms is not None and mode is Mode.PLAIN:
        stage.connected_ms = duration_s * 1000
    elif bridged_ms is not None and mode is Mode.SCREENING:
        stage.connected_ms = max(
            0, round((ended_at - at(bridged_ms / 1000)).total_seconds() * 1000)
        )
    elif bridged_ms is not None:
        stage.counts_by_caller_leg = True
    _end_dial(stage, attempt, status, fate, duration_s if answered_ms is not None else None)


def _end_dial(
    stage: _Stage, attempt: int, status: LegStatus, fate: Fate, duration_s: int | None
) -> None:
    """The action comes, and our answer to it, unless that is the next attempt."""
    if fate is Fate.BUSY_AND_ABANDONED:
        stage.pass_ms(0, 900)
    is_joined = fate in (Fate.BUYER_ENDS_TALK, Fate.CALLER_ENDS_TALK)
    has_caller = fate not in ENDS_CALL or fate is Fate.BUYER_ENDS_TALK
    heard = stage.hear() if has_caller else stage.heard()
    caller = LegStatus.IN_PROGRESS if is_joined else LegStatus.RINGING
    if not has_caller:
        caller = LegStatus.COMPLETED if is_joined else LegStatus.NO_ANSWER
    action = dial_ended(
        attempt, heard, status, bridged=is_joined, caller=caller, duration_s=duration_s
    )
    stage.events.append(action)
    if fate in ENDS_CALL:
        answer = closed(attempt + 1, heard, Closing.CONNECTED if is_joined else Closing.CALLER_GONE)
        stage.events.append(answer)
        stage.skippable = () if has_caller else (action, answer)


def _play_ringing(stage: _Stage, attempt: int, fate: Fate) -> int | None:
    """Ring until the fate strikes; when the buyer answered, the instant of it."""
    if fate in (Fate.BUSY, Fate.FAILS, Fate.BUSY_AND_ABANDONED):
        stage.pass_ms(300, 4_000)
        return None
    stage.pass_ms(300, 4_000)
    stage.tell_leg(attempt, LegStatus.RINGING)
    if fate in (Fate.RINGS_OUT, Fate.ABANDONED_RINGING):
        stage.pass_ms(500, 35_000)
        return None
    stage.pass_ms(500, 25_000)
    stage.tell_leg(attempt, LegStatus.IN_PROGRESS)
    return stage.now_ms


def _play_answered(
    stage: _Stage, attempt: int, mode: Mode, fate: Fate, answered_ms: int | None
) -> tuple[LegStatus, AttemptOutcome, int | None]:
    """From the answer to the leg's end: its status, the outcome, and when it was bridged."""
    if answered_ms is None:
        return {
            Fate.BUSY: (LegStatus.BUSY, AttemptOutcome.BUSY, None),
            Fate.BUSY_AND_ABANDONED: (LegStatus.BUSY, AttemptOutcome.BUSY, None),
            Fate.FAILS: (LegStatus.FAILED, AttemptOutcome.FAILED, None),
            Fate.RINGS_OUT: (LegStatus.NO_ANSWER, AttemptOutcome.NO_ANSWER, None),
            Fate.ABANDONED_RINGING: (
                stage.draw(st.sampled_from((LegStatus.CANCELED, LegStatus.NO_ANSWER))),
                AttemptOutcome.ABANDONED,
                None,
            ),
        }[fate]
    if mode is not Mode.PLAIN:
        stage.events.append(whispered(attempt, stage.heard()))
        stage.pass_ms(500, 9_000)
    if fate is Fate.ABANDONED_WHISPERED:
        return LegStatus.COMPLETED, AttemptOutcome.ABANDONED, None
    if fate is Fate.DECLINES:
        if mode is Mode.SCREENING and stage.draw(st.booleans()):
            stage.events.append(screened(attempt, stage.heard(), accepted=False))
        stage.pass_ms(0, 300)
        return LegStatus.COMPLETED, AttemptOutcome.DECLINED, None
    if mode is Mode.SCREENING:
        stage.events.append(screened(attempt, stage.hear(), accepted=True))
    bridged_ms = stage.now_ms
    stage.answered_ms = bridged_ms
    stage.pass_ms(0, 600_000)
    return LegStatus.COMPLETED, AttemptOutcome.CONNECTED, bridged_ms


def _play_ending(stage: _Stage, attempt: int) -> tuple[Disposition, HangupParty]:
    """Nobody was bridged: what the caller gets, and what the call is then."""
    endings = list(Ending)
    ending = stage.draw(st.sampled_from(endings))
    outcomes = {outcome for _, outcome in stage.outcomes}
    unbridged = next((d for o, d in _FURTHEST_FIRST if o in outcomes), Disposition.NO_DESTINATION)
    now_s = stage.now_ms / 1000
    if ending is Ending.GONE_BEFORE_NEXT_DIAL:
        stage.events.append(decided(attempt, now_s, "spare", dial_string="+18005550198"))
        stage.pass_ms(0, 200)
        stage.all_was_told = False
        return Disposition.ABANDONED, HangupParty.CALLER
    if ending is Ending.MESSAGE:
        stage.events.append(closed(attempt, now_s, Closing.MESSAGE))
        stage.answered_ms = stage.now_ms
        stage.pass_ms(500, 9_000)
        return unbridged, HangupParty.ROUTER
    stage.events.append(closed(attempt, now_s, Closing.VOICEMAIL))
    stage.answered_ms = stage.now_ms
    spoken_s = 0 if ending is Ending.SILENT_VOICEMAIL else stage.draw(st.integers(1, 60))
    stage.pass_ms(3_000 + 1_000 * spoken_s, 4_000 + 1_000 * spoken_s)
    hung_up = stage.draw(st.booleans())
    stage.events.append(recorded(stage.heard(), spoken_s, caller_hung_up=hung_up))
    party = HangupParty.CALLER if hung_up else HangupParty.ROUTER
    return (Disposition.VOICEMAIL if spoken_s else unbridged), party


def _end_caller_leg(stage: _Stage, started_at: datetime) -> CarrierCall:
    answered_ms = stage.answered_ms
    status = LegStatus.NO_ANSWER if answered_ms is None else LegStatus.COMPLETED
    duration_s = 0 if answered_ms is None else stage.spent_s(answered_ms)
    stamp = whole(stage.now_ms / 1000)
    stage.events.append(ended(stage.heard(), status, duration_s=duration_s, stamp=stamp))
    if stage.counts_by_caller_leg:
        stage.connected_ms = 1000 * min(duration_s, stage.legs[-1].duration_s or 0)
    return CarrierCall(
        caller_leg=CarrierLeg(
            leg_sid=CALL_SID,
            dial_string="",
            status=status,
            started_at=started_at,
            ended_at=stamp,
            duration_s=duration_s,
        ),
        buyer_legs=tuple(stage.legs),
    )
