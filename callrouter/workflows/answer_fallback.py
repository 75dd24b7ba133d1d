"""Twilio could not use one of our answers and asks the fallback URL what to do with the call.

Often the first request is still running here, or its answer was lost on the way: the fallback gets
the answer that was recorded. Where none was, the call goes on from what is known.
"""

import re
from urllib.parse import SplitResult, parse_qs, urlsplit

from callrouter.adapters.twilio.links import ATTEMPTS, SCREENING, VOICEMAIL, WHISPER
from callrouter.adapters.twilio.twiml import render_hangup
from callrouter.domain.events import (
    CallArrived,
    DialEnded,
    FallbackAsked,
    LegStatus,
    WhisperStarted,
)
from callrouter.workflows.advance_call import advance_call
from callrouter.workflows.record_event import record_for_listener
from callrouter.workflows.route_call import route_call
from callrouter.workflows.screen_buyer import find_decided, whisper_to_buyer
from callrouter.workflows.switchboard import Switchboard

_STEP = re.compile(rf"(?:{ATTEMPTS}|{WHISPER}|{SCREENING})/([0-9]{{1,3}})$")


def answer_fallback(
    board: Switchboard,
    seller_id: str,
    asked: FallbackAsked,
    arrived: CallArrived,
    caller_status: LegStatus,
    leg_sid: str,
    raw: str,
) -> str:
    """The TwiML for a fallback request.

    `leg_sid` is the buyer's leg when the request is about one, else "". An unknown call is an
    arrival: then the first request never reached us.
    """
    url = _split(asked.error_url)
    step = _STEP.search(url.path)
    query = parse_qs(url.query)
    destination_id = query.get("d", [""])[0]
    if leg_sid:
        return _answer_leg(board, seller_id, asked, arrived, leg_sid, destination_id, step, raw)
    if url.path.endswith(VOICEMAIL):
        record_for_listener(board, seller_id, asked, arrived, raw)
        return render_hangup()  # the message is left; all that we had to say was goodbye
    if step is None:
        answer = route_call(board, seller_id, arrived, raw)
        record_for_listener(board, seller_id, asked, arrived, raw)
        return answer
    record_for_listener(board, seller_id, asked, arrived, raw)
    attempt = int(step[1])
    stored = find_decided(board, seller_id, asked.call_sid, attempt + 1)
    if stored is not None:
        return stored.twiml
    lost = _lose_action(asked, attempt, destination_id, caller_status)
    tried = tuple(d for d in query.get("tried", [""])[0].split(".") if d)
    return advance_call(board, seller_id, lost, arrived, tried, raw)


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


def _answer_leg(
    board: Switchboard,
    seller_id: str,
    asked: FallbackAsked,
    arrived: CallArrived,
    leg_sid: str,
    destination_id: str,
    step: re.Match[str] | None,
    raw: str,
) -> str:
    """The buyer's side: whisper again; after a lost key press let it go and try the next."""
    record_for_listener(board, seller_id, asked, arrived, raw)
    if step is None or step[0].startswith(SCREENING):
        return render_hangup()
    started = WhisperStarted(
        call_sid=asked.call_sid,
        received_at=asked.received_at,
        attempt=int(step[1]),
        destination_id=destination_id,
        leg_sid=leg_sid,
    )
    return whisper_to_buyer(board, seller_id, started, arrived, raw)
