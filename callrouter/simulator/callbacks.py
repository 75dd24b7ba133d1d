"""The status callbacks of one call: sent as they happen, unless a fault says otherwise."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import TypeAlias

from callrouter.simulator.clock import VirtualClock
from callrouter.simulator.faults import CallFaults, Fault
from callrouter.simulator.webhooks import Webhook, WebhookKind

Tell: TypeAlias = Callable[[Webhook], Awaitable[None]]
Spawn: TypeAlias = Callable[[Coroutine[None, None, None]], asyncio.Task[None]]


class Callbacks:
    """A call's outbox. Each callback goes its own way: nothing promises their order."""

    def __init__(self, clock: VirtualClock, faults: CallFaults, tell: Tell, spawn: Spawn) -> None:
        self._clock = clock
        self._faults = faults
        self._tell = tell
        self._spawn = spawn
        self._shuffled = faults.hits(Fault.SHUFFLE)
        self._kept_back: list[Webhook] = []

    def post(self, webhook: Webhook) -> bool:
        """Send a callback soon: whether it will be. Those about a recording never get lost.

        No one could ask for it.
        """
        may_be_lost = webhook.kind is not WebhookKind.RECORDING_STATUS
        if may_be_lost and self._faults.hits(Fault.LOSE, webhook.name):
            return False
        if self._shuffled:
            self._kept_back.append(webhook)
        else:
            self._spawn(self._send(webhook))
        return True

    def release(self) -> None:
        """The call has ended: what was kept back to be shuffled goes out, one after the other."""
        if self._kept_back:
            self._spawn(self._send_shuffled())

    async def _send_shuffled(self) -> None:
        kept_back = sorted(self._kept_back, key=lambda webhook: webhook.name)
        self._kept_back = []
        self._faults.chance.of("shuffled order").shuffle(kept_back)
        for webhook in kept_back:
            await self._send(webhook)

    async def _send(self, webhook: Webhook) -> None:
        await self._clock.sleep(self._faults.delay_s(webhook.name))
        await self._tell(webhook)
        again_after_s = self._faults.repeat_after_s(webhook.name)
        if again_after_s is not None:
            await self._clock.sleep(again_after_s)
            await self._tell(webhook)
