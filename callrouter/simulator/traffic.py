"""Places calls at a rate: a bounded run that returns every truth, or one that goes on for ever."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from callrouter.simulator.account import Account, Did, make_sid
from callrouter.simulator.call_log import CallLog
from callrouter.simulator.caller import draw_caller
from callrouter.simulator.caller_leg import CallerLeg
from callrouter.simulator.cast import Cast
from callrouter.simulator.chance import Chance
from callrouter.simulator.clock import VirtualClock
from callrouter.simulator.faults import Faults
from callrouter.simulator.live_call import Exchange, LiveCall
from callrouter.simulator.truth import CallTruth
from callrouter.simulator.verdict import judge
from callrouter.simulator.webhooks import WebhookSender

ENDLESS_KEEPS_CALLS = 20_000


@dataclass(frozen=True, slots=True)
class TrafficPlan:
    """What a run does.

    `calls_per_s` counts real seconds and is a mean: callers come at random intervals. Callers,
    phones and faults depend on `seed` alone. `run` goes into the SIDs: give each run of a seed
    against one database another, or the second run's calls are taken for repeats. `get_share` is
    the share of calls to a number with `voice_method="GET"` that are really placed by GET.
    """

    calls: int = 100
    calls_per_s: float = 10.0
    seed: str = "1"
    run: str = ""
    faults: Faults = field(default_factory=Faults)
    get_share: float = 1.0

    def __post_init__(self) -> None:
        if self.calls < 0 or self.calls_per_s <= 0:
            raise ValueError(f"{self.calls} calls at {self.calls_per_s} a second can't be placed")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is; `closed` calls have ended and every webhook about them was sent."""

    placed: int
    closed: int

    @property
    def in_progress(self) -> int:
        """Calls that were placed and are not closed."""
        return self.placed - self.closed


OnProgress: TypeAlias = Callable[[Progress], None]
OnTruth: TypeAlias = Callable[[CallTruth], None]


async def run_traffic(
    account: Account,
    cast: Cast,
    plan: TrafficPlan,
    clock: VirtualClock,
    on_progress: OnProgress = lambda _: None,
    *,
    log: CallLog | None = None,
) -> tuple[CallTruth, ...]:
    """Place `plan.calls` calls and wait until all have ended and every webhook was sent.

    The truths come in the order in which the calls were placed. `log` is what a RestApi of the
    same carrier answers from. Calls still in progress are dropped when this is cancelled.
    """
    truths: dict[int, CallTruth] = {}
    async with WebhookSender(clock, account.token) as sender:
        traffic = _Traffic(account, cast, plan, clock, sender, log or CallLog())
        async with asyncio.TaskGroup() as group:
            for number in range(plan.calls):
                await traffic.wait_for_turn(number)
                group.create_task(traffic.place(number, on_progress, truths.__setitem__))
    return tuple(truths[number] for number in range(plan.calls))


async def run_until(
    stop: asyncio.Event,
    account: Account,
    cast: Cast,
    plan: TrafficPlan,
    clock: VirtualClock,
    on_progress: OnProgress = lambda _: None,
    *,
    on_truth: OnTruth = lambda _: None,
    log: CallLog | None = None,
) -> None:
    """Place calls (`plan.calls` is ignored) until `stop` is set, then drop those in progress.

    No truth is kept: each goes to `on_truth` and is forgotten. Without a `log` the last
    ENDLESS_KEEPS_CALLS calls are kept for nobody; give the RestApi's own, with such a limit.
    """
    async with WebhookSender(clock, account.token) as sender:
        own_log = log if log is not None else CallLog(ENDLESS_KEEPS_CALLS)
        traffic = _Traffic(account, cast, plan, clock, sender, own_log)
        placing = asyncio.create_task(traffic.place_for_ever(on_progress, on_truth))
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({placing, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
            placing.cancel()
            with suppress(asyncio.CancelledError):
                await placing


class _Traffic:
    """The calls of one run."""

    def __init__(
        self,
        account: Account,
        cast: Cast,
        plan: TrafficPlan,
        clock: VirtualClock,
        sender: WebhookSender,
        log: CallLog,
    ) -> None:
        self._account = account
        self._cast = cast
        self._plan = plan
        self._exchange = Exchange(account, cast, clock, sender, log, plan.faults, clock.now())
        self._clock = clock
        self._next_at_s = clock.stopwatch_s()
        self._placed = self._closed = 0

    async def wait_for_turn(self, number: int) -> None:
        """Wait until call `number` is due; a run that fell behind catches up."""
        gap = Chance(self._plan.seed, number).of("gap")
        self._next_at_s += gap.expovariate(self._plan.calls_per_s)
        await asyncio.sleep(max(0.0, self._next_at_s - self._clock.stopwatch_s()))

    async def place_for_ever(self, on_progress: OnProgress, on_truth: OnTruth) -> None:
        """Place one call after another; cancelling this drops those in progress."""
        async with asyncio.TaskGroup() as group:
            number = 0
            while True:
                await self.wait_for_turn(number)
                group.create_task(self.place(number, on_progress, lambda _, truth: on_truth(truth)))
                number += 1

    async def place(
        self,
        number: int,
        on_progress: OnProgress,
        keep: Callable[[int, CallTruth], None],
    ) -> None:
        """Place call `number`, live through it and hand on its truth."""
        chance = Chance(self._plan.seed, number)
        did = self._draw_did(chance)
        caller = draw_caller(self._cast.callers, chance.of("caller"))
        sid = make_sid("CA", self._account.sid, self._plan.seed, self._plan.run, number)
        call = LiveCall(self._exchange, did, caller, sid, chance)
        self._placed += 1
        on_progress(Progress(self._placed, self._closed))
        try:
            await CallerLeg(call).run()
            await call.close()
        except asyncio.CancelledError:
            call.cancel()
            raise
        keep(number, judge(call))
        self._closed += 1
        on_progress(Progress(self._placed, self._closed))

    def _draw_did(self, chance: Chance) -> Did:
        draw = chance.of("did")
        did = draw.choice(self._account.dids)
        by_post = draw.random() >= self._plan.get_share
        return replace(did, voice_method="POST") if by_post else did
