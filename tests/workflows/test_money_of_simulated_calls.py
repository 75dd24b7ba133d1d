"""From end to end: what simulated calls come to in accounts, by the carrier's own seconds."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from callrouter.adapters.clock import ScaledClock
from callrouter.adapters.storage.engine import Database, open_database
from callrouter.adapters.storage.ledger_lists import stream_lines
from callrouter.adapters.twilio.carrier import TwilioCarrier
from callrouter.domain.billing.party import Party, Side
from callrouter.simulator.account import Account, Did
from callrouter.simulator.call_log import CallLog
from callrouter.simulator.clock import VirtualClock
from callrouter.simulator.faults import parse_faults
from callrouter.simulator.rest import RestApi
from callrouter.simulator.traffic import TrafficPlan, run_traffic
from callrouter.simulator.truth import CallTruth
from callrouter.web.app import create_app
from callrouter.workflows.check_accounts import check_accounts
from callrouter.workflows.derive_cdrs import derive_stale_cdrs
from callrouter.workflows.rate_due_calls import rate_due_calls
from callrouter.workflows.rate_period import Wanted, rate_period
from callrouter.workflows.sweep_at_once import sweep_at_once
from tests.switchboards import DID, SELLER, make_board, open_seller
from tests.workflows.test_audit_of_simulated_calls import CAST, Bridge
from tests.workflows.test_rate_call import agree

ID, SPEED, CALLS = SELLER.seller_id, 40.0, 30
BUYERS = {"+12125550171": "acme", "+14155550174": "bolt"}
PRICES = {"acme": (15, 75_000_000), "bolt": (10, 55_000_000)}
"""From so many seconds on, so many micro-units."""
SHARE = """
publisher = "radio-kx"
zone = "UTC"
[[terms]]
from = 2026-01-01
share = "40 %"
"""


def terms_of(buyer: str) -> str:
    after_s, micros = PRICES[buyer]
    head = f'buyer = "{buyer}"\nzone = "America/New_York"\n[[terms]]\nfrom = 2026-01-01\n'
    return f'{head}threshold_s = {after_s}\nprice = "{micros // 1_000_000}.00"\n'


def expect(truth: CallTruth) -> dict[str, int]:
    """What each buyer owes for a call, by the carrier's seconds of the legs that were bridged."""
    seconds: dict[str, int] = {}
    for attempt in truth.attempts:
        if attempt.bridged is not None:
            buyer = BUYERS[attempt.dial_string]
            seconds[buyer] = seconds.get(buyer, 0) + attempt.leg_seconds
    return {
        buyer: PRICES[buyer][1] if talked >= PRICES[buyer][0] else 0
        for buyer, talked in seconds.items()
    }


def booked(database: Database, party: Party) -> dict[str, int]:
    """What each call comes to in a party's account."""
    sums: dict[str, int] = {}
    with database.read() as connection:
        for line in stream_lines(connection, ID, party, "USD"):
            entry = line.entry
            sums[entry.call_sid] = sums.get(entry.call_sid, 0) + entry.amount_micros
    return sums


async def play(database: Database, folder: Path, clock: VirtualClock) -> tuple[CallTruth, ...]:
    """Let a carrier call that repeats, shuffles and loses callbacks, and sweep what it lost."""
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
        with make_board(database, folder, ours, public_url=bridge.url) as board:
            agree(board, terms_of("acme"), terms_of("bolt"), SHARE)
            board.known_good.refresh()
            bridge.app = create_app(board)
            plan = TrafficPlan(CALLS, 20.0, faults=parse_faults("repeat,shuffle,delay,lose", 0.3))
            truths = await run_traffic(account, CAST, plan, clock, log=log)
        async with RestApi(account, log) as url:
            await asyncio.to_thread(_tidy_up, database, url, ours)
    return truths


def _tidy_up(database: Database, url: str, clock: ScaledClock) -> None:
    carrier = TwilioCarrier(SELLER.account_sid, SELLER.tokens[0], api_url=url)
    sweep_at_once(database, lambda _: carrier, clock, timedelta(hours=1), every_open_call=True)
    derive_stale_cdrs(database, clock)
    rate_due_calls(database, clock)


def test_every_simulated_call_is_booked_once_at_what_it_comes_to(
    sqlite_url: str, tmp_path: Path
) -> None:
    database = open_database(sqlite_url)
    open_seller(database)
    clock = VirtualClock(float(int(time.time())), SPEED)  # noqa: TID251 - the origin is now
    truths = asyncio.run(play(database, tmp_path, clock))

    expected = {truth.call_sid: expect(truth) for truth in truths}
    for buyer in PRICES:
        owed = {sid: amounts[buyer] for sid, amounts in expected.items() if buyer in amounts}
        assert booked(database, Party(Side.BUYER, buyer)) == owed
    shares = {sid: sum(amounts.values()) * 4 // 10 for sid, amounts in expected.items() if amounts}
    assert booked(database, Party(Side.PUBLISHER, "radio-kx")) == shares
    assert sum(shares.values()) > 0

    began_at = datetime.fromtimestamp(clock.origin_s, UTC) - timedelta(hours=1)
    until = began_at + timedelta(days=2)
    checked = check_accounts(database, ID, began_at, until)
    assert (checked.calls, checked.problems) == (CALLS, ())
    again = rate_period(database, ID, Wanted(began_at, until), until)
    assert [each for each in again if each.changes] == []
    database.dispose()
