"""Events of a call in a person's words, one line each."""

from datetime import datetime
from functools import singledispatch

from callrouter.cli.decision_text import say_decision
from callrouter.domain.calls.events import (
    CallArrived,
    CallEnded,
    CallSwept,
    DialEnded,
    FallbackAsked,
    LegProgressed,
    LegSwept,
    RouteDecided,
    ScreeningAnswered,
    SweepGaveUp,
    VoicemailRecorded,
    WhisperStarted,
)


@singledispatch
def describe_event(event: object) -> tuple[str, str]:
    """What an event is called, and what it says. Raises TypeError for what isn't an event."""
    raise TypeError(f"{type(event).__name__} isn't an event of a call")


@describe_event.register
def _(event: CallArrived) -> tuple[str, str]:
    whence = " ".join(p for p in (event.caller_state, event.caller_country) if p)
    told = f"{event.ani or 'nobody'} called {event.did or 'nothing'}"
    told += f" from {whence}" if whence else ""
    return "arrived", told + (", degraded" if event.degraded else "")


@describe_event.register
def _(event: RouteDecided) -> tuple[str, str]:
    degraded = ", by last known good" if event.degraded else ""
    attempt = f"attempt {event.decision.attempt}: " if event.decision.dial else ""
    return "decided", f"{attempt}{say_decision(event.decision)}{degraded}"


@describe_event.register
def _(event: DialEnded) -> tuple[str, str]:
    if event.status is None:
        return "dial ended", f"attempt {event.attempt}: its report was lost"
    told = [f"attempt {event.attempt}: {event.status}"]
    if event.bridged is not None:
        told.append("bridged" if event.bridged else "not bridged")
    if event.duration_s is not None:
        told.append(f"{event.duration_s} s by the carrier")
    told.append(f"caller {event.caller_status}")
    return "dial ended", ", ".join(told)


@describe_event.register
def _(event: LegProgressed) -> tuple[str, str]:
    told = [f"{_name_leg(event)}: {event.status}", *_carrier(event.occurred_at)]
    if event.duration_s is not None:
        told.append(f"{event.duration_s} s by the carrier")
    if event.sip_code is not None:
        told.append(f"SIP {event.sip_code}")
    return "leg", ", ".join(told)


@describe_event.register
def _(event: WhisperStarted) -> tuple[str, str]:
    return "whisper", f"{_name_leg(event)}: the buyer answered and is spoken to"


@describe_event.register
def _(event: ScreeningAnswered) -> tuple[str, str]:
    pressed = "took the call" if event.accepted else "pressed another key"
    return "screening", f"{_name_leg(event)}: the buyer {pressed}"


@describe_event.register
def _(event: VoicemailRecorded) -> tuple[str, str]:
    end = ", then the caller hung up" if event.caller_hung_up else ""
    return "voicemail", f"{event.duration_s} s recorded{end}"


@describe_event.register
def _(event: FallbackAsked) -> tuple[str, str]:
    return "fallback", f"carrier error {event.error_code} with {event.error_url}"


@describe_event.register
def _(event: CallEnded) -> tuple[str, str]:
    return "ended", _describe_end("caller's leg", event.status, event.occurred_at, event.duration_s)


@describe_event.register
def _(event: CallSwept) -> tuple[str, str]:
    return "swept", _describe_end("caller's leg", event.status, event.ended_at, event.duration_s)


@describe_event.register
def _(event: LegSwept) -> tuple[str, str]:
    whose = f"leg to {event.dial_string}"
    return "swept", _describe_end(whose, event.status, event.ended_at, event.duration_s)


@describe_event.register
def _(event: SweepGaveUp) -> tuple[str, str]:
    return "gave up", event.reason


def _name_leg(event: LegProgressed | WhisperStarted | ScreeningAnswered) -> str:
    """Which phone it is about: an attempt may have rung several."""
    destination = f", {event.destination_id}" if event.destination_id else ""
    return f"attempt {event.attempt}{destination}"


def _describe_end(whose: str, status: str, at: datetime | None, duration_s: int | None) -> str:
    told = [f"{whose} {status}", *_carrier(at)]
    if duration_s is not None:
        told.append(f"{duration_s} s by the carrier")
    return ", ".join(told)


def _carrier(at: datetime | None) -> list[str]:
    """The carrier's own stamp, which has whole seconds."""
    return [] if at is None else [f"at {at:%H:%M:%S}Z"]
