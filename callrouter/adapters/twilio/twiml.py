"""Decisions in Twilio's words: TwiML, built with Twilio's own SDK.

Knows how to say it, not what to say.
"""

from functools import lru_cache

from twilio.twiml.voice_response import Dial as DialVerb
from twilio.twiml.voice_response import Gather, VoiceResponse

from callrouter.adapters.twilio.links import Links
from callrouter.domain.decision import Closing, Decision, Dial
from callrouter.domain.routing_table import Screening

_LEG_EVENTS = "initiated ringing answered completed"
_APOLOGY = "We are sorry, your call can't be completed right now. Please try again later."
_NOT_IN_SERVICE = "The number that you have dialled is not in service."


def render_decision(decision: Decision, links: Links, tried: tuple[str, ...]) -> str:
    """What Twilio is told to do with the caller now; `tried` are the earlier destinations."""
    if decision.dial is not None:
        return _render_dial(decision.dial, decision.attempt, links, tried)
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


# Nothing in it belongs to one call alone, so that most calls are told what others were told.
@lru_cache(maxsize=8192)
def _render_dial(dial: Dial, attempt: int, links: Links, tried: tuple[str, ...]) -> str:
    response = VoiceResponse()
    response.append(_dial_verb(dial, attempt, links, tried))
    return str(response)


def _dial_verb(dial: Dial, attempt: int, links: Links, tried: tuple[str, ...]) -> DialVerb:
    verb = DialVerb(
        answer_on_bridge=True,
        timeout=dial.ring_s,
        time_limit=dial.call_s,
        caller_id=dial.caller_id,
        action=links.attempt_ended(attempt, dial.destination_id, tried),
        method="POST",
    )
    screened = dial.whisper or dial.screening
    is_sip = dial.dial_string.lower().startswith(("sip:", "sips:"))
    add_noun = verb.sip if is_sip else verb.number
    add_noun(
        dial.dial_string,
        url=links.whisper(attempt, dial.destination_id) if screened else None,
        method="POST" if screened else None,
        status_callback=links.leg_progress(attempt, dial.destination_id),
        status_callback_event=_LEG_EVENTS,
        status_callback_method="POST",
    )
    return verb


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
