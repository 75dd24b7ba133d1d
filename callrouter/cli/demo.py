"""`callrouter demo`: simulated callers, three buyers, outages, and a page that shows it all."""

import asyncio
import secrets
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import click

from callrouter.adapters.storage.migrations import upgrade
from callrouter.cli.options import example
from callrouter.cli.rehearsal import (
    Stage,
    find_free_port,
    make_account,
    name_destinations,
    running_processes,
    set_up_seller,
)
from callrouter.simulator.call_log import CallLog
from callrouter.simulator.caller import CallerProfile
from callrouter.simulator.cast import Cast, Outage, PhoneProfile
from callrouter.simulator.chance import Span
from callrouter.simulator.clock import VirtualClock
from callrouter.simulator.rest import RestApi
from callrouter.simulator.traffic import ENDLESS_KEEPS_CALLS, TrafficPlan, run_until
from callrouter.simulator.truth import CallTruth

_TALK = Span(8, 90)
_RING = Span(2, 9)

CAST: Mapping[str, PhoneProfile] = {
    "+12125550171": PhoneProfile(ring_s=_RING, talk_s=_TALK, drops_early=0.05),
    "+14045550172": PhoneProfile(ring_s=_RING, talk_s=_TALK, busy=0.2, no_answer=0.1),
    "+14155550173": PhoneProfile(ring_s=_RING, talk_s=_TALK, declines=0.15, voicemail=0.05),
    "sip:intake@pbx.example.com": PhoneProfile(ring_s=_RING, talk_s=_TALK, fails=0.15),
    "+13125550171": PhoneProfile(ring_s=_RING, talk_s=_TALK, declines=0.1),
    "+13125550174": PhoneProfile(ring_s=_RING, talk_s=_TALK, busy=0.2),
}
_CALLERS = CallerProfile(patience_s=Span(20, 75), talk_s=Span(10, 120), message_s=Span(3, 15))
_OUTAGE = Outage(every_s=180, lasts_s=60, first_after_s=30)


@click.command(epilog=example("callrouter demo --port 8400"))
@click.option("--port", default=8400, show_default=True, help="A busy one: the next free one.")
@click.option("--cps", default=0.5, show_default=True, help="Calls placed a second.")
@click.option("--for", "for_s", default=0.0, help="Stop by itself after so many seconds.")
def demo(port: int, cps: float, for_s: float) -> None:
    """Watch simulated calls being routed, failed over and recorded.

    Everything is real but the callers: an embedded database, one seller, three buyers, two
    campaigns, a dozen numbers, and a phone out of order every few minutes. Ctrl-C ends it all,
    and nothing is left behind.
    """
    with tempfile.TemporaryDirectory(prefix="callrouter-demo-") as folder:
        stage = Stage(
            folder=Path(folder),
            database_url=f"sqlite:///{folder}/calls.db",
            port=find_free_port(port),
            origin_s=0.0,
            speed=1.0,
            sweep_after_s=180,
            sweep_every_s=10.0,
            shows_calls_page=True,
        )
        asyncio.run(_play(stage, cps, for_s))
    click.echo("The demo has ended; nothing was left behind.")


async def _play(stage: Stage, cps: float, for_s: float) -> None:
    upgrade(stage.database_url)
    account = make_account(stage, set_up_seller(stage))
    clock = VirtualClock()
    log = CallLog(ENDLESS_KEEPS_CALLS)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for ending in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(ending, stop.set)
    if for_s:
        loop.call_later(for_s, stop.set)
    async with RestApi(account, log) as carrier_url:
        processes = running_processes(stage, carrier_url)
        await asyncio.to_thread(processes.__enter__)
        try:
            click.echo(
                f"\n  Live and recent calls: {stage.public_url}/calls\n"
                f"  Who can take calls:    {stage.public_url}/room\n  Ctrl-C ends it.\n"
            )
            plan = TrafficPlan(calls_per_s=cps, run=secrets.token_hex(8), seed=secrets.token_hex(8))
            cast = Cast(CAST, callers=_CALLERS, outages=(_OUTAGE,))
            await run_until(stop, account, cast, plan, clock, on_truth=_Ticker().tell, log=log)
        finally:
            click.echo("Ending …")
            await asyncio.to_thread(processes.__exit__, None, None, None)


class _Ticker:
    """A line for each call that has ended, so that the terminal lives too."""

    def __init__(self) -> None:
        self._names = name_destinations()
        self._ended: Counter[str] = Counter()

    def tell(self, truth: CallTruth) -> None:
        """Print how a call went, from the carrier's view, and the count so far."""
        self._ended[truth.disposition] += 1
        way = " -> ".join(
            f"{self._names.get(a.dial_string, a.dial_string)} {a.outcome}" for a in truth.attempts
        )
        count = ", ".join(f"{n} {name}" for name, n in self._ended.most_common())
        click.echo(
            f"{truth.ended_at:%H:%M:%S}  {truth.did}  {way or truth.disposition}   [{count}]"
        )
        sys.stdout.flush()
