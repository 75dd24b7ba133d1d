"""One call in a person's words: its CDR, how that changed, and everything that happened."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise

from callrouter.adapters.storage.calls import CallRow, EventRow
from callrouter.adapters.storage.cdrs import StoredCdr
from callrouter.cli.decision_text import list_candidates, say_source
from callrouter.cli.event_text import describe_event
from callrouter.cli.printing import align, show_instant, show_seconds
from callrouter.domain.calls.events import RouteDecided
from callrouter.domain.carrier.carrier_records import CarrierRecord
from callrouter.domain.cdr import AttemptRecord, Cdr
from callrouter.domain.money import say_micros
from callrouter.workflows.export_calls import make_record, spell_cell, spell_instant


def describe_call(
    call: CallRow,
    events: Sequence[EventRow],
    revisions: Sequence[StoredCdr],
    records: Sequence[CarrierRecord],
) -> Iterator[str]:
    """The whole story of a call, line by line; `revisions` from the first to the latest."""
    yield f"call {call.call_sid}: {call.ani or 'nobody'} called {call.did or 'nothing'}"
    yield ""
    if revisions:
        yield from _describe_cdr(revisions[-1])
        yield from _describe_changes(revisions)
    else:
        when = f"; swept after {show_instant(call.next_sweep_at)}" if call.next_sweep_at else ""
        yield f"no CDR yet: the call is open{when}"
    if records:
        yield ""
        yield "what the carrier has recorded"
        yield from _indent(align([_describe_record(record) for record in records]))
    yield ""
    yield "what happened, in seconds since the call reached us"
    yield from _describe_events(call.arrived_at, events)


def _describe_cdr(stored: StoredCdr) -> Iterator[str]:
    cdr = stored.cdr
    yield f"CDR, revision {stored.revision}, derived {show_instant(stored.derived_at)}"
    whose = f"{cdr.destination_id} of {cdr.buyer_id or '-'}" if cdr.destination_id else "-"
    rows = [
        ("campaign", f"{cdr.campaign_id or '-'}, publisher {cdr.publisher or '-'}"),
        ("started", spell_instant(cdr.started_at)),
        ("ended", spell_instant(cdr.ended_at)),
        ("disposition", f"{cdr.disposition}, ended by {cdr.hangup_party}"),
        ("destination", f"{whose}, table version {cdr.table_version}"),
        *_durations(cdr),
        *((f"attempt {a.attempt}", _describe_attempt(a)) for a in cdr.attempts),
        ("flags", " ".join(cdr.flags) or "-"),
    ]
    yield from _indent(align(rows))


def _describe_record(record: CarrierRecord) -> tuple[str, ...]:
    duration = "not answered" if record.duration_s is None else f"{record.duration_s} s"
    cost = "no price yet" if record.awaits_price else "no price"
    if record.cost_micros is not None:
        cost = f"{say_micros(record.cost_micros)} {record.currency}"
    return (record.dial_string, record.leg_sid, record.status, duration, cost)


def _durations(cdr: Cdr) -> Iterator[tuple[str, str]]:
    yield "total", f"{show_seconds(cdr.total_ms)} s"
    yield "ring", f"{show_seconds(cdr.ring_ms)} s"
    yield "answered", f"{show_seconds(cdr.answered_ms)} s"
    yield "connected", f"{show_seconds(cdr.connected_ms)} s by {cdr.connected_source}"


def _describe_attempt(attempt: AttemptRecord) -> str:
    return (
        f"{attempt.destination_id or '-'} {attempt.outcome}, "
        f"ring {show_seconds(attempt.ring_ms)} s, connected {show_seconds(attempt.connected_ms)} s"
    )


def _describe_changes(revisions: Sequence[StoredCdr]) -> Iterator[str]:
    for before, after in pairwise(revisions):
        old, new = make_record(before), make_record(after)
        changes = [
            f"{name} {spell_cell(old[name]) or '-'} -> {spell_cell(new[name]) or '-'}"
            for name in new
            if name != "revision" and old[name] != new[name]
        ]
        told = "; ".join(changes) or "details of the attempts"
        yield f"revision {before.revision} -> {after.revision}: {told}"


def _describe_events(began_at: datetime, events: Sequence[EventRow]) -> Iterator[str]:
    # A decision follows what it was made for, also where both have the same instant.
    in_order = sorted(
        events, key=lambda row: (row.event.received_at, isinstance(row.event, RouteDecided))
    )
    for row in in_order:
        offset_s = (row.event.received_at - began_at).total_seconds()
        label, told = describe_event(row.event)
        yield f"  {offset_s:9.3f}  {label:<10}  {told}"
        if isinstance(row.event, RouteDecided) and row.event.decision.candidates:
            yield f"{'':23}  by {say_source(row.event.decision)}"
            for line in list_candidates(row.event.decision):
                yield f"{'':23}  {line}"


def _indent(lines: Sequence[str]) -> Iterator[str]:
    for line in lines:
        yield f"  {line}"
