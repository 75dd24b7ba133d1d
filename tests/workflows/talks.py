"""Whole calls through the webhooks, in one line each."""

from datetime import timedelta

from callrouter.adapters.storage.calls import append_event
from callrouter.domain.calls.events import LegStatus, LegSwept
from callrouter.workflows.switchboard import Switchboard
from tests.switchboards import SELLER, FakeClock
from tests.twilio_side import ANI, TwilioSide, caller_fields

_RING_S = 10


def sid_of(number: int) -> str:
    """The SID of the nth call of a test."""
    return f"CA{'d' * 24}{number:08}"


def leg_of(number: int) -> str:
    """The SID of its buyer's leg."""
    return f"CA{'e' * 24}{number:08}"


def talk(
    twilio: TwilioSide,
    clock: FakeClock,
    number: int,
    seconds: int,
    *,
    start: float = 0,
    ani: str = ANI,
) -> str:
    """A call that rings at acme-east for 10 s and talks for some seconds; its SID."""
    sid = begin_talk(twilio, clock, number, seconds, start=start, ani=ani)
    end_talk(twilio, number, seconds, ani=ani)
    return sid


def begin_talk(
    twilio: TwilioSide,
    clock: FakeClock,
    number: int,
    seconds: int,
    *,
    start: float = 0,
    ani: str = ANI,
) -> str:
    """All of it but the end of the caller's leg, after which the call is over."""
    sid, leg = sid_of(number), leg_of(number)
    clock.set(start)
    twilio.post("/twilio/voice", caller_fields("ringing", call_sid=sid, ani=ani))
    clock.set(start + _RING_S + seconds)
    attempt = "/twilio/attempts/1?d=acme-east&tried=acme-east"
    joined = {
        "DialCallStatus": "completed",
        "DialBridged": "true",
        "DialCallSid": leg,
        "DialCallDuration": str(seconds),
    }
    twilio.post(attempt, caller_fields("in-progress", call_sid=sid, ani=ani) | joined)
    buyer = {
        "CallSid": leg,
        "ParentCallSid": sid,
    }
    ended = caller_fields("completed", call_sid=sid, ani=ani) | buyer
    twilio.post("/twilio/legs/1?d=acme-east", ended | {"Direction": "outbound-dial"})
    return sid


def end_talk(twilio: TwilioSide, number: int, seconds: int, *, ani: str = ANI) -> None:
    """The caller's leg ends, which closes the call; any number of times."""
    over = caller_fields("completed", call_sid=sid_of(number), ani=ani, CallDuration=str(seconds))
    twilio.post("/twilio/status", over)


def late_event(board: Switchboard, sid: str, seconds: int) -> None:
    """The carrier's own record of the buyer's leg, whose callback had told of no duration."""
    at = board.clock.now() - timedelta(seconds=1)
    ended = LegSwept(
        call_sid=sid,
        received_at=at,
        leg_sid=leg_of(int(sid[-8:])),
        dial_string="+12125550171",
        status=LegStatus.COMPLETED,
        started_at=at - timedelta(seconds=seconds),
        ended_at=at,
        duration_s=seconds,
    )
    append_event(board.database, SELLER.seller_id, ended, None)
