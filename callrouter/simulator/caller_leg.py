"""Runs a call from its first webhook to its end: plays document after document to the caller."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from enum import Enum
from typing import TypeAlias
from urllib.parse import urljoin

from callrouter.simulator.account import Method, make_sid
from callrouter.simulator.call_log import CallStatus
from callrouter.simulator.dialling import Dialling
from callrouter.simulator.documents import Document, Documents
from callrouter.simulator.forms import recording_status_form
from callrouter.simulator.hearing import gather, hearing_s
from callrouter.simulator.legs import method_of
from callrouter.simulator.live_call import LiveCall
from callrouter.simulator.truth import HangupParty
from callrouter.simulator.twiml import Element
from callrouter.simulator.webhooks import Form, WebhookKind

MAX_DOCUMENTS = 100
LOOPS = 0
"""No code of Twilio's: documents that lead to one another without end."""

_BEEP_S = 0.5
_MIN_MESSAGE_S = 1.0


class Flow(Enum):
    """Where a verb leaves the document: at the next verb, or the call is over."""

    NEXT = "next"
    OVER = "over"


Step: TypeAlias = Document | Flow
"""What a verb leads to; another document replaces the one that is played."""


class CallerLeg:
    """The caller's side of one call."""

    def __init__(self, call: LiveCall) -> None:
        self._call = call
        self._documents = Documents(call)
        self._verbs: Mapping[str, Callable[[Element, Document], Awaitable[Step]]] = {
            "Say": self._speak,
            "Play": self._speak,
            "Pause": self._pause,
            "Gather": self._gather,
            "Record": self._record,
            "Redirect": self._redirect,
            "Hangup": self._hang_up,
            "Reject": self._reject,
            "Dial": self._dial,
        }

    async def run(self) -> None:
        """Live through the call; afterwards it is over, webhooks about it may be outstanding."""
        call, did = self._call, self._call.did
        step = await self._fetch(WebhookKind.VOICE, did.voice_method, did.voice_url, ())
        for _ in range(MAX_DOCUMENTS):
            if not isinstance(step, Document):
                break
            step = await self._play(step)
        else:
            problem = f"more than {MAX_DOCUMENTS} documents in one call"
            call.violate(LOOPS, did.voice_url, problem)
        call.end(HangupParty.ROUTER)

    async def _fetch(self, kind: WebhookKind, method: Method, url: str, extra: Form) -> Step:
        document = await self._documents.fetch(kind, method, url, extra)
        return Flow.OVER if document is None else document

    async def _play(self, document: Document) -> Step:
        """Play verb after verb; the call ends where the document does."""
        for position, verb in enumerate(document.verbs, start=1):
            step = await self._verbs[verb.name](verb, document)
            if isinstance(step, Document):
                return step
            if step is Flow.OVER:
                self._note_what_was_not_reached(document, position)
                return step
        return Flow.OVER

    def _note_what_was_not_reached(self, document: Document, position: int) -> None:
        """The caller left with a <Dial> further down: somebody was still to be dialled."""
        verb = document.verbs[position - 1]
        if self._call.hangup_party is HangupParty.CALLER and verb.name in {"Say", "Play", "Pause"}:
            self._call.missed_a_dial |= document.dials_after(position)

    async def _stay(self, seconds: float) -> Flow:
        return Flow.NEXT if await self._call.stay(seconds) else Flow.OVER

    async def _speak(self, verb: Element, _document: Document) -> Step:
        """Anything heard answers the call; an empty Say is no more than a pause."""
        if verb.text or verb.name == "Play":
            self._call.answer(self._call.clock.now())
        return await self._stay(hearing_s(verb))

    async def _pause(self, verb: Element, _document: Document) -> Step:
        return await self._stay(hearing_s(verb))

    async def _gather(self, verb: Element, document: Document) -> Step:
        call, caller = self._call, self._call.caller
        call.answer(call.clock.now())
        gathered = gather(verb, caller.digits, caller.press_after_s)
        if not await call.stay(gathered.after_s):
            return Flow.OVER
        if gathered.digits is None and not verb.flag("actionOnEmptyResult"):
            return Flow.NEXT
        target = urljoin(document.url, verb.attributes.get("action", document.url))
        digits = (("Digits", gathered.digits or ""), ("FinishedOnKey", ""), ("msg", "Gather End"))
        return await self._fetch(WebhookKind.GATHER, method_of(verb), target, digits)

    async def _record(self, verb: Element, document: Document) -> Step:
        """Whoever leaves no message hangs up at the beep; silence is never asked about."""
        call = self._call
        call.answer(call.clock.now())
        if call.caller.message_s < _MIN_MESSAGE_S:
            await call.clock.sleep(_BEEP_S)
            call.end(HangupParty.CALLER)
            return Flow.OVER
        max_length_s = float(verb.integer("maxLength", 3600))
        spoken_s = min(call.caller.message_s, max_length_s)
        await call.clock.sleep(spoken_s)
        call.recorded_s = int(spoken_s)
        key = self._end_of_message(verb, at_limit=spoken_s == max_length_s)
        recording_sid = make_sid("RE", call.record.sid, document.url)
        form = (
            ("RecordingUrl", self._recording_url(recording_sid)),
            ("RecordingSid", recording_sid),
            ("RecordingDuration", str(call.recorded_s)),
            ("Digits", key),
        )
        target = urljoin(document.url, verb.attributes.get("action", document.url))
        if key == "hangup":
            call.end(HangupParty.CALLER)
        self._tell_of_recording(verb, document, recording_sid)
        if call.over:
            method = method_of(verb)
            call.spawn(self._documents.report(WebhookKind.RECORD, method, target, form))
            return Flow.OVER
        call.keep_patience()
        return await self._fetch(WebhookKind.RECORD, method_of(verb), target, form)

    def _end_of_message(self, verb: Element, *, at_limit: bool) -> str:
        """How the message ended, as `Digits` says it: a key, the hang-up, or nothing (silence)."""
        keys = verb.attributes.get("finishOnKey", "1234567890*#")
        choice = self._call.chance.of("end of message").random()
        if at_limit:
            return ""
        if choice < 0.2 and keys:
            return keys[-1]
        return "hangup" if choice < 0.8 else ""

    def _recording_url(self, recording_sid: str) -> str:
        account_sid = self._call.exchange.account.sid
        return (
            f"https://api.twilio.com/2010-04-01/Accounts/{account_sid}/Recordings/{recording_sid}"
        )

    def _tell_of_recording(self, verb: Element, document: Document, recording_sid: str) -> None:
        call = self._call
        url = verb.attributes.get("recordingStatusCallback")
        events = verb.attributes.get("recordingStatusCallbackEvent", "completed").split()
        if url is None or "completed" not in events:
            return
        form = recording_status_form(
            account_sid=call.exchange.account.sid,
            call_sid=call.record.sid,
            recording_sid=recording_sid,
            recording_url=self._recording_url(recording_sid),
            started_at=call.clock.now() - timedelta(seconds=call.recorded_s),
            duration_s=call.recorded_s,
        )
        method = method_of(verb, "recordingStatusCallbackMethod")
        target = urljoin(document.url, url)
        call.post_callback(WebhookKind.RECORDING_STATUS, method, target, form, recording_sid)

    async def _redirect(self, verb: Element, document: Document) -> Step:
        target = urljoin(document.url, verb.text)
        return await self._fetch(WebhookKind.REDIRECT, method_of(verb), target, ())

    async def _hang_up(self, _verb: Element, _document: Document) -> Step:
        self._call.end(HangupParty.ROUTER)
        return Flow.OVER

    async def _reject(self, verb: Element, _document: Document) -> Step:
        """A call that is not answered yet ends `busy` or `no-answer`, as the reason says."""
        busy = verb.attributes.get("reason") == "busy"
        status = CallStatus.BUSY if busy else CallStatus.NO_ANSWER
        self._call.end(HangupParty.ROUTER, unanswered=status)
        return Flow.OVER

    async def _dial(self, verb: Element, document: Document) -> Step:
        call = self._call
        dialling = Dialling(call, verb, document.url)
        await dialling.run()
        action = verb.attributes.get("action")
        if action is None:
            return Flow.OVER if call.over else Flow.NEXT
        target, form = urljoin(document.url, action), dialling.result_form()
        if call.over:
            method = method_of(verb)
            call.spawn(self._documents.report(WebhookKind.ACTION, method, target, form))
            return Flow.OVER
        return await self._fetch(WebhookKind.ACTION, method_of(verb), target, form)
