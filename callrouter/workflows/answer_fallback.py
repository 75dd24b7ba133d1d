"""Twilio could not use one of our answers and asks the fallback URL what to do with the call.

Often the first request is still running here, or its answer was lost on the way: the fallback gets
the answer that was recorded. Where none was, the call goes on from what is known.
"""

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qs, urlsplit

from callrouter.adapters.twilio.links import ATTEMPTS, SCREENING, VOICE, VOICEMAIL, WHISPER
from callrouter.adapters.twilio.twiml import render_bridge, render_hangup
from callrouter.domain.calls.events import (
    CallArrived,
    DialEnded,
    FallbackAsked,
    LegStatus,
    RouteDecided,
    ScreeningAnswered,
    WhisperStarted,
)
from callrouter.domain.routing.decision import Closing
from callrouter.workflows.advance_call import advance_call
from callrouter.workflows.record_event import record_for_listener
from callrouter.workflows.route_call import route_call
from callrouter.workflows.screen_buyer import (
    answer_screening,
    has_accepted,
    whisper_to_buyer,
)
from callrouter.workflows.switchboard import Switchboard

_STEP = re.compile(rf"(?:{ATTEMPTS}|{WHISPER}|{SCREENING})/([0-9]{{1,3}})$")


def answer_fallback(
    board: Switchboard,
    seller_id: str,
    asked: FallbackAsked,
    arrived: CallArrived,
    caller_status: LegStatus,
    leg_sid: str,
    digits: str,
    raw: str,
) -> str:
    """The TwiML for a fallback request.

    `leg_sid` is the buyer's leg when the request is about one, else ""; `digits` what was pressed,
    where the request says so. An unknown call is an arrival: then the first request never reached
    us.
    """
    url = _split(asked.error_url)
    step = _STEP.search(url.path)
    query = parse_qs(url.query)
    destination_id = query.get("d", [""])[0]
    if leg_sid:
        leg = _Leg(leg_sid, int(step[1]) if step else 0, destination_id, digits)
        screens = step is not None and step[0].startswith(SCREENING)
        return _answer_leg(board, seller_id, asked, arrived, leg, raw, screens=screens)
    if url.path.endswith(VOICEMAIL):
        record_for_listener(board, seller_id, asked, arrived, raw)
        return render_hangup()  # the message is left; all that we had to say was goodbye
    if step is None:
        stored = _find_answer(board, seller_id, asked.call_sid, url.path, caller_status)
        answer = stored.twiml if stored else route_call(board, seller_id, arrived, raw)
        record_for_listener(board, seller_id, asked, arrived, raw)
        return answer
    record_for_listener(board, seller_id, asked, arrived, raw)
    attempt = int(step[1])
    stored = board.find_decided(seller_id, asked.call_sid, attempt + 1)
    if stored is not None:
        return stored.twiml
    lost = _lose_action(asked, attempt, destination_id, caller_status)
    tried = tuple(d for d in query.get("tried", [""])[0].split(".") if d)
    return advance_call(board, seller_id, lost, arrived, tried, raw)


def _find_answer(
    board: Switchboard, seller_id: str, call_sid: str, path: str, caller_status: LegStatus
) -> RouteDecided | None:
    """What a known call was told: first for its voice URL, last for a URL that isn't one of ours.

    Only a caller who has been talking, and hence isn't ringing, is never sent to ring again.
    """
    newest = board.find_decided(seller_id, call_sid, None)
    if newest is None or not path.endswith(VOICE):
        return newest
    has_talked = newest.decision.closing in (Closing.CONNECTED, Closing.CALLER_GONE)
    if has_talked and caller_status is not LegStatus.RINGING:
        return newest
    return board.find_decided(seller_id, call_sid, 1)


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")  # none of ours: the call is answered as at its arrival


def _lose_action(
    asked: FallbackAsked, attempt: int, destination_id: str, caller_status: LegStatus
) -> DialEnded:
    """What a Dial action that failed still tells: that the attempt is over."""
    return DialEnded(
        call_sid=asked.call_sid,
        received_at=asked.received_at,
        attempt=attempt,
        destination_id=destination_id,
        status=None,
        bridged=None,
        duration_s=None,
        caller_status=caller_status,
    )


@dataclass(frozen=True, slots=True)
class _Leg:
    """The buyer's leg that a fallback request is about, by its form and by our own URL."""

    leg_sid: str
    attempt: int
    destination_id: str
    digits: str


def _answer_leg(
    board: Switchboard,
    seller_id: str,
    asked: FallbackAsked,
    arrived: CallArrived,
    leg: _Leg,
    raw: str,
    *,
    screens: bool,
) -> str:
    """The buyer's side: whisper again; after a key press what it was answered, or is worth now.

    A key press of which nothing is known lets the buyer go, so that the next one is tried.
    """
    record_for_listener(board, seller_id, asked, arrived, raw)
    if not leg.attempt:
        return render_hangup()
    if not screens:
        started = WhisperStarted(
            call_sid=asked.call_sid,
            received_at=asked.received_at,
            attempt=leg.attempt,
            destination_id=leg.destination_id,
            leg_sid=leg.leg_sid,
        )
        return whisper_to_buyer(board, seller_id, started, arrived, raw)
    if has_accepted(board, seller_id, asked.call_sid, leg.leg_sid):
        return render_bridge()
    pressed = ScreeningAnswered(
        call_sid=asked.call_sid,
        received_at=asked.received_at,
        attempt=leg.attempt,
        destination_id=leg.destination_id,
        leg_sid=leg.leg_sid,
        accepted=False,
    )
    return answer_screening(board, seller_id, pressed, leg.digits, arrived, raw)
