"""Whatever happens in whatever order: once per call, balance is the sum, what is closed stays."""

import itertools
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from callrouter.adapters.storage.agreements import current_agreement_version, save_agreement
from callrouter.adapters.storage.calls import ensure_and_lock_call
from callrouter.adapters.storage.cdrs import save_cdr
from callrouter.adapters.storage.engine import Database, open_database
from callrouter.adapters.storage.ledger import list_accounts, read_balance
from callrouter.adapters.storage.ledger_lists import LedgerLine, stream_lines
from callrouter.adapters.storage.sellers import Seller
from callrouter.domain.billing.ledger import OF_CALLS, EntryKind
from callrouter.domain.billing.party import Party
from callrouter.domain.billing.terms import Agreement, Band, Cycle, Share
from callrouter.domain.errors import CallrouterError
from callrouter.workflows.close_statement import close_statement
from callrouter.workflows.post_entry import Wanted as WantedEntry
from callrouter.workflows.post_entry import post_entry, reverse_entry
from callrouter.workflows.rate_call import rate_call
from callrouter.workflows.rate_period import Wanted, rate_period
from callrouter.workflows.take_payment import HandPayment, take_payment
from tests.adapters.storage.builders import add_sellers, unhurried
from tests.domain.billing.builders import ACME, RADIO, USD, agreement_of, cdr_of, terms_of
from tests.domain.billing.test_call_entries import attempt_of

START = datetime(2026, 11, 2, 12, tzinfo=UTC)
STEP = timedelta(hours=9)
_examples = itertools.count()


@dataclass(frozen=True)
class Call:
    """A call ends, or turns out to have lasted otherwise; with 0 nobody talked."""

    number: int
    seconds: int


@dataclass(frozen=True)
class Pay:
    """A payment is told, perhaps not for the first time."""

    number: int


@dataclass(frozen=True)
class Adjust:
    """A person writes something into the account."""

    cents: int


@dataclass(frozen=True)
class Reverse:
    """A person takes an entry back, if there is one that can be."""

    party: Party
    number: int


@dataclass(frozen=True)
class Close:
    """A statement ends with the day before."""

    party: Party


@dataclass(frozen=True)
class Again:
    """The price changes, and everything is rated again."""

    price: int


calls = st.builds(Call, st.integers(1, 4), st.sampled_from([0, 100, 121, 200]))
parties = st.sampled_from([ACME, RADIO])
happenings = st.one_of(
    calls,
    calls,
    st.builds(Pay, st.integers(1, 3)),
    st.builds(Adjust, st.sampled_from([-450, 25])),
    st.builds(Reverse, parties, st.integers(1, 9)),
    st.builds(Close, parties),
    st.builds(Again, st.sampled_from([75, 80])),
)


@dataclass
class Story:
    """One seller, whose time goes on with each happening; `closed` has statements' lines."""

    database: Database
    seller_id: str
    now: datetime = START
    price: int = 75
    began: dict[int, datetime] = field(default_factory=dict)
    lasted: dict[int, int] = field(default_factory=dict)
    closed: dict[tuple[Party, str], list[int]] = field(default_factory=dict)
    taken_back: set[tuple[Party, str]] = field(default_factory=set)
    seen: dict[Party, int] = field(default_factory=dict)

    def begin(self) -> None:
        seller = Seller(self.seller_id, "Seller", f"AC{self.seller_id}", ("token-of-the-seller-0",))
        with self.database.write() as connection:
            add_sellers(connection, seller)
        self._agree()

    def go(self, happening: Call | Pay | Adjust | Reverse | Close | Again) -> None:
        self.now += STEP
        match happening:
            case Call(number, seconds):
                self._end_call(number, seconds)
            case Pay(number):
                told = HandPayment(
                    party=ACME, amount="100.00", currency="USD", reference=f"wire-{number}"
                )
                take_payment(self.database, self.seller_id, told, "ann", self.now)
            case Adjust(cents):
                wanted = WantedEntry(
                    party=ACME,
                    currency="USD",
                    kind=EntryKind.ADJUSTMENT,
                    amount_micros=cents * USD // 100,
                    reason="as told",
                    author="ann",
                )
                post_entry(self.database, self.seller_id, wanted, self.now)
            case Reverse(party, number):
                self._reverse(party, number)
            case Close(party):
                yesterday = (self.now - timedelta(days=1)).date()
                with suppress(CallrouterError):
                    close_statement(
                        self.database, self.seller_id, party, "USD", yesterday, "ann", self.now
                    )
            case Again(price):
                self.price = price
                self._agree()
                wanted_calls = Wanted(START, self.now + STEP)
                list(
                    rate_period(self.database, self.seller_id, wanted_calls, self.now, author="ann")
                )

    def _agree(self) -> None:
        terms = terms_of(bands=(Band(120, self.price * USD),))
        share = terms_of(share=Share(400_000))
        for agreement in (agreement_of(terms), agreement_of(share, party=RADIO)):
            self._save(replace(agreement, zone="UTC", cycle=Cycle.CUSTOM))

    def _save(self, agreement: Agreement) -> None:
        with self.database.write() as connection:
            current = current_agreement_version(connection, self.seller_id, agreement.party)
            version = replace(agreement, version=current + 1)
            save_agreement(connection, self.seller_id, version, "", "ann", "", self.now)

    def _end_call(self, number: int, seconds: int) -> None:
        began_at = self.began.setdefault(number, self.now)
        self.lasted[number] = seconds
        cdr = replace(
            cdr_of(attempt_of(connected_s=seconds)), call_sid=f"CA{number}", started_at=began_at
        )
        with self.database.write() as connection:
            ensure_and_lock_call(
                connection, self.seller_id, cdr.call_sid, began_at, cdr.did, cdr.ani, began_at
            )
            saved = save_cdr(connection, self.seller_id, cdr, 1, self.now, is_rated=True)
            assert rate_call(connection, self.seller_id, saved, self.now, None)

    def _reverse(self, party: Party, number: int) -> None:
        with suppress(CallrouterError):
            reversal = reverse_entry(
                self.database,
                self.seller_id,
                party,
                "USD",
                number,
                reason="as told",
                author="ann",
                at=self.now,
            )
            self.taken_back.add((party, reversal.call_sid))

    def lines(self, party: Party) -> list[LedgerLine]:
        with self.database.read() as connection:
            return list(stream_lines(connection, self.seller_id, party, "USD"))

    def check(self) -> None:
        """The laws, after each happening."""
        for party in (ACME, RADIO):
            lines = self.lines(party)
            self._check_balance(party, lines)
            self._check_calls(party, lines)
            self._check_statements(party, lines)

    def _check_balance(self, party: Party, lines: list[LedgerLine]) -> None:
        assert [line.entry.number for line in lines] == list(range(1, len(lines) + 1))
        total = sum(line.entry.amount_micros for line in lines)
        with self.database.read() as connection:
            accounts = {a.party: a for a in list_accounts(connection, self.seller_id)}
            assert read_balance(connection, self.seller_id, party, "USD") == total
        assert party not in accounts or accounts[party].balance_micros == total

    def _check_calls(self, party: Party, lines: list[LedgerLine]) -> None:
        """Each call stands once, at what it comes to; not at all where a person took it back."""
        back = {line.entry.reverses for line in lines}
        kind = OF_CALLS[party.side]
        standing = [x.entry for x in lines if x.entry.kind is kind and x.entry.number not in back]
        assert not [n for n in Counter(e.call_sid for e in standing).values() if n > 1]
        for entry in standing:
            seconds = self.lasted[int(entry.call_sid.removeprefix("CA"))]
            assert entry.connected_ms == seconds * 1000
            assert party is RADIO or entry.amount_micros in (0, 75 * USD, 80 * USD)
            assert (entry.amount_micros > 0) <= (seconds >= 120)
        booked = {line.entry.call_sid for line in lines if line.entry.kind is kind}
        kept = {entry.call_sid for entry in standing}
        assert kept == {call for call in booked if (party, call) not in self.taken_back}

    def _check_statements(self, party: Party, lines: list[LedgerLine]) -> None:
        """What was closed is as it was, and what is added to correct it says so."""
        before = {
            number: name
            for (owner, name), numbers in self.closed.items()
            for number in numbers
            if owner is party
        }
        for line in lines:
            entry = line.entry
            assert before.get(entry.number, line.statement) == line.statement
            if entry.number > self.seen.get(party, 0) and entry.reverses is not None:
                assert entry.corrects == before.get(entry.reverses, "")
        kept: dict[tuple[Party, str], list[int]] = {}
        for line in lines:
            if line.statement:
                kept.setdefault((party, line.statement), []).append(line.entry.number)
        for key, numbers in self.closed.items():
            assert key[0] is not party or kept[key] == numbers
        self.closed |= kept
        self.seen[party] = len(lines)


def tell(database: Database, happened: list[Call | Pay | Adjust | Reverse | Close | Again]) -> None:
    story = Story(database, f"seller-{next(_examples)}")
    story.begin()
    for happening in happened:
        story.go(happening)
        story.check()


@given(st.lists(happenings, max_size=20))
@settings(unhurried, max_examples=30)
def test_accounts_follow_the_laws_on_sqlite(
    sqlite_url: str, happened: list[Call | Pay | Adjust | Reverse | Close | Again]
) -> None:
    database = open_database(sqlite_url)
    try:
        tell(database, happened)
    finally:
        database.dispose()


@given(st.lists(happenings, min_size=8, max_size=14))
@settings(unhurried, max_examples=5)
def test_accounts_follow_the_laws(
    database: Database, happened: list[Call | Pay | Adjust | Reverse | Close | Again]
) -> None:
    tell(database, happened)


def test_a_story_with_everything(database: Database) -> None:
    tell(
        database,
        [
            Call(1, 121),
            Call(2, 100),
            Call(3, 200),
            Pay(1),
            Pay(1),
            Close(ACME),
            Call(1, 100),
            Again(80),
            Reverse(ACME, 2),
            Call(3, 121),
            Again(75),
            Close(RADIO),
            Close(ACME),
            Adjust(-450),
            Call(2, 121),
            Call(1, 0),
            Reverse(RADIO, 1),
            Again(80),
        ],
    )
