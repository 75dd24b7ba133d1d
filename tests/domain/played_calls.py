"""Whole calls as a carrier and we would live them, with all events that they leave and their truth.

Instants are milliseconds from T0. The carrier stamps whole seconds, cut off, and counts whole
seconds by one rounding of its own; everything reaches us a moment later, in any order.
"""

import math
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto

from hypothesis import strategies as st

from callrouter.domain.calls.events import CallEvent, LegStatus
from callrouter.domain.carrier.carrier_records import CarrierCall, CarrierLeg
from callrouter.domain.cdr import AttemptOutcome, Disposition, HangupParty
from callrouter.domain.routing.decision import Closing
from tests.domain.builders import (
    CALL_SID,
    NUMBERS,
    PRESS_1,
    arrived,
    at,
    closed,
    decided,
    dial,
    dial_ended,
    ended,
    leg,
    leg_sid,
    leg_swept,
    recorded,
    ring_group,
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
GROUP_FATES = (
    Fate.RINGS_OUT,
    Fate.ABANDONED_RINGING,
    Fate.BUYER_ENDS_TALK,
    Fate.CALLER_ENDS_TALK,
)
"""What may become of phones that ring together: nobody has the call, or one of them has."""
_FURTHEST_FIRST = (
    (AttemptOutcome.DECLINED, Disposition.DECLINED),
    (AttemptOutcome.NO_ANSWER, Disposition.NO_ANSWER),
    (AttemptOutcome.BUSY, Disposition.BUSY),
    (AttemptOutcome.FAILED, Disposition.FAILED),
)


@dataclass(frozen=True, slots=True)
class PlayedCall:
    """A call's events in the order in which they happened, and what really was.

    `outcomes` are those of every destination that was dialled; `sids` the legs that were made, with
    attempt and destination. `skippable` is the action that the carrier may leave out because the
    caller had gone, with our answer to it; `all_was_told` is False when a decision of ours was
    never executed.
    """

    events: tuple[CallEvent, ...]
    records: CarrierCall
    disposition: Disposition
    destination: str
    outcomes: tuple[tuple[str, AttemptOutcome], ...]
    sids: tuple[tuple[int, str, str], ...]
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
    sids: list[tuple[int, str, str]] = field(default_factory=list)
    whispered_leg_s: int = 0
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

    def tell_leg(
        self,
        attempt: int,
        status: LegStatus,
        duration_s: int | None = None,
        *,
        sid: str | None = None,
        destination: str = "",
    ) -> None:
        stamp = whole(self.now_ms / 1000)
        heard = self.heard()
        self.events.append(
            leg(
                attempt,
                heard,
                status,
                stamp=stamp,
                duration_s=duration_s,
                sid=sid,
                destination=destination,
            )
        )


@st.composite
def played_calls(draw: st.DrawFn) -> PlayedCall:
    """A call of none to four attempts, of which all but the last leave the caller waiting."""
    stage = _Stage(draw, rounding=draw(st.sampled_from((0, 500, 999))))
    stage.now_ms = draw(st.integers(0, 599))
    started_at = whole(stage.now_ms / 1000)
    arrival_s = stage.hear()
    stage.events.append(arrived(arrival_s))
    groups = _draw_destinations(draw)
    number = draw(st.sampled_from(("", NUMBERS["acme-east"])))
    fate = Fate.BUSY
    for attempt, group in enumerate(groups, start=1):
        may_end = attempt == len(groups)
        if len(group) > 1:
            fate = draw(st.sampled_from(GROUP_FATES if may_end else (Fate.RINGS_OUT,)))
            _play_ring_group(stage, attempt, group, fate)
            continue
        fate = draw(st.sampled_from([f for f in Fate if may_end or f not in ENDS_CALL]))
        _play_attempt(stage, attempt, group[0], number or NUMBERS[group[0]], fate)
    if fate in ENDS_CALL:
        disposition, party = ENDS_CALL[fate]
    else:
        disposition, party = _play_ending(stage, len(groups) + 1)
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
        sids=tuple(stage.sids),
        hangup_party=party,
        connected_ms=stage.connected_ms,
        total_ms=max(total_ms, stage.connected_ms, 0),
        skippable=stage.skippable,
        all_was_told=stage.all_was_told,
    )


def _draw_destinations(draw: st.DrawFn) -> list[tuple[str, ...]]:
    """Who is dialled in each attempt: one destination, or some that ring together."""
    left = list(draw(st.permutations(tuple(NUMBERS))))
    groups: list[tuple[str, ...]] = []
    for _ in range(draw(st.integers(0, 4))):
        most = min(len(left), 3)
        size = draw(st.sampled_from((1, 1, most))) if most else 0
        if size:
            groups.append(tuple(left[:size]))
            del left[:size]
    return groups


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
    stage.sids.append((attempt, destination, leg_sid(attempt)))
    if bridged_ms is not None and mode is Mode.PLAIN:
        stage.connected_ms = duration_s * 1000
    elif bridged_ms is not None and mode is Mode.SCREENING:
        stage.connected_ms = max(
            0, round((ended_at - at(bridged_ms / 1000)).total_seconds() * 1000)
        )
    elif bridged_ms is not None:
        stage.counts_by_caller_leg = True
        stage.whispered_leg_s = duration_s
    _end_dial(stage, attempt, status, fate, duration_s if answered_ms is not None else None)


def _end_dial(
    stage: _Stage,
    attempt: int,
    status: LegStatus,
    fate: Fate,
    duration_s: int | None,
    *,
    sid: str | None = None,
    destination: str = "",
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
        attempt,
        heard,
        status,
        bridged=is_joined,
        caller=caller,
        duration_s=duration_s,
        sid=sid,
        destination=destination,
    )
    stage.events.append(action)
    if fate in ENDS_CALL:
        answer = closed(attempt + 1, heard, Closing.CONNECTED if is_joined else Closing.CALLER_GONE)
        stage.events.append(answer)
        stage.skippable = () if has_caller else (action, answer)


@dataclass(slots=True)
class _Phone:
    """One phone of a ring group; instants are milliseconds."""

    destination: str
    sid: str
    mode: Mode
    answered_ms: int | None = None
    ended_ms: int = 0
    status: LegStatus = LegStatus.CANCELED
    outcome: AttemptOutcome = AttemptOutcome.ELSEWHERE

    @property
    def is_answered(self) -> bool:
        return self.answered_ms is not None


def _play_ring_group(stage: _Stage, attempt: int, names: tuple[str, ...], fate: Fate) -> None:
    """All phones ring at once: one has the call, nobody answers in time, or the caller leaves."""
    phones = [
        _Phone(name, leg_sid(10 * attempt + index), stage.draw(st.sampled_from(Mode)))
        for index, name in enumerate(names)
    ]
    dials = [
        dial(
            phone.destination,
            whisper="A roofing call." if phone.mode is Mode.WHISPER else "",
            screening=PRESS_1 if phone.mode is Mode.SCREENING else None,
        )
        for phone in phones
    ]
    stage.events.append(ring_group(attempt, stage.now_ms / 1000, *dials))
    stage.pass_ms(20, 300)
    dialed_ms = stage.now_ms
    for phone in phones:
        stage.tell_leg(attempt, LegStatus.INITIATED, sid=phone.sid, destination=phone.destination)
    taker = stage.draw(st.sampled_from(phones)) if fate in _TALKS else None
    over_ms = _play_taker(stage, attempt, taker) if taker else _wait_in_vain(stage, fate)
    clear_ms = (taker.answered_ms or 0) if taker and taker.mode is Mode.WHISPER else over_ms
    # Whoever abandons it waits for one at least.
    waiting = stage.draw(st.sampled_from(phones))
    for phone in phones:
        if phone is not taker:
            ends = ("waits",) if phone is waiting else ("waits", "busy", "fails", "answers")
            own = stage.draw(st.sampled_from(ends))
            _play_beside(stage, attempt, phone, fate, own, dialed_ms, over_ms, clear_ms)
    stage.now_ms = over_ms
    spoken_of = taker or waiting
    _end_group(stage, attempt, phones, spoken_of, fate, dialed_ms)


_TALKS = (Fate.BUYER_ENDS_TALK, Fate.CALLER_ENDS_TALK)
_CLEARLY_MS = 4_000
"""By how much a leg must have ended before the others for its end to be its own beyond doubt."""


def _wait_in_vain(stage: _Stage, fate: Fate) -> int:
    waited = (500, 27_000) if fate is Fate.ABANDONED_RINGING else (28_000, 31_000)
    return stage.now_ms + stage.draw(st.integers(*waited))


def _play_taker(stage: _Stage, attempt: int, phone: _Phone) -> int:
    """The one who has the call, until the bridge; when that was."""
    stage.pass_ms(1_000, 25_000)
    phone.answered_ms = stage.now_ms
    phone.status, phone.outcome = LegStatus.COMPLETED, AttemptOutcome.CONNECTED
    destination, sid = phone.destination, phone.sid
    stage.tell_leg(attempt, LegStatus.IN_PROGRESS, destination=destination, sid=sid)
    if phone.mode is not Mode.PLAIN:
        stage.events.append(whispered(attempt, stage.heard(), destination=destination, sid=sid))
        stage.pass_ms(500, 9_000)
    if phone.mode is Mode.SCREENING:
        stage.events.append(
            screened(attempt, stage.hear(), accepted=True, destination=destination, sid=sid)
        )
    stage.answered_ms = stage.now_ms
    return stage.now_ms


def _play_beside(
    stage: _Stage,
    attempt: int,
    phone: _Phone,
    fate: Fate,
    own: str,
    dialed_ms: int,
    over_ms: int,
    clear_ms: int,
) -> None:
    """A phone that hasn't the call: its own end, or the carrier's when the others are over."""
    destination, sid = phone.destination, phone.sid
    phone.ended_ms = over_ms
    soon_ms = dialed_ms + stage.draw(st.integers(300, 4_000))
    if own in ("busy", "fails") and soon_ms <= over_ms:
        phone.ended_ms = soon_ms
        phone.status = LegStatus.BUSY if own == "busy" else LegStatus.FAILED
        phone.outcome = AttemptOutcome.BUSY if own == "busy" else AttemptOutcome.FAILED
        return
    if fate is Fate.RINGS_OUT:
        phone.status, phone.outcome = LegStatus.NO_ANSWER, AttemptOutcome.NO_ANSWER
    else:
        phone.status = stage.draw(st.sampled_from((LegStatus.CANCELED, LegStatus.NO_ANSWER)))
        abandoned = fate is Fate.ABANDONED_RINGING
        phone.outcome = AttemptOutcome.ABANDONED if abandoned else AttemptOutcome.ELSEWHERE
    answered_ms = dialed_ms + stage.draw(st.integers(800, 15_000))
    refused_ms = answered_ms + stage.draw(st.integers(500, 9_000))
    refuses = refused_ms + _CLEARLY_MS <= clear_ms
    listens = fate is not Fate.RINGS_OUT and answered_ms <= over_ms
    if own != "answers" or phone.mode is Mode.PLAIN or not (refuses or listens):
        return
    phone.answered_ms, phone.status = answered_ms, LegStatus.COMPLETED
    stage.now_ms = answered_ms
    stage.tell_leg(attempt, LegStatus.IN_PROGRESS, destination=destination, sid=sid)
    stage.events.append(whispered(attempt, stage.heard(), destination=destination, sid=sid))
    if refuses:
        phone.ended_ms, phone.outcome = refused_ms, AttemptOutcome.DECLINED
        stage.now_ms = refused_ms
        if phone.mode is Mode.SCREENING and stage.draw(st.booleans()):
            stage.events.append(
                screened(attempt, stage.heard(), accepted=False, destination=destination, sid=sid)
            )


def _end_group(
    stage: _Stage,
    attempt: int,
    phones: list[_Phone],
    spoken_of: _Phone,
    fate: Fate,
    dialed_ms: int,
) -> None:
    """Every leg's end, the talk of the one that has the call, and the Dial's action."""
    bridged_ms = over_ms = stage.now_ms
    if fate in _TALKS:
        over_ms = spoken_of.ended_ms = bridged_ms + stage.draw(st.integers(3_000, 600_000))
    elif fate is Fate.RINGS_OUT:
        over_ms = max(phone.ended_ms for phone in phones)
    durations: dict[str, int] = {}
    for phone in phones:
        stage.now_ms = phone.ended_ms
        durations[phone.sid] = stage.spent_s(phone.answered_ms or phone.ended_ms)
        stage.tell_leg(
            attempt,
            phone.status,
            durations[phone.sid],
            sid=phone.sid,
            destination=phone.destination,
        )
        stage.outcomes.append((phone.destination, phone.outcome))
        stage.sids.append((attempt, phone.destination, phone.sid))
        stage.legs.append(
            CarrierLeg(
                leg_sid=phone.sid,
                dial_string=NUMBERS[phone.destination],
                status=phone.status,
                started_at=whole(dialed_ms / 1000),
                ended_at=whole(phone.ended_ms / 1000),
                duration_s=durations[phone.sid],
            )
        )
    stage.now_ms = over_ms
    duration_s = durations[spoken_of.sid]
    if fate in _TALKS and spoken_of.mode is Mode.PLAIN:
        stage.connected_ms = duration_s * 1000
    elif fate in _TALKS and spoken_of.mode is Mode.SCREENING:
        talk = whole(over_ms / 1000) - at(bridged_ms / 1000)
        stage.connected_ms = max(0, round(talk.total_seconds() * 1000))
    elif fate in _TALKS:
        stage.counts_by_caller_leg, stage.whispered_leg_s = True, duration_s
    _end_dial(
        stage,
        attempt,
        spoken_of.status,
        fate,
        duration_s if spoken_of.is_answered else None,
        sid=spoken_of.sid,
        destination=phones[0].destination,
    )


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
        stage.connected_ms = 1000 * min(duration_s, stage.whispered_leg_s)
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
