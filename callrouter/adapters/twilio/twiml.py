"""Decisions in Twilio's words: TwiML, built with Twilio's own SDK.

Knows how to say it, not what to say.
"""

from dataclasses import replace
from functools import lru_cache
from urllib.parse import quote

from twilio.twiml.voice_response import Dial as DialVerb
from twilio.twiml.voice_response import Gather, VoiceResponse

from callrouter.adapters.twilio.links import Links
from callrouter.domain.numbers import is_sip_address
from callrouter.domain.routing.decision import Closing, Decision, Dial
from callrouter.domain.tables.routing_table import Screening

_LEG_EVENTS = "initiated ringing answered completed"
_APOLOGY = "We are sorry, your call can't be completed right now. Please try again later."
_NOT_IN_SERVICE = "The number that you have dialled is not in service."


def render_decision(decision: Decision, links: Links, tried: tuple[str, ...], call_sid: str) -> str:
    """What Twilio is told to do with the caller now; `tried` are the earlier destinations."""
    dials = decision.dials
    if dials:
        if any(dial.sip_header for dial in dials):
            dials = tuple(_name_call(dial, call_sid) for dial in dials)
            return _render_dial(dials, decision.attempt, links, tried)
        return _render_shared_dial(dials, decision.attempt, links, tried)
    response = VoiceResponse()
    if decision.say:
        response.say(decision.say, language=decision.language)
    elif decision.closing is Closing.NOT_IN_SERVICE:
        response.say(_NOT_IN_SERVICE)
    if decision.closing is Closing.VOICEMAIL:
        response.record(
            action=links.voicemail(),
            method="POST",
            max_length=decision.voicemail_max_s,
            play_beep=True,
            timeout=10,
        )
    response.hangup()
    return str(response)


def _name_call(dial: Dial, call_sid: str) -> Dial:
    """The same with the call's id in its SIP address, as Twilio's page on <Sip> wants headers."""
    address = dial.dial_string
    if not dial.sip_header or not is_sip_address(address):
        return dial
    joint = "?" if "?" not in address else "" if address[-1] in "?&" else "&"
    header = f"{quote(dial.sip_header, safe='')}={quote(call_sid, safe='')}"
    return replace(dial, dial_string=f"{address}{joint}{header}")


def _render_dial(
    dials: tuple[Dial, ...], attempt: int, links: Links, tried: tuple[str, ...]
) -> str:
    """One <Dial>; its own attributes are those of the first of `dials`."""
    first = dials[0]
    rung = tuple(dial.destination_id for dial in dials)
    verb = DialVerb(
        answer_on_bridge=True,
        timeout=first.ring_s,
        time_limit=first.call_s,
        caller_id=first.caller_id,
        action=links.attempt_ended(attempt, rung, tried),
        method="POST",
    )
    for dial in dials:
        _add_noun(verb, dial, attempt, links)
    response = VoiceResponse()
    response.append(verb)
    return str(response)


# Nothing in it belongs to one call alone, so that most calls are told what others were told.
_render_shared_dial = lru_cache(maxsize=8192)(_render_dial)


def _add_noun(verb: DialVerb, dial: Dial, attempt: int, links: Links) -> None:
    screened = dial.whisper or dial.screening
    told = {
        "url": links.whisper(attempt, dial.destination_id) if screened else None,
        "method": "POST" if screened else None,
        "status_callback": links.leg_progress(attempt, dial.destination_id),
        "status_callback_event": _LEG_EVENTS,
        "status_callback_method": "POST",
    }
    if is_sip_address(dial.dial_string):
        verb.sip(dial.dial_string, **told)
    else:
        verb.number(dial.dial_string, send_digits=dial.send_digits or None, **told)


def render_whisper(
    whisper: str, screening: Screening | None, language: str, screening_url: str
) -> str:
    """What the buyer hears after answering; without a key pressed in time, the leg is hung up."""
    response = VoiceResponse()
    if whisper:
        response.say(whisper, language=language)
    if screening is not None:
        gather = Gather(
            action=screening_url,
            method="POST",
            input="dtmf",
            num_digits=1,
            timeout=screening.wait_s,
        )
        gather.say(screening.prompt, language=language)
        response.append(gather)
        response.hangup()
    return str(response)


def render_bridge() -> str:
    """Join the two: TwiML that ends without hanging up."""
    return str(VoiceResponse())


def render_hangup() -> str:
    """End this leg."""
    response = VoiceResponse()
    response.hangup()
    return str(response)


def render_apology() -> str:
    """The last thing left to say, when not even the last known good table can be used."""
    response = VoiceResponse()
    response.say(_APOLOGY)
    response.hangup()
    return str(response)
