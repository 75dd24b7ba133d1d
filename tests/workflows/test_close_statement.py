"""Statements are closed once each, over just what was open, whoever else is at work."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from callrouter.adapters.storage.account_statements import list_statements
from callrouter.adapters.storage.agreements import list_agreements
from callrouter.adapters.storage.engine import Database, open_database
from callrouter.adapters.storage.ledger import (
    read_balance,
    read_entry,
    read_reversal,
    read_statement_of,
)
from callrouter.adapters.storage.ledger_lists import stream_lines as stream_ledger
from callrouter.adapters.storage.statement_lines import stream_lines, tally_lines
from callrouter.domain.billing.ledger import EntryKind, correct, reverse
from callrouter.domain.billing.party import Party, Side
from callrouter.domain.billing.statement import Statement, summarize, tally
from callrouter.domain.billing.terms import Cycle
from callrouter.domain.errors import NotFoundError, RefusedError
from callrouter.workflows.close_statement import close_due_statements, close_statement
from callrouter.workflows.draft_statement import Drawn, draft_statement
from callrouter.workflows.export_statement import find_statement
from tests.switchboards import OTHER_SELLER, SELLER, FakeClock, open_seller
from tests.workflows.accounts import (
    ACME,
    MICROS,
    MONDAY,
    RADIO,
    WEEK,
    agree,
    book,
    charge,
    other,
)

GRACE = timedelta(hours=6)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


@pytest.fixture
def accounts(database: Database) -> Database:
    """A seller with a buyer whose statements are weekly."""
    open_seller(database)
    agree(database)
    return database


def close(
    database: Database, now: datetime, *, party: Party = ACME, last_day: date | None = None
) -> Drawn:
    return close_statement(database, SELLER.seller_id, party, None, last_day, "ann", now)


def numbers_of(database: Database, drawn: Drawn) -> list[int]:
    """The entries that stand in a statement."""
    with database.read() as connection:
        return [line.entry.number for line in stream_lines(connection, drawn.lines)]


def dollars(head: Statement) -> tuple[float, ...]:
    sums = (head.opening_micros, head.amount_micros, head.payments_micros, head.closing_micros)
    return tuple(micros / MICROS for micros in sums)


def test_a_statement_has_what_was_booked_before_its_end(accounts: Database) -> None:
    last_second = MONDAY + WEEK - timedelta(seconds=1)
    book(
        accounts,
        [
            charge(1, MONDAY),
            charge(2, last_second, 0, connected_s=119.6),
            charge(3, MONDAY + WEEK),
            other(EntryKind.PAYMENT, -50, MONDAY + DAY, "wire 4711"),
        ],
        MONDAY + WEEK,
    )

    drawn = close(accounts, MONDAY + WEEK + GRACE)

    head = drawn.head
    assert (head.number, head.entries, head.author) == ("acme-2026-0001", 3, "ann")
    assert (head.first_day, head.last_day) == (date(2026, 11, 16), date(2026, 11, 22))
    assert head.due_on == date(2026, 12, 8)
    assert dollars(head) == (0, 75, -50, 25)
    assert numbers_of(accounts, drawn) == [1, 2, 4]
    assert find_statement(accounts, SELLER.seller_id, head.number).head == head


def test_two_periods_and_a_correction_that_came_too_late(accounts: Database) -> None:
    """The story: a call is charged, the statement goes out, then the carrier corrects the call."""
    book(accounts, [charge(1, MONDAY + DAY), charge(2, MONDAY + 2 * DAY)], MONDAY + 2 * DAY)
    first = close(accounts, MONDAY + WEEK + GRACE).head

    with accounts.read() as connection:
        kept = stream_ledger(connection, SELLER.seller_id, ACME, "USD")
        wrong, _ = (line.entry for line in kept)
        statement = read_statement_of(connection, SELLER.seller_id, wrong)
    assert statement == first.number == "acme-2026-0001"
    at = MONDAY + WEEK + 2 * DAY
    right = replace(charge(1, MONDAY + DAY, 0, connected_s=119), cdr_revision=2)
    book(accounts, correct(wrong, right, at, statement), at)
    book(accounts, [other(EntryKind.PAYMENT, -150, at, "wire 4712"), charge(3, at)], at)
    second = close(accounts, MONDAY + 2 * WEEK + GRACE)

    assert find_statement(accounts, SELLER.seller_id, first.number).head == first
    assert dollars(first) == (0, 150, 0, 150)
    assert dollars(second.head) == (150, 0, -150, 0)
    assert second.head.number == "acme-2026-0002"
    with accounts.read() as connection:
        lines = list(stream_lines(connection, second.lines))
        assert [(x.entry.amount_micros // MICROS, x.entry.corrects) for x in lines] == [
            (-75, "acme-2026-0001"),
            (0, "acme-2026-0001"),
            (-150, ""),
            (75, ""),
        ]
        calls = summarize(tally_lines(connection, second.lines)).calls
    assert (calls.payable_calls, calls.other_calls, calls.connected_ms) == (0, 1, 119_000)


def test_what_was_booked_in_a_closed_period_but_came_later_is_on_the_next(
    accounts: Database,
) -> None:
    book(accounts, [charge(1, MONDAY)], MONDAY)
    close(accounts, MONDAY + WEEK)
    book(accounts, [charge(2, MONDAY + DAY), charge(3, MONDAY + WEEK)], MONDAY + WEEK + GRACE)

    drawn = close(accounts, MONDAY + 2 * WEEK)

    assert numbers_of(accounts, drawn) == [2, 3]
    assert drawn.head.first_day == date(2026, 11, 23)


def test_a_payment_that_came_back_is_no_part_of_the_amount(accounts: Database) -> None:
    (paid,) = book(accounts, [other(EntryKind.PAYMENT, -50, MONDAY, "cheque 9")], MONDAY)
    book(accounts, [reverse(paid, MONDAY + DAY, "the cheque bounced", "ann")], MONDAY + DAY)

    assert dollars(close(accounts, MONDAY + WEEK).head) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("now", "last_day", "said"),
    [
        pytest.param(
            MONDAY + WEEK - MINUTE, None, "isn't over before 2026-11-23 06:00Z", id="too early"
        ),
        pytest.param(
            MONDAY + DAY, date(2026, 11, 17), "can end with a day before today", id="today"
        ),
        pytest.param(
            MONDAY + WEEK,
            date(2026, 11, 15),
            "no entry of buyer acme in USD that is booked before 2026-11-16 06:00Z waits",
            id="nothing yet",
        ),
    ],
)
def test_a_statement_is_refused(
    accounts: Database, now: datetime, last_day: date | None, said: str
) -> None:
    book(accounts, [charge(1, MONDAY)], MONDAY)

    with pytest.raises(RefusedError, match=said):
        close(accounts, now, last_day=last_day)

    with accounts.read() as connection:
        assert list_statements(connection, SELLER.seller_id, None, 9) == ()


def test_a_statement_that_is_closed_twice_is_refused(accounts: Database) -> None:
    book(accounts, [charge(1, MONDAY)], MONDAY)
    close(accounts, MONDAY + WEEK)

    with pytest.raises(RefusedError, match="no entry of buyer acme in USD waits"):
        close(accounts, MONDAY + WEEK)
    book(accounts, [charge(2, MONDAY + WEEK)], MONDAY + WEEK)
    closed, now = date(2026, 11, 22), MONDAY + WEEK + DAY
    with pytest.raises(RefusedError, match="acme-2026-0001 has closed buyer acme up to 2026-11-22"):
        close(accounts, now, last_day=closed)
    with pytest.raises(RefusedError, match="acme-2026-0001 has closed buyer acme up to 2026-11-22"):
        draft_statement(accounts, SELLER.seller_id, ACME, None, closed - DAY, now)


def test_who_has_no_account_or_agreement_gets_no_statement(accounts: Database) -> None:
    bolt = Party(Side.BUYER, "bolt")
    with pytest.raises(NotFoundError, match="buyer bolt has no account yet"):
        close(accounts, MONDAY, party=bolt)
    book(accounts, [charge(1, MONDAY, party=bolt)], MONDAY)
    with pytest.raises(RefusedError, match="nothing is agreed with buyer bolt yet"):
        close(accounts, MONDAY + WEEK, party=bolt)


def test_a_custom_cycle_is_closed_by_hand_alone(accounts: Database) -> None:
    agree(accounts, RADIO, cycle=Cycle.CUSTOM)
    book(accounts, [charge(1, MONDAY + DAY, 20, party=RADIO)], MONDAY + DAY)
    now = MONDAY + 3 * DAY

    with pytest.raises(RefusedError, match="no fixed periods: say the last day"):
        close(accounts, now, party=RADIO)
    draft = draft_statement(accounts, SELLER.seller_id, RADIO, None, None, now).head
    assert (draft.is_draft, draft.first_day, draft.last_day) == (
        True,
        date(2026, 11, 17),
        date(2026, 11, 19),
    )
    closed = close(accounts, now, party=RADIO, last_day=date(2026, 11, 18)).head
    assert closed.number == "P-radio-one-2026-0001"
    assert close_due_statements(accounts, FakeClock(now + 9 * WEEK), GRACE) == ()


def test_two_currencies_are_two_statements_in_one_series(accounts: Database) -> None:
    book(accounts, [charge(1, MONDAY), charge(2, MONDAY, currency="CAD")], MONDAY)

    with pytest.raises(RefusedError, match="has accounts in CAD and USD: say which currency"):
        close(accounts, MONDAY + WEEK)
    heads = [
        close_statement(accounts, SELLER.seller_id, ACME, currency, None, "ann", MONDAY + WEEK).head
        for currency in ("USD", "CAD")
    ]
    assert [(h.number, h.currency) for h in heads] == [
        ("acme-2026-0001", "USD"),
        ("acme-2026-0002", "CAD"),
    ]
    with pytest.raises(RefusedError, match="account of buyer acme is in CAD and USD, not in EUR"):
        draft_statement(accounts, SELLER.seller_id, ACME, "EUR", None, MONDAY)


def test_a_draft_is_what_closing_then_gives(accounts: Database) -> None:
    book(accounts, [charge(n, MONDAY + n * DAY, n % 3) for n in range(9)], MONDAY + 9 * DAY)
    now = MONDAY + WEEK + GRACE

    draft = draft_statement(accounts, SELLER.seller_id, ACME, None, None, now)
    drafted = numbers_of(accounts, draft)
    with accounts.read() as connection:
        summary = summarize(tally_lines(connection, draft.lines))
    closed = close(accounts, now)

    assert replace(closed.head, number="", author="") == draft.head
    assert numbers_of(accounts, closed) == drafted
    with accounts.read() as connection:
        assert summarize(tally_lines(connection, closed.lines)) == summary
        assert summarize(tally(stream_lines(connection, closed.lines))) == summary


def test_clocks_close_each_period_that_is_over_once(accounts: Database) -> None:
    book(accounts, [charge(1, MONDAY), charge(2, MONDAY + 2 * WEEK)], MONDAY + 2 * WEEK)
    too_early = FakeClock(MONDAY + WEEK + GRACE - MINUTE)
    assert close_due_statements(accounts, too_early, GRACE) == ()

    now = MONDAY + 3 * WEEK + GRACE
    with ThreadPoolExecutor(3) as clocks:
        closed = list(
            clocks.map(lambda _: close_due_statements(accounts, FakeClock(now), GRACE), range(3))
        )

    heads = sorted((head for each in closed for head in each), key=lambda h: h.number)
    assert [(h.number, h.last_day, h.entries) for h in heads] == [
        ("acme-2026-0001", date(2026, 11, 22), 1),
        ("acme-2026-0002", date(2026, 12, 6), 1),
    ]
    assert {head.author for head in heads} == {"clock"}
    assert close_due_statements(accounts, FakeClock(now), GRACE) == ()


def test_an_account_that_breaks_keeps_no_other_from_its_statement(accounts: Database) -> None:
    agree(accounts, Party(Side.BUYER, "aaa"), zone="Nowhere/Land")
    book(accounts, [charge(1, MONDAY), charge(2, MONDAY, party=Party(Side.BUYER, "aaa"))], MONDAY)

    with capture_logs() as logged:
        (closed,) = close_due_statements(accounts, FakeClock(MONDAY + 2 * WEEK), GRACE)

    assert closed.party == ACME
    assert [line["event"] for line in logged] == ["statement_broke", "statement_closed"]


def test_entries_that_are_added_while_it_is_closed_are_on_it_or_on_the_next(
    accounts: Database,
) -> None:
    book(accounts, [charge(0, MONDAY)], MONDAY)

    def add(number: int) -> None:
        book(accounts, [charge(number, MONDAY + number * MINUTE)], MONDAY + WEEK)

    with ThreadPoolExecutor(4) as threads:
        added = [threads.submit(add, number) for number in range(1, 40)]
        closing = threads.submit(close, accounts, MONDAY + WEEK)
        for each in added:
            each.result()
        first = closing.result()
    rest = [] if first.head.entries == 40 else numbers_of(accounts, close_rest(accounts))

    assert len(numbers_of(accounts, first)) == first.head.entries
    assert sorted(numbers_of(accounts, first) + rest) == list(range(1, 41))


def close_rest(database: Database) -> Drawn:
    return close(database, MONDAY + 2 * WEEK)


def test_statements_of_another_seller_have_numbers_of_their_own(accounts: Database) -> None:
    open_seller(accounts, OTHER_SELLER, tables=())
    book(accounts, [charge(1, MONDAY)], MONDAY)
    head = close(accounts, MONDAY + WEEK).head

    with accounts.read() as connection:
        assert list_statements(connection, OTHER_SELLER.seller_id, None, 9) == ()
        assert list_statements(connection, SELLER.seller_id, ACME, 9) == (head,)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("call"), st.integers(0, 9), st.integers(0, 2)),
        st.tuples(st.just("pay"), st.integers(0, 9), st.integers(1, 3)),
        st.tuples(st.just("correct"), st.integers(1, 20), st.integers(0, 2)),
        st.tuples(st.just("close"), st.integers(1, 9), st.just(0)),
    ),
    max_size=25,
)


@dataclass
class Story:
    """One account as days pass: what is told late, corrected, paid and closed in between."""

    database: Database
    party: Party
    now: datetime = MONDAY - 40 * WEEK
    calls: int = 0
    closed: dict[str, tuple[Statement, list[int]]] = field(default_factory=dict)

    def call(self, days_late: int, price: int) -> None:
        self.calls += 1
        at = self.now - days_late * DAY / 3
        book(self.database, [charge(self.calls, at, price, party=self.party)], self.now)

    def pay(self, days_late: int, sum_: int) -> None:
        self.calls += 1
        reason = f"wire {self.calls}"
        at = self.now - days_late * DAY / 3
        book(
            self.database, [other(EntryKind.PAYMENT, -sum_, at, reason, party=self.party)], self.now
        )

    def correct(self, number: int, price: int) -> None:
        """Take a charge back and post another, unless that was done already."""
        with self.database.read() as connection:
            entry = read_entry(connection, SELLER.seller_id, self.party, "USD", number)
            if entry is None or entry.kind is not EntryKind.CHARGE:
                return
            if read_reversal(connection, SELLER.seller_id, self.party, "USD", number):
                return
            statement = read_statement_of(connection, SELLER.seller_id, entry)
        right = charge(int(entry.call_sid[-8:], 16), entry.booked_at, price, party=self.party)
        book(self.database, correct(entry, right, self.now, statement), self.now)

    def close(self, days: int, _: int) -> None:
        """Let days pass, and close a statement up to yesterday if there is anything to close."""
        self.now += days * DAY
        yesterday = (self.now - DAY).date()
        try:
            drawn = close(self.database, self.now, party=self.party, last_day=yesterday)
        except (NotFoundError, RefusedError):
            return
        self.closed[drawn.head.number] = (drawn.head, numbers_of(self.database, drawn))


@given(STEPS)
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_happens_an_entry_is_on_one_statement_at_most_and_no_statement_changes(
    sqlite_url: str, steps: list[tuple[str, int, int]]
) -> None:
    database = open_database(sqlite_url)
    with database.read() as connection:
        known = len(list_agreements(connection, SELLER.seller_id))
    if not known:
        open_seller(database)
    story = Story(database, Party(Side.BUYER, f"buyer-{known}"))
    agree(database, story.party, cycle=Cycle.CUSTOM)
    for what, first, second in steps:
        getattr(story, what)(first, second)
    story.close(3, 0)

    with database.read() as connection:
        lines = stream_ledger(connection, SELLER.seller_id, story.party, "USD")
        entries = [line.entry for line in lines]
        balance = read_balance(connection, SELLER.seller_id, story.party, "USD")
    heads = [head for head, _ in story.closed.values()]
    stated = [number for _, numbers in story.closed.values() for number in numbers]
    assert sorted(stated) == [entry.number for entry in entries]
    assert balance == sum(entry.amount_micros for entry in entries)
    assert balance == (heads[-1].closing_micros if heads else 0)
    for earlier, later in pairwise(heads):
        assert earlier.ends_at <= later.starts_at
        assert later.opening_micros == earlier.closing_micros
    for i, (number, (head, numbers)) in enumerate(story.closed.items(), 1):
        drawn = find_statement(database, SELLER.seller_id, number)
        assert (drawn.head, numbers_of(database, drawn)) == (head, numbers)
        assert number == f"{story.party.party_id}-2026-{i:04}"
    database.dispose()
