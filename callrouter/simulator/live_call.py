"""One call in progress: its state at the carrier, and the webhooks that are sent about it.

Knows neither TwiML nor dialling; those drive it.
"""

import asyncio
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, TypeVar
from uuid import NAMESPACE_OID, uuid5

from callrouter.simulator.account import Account, Did, Method
from callrouter.simulator.call_log import CallLog, CallRecord, CallStatus, Direction
from callrouter.simulator.callbacks import Callbacks
from callrouter.simulator.caller import Caller, call_token, place_of
from callrouter.simulator.cast import Cast
from callrouter.simulator.chance import Chance
from callrouter.simulator.clock import VirtualClock
from callrouter.simulator.faults import Faults
from callrouter.simulator.forms import leg_form, status_form
from callrouter.simulator.truth import AttemptTruth, HangupParty, Violation, Window
from callrouter.simulator.webhooks import (
    FETCH_FAILED,
    Answer,
    Form,
    NoAnswer,
    Webhook,
    WebhookKind,
    WebhookSender,
)

ANSWERED_DIFFERENTLY = 0
"""No code of Twilio's: an answer to a repeated webhook that isn't the first one byte for byte."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Exchange:
    """What all calls of a run share."""

    account: Account
    cast: Cast
    clock: VirtualClock
    sender: WebhookSender
    log: CallLog
    faults: Faults
    opened_at: datetime


class Attempted(Protocol):
    """An attempt whose truth can be told once every webhook about it was answered."""

    dial_string: str

    def truth(self) -> AttemptTruth:
        """What it came to."""
        ...


class LiveCall:
    """A call from its arrival to the last answer to the last webhook about it.

    Public attributes are the carrier's view, filled in as the call goes; see CallTruth for what
    they come to mean.
    """

    def __init__(
        self, exchange: Exchange, did: Did, caller: Caller, sid: str, chance: Chance
    ) -> None:
        self.exchange = exchange
        self.clock = exchange.clock
        self.did = did
        self.caller = caller
        self.chance = chance
        self.faults = exchange.faults.of_call(chance)
        arrived_at = self.clock.now()
        self.record = CallRecord(
            sid=sid,
            parent_sid=None,
            caller=caller.number,
            called=did.number,
            direction=Direction.INBOUND,
            number_sid=did.sid,
            started_at=arrived_at,
            status=CallStatus.RINGING,
        )
        exchange.log.add(self.record)
        self.leaves_at = arrived_at
        self.keep_patience()
        self.callbacks = Callbacks(self.clock, self.faults, self._tell, self.spawn)
        self.attempts: list[Attempted] = []
        self.violations: list[Violation] = []
        self.heard_anything = self.left_during_dial = self.missed_a_dial = False
        self.answered_by_leg = ""
        self.recorded_s = 0
        self.hangup_party = HangupParty.ROUTER
        self.conversation_ended_by: HangupParty | None = None
        self.caller_heard_error = False
        self.first_sent_at: datetime | None = None
        self.first_answered_at: datetime | None = None
        self.accepted_webhooks = self.retries = self.fallbacks = self.slowest_answer_ms = 0
        self._tasks: list[asyncio.Task[object]] = []
        self._asked: Counter[WebhookKind] = Counter()

    @property
    def over(self) -> bool:
        """Whether the caller's leg has ended."""
        return self.record.ended_at is not None

    @property
    def first_webhook(self) -> Window | None:
        """Between which instants the router can have stamped the call's arrival."""
        if self.first_sent_at is None or self.first_answered_at is None:
            return None
        return Window(self.first_sent_at, self.first_answered_at)

    def keep_patience(self) -> None:
        """The caller waits for somebody from now on."""
        self.leaves_at = self.clock.now() + timedelta(seconds=self.caller.patience_s)

    async def stay(self, seconds: float) -> bool:
        """Let virtual seconds pass; False if the caller hung up during them."""
        until = self.clock.now() + timedelta(seconds=seconds)
        await self.clock.sleep_until(min(until, self.leaves_at))
        if until <= self.leaves_at:
            return True
        self.end(HangupParty.CALLER)
        return False

    async def waits_for(self, task: asyncio.Task[T]) -> bool:
        """Whether the caller is still there when `task` is done; it goes on if they aren't."""
        while not task.done():
            left_s = self.clock.real_s_until(self.leaves_at)
            if left_s == 0:
                self.end(HangupParty.CALLER)
                return False
            await asyncio.wait({task}, timeout=left_s)
        return True

    def answer(self, at: datetime, by_leg: str = "") -> None:
        """Answer the caller's leg, unless it is: `by_leg` when that leg's bridge does it."""
        if self.record.answered_at is None:
            self.record.answered_at = at
            self.record.status = CallStatus.IN_PROGRESS
            self.answered_by_leg = by_leg

    def end(
        self,
        party: HangupParty,
        at: datetime | None = None,
        unanswered: CallStatus = CallStatus.NO_ANSWER,
    ) -> None:
        """End the caller's leg and tell the number's status URL at once; a second end is none."""
        if self.over:
            return
        record = self.record
        record.ended_at = at or self.clock.now()
        record.status = CallStatus.COMPLETED if record.answered_at else unanswered
        self.hangup_party = party
        if self.did.status_url:
            form = status_form(self._form(), record, record.ended_at, sequence=0)
            self.post_callback(
                WebhookKind.NUMBER_STATUS, self.did.status_method, self.did.status_url, form, "end"
            )

    def violate(self, code: int, url: str, problem: str) -> None:
        """Note that the router broke the carrier's rules."""
        self.violations.append(Violation(code, url, problem))

    def webhook(
        self,
        kind: WebhookKind,
        method: Method,
        url: str,
        extra: Form = (),
        form: Form | None = None,
    ) -> Webhook:
        """A webhook about the caller's leg as it stands now, or about the leg of `form`."""
        self._asked[kind] += 1
        own = self._form() if form is None else form
        if kind in {WebhookKind.VOICE, WebhookKind.FALLBACK}:
            own += self.caller.extras
        if kind is WebhookKind.VOICE and method == "POST":
            own += (("CallToken", call_token(self.record.sid)),)
        name = f"{kind}:{self._asked[kind]}"
        return Webhook(kind, method, url, own + extra, name, self._token(name))

    def post_callback(
        self, kind: WebhookKind, method: Method, url: str, form: Form, topic: str
    ) -> bool:
        """Send a status callback the way the faults of this call allow; whether it will be."""
        name = f"{kind}:{topic}"
        return self.callbacks.post(Webhook(kind, method, url, form, name, self._token(name)))

    async def ask(self, webhook: Webhook) -> Answer | NoAnswer:
        """Send a webhook whose answer is TwiML; cancelling the wait doesn't cancel the request."""
        sending = self.spawn(self._send(webhook))
        again_after_s = self.faults.repeat_after_s(webhook.name)
        if again_after_s is not None:
            self.spawn(self._ask_again(webhook, again_after_s, sending))
        return await asyncio.shield(sending)

    def spawn(self, work: Coroutine[None, None, T]) -> asyncio.Task[T]:
        """Run something beside the call; `close` waits for it and raises what it raised."""
        task = asyncio.create_task(work)
        self._tasks.append(task)
        return task

    async def close(self) -> None:
        """Send what was kept back, wait until everything was sent and answered."""
        self.callbacks.release()
        while self._tasks:
            tasks, self._tasks = self._tasks, []
            await asyncio.gather(*tasks)

    def cancel(self) -> None:
        """Drop whatever is still being sent: the run was stopped."""
        for task in self._tasks:
            task.cancel()

    def _form(self) -> Form:
        account_sid = self.exchange.account.sid
        return leg_form(account_sid, self.record, self.caller.place, place_of(self.did.number))

    def _token(self, name: str) -> str:
        return str(uuid5(NAMESPACE_OID, f"{self.record.sid}:{name}"))

    async def _send(self, webhook: Webhook) -> Answer | NoAnswer:
        result = await self.exchange.sender.send(webhook)
        self.retries += result.retries
        if webhook.kind.wants_twiml:
            self.first_sent_at = min(self.first_sent_at or result.sent_at, result.sent_at)
        if isinstance(result, Answer):
            self.slowest_answer_ms = max(self.slowest_answer_ms, result.took_ms)
            if result.is_success:
                self.accepted_webhooks += 1
                self._note_answered(webhook, result.answered_at)
        return result

    def _note_answered(self, webhook: Webhook, at: datetime) -> None:
        if webhook.kind.wants_twiml:
            self.first_answered_at = min(self.first_answered_at or at, at)

    async def _tell(self, webhook: Webhook) -> None:
        self._check_taken(webhook, await self._send(webhook))

    def _check_taken(self, webhook: Webhook, result: Answer | NoAnswer) -> None:
        if isinstance(result, NoAnswer):
            self.violate(result.code, webhook.bare_url, result.problem)
        elif not result.is_success:
            self.violate(FETCH_FAILED, webhook.bare_url, f"answered {result.status}")

    async def _ask_again(
        self, webhook: Webhook, after_s: float, first: asyncio.Task[Answer | NoAnswer]
    ) -> None:
        """Repeat a webhook: the answer must be the first one's, byte for byte."""
        await self.clock.sleep(after_s)
        again = await self._send(webhook)
        self._check_taken(webhook, again)
        before = await first
        if not (isinstance(before, Answer) and isinstance(again, Answer)):
            return
        if before.is_success and again.is_success and before.body != again.body:
            problem = f"repeated webhook answered {again.body!r}, at first {before.body!r}"
            self.violate(ANSWERED_DIFFERENTLY, webhook.bare_url, problem)
