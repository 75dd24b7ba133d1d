"""A month of calls of acme's, and the file that acme would send of them."""

import csv
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.ledger import post
from callrouter.domain.billing.ledger import EntryKind, Posting
from tests.accounts import ACME
from tests.books import attempt, cdr
from tests.switchboards import SELLER, T0
from tests.workflows.rated_calls import keep_cdrs

OCTOBER = datetime(2026, 10, 1, 14, 0, tzinfo=UTC)
AHEAD = timedelta(seconds=37)
HEADINGS = ("Call ID", "Start Time", "Caller ID", "Duration")


@dataclass(frozen=True, slots=True)
class Call:
    """One call: its number in the month, when it began, and how long it was connected."""

    number: int
    at: datetime
    connected_s: int

    @property
    def caller(self) -> str:
        """A number that no other call of the month has."""
        return f"+1415555{self.number:04}"


def list_calls(
    count: int = 60, *, since: datetime = OCTOBER, first: int = 100, buyer: str = "acme"
) -> list[Call]:
    """Calls half a day apart, each of another length."""
    apart = timedelta(hours=11, minutes=7, seconds=13)
    return [
        Call(first + n, since + n * apart, 40 + 7 * n % 200 + len(buyer) % 2) for n in range(count)
    ]


def keep_calls(
    database: Database,
    calls: Iterable[Call],
    *,
    buyer: str = "acme",
    seller_id: str = SELLER.seller_id,
) -> None:
    """The CDRs of calls; every one was connected to a destination of the buyer."""
    destination = {"acme": "acme-east", "bolt": "bolt-main"}[buyer]
    cdrs = []
    for call in calls:
        ms = 1000 * call.connected_s
        made = replace(
            attempt(f"CAleg{call.number}", 1, ms),
            dialed_at=call.at + timedelta(seconds=1),
            buyer_id=buyer,
            destination_id=destination,
        )
        kept = replace(
            cdr(made, total_ms=ms + 6000),
            call_sid=f"CA{buyer}{call.number}",
            started_at=call.at,
            ended_at=call.at + timedelta(milliseconds=ms + 6000),
            ani=call.caller,
            buyer_id=buyer,
            destination_id=destination,
            answered_ms=ms,
            connected_ms=ms,
        )
        cdrs.append((kept, call.at))
    keep_cdrs(database, cdrs, seller_id)


def charge_calls(database: Database, calls: Iterable[Call], micros: int, *, from_s: int) -> None:
    """What acme was charged for each of its calls: so much from so many seconds on, else 0."""
    postings = [
        Posting(
            party=ACME,
            kind=EntryKind.CHARGE,
            amount_micros=micros if call.connected_s >= from_s else 0,
            currency="USD",
            reference=f"call:CAacme{call.number}",
            booked_at=call.at,
            reason=f"connected {call.connected_s} s, {from_s} s are paid for",
            author="rating",
            call_sid=f"CAacme{call.number}",
            call_started_at=call.at,
        )
        for call in calls
    ]
    with database.write() as connection:
        post(connection, SELLER.seller_id, postings, T0)


def write_file(
    path: Path,
    calls: Iterable[Call],
    *,
    zone: str = "America/Chicago",
    headings: Sequence[str] = HEADINGS,
    change: Callable[[Call], Call] = lambda call: call,
) -> Path:
    """The buyer's file of calls: by its own clock, which is ahead, and with its own ids."""
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(headings)
        for call in map(change, calls):
            wall = (call.at + timedelta(seconds=1) + AHEAD).astimezone(ZoneInfo(zone))
            writer.writerow(
                [
                    f"A-{call.number}",
                    f"{wall:%Y-%m-%d %H:%M:%S}",
                    f"({call.caller[2:5]}) {call.caller[5:8]}-{call.caller[8:]}",
                    f"{call.connected_s // 60}:{call.connected_s % 60:02}",
                ]
            )
    return path
