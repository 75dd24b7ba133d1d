"""Plays a whisper to whoever answered, before the bridge: whether they may be bridged after it."""

import asyncio
from datetime import datetime, timedelta
from urllib.parse import urljoin

from callrouter.simulator.account import Method
from callrouter.simulator.cast import Reaction
from callrouter.simulator.documents import Document, ask_for_document
from callrouter.simulator.hearing import gather, hearing_s
from callrouter.simulator.legs import Leg, method_of
from callrouter.simulator.twiml import Element
from callrouter.simulator.webhooks import Form, Webhook, WebhookKind

MAX_DOCUMENTS = 20
LOOPS = 0
"""No code of Twilio's: the documents of a whisper lead to one another without end."""

_KEYS = {Reaction.ACCEPTS: "1", Reaction.DECLINES: "2"}


class Screening:
    """One whisper on one answered leg.

    A document that ends without Hangup lets the bridge happen. One that can't be had or run ends
    the leg: what Twilio does then is not documented, and no bridge is the safe reading.
    """

    def __init__(self, leg: Leg) -> None:
        self._leg = leg
        self._clock = leg.call.clock
        self._hangs_up_at: datetime | None = None
        if leg.phone.reaction is Reaction.HANGS_UP and leg.record.answered_at is not None:
            after = timedelta(seconds=leg.phone.press_after_s)
            self._hangs_up_at = leg.record.answered_at + after

    async def passes(self, url: str) -> bool:
        """Run the whisper at `url`: True if the leg may be bridged now."""
        leg = self._leg
        target = urljoin(leg.base_url, url)
        step = await self._fetch(WebhookKind.WHISPER, method_of(leg.noun), target, ())
        for _ in range(MAX_DOCUMENTS):
            if not isinstance(step, Document):
                return step
            leg.whisper = leg.whisper or step.fetched
            step = await self._play(step)
        leg.call.violate(LOOPS, target, f"more than {MAX_DOCUMENTS} documents in one whisper")
        return False

    async def _fetch(
        self, kind: WebhookKind, method: Method, url: str, extra: Form
    ) -> Document | bool:
        """The document, or False. Asking goes on if the leg is taken down meanwhile."""
        webhook = self._leg.call.webhook(kind, method, url, extra, form=self._leg.form)
        return await asyncio.shield(self._leg.call.spawn(self._ask(webhook)))

    async def _ask(self, webhook: Webhook) -> Document | bool:
        document = await ask_for_document(self._leg.call, webhook, whisper=True)
        if not isinstance(document, Document):
            return False
        if webhook.kind is WebhookKind.SCREENING:
            self._leg.refused_by_key = "Hangup" in (verb.name for verb in document.verbs)
        return document

    async def _play(self, document: Document) -> Document | bool:
        for verb in document.verbs:
            if verb.name == "Hangup":
                return False
            if verb.name == "Gather":
                step = await self._gather(verb, document)
                if step is not True:
                    return step
            elif not await self._listens(hearing_s(verb)):
                return False
        return True

    async def _gather(self, verb: Element, document: Document) -> Document | bool:
        """The next document if a key was pressed; True to go on with the next verb."""
        leg = self._leg
        leg.screened = True
        phone = leg.phone
        gathered = gather(verb, _KEYS.get(phone.reaction, ""), phone.press_after_s)
        if not await self._listens(gathered.after_s):
            return False
        if gathered.digits is None and not verb.flag("actionOnEmptyResult"):
            return True
        target = urljoin(document.url, verb.attributes.get("action", document.url))
        digits = (("Digits", gathered.digits or ""),)
        step = await self._fetch(WebhookKind.SCREENING, method_of(verb), target, digits)
        if isinstance(step, Document) and gathered.digits:
            leg.accepted = step.fetched
        return step

    async def _listens(self, seconds: float) -> bool:
        """Let virtual seconds pass; False if the callee hung up during them."""
        until = self._clock.now() + timedelta(seconds=seconds)
        leaves_at = self._hangs_up_at
        if leaves_at is not None and leaves_at <= until:
            await self._clock.sleep_until(leaves_at)
            return False
        await self._clock.sleep_until(until)
        return True
