"""Twilio's webhooks: each URL that a number's configuration or our TwiML names.

Where a caller listens the answer is always TwiML with 200; elsewhere 204, or a 4xx that says why.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

import structlog
from flask import Blueprint, Response, request

from callrouter.adapters.twilio import inbound, links, twiml
from callrouter.domain.calls.events import CallArrived, CallEvent
from callrouter.domain.errors import StorageUnavailableError
from callrouter.web.signed_request import Refused, SignedRequest, read_signed_request
from callrouter.workflows.advance_call import advance_call
from callrouter.workflows.answer_fallback import answer_fallback
from callrouter.workflows.record_event import record_event, record_for_listener
from callrouter.workflows.route_call import route_call
from callrouter.workflows.route_degraded import advance_degraded, route_degraded
from callrouter.workflows.screen_buyer import answer_screening, whisper_to_buyer
from callrouter.workflows.switchboard import Switchboard

log = structlog.get_logger()

MOST_CALLBACK_BYTES = 256 * 1024
"""No status callback of Twilio's comes near this; a longer one is refused with 413."""

_ATTEMPT = re.compile(r"[1-9][0-9]{0,2}")
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")


@dataclass(frozen=True, slots=True)
class Step:
    """What our own URL says of the attempt that it is about; attempt 0 where it is about none."""

    attempt: int = 0
    destination_id: str = ""
    tried: tuple[str, ...] = ()


Webhook = Callable[[Switchboard, SignedRequest, Step], str]
Callback = Callable[[Switchboard, SignedRequest, Step], str | None]


def make_webhooks(board: Switchboard) -> Blueprint:
    """The blueprint with every Twilio URL; each of them checks the signature first."""
    blueprint = Blueprint("twilio", __name__)

    def speak(path: str, webhook: Webhook) -> None:
        def view(attempt: str = "") -> Response:
            return _speak(board, webhook, attempt)

        blueprint.add_url_rule(path, webhook.__name__, view, methods=["GET", "POST"])

    def keep(path: str, callback: Callback) -> None:
        def view(attempt: str = "") -> Response:
            return _keep(board, callback, attempt)

        blueprint.add_url_rule(path, callback.__name__, view, methods=["GET", "POST"])

    speak(links.VOICE, voice)
    speak(links.FALLBACK, fallback)
    speak(f"{links.ATTEMPTS}/<attempt>", attempt_ended)
    speak(f"{links.WHISPER}/<attempt>", whisper)
    speak(f"{links.SCREENING}/<attempt>", screening)
    speak(links.VOICEMAIL, voicemail)
    keep(f"{links.LEGS}/<attempt>", leg_progress)
    keep(links.STATUS, call_status)
    return blueprint


def _speak(board: Switchboard, webhook: Webhook, attempt: str) -> Response:
    """Answer with TwiML, whatever breaks: a caller, or a buyer, is listening."""
    signed = read_signed_request(board, request)
    if isinstance(signed, Refused):
        return _refusal(signed)
    try:
        answer = webhook(board, signed, _read_step(attempt))
    except Exception:
        log.exception("webhook_broke", webhook=webhook.__name__, raw=signed.raw)
        answer = _answer_at_last(board, webhook, signed, _read_step(attempt))
    return Response(answer, mimetype="text/xml")


def _answer_at_last(board: Switchboard, webhook: Webhook, signed: SignedRequest, step: Step) -> str:
    """When our own code failed: the last known good table for a caller, a hang-up for a buyer."""
    try:
        if webhook in (voice, fallback):
            arrived = inbound.read_arrival(signed.form, signed.received_at)
            return route_degraded(board, signed.seller_id, arrived, signed.raw)
        if webhook is attempt_ended:
            arrived = inbound.read_arrival(signed.form, signed.received_at)
            ended = inbound.read_dial_end(
                signed.form, step.attempt, step.destination_id, signed.received_at
            )
            return advance_degraded(board, signed.seller_id, ended, arrived, step.tried, signed.raw)
        return twiml.render_hangup()
    except Exception:
        log.exception("last_known_good_broke", webhook=webhook.__name__)
        return twiml.render_apology()


def _keep(board: Switchboard, callback: Callback, attempt: str) -> Response:
    """Answer 204 when it is durable, or a 4xx that says what was wrong; nobody is listening."""
    if (request.content_length or 0) > MOST_CALLBACK_BYTES:
        log.warning("webhook_refused", path=request.path, reason="body too large")
        return _refusal(Refused(413, f"more than {MOST_CALLBACK_BYTES} bytes"))
    signed = read_signed_request(board, request)
    if isinstance(signed, Refused):
        return _refusal(signed)
    try:
        problem = callback(board, signed, _read_step(attempt))
    except StorageUnavailableError as error:
        # Neither database nor disk: Twilio keeps it for us, and sends it again.
        log.exception("callback_not_kept", raw=signed.raw, reason=str(error))
        return _refusal(Refused(error.status, "not kept; send it again"))
    if problem is None:
        return Response(status=204)
    log.warning("webhook_refused", path=request.path, reason=problem, raw=signed.raw)
    return _refusal(Refused(400, problem))


def _refusal(refused: Refused) -> Response:
    return Response(f"{refused.reason}\n", status=refused.status, mimetype="text/plain")


def _read_step(attempt: str) -> Step:
    """The attempt and what was tried, from our own URL; the signature has vouched for it."""
    if not _ATTEMPT.fullmatch(attempt):
        return Step()
    destination_id = request.args.get("d", "")
    tried = request.args.get("tried", "").split(".")
    return Step(
        attempt=int(attempt),
        destination_id=destination_id if _SLUG.fullmatch(destination_id) else "",
        tried=tuple(slug for slug in tried[:100] if _SLUG.fullmatch(slug)),
    )


def voice(board: Switchboard, signed: SignedRequest, _: Step) -> str:
    """A number's voice URL: a call has come in."""
    arrived = inbound.read_arrival(signed.form, signed.received_at)
    if not arrived.call_sid:
        log.warning("webhook_without_call", raw=signed.raw)
        return twiml.render_apology()
    return route_call(board, signed.seller_id, arrived, signed.raw)


def fallback(board: Switchboard, signed: SignedRequest, _: Step) -> str:
    """A number's fallback URL: one of our answers could not be fetched or run."""
    asked = inbound.read_fallback(signed.form, signed.received_at)
    if not asked.call_sid:
        log.warning("webhook_without_call", raw=signed.raw)
        return twiml.render_apology()
    leg_sid = ""
    arrived = inbound.read_arrival(signed.form, signed.received_at)
    if inbound.read_sid(signed.form, "ParentCallSid"):
        leg_sid, arrived = asked.call_sid, _unknown(signed)
        asked = replace(asked, call_sid=arrived.call_sid)
    caller_status = inbound.read_status(signed.form.get("CallStatus"))
    digits = signed.form.get("Digits", 8)
    return answer_fallback(
        board, signed.seller_id, asked, arrived, caller_status, leg_sid, digits, signed.raw
    )


def attempt_ended(board: Switchboard, signed: SignedRequest, step: Step) -> str:
    """The Dial action: an attempt is over."""
    arrived = inbound.read_arrival(signed.form, signed.received_at)
    if not arrived.call_sid or not step.attempt:
        log.warning("webhook_without_call", raw=signed.raw)
        return twiml.render_apology()
    ended = inbound.read_dial_end(
        signed.form, step.attempt, step.destination_id, signed.received_at
    )
    _note_unreadable(signed, ended)
    return advance_call(board, signed.seller_id, ended, arrived, step.tried, signed.raw)


def whisper(board: Switchboard, signed: SignedRequest, step: Step) -> str:
    """The buyer has answered: what to whisper."""
    started = inbound.read_whisper(
        signed.form, step.attempt, step.destination_id, signed.received_at
    )
    if not started.call_sid or not started.leg_sid or not step.attempt:
        log.warning("webhook_without_call", raw=signed.raw)
        return twiml.render_hangup()
    return whisper_to_buyer(board, signed.seller_id, started, _unknown(signed), signed.raw)


def screening(board: Switchboard, signed: SignedRequest, step: Step) -> str:
    """The buyer has pressed a key."""
    answered = inbound.read_screening(
        signed.form, step.attempt, step.destination_id, signed.received_at
    )
    if not answered.call_sid or not answered.leg_sid or not step.attempt:
        log.warning("webhook_without_call", raw=signed.raw)
        return twiml.render_hangup()
    digits = signed.form.get("Digits", 8)
    return answer_screening(board, signed.seller_id, answered, digits, _unknown(signed), signed.raw)


def voicemail(board: Switchboard, signed: SignedRequest, _: Step) -> str:
    """The caller has left a message."""
    recorded = inbound.read_voicemail(signed.form, signed.received_at)
    if recorded.call_sid:
        arrived = inbound.read_arrival(signed.form, signed.received_at)
        record_for_listener(board, signed.seller_id, recorded, arrived, signed.raw)
    else:
        log.warning("webhook_without_call", raw=signed.raw)
    return twiml.render_hangup()


def leg_progress(board: Switchboard, signed: SignedRequest, step: Step) -> str | None:
    """A status callback of a buyer's leg."""
    event = inbound.read_leg_progress(
        signed.form, step.attempt, step.destination_id, signed.received_at
    )
    if not event.call_sid:
        return "ParentCallSid is missing or malformed"
    if not event.leg_sid:
        return "CallSid is missing or malformed"
    if not step.attempt:
        return "the URL names no attempt"
    _note_unreadable(signed, event)
    record_event(board, signed.seller_id, event, _unknown(signed), signed.raw)
    return None


def call_status(board: Switchboard, signed: SignedRequest, _: Step) -> str | None:
    """A number's status callback: the caller's leg is over."""
    event = inbound.read_call_end(signed.form, signed.received_at)
    if not event.call_sid:
        return "CallSid is missing or malformed"
    _note_unreadable(signed, event)
    arrived = inbound.read_arrival(signed.form, signed.received_at)
    record_event(board, signed.seller_id, event, arrived, signed.raw)
    return None


def _note_unreadable(signed: SignedRequest, event: CallEvent) -> None:
    fields = inbound.find_unreadable(signed.form, event)
    if fields:
        log.warning("webhook_fields_unreadable", call=event.call_sid, fields=",".join(fields))


def _unknown(signed: SignedRequest) -> CallArrived:
    """What a buyer's leg tells of its call: nothing but that it exists; its numbers are its own."""
    parent_sid = inbound.read_sid(signed.form, "ParentCallSid")
    return CallArrived(call_sid=parent_sid, received_at=signed.received_at, did="", ani="")
