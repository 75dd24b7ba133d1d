"""The database is killed with -9 in the middle of traffic, and comes back: nobody noticed."""

import asyncio
import csv
import socket
import time
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path

import pytest

from callrouter.adapters.storage.cdrs import list_open_calls
from callrouter.adapters.storage.engine import open_database
from callrouter.adapters.storage.spool import Spool
from callrouter.cli.rehearsal import (
    SELLER,
    Stage,
    make_account,
    name_destinations,
    running_processes,
    set_up_seller,
)
from callrouter.simulator.call_log import CallLog
from callrouter.simulator.caller import CallerProfile
from callrouter.simulator.cast import Cast, PhoneProfile
from callrouter.simulator.chance import Span
from callrouter.simulator.clock import VirtualClock
from callrouter.simulator.compare import compare
from callrouter.simulator.rest import RestApi
from callrouter.simulator.traffic import Progress, TrafficPlan, run_traffic
from callrouter.simulator.truth import CallTruth
from callrouter.workflows.export_calls import export_calls_csv
from tests.postgresql import PostgresqlServer

SPEED = 20.0
CALLS = 60
TALKS = Span(15, 45)
PHONES = {
    "+12125550171": PhoneProfile(talk_s=TALKS, busy=0.2),
    "+14045550172": PhoneProfile(talk_s=TALKS, no_answer=0.2),
    "+14155550173": PhoneProfile(talk_s=TALKS, declines=0.3),
    "sip:intake@pbx.example.com": PhoneProfile(talk_s=TALKS, fails=0.3),
    "+13125550171": PhoneProfile(talk_s=TALKS, declines=0.2),
    "+13125550174": PhoneProfile(talk_s=TALKS),
}
CLOSED_WITHIN_S = 30.0


@dataclass
class Watch:
    """How far the traffic is."""

    latest: Progress = field(default=Progress(0, 0))

    def note(self, progress: Progress) -> None:
        self.latest = progress

    async def until_placed(self, calls: int) -> None:
        while self.latest.placed < calls:
            await asyncio.sleep(0.02)


@pytest.mark.slow
def test_no_call_without_an_answer_and_no_cdr_missing_or_doubled(
    postgresql_server: PostgresqlServer, tmp_path: Path
) -> None:
    stage = Stage(
        folder=tmp_path,
        database_url=postgresql_server.url,
        port=find_port(),
        origin_s=float(int(time.time())),  # noqa: TID251 - both clocks start here
        speed=SPEED,
        sweep_after_s=100,
        sweep_every_s=1.0,
        log_level="ERROR",
    )
    account = make_account(stage, set_up_seller(stage))
    log, watch = CallLog(), Watch()
    in_flight: list[int] = []

    async def run() -> tuple[CallTruth, ...]:
        plan = TrafficPlan(CALLS, calls_per_s=25)
        cast = Cast(PHONES, CallerProfile(talk_s=Span(60, 90)))
        clock = VirtualClock(stage.origin_s, stage.speed)
        async with RestApi(account, log) as carrier_url:
            processes = running_processes(stage, carrier_url)
            await asyncio.to_thread(processes.__enter__)
            try:
                traffic = asyncio.create_task(
                    run_traffic(account, cast, plan, clock, watch.note, log=log)
                )
                await watch.until_placed(CALLS // 2)
                in_flight.append(watch.latest.in_progress)
                await asyncio.to_thread(postgresql_server.kill)
                await watch.until_placed(CALLS - 5)
                await asyncio.to_thread(postgresql_server.start)
                truths = await traffic
                await asyncio.to_thread(wait_until_closed, stage)
            finally:
                await asyncio.to_thread(processes.__exit__, None, None, None)
        return truths

    truths = asyncio.run(run())
    rows = read_rows(stage)

    assert in_flight[0] >= 20
    assert [(t.call_sid, str(v)) for t in truths for v in t.violations] == []
    assert not any(truth.caller_heard_error for truth in truths)
    assert sorted(row["call_id"] for row in rows) == sorted(truth.call_sid for truth in truths)
    assert list(compare(truths, rows, name_destinations(), log.looked_up)) == []
    assert any("degraded" in row["flags"] for row in rows)
    assert not all("degraded" in row["flags"] for row in rows)


def find_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def wait_until_closed(stage: Stage) -> None:
    """Wait until the spool is drained and the sweep has closed what lost its callbacks."""
    database, spool = open_database(stage.database_url), Spool(stage.folder / "state" / "spool.db")
    deadline = time.monotonic() + CLOSED_WITHIN_S
    try:
        while time.monotonic() < deadline:
            with database.read() as connection:
                open_calls = list_open_calls(connection, SELLER, 1000)
            if not spool.depth() and not open_calls:
                break
            time.sleep(0.1)
    finally:
        spool.close()
        database.dispose()


def read_rows(stage: Stage) -> list[dict[str, str]]:
    database = open_database(stage.database_url)
    try:
        text = StringIO()
        export_calls_csv(database, SELLER, text)
        text.seek(0)
        return list(csv.DictReader(text))
    finally:
        database.dispose()
