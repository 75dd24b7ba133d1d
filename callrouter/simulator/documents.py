"""Gets the TwiML of the caller's leg: from the URL that should give it, else from the fallback."""

import asyncio
from dataclasses import dataclass

from callrouter.simulator.account import Method
from callrouter.simulator.faults import Fault
from callrouter.simulator.live_call import LiveCall
from callrouter.simulator.truth import HangupParty, Window
from callrouter.simulator.twiml import Element, Refusal, read_twiml
from callrouter.simulator.webhooks import (
    CONNECTION_FAILED,
    FETCH_FAILED,
    Form,
    NoAnswer,
    Webhook,
    WebhookKind,
)

DIALS_FOR_NOBODY = 0
"""No code of Twilio's: a <Dial> in an answer that was told that the caller has gone."""

ERROR_MESSAGE_S = 4.0
_SLOW_KINDS = frozenset({WebhookKind.VOICE, WebhookKind.ACTION})


@dataclass(frozen=True, slots=True)
class Document:
    """Legal TwiML: its verbs, the URL that relative ones in it start from, when it was asked for.

    `fetched` runs from sending the webhook to having its answer.
    """

    url: str
    verbs: tuple[Element, ...]
    fetched: Window

    def dials_after(self, position: int) -> bool:
        """Whether a <Dial> comes after the first `position` verbs."""
        return any(verb.name == "Dial" for verb in self.verbs[position:])


async def ask_for_document(
    call: LiveCall, webhook: Webhook, *, whisper: bool = False
) -> Document | int:
    """Send one webhook and read its answer: a document, or the carrier's error code for it.

    Whatever is wrong with the answer is noted as a violation.
    """
    result = await call.ask(webhook)
    if isinstance(result, NoAnswer):
        call.violate(result.code, webhook.bare_url, result.problem)
        return result.code
    if not result.is_success:
        call.violate(FETCH_FAILED, webhook.bare_url, f"answered {result.status}")
        return FETCH_FAILED
    reading = read_twiml(result.body, result.content_type, whisper=whisper)
    if isinstance(reading, Refusal):
        for problem in reading.problems:
            call.violate(problem.code, webhook.bare_url, str(problem))
        return reading.code
    return Document(webhook.bare_url, reading.verbs, Window(result.sent_at, result.answered_at))


class Documents:
    """Where the caller's leg gets its next document from."""

    def __init__(self, call: LiveCall) -> None:
        self._call = call

    async def fetch(
        self, kind: WebhookKind, method: Method, url: str, extra: Form = ()
    ) -> Document | None:
        """The next document, asked for while the caller waits; None leaves the call ended.

        If the caller hangs up meanwhile the request goes on: whom its answer would have dialled
        tells what the caller gave up on. If neither the URL nor the fallback gives a document the
        caller hears an application error.
        """
        call = self._call
        obtaining = call.spawn(self._obtain(call.webhook(kind, method, url, extra)))
        if not await call.waits_for(obtaining):
            call.spawn(self._note_what_came_too_late(obtaining))
            return None
        document = obtaining.result()
        call.heard_anything = True
        if document is None:
            await self._play_error()
        return document

    async def report(self, kind: WebhookKind, method: Method, url: str, extra: Form) -> None:
        """Ask with the caller gone: the answer must still be TwiML, but none of it is run."""
        webhook = self._call.webhook(kind, method, url, extra)
        document = await ask_for_document(self._call, webhook)
        if isinstance(document, Document) and document.dials_after(0):
            problem = "dials although CallStatus says that the caller has gone"
            self._call.violate(DIALS_FOR_NOBODY, webhook.bare_url, problem)

    async def _obtain(self, webhook: Webhook) -> Document | None:
        call = self._call
        if self._is_slow(webhook):
            late = await self._give_up_on(webhook)
            if call.over:
                return await late
            code = CONNECTION_FAILED
        else:
            document = await ask_for_document(call, webhook)
            if isinstance(document, Document):
                return document
            code = document
        if call.over or not call.did.fallback_url:
            return None
        call.fallbacks += 1
        error = (("ErrorCode", str(code)), ("ErrorUrl", webhook.bare_url))
        did = call.did
        fallback = call.webhook(WebhookKind.FALLBACK, did.fallback_method, did.fallback_url, error)
        document = await ask_for_document(call, fallback)
        return document if isinstance(document, Document) else None

    def _is_slow(self, webhook: Webhook) -> bool:
        if webhook.kind not in _SLOW_KINDS or not self._call.did.fallback_url:
            return False
        return self._call.faults.hits(Fault.SLOW, webhook.name)

    async def _give_up_on(self, webhook: Webhook) -> asyncio.Task[Document | None]:
        """Send a webhook whose answer is not waited for; it is delivered all the same.

        Half of the voice webhooks are given up at once, so that the fallback is asked while the
        first request still runs. The others, and every Dial action, have been answered by then,
        as they would be after the 15 s that Twilio waits: the fallback doesn't tell how a Dial
        ended, so the router must have had a chance to hear it.
        """
        late = self._call.spawn(self._ask_in_vain(webhook))
        chance = self._call.chance.of("given up at once", webhook.name)
        if webhook.kind is not WebhookKind.VOICE or chance.random() < 0.5:
            await asyncio.wait({late})
        return late

    async def _ask_in_vain(self, webhook: Webhook) -> Document | None:
        document = await ask_for_document(self._call, webhook)
        return document if isinstance(document, Document) else None

    async def _note_what_came_too_late(self, obtaining: asyncio.Task[Document | None]) -> None:
        document = await obtaining
        if document is not None:
            self._call.missed_a_dial |= document.dials_after(0)

    async def _play_error(self) -> None:
        """The carrier's own "an application error has occurred"; then it hangs up."""
        call = self._call
        call.caller_heard_error = True
        call.answer(call.clock.now())
        await call.stay(ERROR_MESSAGE_S)
        call.end(HangupParty.ROUTER)
