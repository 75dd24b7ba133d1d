"""Check that accounts are what they must be: they add up, and every talk is booked once."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from callrouter.adapters.storage.agreements import list_agreements
from callrouter.adapters.storage.cdrs import CdrCursor, CdrFilter, StoredCdr, list_oldest_first
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.ledger import find_entries_of_call, list_accounts
from callrouter.adapters.storage.ledger_lists import stream_lines
from callrouter.domain.billing.call_entries import CallAccounts, sort_entries
from callrouter.domain.billing.call_rating import find_agreed
from callrouter.domain.billing.ledger import OF_CALLS
from callrouter.domain.billing.party import Party
from callrouter.domain.billing.talks import Talk, list_talks
from callrouter.domain.billing.terms import Agreement
from callrouter.domain.money import say_amount


@dataclass(frozen=True, slots=True)
class Checked:
    """What was looked at, and everything that is wrong with it, in words."""

    accounts: int
    entries: int
    calls: int
    problems: tuple[str, ...]


def check_accounts(database: Database, seller_id: str, since: datetime, until: datetime) -> Checked:
    """Check all accounts of a seller, and the calls that began within a time.

    An account's balance is the sum of its entries, which are numbered without a gap. A call stands
    at most once in a party's accounts, with the durations of its latest CDR; every talk for which
    there are terms does, unless a person has taken it back. What it should come to isn't worked out
    here. What is booked at the same time may look wrong: check again.
    """
    problems: list[str] = []
    entries = calls = 0
    with database.read() as connection:
        accounts = list_accounts(connection, seller_id)
        for account in accounts:
            name = f"{account.party} in {account.currency}"
            total = count = last = 0
            for line in stream_lines(connection, seller_id, account.party, account.currency):
                total, count = total + line.entry.amount_micros, count + 1
                last = line.entry.number
            entries += count
            if last != count:
                problems.append(f"{name}: {count} entries, and the last one has number {last}")
            if total != account.balance_micros:
                balance = say_amount(account.balance_micros, account.currency)
                total_shown = say_amount(total, account.currency)
                problems.append(f"{name}: the balance is {balance}, its entries are {total_shown}")
        agreements = {each.party: each for each in list_agreements(connection, seller_id)}
        for stored in _stream(connection, seller_id, CdrFilter(since=since, until=until)):
            calls += 1
            problems += _check_call(connection, seller_id, stored, agreements)
    return Checked(len(accounts), entries, calls, tuple(problems))


def _check_call(
    connection: Connection,
    seller_id: str,
    stored: StoredCdr,
    agreements: Mapping[Party, Agreement],
) -> Iterator[str]:
    call_sid = stored.cdr.call_sid
    accounts = sort_entries(find_entries_of_call(connection, seller_id, call_sid))
    for party, count in _count_standing(accounts).items():
        if count > 1:
            yield f"{call_sid} stands {count} times in accounts of {party}"
    talks = list_talks(stored.cdr)
    agreed = find_agreed(talks, agreements)
    for talk in talks:
        problem = _check_talk(talk, accounts, has_terms=talk.party in agreed)
        if problem:
            yield f"{call_sid} {problem}"


def _check_talk(talk: Talk, accounts: CallAccounts, *, has_terms: bool) -> str:
    standing, party = accounts.find_standing(talk.party), talk.party
    if standing is None:
        is_wanted = talk.is_connected and has_terms and not accounts.was_taken_back(party)
        return f"isn't booked for {party}" if is_wanted else ""
    if (standing.total_ms, standing.connected_ms) == (talk.total_ms, talk.connected_ms):
        return ""
    booked, now = f"{standing.connected_ms} ms connected", f"{talk.connected_ms} ms"
    return f"is booked for {party} with {booked}, but its CDR has {now}"


def _count_standing(accounts: CallAccounts) -> Counter[Party]:
    """How many charges or payouts of each party nothing takes back."""
    counts: Counter[Party] = Counter()
    for entry in accounts.entries:
        if entry.kind is OF_CALLS[entry.party.side]:
            counts[entry.party] += 1
        elif entry.reverses is not None:
            counts[entry.party] -= 1
    return counts


def _stream(connection: Connection, seller_id: str, wanted: CdrFilter) -> Iterator[StoredCdr]:
    after: CdrCursor | None = None
    while True:
        page = list_oldest_first(connection, seller_id, wanted, after)
        yield from page
        if not page:
            return
        after = CdrCursor.behind(page[-1])
