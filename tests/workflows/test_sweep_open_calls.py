"""Calls whose end was never reported: the carrier is asked, once a call, and believed."""

from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Barrier

import pytest
from structlog.testing import capture_logs

from callrouter.adapters.storage.calls import ensure_and_lock_call
from callrouter.adapters.storage.cdrs import StoredCdr, read_cdr
from callrouter.adapters.storage.engine import Database
from callrouter.domain.calls.events import LegStatus
from callrouter.domain.carrier.carrier_records import CarrierCall, CarrierLeg, NumberSetup
from callrouter.domain.cdr import CdrFlag, ConnectedSource, Disposition
from callrouter.domain.errors import CarrierUnavailableError, NotFoundError, StorageUnavailableError
from callrouter.workflows.ports import Carrier
from callrouter.workflows.sweep_open_calls import GIVE_UP_AFTER, Swept, sweep_open_calls
from callrouter.workflows.switchboard import Switchboard
from tests.switchboards import DID, OTHER_SELLER, SELLER, T0, FakeClock, open_seller
from tests.twilio_side import ANI, CALL_SID, TwilioSide, buyer_fields, caller_fields, leg_sid

RETRY_AFTER = timedelta(seconds=180)
DUE_S = 180.0
ATTEMPT_1 = "/twilio/attempts/1?d=acme-east&tried=acme-east"


def leg(
    status: LegStatus,
    sid: str = CALL_SID,
    *,
    ended_s: float | None = None,
    duration_s: int | None = None,
) -> CarrierLeg:
    return CarrierLeg(
        leg_sid=sid,
        dial_string="+12125550171",
        status=status,
        started_at=T0,
        ended_at=None if ended_s is None else T0 + timedelta(seconds=ended_s),
        duration_s=duration_s,
    )


TALKED = CarrierCall(
    caller_leg=leg(LegStatus.COMPLETED, ended_s=100, duration_s=90),
    buyer_legs=(leg(LegStatus.COMPLETED, leg_sid(1), ended_s=100, duration_s=90),),
)
GOING_ON = CarrierCall(
    caller_leg=leg(LegStatus.IN_PROGRESS), buyer_legs=(leg(LegStatus.IN_PROGRESS, leg_sid(1)),)
)
BUYER_STILL_UP = CarrierCall(
    caller_leg=leg(LegStatus.COMPLETED, ended_s=100, duration_s=90),
    buyer_legs=(leg(LegStatus.IN_PROGRESS, leg_sid(1)),),
)
GONE = CarrierCall(caller_leg=leg(LegStatus.NO_ANSWER, ended_s=9), buyer_legs=())


@dataclass
class FakeCarrier:
    """Knows what it is told, and counts who is asked about."""

    known: Mapping[str, CarrierCall] = field(default_factory=dict)
    fails: Exception | None = None
    meanwhile: Callable[[], object] = lambda: None
    asked: Counter[str] = field(default_factory=Counter)

    def fetch_call(self, call_sid: str) -> CarrierCall | None:
        self.asked[call_sid] += 1
        self.meanwhile()
        if self.fails is not None:
            raise self.fails
        return self.known.get(call_sid)

    def list_numbers(self) -> tuple[NumberSetup, ...]:
        raise AssertionError("a sweep doesn't ask for numbers")


@pytest.fixture
def ringing(twilio: TwilioSide) -> TwilioSide:
    """A call has come in, was answered with a Dial, and then nothing."""
    twilio.post("/twilio/voice", caller_fields("ringing"))
    return twilio


def sweep(board: Switchboard, carrier: Carrier) -> Swept:
    return sweep_open_calls(board.database, lambda _: carrier, board.clock, RETRY_AFTER)


def add_calls(database: Database, seller_id: str, *call_sids: str) -> None:
    """Calls of which nothing more is known than that they arrived at T0."""
    due_at = T0 + timedelta(seconds=DUE_S)
    with database.write() as connection:
        for call_sid in call_sids:
            ensure_and_lock_call(connection, seller_id, call_sid, T0, DID, ANI, due_at)


def cdr_of(database: Database, call_sid: str = CALL_SID) -> StoredCdr | None:
    with database.read() as connection:
        return read_cdr(connection, SELLER.seller_id, call_sid)


def test_nobody_is_asked_before_the_time_has_come(
    ringing: TwilioSide, board: Switchboard, clock: FakeClock
) -> None:
    carrier = FakeCarrier({CALL_SID: TALKED})
    clock.set(DUE_S - 1)

    assert sweep(board, carrier) == Swept()
    assert not carrier.asked


def test_a_call_that_has_ended_gets_its_cdr_from_what_the_carrier_says(
    ringing: TwilioSide, board: Switchboard, clock: FakeClock
) -> None:
    carrier = FakeCarrier({CALL_SID: TALKED})
    clock.set(DUE_S)

    assert sweep(board, carrier) == Swept(asked=1, closed=1, left=0)

    stored = cdr_of(board.database)
    assert stored is not None
    assert stored.cdr.disposition is Disposition.CONNECTED
    assert (stored.cdr.total_ms, stored.cdr.connected_ms) == (100_000, 90_000)
    assert stored.cdr.connected_source is ConnectedSource.CARRIER_REST
    assert stored.cdr.flags == (CdrFlag.SWEPT,)
    assert sweep(board, carrier) == Swept()
    assert carrier.asked == {CALL_SID: 1}


@pytest.mark.parametrize("told", [GOING_ON, BUYER_STILL_UP, None], ids=["up", "leg up", "unknown"])
def test_a_call_that_isnt_over_by_the_carriers_records_is_asked_about_again_later(
    ringing: TwilioSide, board: Switchboard, clock: FakeClock, told: CarrierCall | None
) -> None:
    carrier = FakeCarrier({} if told is None else {CALL_SID: told})
    for seconds in (DUE_S, DUE_S + 1, 2 * DUE_S - 1, 2 * DUE_S):
        clock.set(seconds)
        sweep(board, carrier)
    assert carrier.asked == {CALL_SID: 2}
    assert cdr_of(board.database) is None

    carrier.known = {CALL_SID: GONE}
    clock.set(3 * DUE_S)
    assert sweep(board, carrier).closed == 1


def test_a_call_that_the_carrier_never_knew_is_given_up_after_a_day(
    ringing: TwilioSide, board: Switchboard, clock: FakeClock
) -> None:
    carrier = FakeCarrier()
    clock.set(GIVE_UP_AFTER.total_seconds() - 1)
    assert sweep(board, carrier) == Swept(asked=1, closed=0, left=1)

    clock.at += RETRY_AFTER
    assert sweep(board, carrier) == Swept(asked=1, closed=1, left=0)

    stored = cdr_of(board.database)
    assert stored is not None
    assert stored.cdr.disposition is Disposition.UNRESOLVED
    assert stored.cdr.connected_ms == 0


def test_a_carrier_that_doesnt_answer_is_asked_again_later(
    ringing: TwilioSide, board: Switchboard, clock: FakeClock
) -> None:
    carrier = FakeCarrier({CALL_SID: TALKED}, fails=CarrierUnavailableError("HTTP 503"))
    clock.set(DUE_S)
    with capture_logs() as logs:
        assert sweep(board, carrier) == Swept(asked=1, closed=0, left=1)
    (postponed,) = [line for line in logs if line["event"] == "sweep_postponed"]
    assert (postponed["seller"], postponed["calls"]) == (SELLER.seller_id, 1)
    assert postponed["reason"] == f"{CALL_SID}: HTTP 503"

    carrier.fails = None
    assert sweep(board, carrier) == Swept()
    clock.set(2 * DUE_S)
    assert sweep(board, carrier).closed == 1


def test_trouble_with_one_sellers_account_keeps_no_other_waiting(
    ringing: TwilioSide, board: Switchboard, clock: FakeClock
) -> None:
    open_seller(board.database, OTHER_SELLER, tables=())
    add_calls(board.database, OTHER_SELLER.seller_id, "CAb")
    carrier = FakeCarrier({CALL_SID: TALKED})

    def carrier_of(seller_id: str) -> Carrier:
        if seller_id == OTHER_SELLER.seller_id:
            raise NotFoundError("no such account")
        return carrier

    clock.set(DUE_S)
    swept = sweep_open_calls(board.database, carrier_of, clock, RETRY_AFTER)

    assert swept == Swept(asked=2, closed=1, left=1)


def test_a_carrier_that_failed_twice_is_left_alone_and_the_other_sellers_go_on(
    ringing: TwilioSide, board: Switchboard, clock: FakeClock
) -> None:
    add_calls(board.database, SELLER.seller_id, "CAb", "CAc", "CAd")
    open_seller(board.database, OTHER_SELLER, tables=())
    add_calls(board.database, OTHER_SELLER.seller_id, "CAx", "CAy", "CAz")
    down = FakeCarrier(fails=CarrierUnavailableError("can't be reached"))
    well = FakeCarrier(dict.fromkeys(("CAx", "CAy", "CAz"), GONE))
    made: list[str] = []

    def carrier_of(seller_id: str) -> Carrier:
        made.append(seller_id)
        return down if seller_id == SELLER.seller_id else well

    clock.set(DUE_S)
    with capture_logs() as logs:
        swept = sweep_open_calls(board.database, carrier_of, clock, RETRY_AFTER)

    assert swept == Swept(asked=7, closed=3, left=4)
    assert down.asked.total() == 2
    assert sorted(made) == sorted([SELLER.seller_id, OTHER_SELLER.seller_id])
    (postponed,) = [line for line in logs if line["event"] == "sweep_postponed"]
    assert (postponed["seller"], postponed["calls"]) == (SELLER.seller_id, 4)


def test_a_call_that_the_carrier_always_fails_for_holds_up_no_other(
    ringing: TwilioSide, board: Switchboard, clock: FakeClock
) -> None:
    add_calls(board.database, SELLER.seller_id, "CAb", "CAc")

    class FailsForTheFirst(FakeCarrier):
        def fetch_call(self, call_sid: str) -> CarrierCall | None:
            self.fails = CarrierUnavailableError("HTTP 500") if not self.asked else None
            return super().fetch_call(call_sid)

    clock.set(DUE_S)
    carrier = FailsForTheFirst(dict.fromkeys((CALL_SID, "CAb", "CAc"), GONE))
    assert sweep(board, carrier) == Swept(asked=3, closed=2, left=1)


def test_without_the_database_a_sweep_stops(
    ringing: TwilioSide, board: Switchboard, clock: FakeClock
) -> None:
    clock.set(DUE_S)
    carrier = FakeCarrier(fails=StorageUnavailableError("it's away"))

    with pytest.raises(StorageUnavailableError):
        sweep(board, carrier)


def test_a_call_whose_webhooks_come_while_the_carrier_is_asked_needs_no_sweep(
    ringing: TwilioSide, board: Switchboard, clock: FakeClock
) -> None:
    def webhooks_come() -> None:
        ended = buyer_fields("busy", CallDuration="0")
        ringing.post("/twilio/legs/1?d=acme-east", ended)
        gone = {"DialCallStatus": "busy", "DialBridged": "false", "DialCallSid": leg_sid(1)}
        ringing.post(ATTEMPT_1, caller_fields("completed") | gone)
        ringing.post("/twilio/status", caller_fields("no-answer"))

    carrier = FakeCarrier({CALL_SID: TALKED}, meanwhile=webhooks_come)
    clock.set(DUE_S)

    assert sweep(board, carrier) == Swept(asked=1, closed=1, left=0)
    stored = cdr_of(board.database)
    assert stored is not None
    assert (stored.revision, stored.cdr.flags) == (1, ())


def test_two_sweepers_never_ask_about_the_same_call(
    twilio: TwilioSide, board: Switchboard, clock: FakeClock
) -> None:
    sids = [f"CA{n:032x}" for n in range(40)]
    for sid in sids:
        twilio.post("/twilio/voice", caller_fields("ringing", call_sid=sid))
    clock.set(DUE_S)
    start = Barrier(4)

    def sweep_alone(_: int) -> tuple[Swept, Counter[str]]:
        carrier = FakeCarrier(dict.fromkeys(sids, GONE))
        start.wait()
        return sweep(board, carrier), carrier.asked

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(sweep_alone, range(4)))

    asked = sum((counter for _, counter in done), Counter[str]())
    assert asked == Counter(dict.fromkeys(sids, 1))
    assert sum(swept.closed for swept, _ in done) == len(sids)
    assert all(cdr_of(board.database, sid) is not None for sid in sids)


def test_at_most_a_few_hundred_are_asked_about_in_one_go(
    ringing: TwilioSide, board: Switchboard, clock: FakeClock
) -> None:
    add_calls(board.database, SELLER.seller_id, *(f"CA{number}" for number in range(250)))
    clock.set(DUE_S)
    carrier = FakeCarrier()

    assert sweep(board, carrier).asked == 200
    assert sweep(board, carrier).asked == 51
    assert max(carrier.asked.values()) == 1
