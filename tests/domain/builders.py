"""Events, tables and directories in the few words that a test cares about; seconds count from T0.

The carrier's stamps are whole seconds, as on the wire.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from callrouter.domain.calls.attempt import Attempt
from callrouter.domain.calls.call import CallHistory, read_history
from callrouter.domain.calls.events import (
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
from callrouter.domain.numbers import Caller, read_caller
from callrouter.domain.routing import next_destination
from callrouter.domain.routing.conditions import Conditions
from callrouter.domain.routing.decision import CallSoFar, Closing, Decision, Dial
from callrouter.domain.routing.plan import Plan, make_plan
from callrouter.domain.tables.directory import Buyer, Destination, Directory
from callrouter.domain.tables.routing_table import (
    Limits,
    NobodyLeft,
    Route,
    RoutingTable,
    Screening,
)
from callrouter.domain.tables.rules import Recovery

T0 = datetime(2026, 9, 15, 17, 0, tzinfo=UTC)
CALL_SID = "CA" + "a" * 32
DID = "+18005550100"
ANI = "+14155550123"
SAME_SECOND = datetime.min.replace(tzinfo=UTC)
"""As a stamp: the second in which the event arrived."""
PRESS_1 = Screening("Press 1 to take the call.")

NUMBERS = {
    "acme-east": "+12125550111",
    "acme-west": "+13105550112",
    "bolt": "+13125550113",
    "cosy": "+17135550114",
    "dash": "+12065550115",
    "spare": "+18005550119",
}
"""Every destination of the tests with its number; its buyer is the name's first word."""


def at(seconds: float) -> datetime:
    """So many seconds after T0."""
    return T0 + timedelta(seconds=seconds)


def whole(seconds: float) -> datetime:
    """The carrier's stamp for that instant: the part of a second cut off."""
    return at(seconds).replace(microsecond=0)


def leg_sid(attempt: int) -> str:
    """The id of the leg that the carrier makes for an attempt."""
    return f"CA{attempt:032x}"


def buyer_of(destination: str) -> str:
    return destination.split("-")[0]


def arrived(seconds: float = 0.0, *, did: str = DID, ani: str = ANI) -> CallArrived:
    return CallArrived(call_sid=CALL_SID, received_at=at(seconds), did=did, ani=ani)


def decided(
    attempt: int,
    seconds: float,
    destination: str = "acme-east",
    *,
    whisper: str = "",
    screening: Screening | None = None,
    overflow: bool = False,
    call_s: int = 14_400,
    table_version: int = 7,
    dial_string: str = "",
    send_digits: str = "",
    recovery: Recovery | None = None,
    also: tuple[Dial, ...] = (),
) -> RouteDecided:
    """We answered with a Dial of `destination`, and of `also` beside it."""
    first = dial(
        destination,
        whisper=whisper,
        screening=screening,
        overflow=overflow,
        call_s=call_s,
        dial_string=dial_string,
        send_digits=send_digits,
        recovery=recovery,
    )
    return _decided(attempt, seconds, table_version, dial=first, also=also)


def ring_group(attempt: int, seconds: float, *dials: Dial) -> RouteDecided:
    """We answered with a Dial that rings all of these at once."""
    return _decided(attempt, seconds, 7, dial=dials[0], also=dials[1:])


def dial(
    destination: str = "acme-east",
    *,
    whisper: str = "",
    screening: Screening | None = None,
    overflow: bool = False,
    call_s: int = 14_400,
    dial_string: str = "",
    send_digits: str = "",
    recovery: Recovery | None = None,
) -> Dial:
    return Dial(
        destination_id=destination,
        buyer_id=buyer_of(destination),
        dial_string=dial_string or NUMBERS[destination],
        ring_s=25,
        call_s=call_s,
        caller_id=None,
        whisper=whisper,
        screening=screening,
        overflow=overflow,
        send_digits=send_digits,
        recovery=recovery,
    )


def closed(
    attempt: int, seconds: float, closing: Closing, *, table_version: int = 7
) -> RouteDecided:
    """We answered without dialling: a message, a voicemail, or a mere hang-up."""
    return _decided(attempt, seconds, table_version, closing=closing)


def _decided(
    attempt: int,
    seconds: float,
    table_version: int,
    *,
    dial: Dial | None = None,
    closing: Closing | None = None,
    also: tuple[Dial, ...] = (),
) -> RouteDecided:
    decision = Decision(
        attempt=attempt,
        campaign_id="roofing",
        publisher="radio",
        table_version=table_version,
        directory_version=3,
        candidates=(),
        dial=dial,
        closing=closing,
        also=also,
    )
    return RouteDecided(
        call_sid=CALL_SID, received_at=at(seconds), decision=decision, twiml="<Response/>"
    )


def leg(
    attempt: int,
    seconds: float,
    status: LegStatus,
    *,
    duration_s: int | None = None,
    stamp: datetime | None = SAME_SECOND,
    sid: str | None = None,
    destination: str = "",
) -> LegProgressed:
    """A status callback of the attempt's leg."""
    return LegProgressed(
        call_sid=CALL_SID,
        received_at=at(seconds),
        attempt=attempt,
        destination_id=destination,
        leg_sid=leg_sid(attempt) if sid is None else sid,
        status=status,
        occurred_at=whole(seconds) if stamp is SAME_SECOND else stamp,
        duration_s=duration_s,
    )


def dial_ended(
    attempt: int,
    seconds: float,
    status: LegStatus | None,
    *,
    bridged: bool | None = False,
    caller: LegStatus = LegStatus.RINGING,
    duration_s: int | None = None,
    sid: str | None = None,
    destination: str = "",
) -> DialEnded:
    return DialEnded(
        call_sid=CALL_SID,
        received_at=at(seconds),
        attempt=attempt,
        destination_id=destination,
        status=status,
        bridged=bridged,
        duration_s=duration_s,
        leg_sid=leg_sid(attempt) if sid is None else sid,
        caller_status=caller,
    )


def whispered(
    attempt: int, seconds: float, *, destination: str = "", sid: str | None = None
) -> WhisperStarted:
    return WhisperStarted(
        call_sid=CALL_SID,
        received_at=at(seconds),
        attempt=attempt,
        destination_id=destination,
        leg_sid=leg_sid(attempt) if sid is None else sid,
    )


def screened(
    attempt: int,
    seconds: float,
    *,
    accepted: bool,
    destination: str = "",
    sid: str | None = None,
) -> ScreeningAnswered:
    return ScreeningAnswered(
        call_sid=CALL_SID,
        received_at=at(seconds),
        attempt=attempt,
        destination_id=destination,
        leg_sid=leg_sid(attempt) if sid is None else sid,
        accepted=accepted,
    )


def ended(
    seconds: float,
    status: LegStatus = LegStatus.COMPLETED,
    *,
    duration_s: int | None = None,
    stamp: datetime | None = SAME_SECOND,
) -> CallEnded:
    """The number's status callback."""
    return CallEnded(
        call_sid=CALL_SID,
        received_at=at(seconds),
        status=status,
        occurred_at=whole(seconds) if stamp is SAME_SECOND else stamp,
        duration_s=duration_s,
    )


def swept(
    seconds: float,
    status: LegStatus = LegStatus.COMPLETED,
    *,
    started: datetime | None = None,
    ended: datetime | None = None,
    duration_s: int | None = None,
) -> CallSwept:
    return CallSwept(
        call_sid=CALL_SID,
        received_at=at(seconds),
        status=status,
        started_at=started,
        ended_at=ended,
        duration_s=duration_s,
    )


def leg_swept(
    attempt: int,
    seconds: float,
    status: LegStatus = LegStatus.COMPLETED,
    *,
    number: str = NUMBERS["acme-east"],
    started: datetime | None = None,
    ended: datetime | None = None,
    duration_s: int | None = None,
    sid: str | None = None,
) -> LegSwept:
    return LegSwept(
        call_sid=CALL_SID,
        received_at=at(seconds),
        leg_sid=leg_sid(attempt) if sid is None else sid,
        dial_string=number,
        status=status,
        started_at=started,
        ended_at=ended,
        duration_s=duration_s,
    )


def gave_up(seconds: float) -> SweepGaveUp:
    return SweepGaveUp(call_sid=CALL_SID, received_at=at(seconds), reason="no such call")


def recorded(seconds: float, duration_s: int, *, caller_hung_up: bool = False) -> VoicemailRecorded:
    return VoicemailRecorded(
        call_sid=CALL_SID,
        received_at=at(seconds),
        duration_s=duration_s,
        caller_hung_up=caller_hung_up,
    )


def fallback_asked(seconds: float, error_code: str = "11200", path: str = "voice") -> FallbackAsked:
    return FallbackAsked(
        call_sid=CALL_SID,
        received_at=at(seconds),
        error_code=error_code,
        error_url=f"https://calls.example.com/twilio/{path}",
    )


def only_attempt(events: Iterable[CallEvent]) -> tuple[Attempt, CallHistory]:
    """The one attempt of these events, with the history that it belongs to."""
    history = read_history(events)
    (attempt,) = history.attempts
    return attempt, history


def directory(*destinations: str, off: tuple[str, ...] = (), version: int = 3) -> Directory:
    """These destinations of NUMBERS, all when none is named; those in `off` switched off."""
    named = destinations or tuple(NUMBERS)
    buyers = {buyer_of(d): Buyer(buyer_of(d), buyer_of(d).title(), "UTC") for d in named}
    return Directory(
        version=version,
        buyers=buyers,
        destinations={
            d: Destination(d, buyer_of(d), NUMBERS.get(d, "+12125550199"), enabled=d not in off)
            for d in named
        },
    )


def table(
    *routes: Route | str,
    limits: Limits | None = None,
    nobody_left: NobodyLeft | None = None,
) -> RoutingTable:
    """A table with these routes; a bare name is a route with the defaults."""
    return RoutingTable(
        campaign_id="roofing",
        numbers=(),
        routes=tuple(Route(r) if isinstance(r, str) else r for r in routes),
        version=7,
        limits=limits or Limits(),
        nobody_left=nobody_left or NobodyLeft(),
    )


def call(
    *tried: str, sid: str = CALL_SID, caller: Caller | None = None, ring_ms: int = 0
) -> CallSoFar:
    """A call that has tried these destinations so far."""
    return CallSoFar(sid, DID, caller or read_caller(ANI), "radio", tried, ring_ms)


def degraded(event: CallArrived | RouteDecided) -> CallArrived | RouteDecided:
    return replace(event, degraded=True)


def decide(
    of_table: RoutingTable,
    of_directory: Directory,
    so_far: CallSoFar,
    conditions: Conditions | None = None,
) -> Decision:
    """The decision about a call at T0 under conditions that hold nothing back."""
    plan = _plan(of_table, of_directory)
    return next_destination.decide(plan, so_far, conditions or Conditions(at=T0))


_last_planned: list[tuple[RoutingTable, Directory, Plan]] = []


def _plan(of_table: RoutingTable, of_directory: Directory) -> Plan:
    """The plan of a table; thousands of draws by one table need it once."""
    for known_table, known_directory, plan in _last_planned:
        if known_table is of_table and known_directory is of_directory:
            return plan
    plan = make_plan(of_table, of_directory)
    _last_planned[:] = [(of_table, of_directory, plan)]
    return plan


_EVERYBODY = directory()


def rank_routes(of_table: RoutingTable, sid: str) -> list[Route]:
    """The routes in the order in which a call would try them."""
    so_far = CallSoFar(sid, DID, read_caller(ANI))
    decision = decide(of_table, _EVERYBODY, so_far)
    by_destination = {route.destination_id: route for route in of_table.routes}
    return [by_destination[c.destination_id] for c in decision.candidates if not c.overflow]
