"""The calls of a period that ended close to a threshold, with the money on each side of it."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TextIO

from sqlalchemy.engine import Connection

from callrouter.adapters.storage.agreements import list_agreements
from callrouter.adapters.storage.cdrs import CdrFilter, stream_cdrs
from callrouter.domain.billing.borderline import Borderline, find_borderline, is_near
from callrouter.domain.billing.party import Party
from callrouter.domain.billing.talks import list_talks
from callrouter.domain.billing.terms_choice import find_terms
from callrouter.domain.money import say_micros
from callrouter.workflows.export_calls import spell_cell, spell_instant
from callrouter.workflows.read_paid_past import read_paid_past

COLUMNS = (
    "call_id",
    "started_at",
    "side",
    "party",
    "campaign",
    "destination",
    "ani",
    "clock",
    "seconds",
    "threshold_s",
    "off_s",
    "reached",
    "currency",
    "amount",
    "below",
    "above",
    "at_stake",
)


@dataclass(frozen=True, slots=True)
class BorderlinePeriod:
    """Which calls are looked at: of whom (None: everybody), begun when, how close to the line."""

    party: Party | None
    since: datetime
    until: datetime
    within_s: int


@dataclass(frozen=True, slots=True)
class BorderlineTotal:
    """What the calls of one party come to: those that reached their threshold, and the others.

    `at_risk_micros` is paid now and wouldn't be if these calls had been a little shorter;
    `missed_micros` isn't paid, and would be if those others had been a little longer.
    """

    party: Party
    currency: str
    reached: int
    at_risk_micros: int
    short: int
    missed_micros: int


def stream_borderline(
    connection: Connection, seller_id: str, period: BorderlinePeriod
) -> Iterator[Borderline]:
    """Each talk close to a threshold, the newest call first; memory doesn't grow with the calls."""
    agreements = {each.party: each for each in list_agreements(connection, seller_id)}
    wanted = CdrFilter(since=period.since, until=period.until)
    for stored in stream_cdrs(connection, seller_id, wanted):
        for talk in list_talks(stored.cdr):
            agreement = agreements.get(talk.party)
            if agreement is None or period.party not in (None, talk.party):
                continue
            terms = find_terms(agreement, talk)
            if terms is None or not is_near(talk, terms, period.within_s):
                continue
            past = read_paid_past(connection, seller_id, talk, terms, agreement.zone)
            found = find_borderline(talk, terms, past, period.within_s)
            if found is not None:
                yield found


def sum_borderline(found: Iterable[Borderline]) -> tuple[BorderlineTotal, ...]:
    """The calls and the money on each side of the line, by party and currency."""
    totals: dict[tuple[Party, str], list[int]] = {}
    for each in found:
        own = totals.setdefault((each.talk.party, each.terms.currency), [0, 0, 0, 0])
        side = 0 if each.is_reached else 2
        own[side] += 1
        own[side + 1] += each.at_stake_micros
    return tuple(BorderlineTotal(*key, *totals[key]) for key in sorted(totals))


def make_borderline_record(found: Borderline) -> dict[str, str | int | float | bool]:
    """A talk by the names of the columns; money as decimal text, seconds as numbers."""
    talk, terms = found.talk, found.terms
    return {
        "call_id": talk.call_sid,
        "started_at": spell_instant(talk.started_at),
        "side": str(talk.party.side),
        "party": talk.party.party_id,
        "campaign": talk.campaign_id,
        "destination": talk.destination_id,
        "ani": talk.ani,
        "clock": str(terms.clock),
        "seconds": found.counted_ms / 1000,
        "threshold_s": found.threshold_s,
        "off_s": found.off_ms / 1000,
        "reached": found.is_reached,
        "currency": terms.currency,
        "amount": say_micros(found.amount_micros),
        "below": say_micros(found.below_micros),
        "above": say_micros(found.above_micros),
        "at_stake": say_micros(found.at_stake_micros),
    }


def export_borderline_csv(found: Iterable[Borderline], out: TextIO) -> None:
    """A header, and a line for each talk."""
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for each in found:
        record = make_borderline_record(each)
        writer.writerow(
            ("yes" if cell else "no") if isinstance(cell, bool) else spell_cell(cell)
            for cell in record.values()
        )
