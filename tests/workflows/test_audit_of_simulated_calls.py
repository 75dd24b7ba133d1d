"""From end to end: simulated calls lose callbacks, are swept, and audited by the carrier's list."""

import asyncio
import copy
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from aiohttp import web
from flask import Flask
from werkzeug.test import TestResponse

from callrouter.adapters.clock import ScaledClock
from callrouter.adapters.storage.audits import AuditRun, Finding, list_findings
from callrouter.adapters.storage.carrier_costs import Cost, sum_costs
from callrouter.adapters.storage.cdrs import CdrFilter, list_cdrs
from callrouter.adapters.storage.engine import open_database
from callrouter.adapters.twilio.carrier import TwilioCarrier
from callrouter.domain.carrier.carrier_audit import AuditClass
from callrouter.domain.cdr import CdrFlag
from callrouter.simulator.account import Account, Did
from callrouter.simulator.call_log import CallLog, CallRecord, CallStatus, Direction
from callrouter.simulator.caller import CallerProfile
from callrouter.simulator.cast import Cast, PhoneProfile
from callrouter.simulator.chance import Span
from callrouter.simulator.clock import VirtualClock
from callrouter.simulator.faults import parse_faults
from callrouter.simulator.prices import PriceList
from callrouter.simulator.rest import RestApi
from callrouter.simulator.traffic import TrafficPlan, run_traffic
from callrouter.web.app import create_app
from callrouter.workflows.audit_day import audit_day
from callrouter.workflows.sweep_at_once import sweep_at_once
from tests.switchboards import DID, SELLER, make_board, open_seller

SPEED = 20.0
CALLS = 25
ID = SELLER.seller_id
SHORT = PhoneProfile(ring_s=Span(1, 4), talk_s=Span(3, 12), busy=0.2, no_answer=0.0)
FAULTS = replace(parse_faults("repeat,shuffle,delay,lose", 0.3), delay_s=Span(1, 5))
CAST = Cast(
    {"+12125550171": SHORT, "+14155550174": SHORT},
    CallerProfile(patience_s=Span(60, 120), talk_s=Span(10, 15)),
)


@dataclass
class Played:
    """What a carrier and a callrouter have kept of the same calls."""

    path: Path
    log: CallLog
    account: Account
    clock: ScaledClock

    def days(self) -> Iterator[date]:
        day = self.clock.origin.date()
        while day <= self.clock.now().date():
            yield day
            day += timedelta(days=1)


class Bridge:
    """A server that asks the Flask application of a test; used as `async with`, gives its URL."""

    app: Flask

    async def __aenter__(self) -> "Bridge":
        server = web.Application()
        server.router.add_route("*", "/{tail:.*}", self._answer)
        self._runner = web.AppRunner(server, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        body = await request.read()
        answer = await asyncio.to_thread(self._ask, request, body)
        return web.Response(
            status=answer.status_code, body=answer.data, headers={"Content-Type": "text/xml"}
        )

    def _ask(self, request: web.Request, body: bytes) -> TestResponse:
        return self.app.test_client().open(
            request.path_qs, method=request.method, data=body, headers=dict(request.headers)
        )


async def play(path: Path, clock: VirtualClock) -> tuple[CallLog, Account]:
    """Let the carrier call a callrouter around the database at `path`."""
    database = open_database(f"sqlite:///{path}")
    open_seller(database)
    ours = ScaledClock(datetime.fromtimestamp(clock.origin_s, UTC), SPEED)
    log = CallLog()
    async with Bridge() as bridge:
        did = Did(
            DID,
            f"{bridge.url}/twilio/voice",
            fallback_url=f"{bridge.url}/twilio/fallback",
            status_url=f"{bridge.url}/twilio/status",
        )
        account = Account(SELLER.account_sid, SELLER.tokens[0], (did,))
        with make_board(database, path.parent, ours, public_url=bridge.url) as board:
            board.known_good.refresh()
            bridge.app = create_app(board)
            plan = TrafficPlan(CALLS, 20.0, faults=FAULTS)
            await run_traffic(account, CAST, plan, clock, log=log)
    database.dispose()
    return log, account


@pytest.fixture(scope="module")
def whole_day(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Calls of which callbacks were lost, and whose sweep is still to come."""
    path = tmp_path_factory.mktemp("simulated") / "calls.db"
    shutil.copyfile(migrated_sqlite, path)
    clock = VirtualClock(float(int(time.time())), SPEED)  # noqa: TID251 - the origin is now
    log, account = asyncio.run(play(path, clock))
    origin = datetime.fromtimestamp(clock.origin_s, UTC)
    return Played(path, log, account, ScaledClock(origin, SPEED))


@pytest.fixture
def played(whole_day: Played, tmp_path: Path) -> Played:
    """A copy of the day, to be changed by one test."""
    path = tmp_path / "calls.db"
    shutil.copyfile(whole_day.path, path)
    return Played(path, copy.deepcopy(whole_day.log), whole_day.account, whole_day.clock)


@dataclass
class Audited:
    runs: tuple[AuditRun, ...]
    findings: tuple[Finding, ...]
    costs: tuple[Cost, ...]
    cdrs: int
    swept: int

    @property
    def classes(self) -> Counter[AuditClass]:
        return sum((Counter(run.classes) for run in self.runs), Counter())

    def found(self) -> list[tuple[str, str]]:
        """What one side alone has."""
        differs = AuditClass.DIFFERS
        return [(each.kind, each.call_sid) for each in self.findings if each.kind is not differs]


def sweep_and_audit(played: Played) -> Audited:
    """What the nights after find, asking the simulated carrier by Twilio's client."""

    def work(url: str) -> Audited:
        carrier = TwilioCarrier(SELLER.account_sid, SELLER.tokens[0], api_url=url)
        database = open_database(f"sqlite:///{played.path}")
        sweep_at_once(
            database, lambda _: carrier, played.clock, timedelta(hours=1), every_open_call=True
        )
        runs = tuple(
            audit_day(database, carrier, played.clock, ID, day, author="test")
            for day in played.days()
        )
        with database.read() as connection:
            cdrs = [stored.cdr for stored in list_cdrs(connection, ID, CdrFilter(), None, 1_000)]
            audited = Audited(
                runs,
                tuple(each for run in runs for each in list_findings(connection, ID, run)),
                sum_costs(connection, ID, played.clock.origin, played.clock.now()),
                len(cdrs),
                sum(CdrFlag.SWEPT in cdr.flags for cdr in cdrs),
            )
        database.dispose()
        return audited

    async def main() -> Audited:
        async with RestApi(played.account, played.log) as url:
            return await asyncio.to_thread(work, url)

    return asyncio.run(main())


def test_after_the_sweep_neither_side_misses_anything(played: Played) -> None:
    audited = sweep_and_audit(played)

    assert audited.found() == []
    assert audited.cdrs == CALLS
    assert audited.swept > 0
    legs = list(played.log.newest_first())
    assert sum(run.their_legs for run in audited.runs) == len(legs)
    ours = sum(run.our_legs for run in audited.runs)
    assert ours == len(legs) + audited.classes[AuditClass.NO_LEG]
    # A second of ours is 20 of theirs: what we hear late begins late, and only that differs.
    assert {each.leg_sid == each.call_sid for each in audited.findings} <= {True}


def test_every_leg_is_kept_with_the_carriers_price(played: Played) -> None:
    audited = sweep_and_audit(played)

    prices = [PriceList().price(leg, None) for leg in played.log.newest_first()]
    charged = [-Decimal(price) for price in prices if price is not None]
    (cost,) = audited.costs
    assert cost == Cost("USD", int(sum(charged) * 1_000_000), len(charged))


def test_a_call_that_never_reached_us_is_found_and_taken_up(played: Played) -> None:
    hidden = CallRecord(
        sid="CA" + "e" * 32,
        parent_sid=None,
        caller="+14155550123",
        called=DID,
        direction=Direction.INBOUND,
        number_sid="PN" + "e" * 32,
        started_at=played.clock.origin,
        status=CallStatus.COMPLETED,
        answered_at=played.clock.origin,
        ended_at=played.clock.origin + timedelta(seconds=9),
    )
    played.log.add(hidden)

    audited = sweep_and_audit(played)

    assert audited.found() == [("we_miss_call", hidden.sid)]
    assert audited.cdrs == CALLS + 1


def test_a_call_that_the_carrier_lost_is_found(played: Played) -> None:
    database = open_database(f"sqlite:///{played.path}")
    with database.read() as connection:
        (closed, *_) = list_cdrs(connection, ID, CdrFilter(), None, 1)
    database.dispose()
    lost = closed.cdr.call_sid
    played.log.remove(lost)

    audited = sweep_and_audit(played)

    assert audited.found() == [("they_miss_call", lost)]
