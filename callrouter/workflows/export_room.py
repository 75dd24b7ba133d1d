"""The room as rows: one for each destination and for whatever shares a cap, as JSON and as CSV.

Instants are ISO 8601 in UTC. Figures are calls, or micro-units of the currency that `unit` names.
"""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import asdict, astuple, dataclass, fields
from typing import TextIO

from callrouter.domain.health.stops import say_stop
from callrouter.domain.limits.cap_words import say_limit
from callrouter.domain.limits.caps import ON_ACCOUNTS, Measure, Subject, SubjectKind
from callrouter.domain.limits.standing import say_standing
from callrouter.domain.routing.room import (
    CampaignRoom,
    DestinationRoom,
    Gauge,
    Role,
    SharedRoom,
)
from callrouter.domain.routing.room_words import say_taken_by
from callrouter.workflows.export_calls import spell_cell, spell_instant


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterRow:
    """One counter: its limit in words, and what it holds. None: no limit, never, not waiting."""

    counter: str
    measure: str
    period: str
    unit: str
    limit: int | None
    used: int
    held: int
    left: int | None
    resets_at: str | None
    next_call_at: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomRow:
    """One campaign, destination (`level` is route, pointed or overflow), buyer, group, publisher.

    `rule` and `why` say why it takes no calls, or only in part. `hours` is open or closed, "" where
    there are none; `asks` are the rules that are left to each call. `live_calls` ring or talk at a
    destination, of whatever campaign; None for what is none. `standing` is the buyer's.
    """

    campaign: str
    table_version: int
    level: str
    id: str
    buyer: str
    takes_calls: bool
    rule: str
    why: str
    hours: str
    hours_change_at: str | None
    hours_zone: str
    stops: list[str]
    standing: str
    asks: list[str]
    live_calls: int | None
    counters: list[CounterRow]


_OF_ROW = tuple(f.name for f in fields(RoomRow) if f.name != "counters")
_OF_COUNTER = tuple(f.name for f in fields(CounterRow))


def list_room_rows(rooms: Iterable[CampaignRoom]) -> Iterator[RoomRow]:
    """Every campaign with its destinations, and then what they share."""
    for room in rooms:
        yield _row_of_campaign(room)
        for destination in room.destinations:
            yield _row_of_destination(room, destination)
        for shared in room.shared:
            if shared.subject.kind is not SubjectKind.CAMPAIGN:
                yield _row_of_shared(room, shared)


def export_room_csv(rooms: Iterable[CampaignRoom], out: TextIO) -> None:
    """A header, then a line for each counter; what has none has a line without one."""
    writer = csv.writer(out)
    writer.writerow((*_OF_ROW, *_OF_COUNTER))
    for row in list_room_rows(rooms):
        own = asdict(row)
        own["stops"], own["asks"] = "; ".join(row.stops), "; ".join(row.asks)
        cells = [_spell(own[name]) for name in _OF_ROW]
        for counter in row.counters:
            writer.writerow([*cells, *map(_spell, astuple(counter))])
        if not row.counters:
            writer.writerow([*cells, *("" for _ in _OF_COUNTER)])


def _row_of_destination(room: CampaignRoom, it: DestinationRoom) -> RoomRow:
    hours = it.hours
    changes_at = hours.changes_at if hours else None
    return RoomRow(
        campaign=room.campaign_id,
        table_version=room.table_version,
        level=it.role.value,
        id=it.destination_id,
        buyer=it.buyer_id,
        takes_calls=it.skip is None,
        rule=it.skip.rule.value if it.skip else "",
        why=it.skip.saw if it.skip else "",
        hours="" if hours is None else "open" if hours.is_open else "closed",
        hours_change_at=spell_instant(changes_at) if changes_at else None,
        hours_zone=hours.zone if hours else "",
        stops=[say_stop(stop, room.at) for stop in it.stops],
        standing=say_standing(it.standing) if it.standing else "",
        asks=list(it.asks),
        live_calls=it.live_calls,
        counters=[_row_of_counter(gauge) for gauge in it.gauges],
    )


def _row_of_campaign(room: CampaignRoom) -> RoomRow:
    own = Subject(SubjectKind.CAMPAIGN, room.campaign_id)
    gauges = (gauge for each in room.shared if each.subject == own for gauge in each.gauges)
    return RoomRow(
        campaign=room.campaign_id,
        table_version=room.table_version,
        level=SubjectKind.CAMPAIGN.value,
        id=room.campaign_id,
        buyer="",
        takes_calls=room.taken_by is not None,
        rule="",
        why="" if room.taken_by is Role.ROUTE else say_taken_by(room),
        hours="",
        hours_change_at=None,
        hours_zone="",
        stops=[],
        standing="",
        asks=list(room.asks),
        live_calls=None,
        counters=[_row_of_counter(gauge) for gauge in gauges],
    )


def _row_of_shared(room: CampaignRoom, it: SharedRoom) -> RoomRow:
    kind = it.subject.kind
    return RoomRow(
        campaign=room.campaign_id,
        table_version=room.table_version,
        level=kind.value,
        id=it.subject.subject_id,
        buyer=it.subject.subject_id if kind is SubjectKind.BUYER else "",
        takes_calls=it.has_room,
        rule="",
        why="",
        hours="",
        hours_change_at=None,
        hours_zone="",
        stops=[say_stop(stop, room.at) for stop in it.stops],
        standing=say_standing(it.standing) if it.standing else "",
        asks=[],
        live_calls=None,
        counters=[_row_of_counter(gauge) for gauge in it.gauges],
    )


def _row_of_counter(gauge: Gauge) -> CounterRow:
    counter, usage = gauge.counter, gauge.usage
    is_money = counter.cap.measure in ON_ACCOUNTS | {Measure.REVENUE}
    return CounterRow(
        counter=say_limit(counter),
        measure=counter.cap.measure.value,
        period=counter.cap.period.value,
        unit=f"micro-{counter.currency}" if is_money else "calls",
        limit=gauge.limit,
        used=usage.used,
        held=usage.held,
        left=gauge.left,
        resets_at=spell_instant(gauge.resets_at) if gauge.resets_at else None,
        next_call_at=spell_instant(gauge.ready_at) if gauge.ready_at else None,
    )


def _spell(value: str | int | bool | None) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case _:
            return spell_cell(value)
