"""Calls that end at one moment, in several threads: each is booked once, and sees the others."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from callrouter.adapters.storage.ledger import list_accounts
from callrouter.adapters.storage.ledger_lists import stream_lines
from callrouter.domain.billing.ledger import EntryKind
from callrouter.web.app import create_app
from callrouter.workflows.derive_cdrs import derive_stale_cdrs
from callrouter.workflows.rate_due_calls import rate_due_calls
from callrouter.workflows.review_standing import review_parties
from callrouter.workflows.switchboard import Switchboard
from tests.switchboards import SELLER, TABLE, FakeClock, activate
from tests.twilio_side import TwilioSide
from tests.workflows.talks import begin_talk, end_talk, late_event, sid_of
from tests.workflows.test_rate_call import ACME, RADIO, SHARE, TERMS, agree, balance

THREADS = 4
CALLS = 6
CAPPED = TABLE.replace(
    'destination = "acme-east"\n', 'destination = "acme-east"\nconcurrency = 50\n'
)


def end_at_once(board: Switchboard, clock: FakeClock, *numbers: int) -> None:
    """Every thread tells of the end of every call, each beginning with another one."""
    barrier = Barrier(THREADS, timeout=20)
    app = create_app(board)

    def tell(thread: int) -> None:
        twilio = TwilioSide(app.test_client())
        barrier.wait()
        for place in range(len(numbers)):
            end_talk(twilio, numbers[(place + thread) % len(numbers)], 60)

    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(tell, range(THREADS)))
    rate_due_calls(board.database, clock)


@pytest.fixture
def ringing(board: Switchboard, clock: FakeClock, twilio: TwilioSide) -> range:
    """Calls of one caller at once that are all but over, with reservations of their own."""
    activate(board.database, CAPPED)
    board.known_good.refresh()
    numbers = range(1, CALLS + 1)
    for number in numbers:
        begin_talk(twilio, clock, number, 60, start=number)
    return numbers


def net_charges(board: Switchboard) -> Counter[str]:
    """How many charges of each call nothing takes back."""
    with board.database.read() as connection:
        lines = list(stream_lines(connection, SELLER.seller_id, ACME, "USD"))
    counts: Counter[str] = Counter()
    for line in lines:
        counts[line.entry.call_sid] += 1 if line.entry.kind is EntryKind.CHARGE else -1
    return counts


def test_every_call_is_charged_once_whoever_tells_of_its_end(
    board: Switchboard, clock: FakeClock, ringing: range
) -> None:
    agree(board, TERMS, SHARE)
    end_at_once(board, clock, *ringing)
    assert net_charges(board) == dict.fromkeys(map(sid_of, ringing), 1)
    assert (balance(board.database), balance(board.database, RADIO)) == (7500 * CALLS, 3000 * CALLS)


def held(board: Switchboard) -> int:
    with board.database.read() as connection:
        return sum(a.held_micros // 10_000 for a in list_accounts(connection, SELLER.seller_id))


def test_what_calls_hold_of_credit_gives_way_to_their_charges(
    board: Switchboard, clock: FakeClock, twilio: TwilioSide
) -> None:
    agree(board, 'credit_limit = "5000.00"' + TERMS)
    review_parties(board.database, SELLER.seller_id, [ACME], author="ann", at=clock.now())
    activate(board.database, CAPPED)
    numbers = range(1, CALLS + 1)
    for number in numbers:
        begin_talk(twilio, clock, number, 60, start=number)
    assert (held(board), balance(board.database)) == (7500 * CALLS, 0)
    end_at_once(board, clock, *numbers)
    assert (held(board), balance(board.database)) == (0, 7500 * CALLS)


def test_of_one_callers_calls_one_is_paid_for(
    board: Switchboard, clock: FakeClock, ringing: range
) -> None:
    agree(board, TERMS + 'duplicate_window = "1d"\n')
    end_at_once(board, clock, *ringing)
    assert net_charges(board) == dict.fromkeys(map(sid_of, ringing), 1)
    assert balance(board.database) == 7500


def test_no_more_are_paid_for_than_a_day_has(
    board: Switchboard, clock: FakeClock, ringing: range
) -> None:
    agree(board, TERMS + "most_per_day = 4\n")
    end_at_once(board, clock, *ringing)
    assert balance(board.database) == 7500 * 4


def test_a_call_that_several_derive_again_is_corrected_once(
    board: Switchboard, clock: FakeClock, ringing: range
) -> None:
    agree(board, TERMS, SHARE)
    end_at_once(board, clock, *ringing)
    for number in ringing:
        late_event(board, sid_of(number), 50)
    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(lambda _: derive_stale_cdrs(board.database, clock), range(THREADS)))
    assert net_charges(board) == dict.fromkeys(map(sid_of, ringing), 1)
    assert (balance(board.database), balance(board.database, RADIO)) == (0, 0)
