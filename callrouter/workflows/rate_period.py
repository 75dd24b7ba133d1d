"""Rate a period's calls again by the terms as they are now: what would change, or is changed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sqlalchemy import Connection

from callrouter.adapters.storage.agreements import list_agreements
from callrouter.adapters.storage.cdrs import (
    CdrCursor,
    CdrFilter,
    StoredCdr,
    list_oldest_first,
    read_cdr,
)
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.ledger import find_entries_of_call, post_locked, read_statement_of
from callrouter.adapters.storage.rated_calls import lock_closed_call
from callrouter.domain.billing.call_entries import (
    CallAccounts,
    Change,
    Rated,
    list_changes,
    sort_entries,
)
from callrouter.domain.billing.call_rating import Agreed, find_agreed, rate_talks
from callrouter.domain.billing.ledger import Posting
from callrouter.domain.billing.party import Party, Side
from callrouter.domain.billing.period_past import PeriodPast
from callrouter.domain.billing.rating import PaidPast, PastQuestion, ask_past
from callrouter.domain.billing.talks import Talk, list_talks
from callrouter.domain.billing.terms import Agreement, Terms
from callrouter.workflows.rate_call import lock_accounts_of
from callrouter.workflows.read_paid_past import read_paid_past, read_past

_BEGINNING = datetime.min.replace(tzinfo=UTC)
_END = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which calls are rated again: begun from `since` to before `until`, of whom (None: all).

    Those of a buyer are rated for their publishers as well, whose shares depend on them.
    """

    since: datetime
    until: datetime
    party: Party | None = None

    @property
    def of_cdrs(self) -> CdrFilter:
        """The CDRs that are looked at."""
        return CdrFilter(since=self.since, until=self.until)


@dataclass(frozen=True, slots=True)
class RatedAgain:
    """One call that was rated again: what changes, each with the closed statement it corrects."""

    call_sid: str
    started_at: datetime
    changes: tuple[tuple[Change, str], ...]


def rate_period(
    database: Database,
    seller_id: str,
    wanted: Wanted,
    at: datetime,
    *,
    author: str | None = None,
) -> Iterator[RatedAgain]:
    """Rate the calls of a period again, the oldest first; with `author` what changes is written.

    Every call comes, whether it changes or not. Calls are written one by one, so that others get
    at the accounts in between: who stops half-way has done the first half. A call whose terms are
    gone stays as it is, and so does one that a person has taken back.
    """
    with database.read() as connection:
        agreements = {each.party: each for each in list_agreements(connection, seller_id)}
    rater = _Rater(database, seller_id, wanted, agreements, PeriodPast())
    after: CdrCursor | None = None
    while True:
        with database.read() as connection:
            page = list_oldest_first(connection, seller_id, wanted.of_cdrs, after)
        for stored in page:
            yield rater.rate(stored, at, author)
        if not page:
            return
        after = CdrCursor.behind(page[-1])


@dataclass(frozen=True, slots=True)
class _Rater:
    """Rates one call after the other, and remembers what was paid for."""

    database: Database
    seller_id: str
    wanted: Wanted
    agreements: Mapping[Party, Agreement]
    past: PeriodPast

    def rate(self, stored: StoredCdr, at: datetime, author: str | None) -> RatedAgain:
        call_sid = stored.cdr.call_sid
        with self.database.read() as connection:
            accounts = sort_entries(find_entries_of_call(connection, self.seller_id, call_sid))
            rated, agreed = self._rate(connection, stored, accounts)
            changes = self._list_changes(connection, stored, rated, accounts)
        if changes and author is not None:
            with self.database.write() as connection:
                rated, accounts, changes = self._write(connection, stored, agreed, at, author)
        self.past.note(rated, agreed, accounts)
        return RatedAgain(call_sid, stored.cdr.started_at, changes)

    def _rate(
        self, connection: Connection, stored: StoredCdr, accounts: CallAccounts
    ) -> tuple[Sequence[Rated], Mapping[Party, Agreed]]:
        talks = list_talks(stored.cdr)
        found = find_agreed(talks, self.agreements)
        chosen = self._choose([talk.party for talk in talks])
        agreed = {party: each for party, each in found.items() if party in chosen}
        return self._rate_by(connection, talks, agreed, accounts), agreed

    def _rate_by(
        self,
        connection: Connection,
        talks: Sequence[Talk],
        agreed: Mapping[Party, Agreed],
        accounts: CallAccounts,
    ) -> Sequence[Rated]:
        def look_up(talk: Talk, terms: Terms, zone: str) -> PaidPast:
            standing = accounts.find_standing(talk.party)
            is_paid = standing is not None and standing.amount_micros > 0
            return self._look_up(connection, talk, terms, zone, is_paid=is_paid)

        return rate_talks(talks, agreed, accounts, look_up)

    def _choose(self, parties: Sequence[Party]) -> Sequence[Party]:
        """Those whose side of a call is rated again; the others' stays as it stands."""
        party = self.wanted.party
        if party is None:
            return parties
        if party not in parties:
            return ()
        return [p for p in parties if p == party or p.side is Side.PUBLISHER]

    def _look_up(
        self, connection: Connection, talk: Talk, terms: Terms, zone: str, *, is_paid: bool
    ) -> PaidPast:
        """The past of a call: by what was rated again in the period, by accounts outside of it.

        What came after the period isn't held against a call that is paid for. By accounts alone
        for who isn't rated in all of its calls.
        """
        if self.wanted.party not in (None, talk.party):
            return read_paid_past(connection, self.seller_id, talk, terms, zone)
        question = ask_past(talk, terms, zone)
        last, paid = self.past.find_last(talk, question), self.past.count_day(talk, question, zone)
        for outside in self._list_outside(question, only_earlier=is_paid):
            past = read_past(connection, self.seller_id, talk, outside)
            last, paid = last or past.last_paid, paid + past.paid_that_day
        return PaidPast(last, paid)

    def _list_outside(
        self, question: PastQuestion, *, only_earlier: bool
    ) -> Iterator[PastQuestion]:
        """What is asked of the time before the period, and of the time after it."""
        before, after = (_BEGINNING, self.wanted.since), (self.wanted.until, _END)
        for since, until in (before,) if only_earlier else (before, after):
            window, day = (
                (max(span[0], since), min(span[1], until)) if span else None
                for span in (question.window, question.day)
            )
            yield replace(
                question,
                window=window if window and window[0] < window[1] else None,
                day=day if day and day[0] < day[1] else None,
            )

    def _list_changes(
        self,
        connection: Connection,
        stored: StoredCdr,
        rated: Sequence[Rated],
        accounts: CallAccounts,
    ) -> tuple[tuple[Change, str], ...]:
        """What changes for the parties that are wanted, with the statements that have it now."""
        party = self.wanted.party
        chosen = {each.talk.party for each in rated if each.charge is not None}
        return tuple(
            (change, self._find_statement(connection, change))
            for change in list_changes(rated, accounts, stored.cdr, stored.revision)
            if party is None or change.right.party in chosen | {party}
        )

    def _find_statement(self, connection: Connection, change: Change) -> str:
        standing = change.standing
        return read_statement_of(connection, self.seller_id, standing) if standing else ""

    def _write(
        self,
        connection: Connection,
        stored: StoredCdr,
        agreed: Mapping[Party, Agreed],
        at: datetime,
        author: str,
    ) -> tuple[Sequence[Rated], CallAccounts, tuple[tuple[Change, str], ...]]:
        """Once more under the locks of the call and its accounts, then written."""
        call_sid = stored.cdr.call_sid
        lock_closed_call(connection, self.seller_id, call_sid)
        stored = read_cdr(connection, self.seller_id, call_sid) or stored
        entries = find_entries_of_call(connection, self.seller_id, call_sid)
        accounts = lock_accounts_of(connection, self.seller_id, call_sid, agreed, entries)
        rated = self._rate_by(connection, list_talks(stored.cdr), agreed, accounts)
        changes = self._list_changes(connection, stored, rated, accounts)
        postings: list[Posting] = []
        for change, statement in changes:
            postings += (replace(p, author=author) for p in change.book(at, statement))
        post_locked(connection, self.seller_id, postings, at)
        return rated, accounts, changes
