"""`callrouter tie-out evidence`: all that there is to show about one line of a tie-out."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import click

from callrouter.adapters.storage.calls import CallRow, EventRow, read_call, read_event_rows
from callrouter.adapters.storage.carrier_costs import read_records
from callrouter.adapters.storage.cdrs import StoredCdr, read_cdr
from callrouter.adapters.storage.difference_decisions import list_decisions
from callrouter.adapters.storage.seller_summaries import summarize_sellers
from callrouter.adapters.storage.tie_out_lines import read_lines
from callrouter.adapters.twilio.carrier_pages import CarrierPages, find_pages
from callrouter.cli.call_text import describe_call
from callrouter.cli.context import CliContext
from callrouter.cli.options import example, json_option, pass_cli, seller_option
from callrouter.cli.printing import JsonValue, as_json, make_visible, print_json, show_instant
from callrouter.domain.carrier.carrier_records import CarrierRecord
from callrouter.domain.errors import NotFoundError
from callrouter.domain.money import say_amount
from callrouter.domain.tie_out.report import CLASS_WORDS, ReportedLine
from callrouter.workflows.export_calls import make_record
from callrouter.workflows.export_tie_out import find_source, tell_report_lines
from callrouter.workflows.view_tie_out import KeptTieOut, view_tie_out


@dataclass(frozen=True, slots=True)
class _Call:
    """Our call with all that is kept of it; `pages` are the carrier's, of each leg."""

    row: CallRow
    events: tuple[EventRow, ...]
    revisions: tuple[StoredCdr, ...]
    records: tuple[CarrierRecord, ...]
    pages: tuple[CarrierPages, ...]


@click.command(
    epilog=example("callrouter tie-out evidence 3 17", "callrouter tie-out evidence 3 17 --json")
)
@click.argument("number", type=click.IntRange(1))
@click.argument("line_no", metavar="LINE", type=click.IntRange(0))
@seller_option
@json_option
@pass_cli
def evidence(
    context: CliContext, number: int, line_no: int, seller: str | None, as_json_text: bool
) -> None:
    """Show all that is known of one line of tie-out NUMBER: both sides, decisions, the call.

    Of the call every event, its CDRs, the carrier's own records once its day was audited, and where
    the carrier shows its legs and their recordings to who may sign in there.
    """
    seller_id, database = context.find_seller(seller), context.database
    tied = view_tie_out(database, seller_id, number)
    line = _find_line(context, seller_id, tied, line_no)
    with database.read() as connection:
        decisions = list_decisions(connection, seller_id, number, line_no)
    call = _find_call(context, seller_id, line.call_sid)
    if as_json_text:
        print_json({"line": as_json(line), "decisions": as_json(decisions), **_as_json(call)})
        return
    for name, value in _describe_line(line, tied):
        if value:
            click.echo(make_visible(f"{name:<13} {value}"))
    for each in decisions:
        when = show_instant(each.decided_at)
        click.echo(make_visible(f"{when} {each.author}: {each.decision}, {each.reason}"))
    if call is not None:
        _print_call(call)


def _find_line(context: CliContext, seller_id: str, tied: KeptTieOut, line_no: int) -> ReportedLine:
    with context.database.read() as connection:
        found = read_lines(connection, seller_id, tied.number, after=line_no - 1, limit=1)
    if not found.height or found["line_no"][0] != line_no:
        raise NotFoundError(f"tie-out {tied.number} has no line {line_no}")
    source = find_source(context.database, seller_id, tied)
    [line] = tell_report_lines(found, source)
    return line


def _find_call(context: CliContext, seller_id: str, call_sid: str) -> _Call | None:
    """Everything about our call; None where there is none, or nothing is kept of it any more."""
    with context.database.read() as connection:
        row = read_call(connection, seller_id, call_sid) if call_sid else None
        if row is None:
            return None
        events = read_event_rows(connection, seller_id, call_sid)
        numbers = range(1, row.cdr_revision + 1)
        found = [read_cdr(connection, seller_id, call_sid, number) for number in numbers]
        records = read_records(connection, seller_id, [call_sid]).get(call_sid, ())
        sellers = summarize_sellers(connection)
    revisions = tuple(stored for stored in found if stored is not None)
    [account] = [each.account_sid for each in sellers if each.seller_id == seller_id]
    attempts = revisions[-1].cdr.attempts if revisions else ()
    legs = (call_sid, *(each.leg_sid for each in attempts), *(each.leg_sid for each in records))
    pages = tuple(find_pages(account, leg) for leg in dict.fromkeys(legs) if leg)
    return _Call(row, tuple(events), revisions, records, pages)


def _as_json(call: _Call | None) -> dict[str, JsonValue]:
    if call is None:
        return {"call": None, "events": [], "revisions": [], "carrier": [], "pages": []}
    return {
        "call": as_json(call.row),
        "events": as_json(call.events),
        "revisions": [make_record(stored) for stored in call.revisions],
        "carrier": as_json(call.records),
        "pages": as_json(call.pages),
    }


def _describe_line(line: ReportedLine, tied: KeptTieOut) -> Iterator[tuple[str, str]]:
    yield "line", f"{line.line_no}, {CLASS_WORDS[line.difference].lower()}"
    yield "why", line.why
    yield "decided", line.settled
    yield "began", _say(line.at)
    yield "caller", line.caller
    yield "number", line.did
    yield "destination", line.destination_id
    yield "our call", line.call_sid
    yield "our time", _say_seconds(line.our_ms)
    yield "our charge", _say_money(line.our_micros, tied)
    yield "their record", f"{line.place} {line.their_ids}".strip()
    yield "their start", f"{line.their_start} by their clock" if line.their_start else ""
    yield "their time", _say_seconds(line.their_ms)
    yield "theirs", _say_money(line.their_micros, tied)


def _say(at: datetime | None) -> str:
    return "" if at is None else show_instant(at)


def _say_seconds(ms: int | None) -> str:
    return "" if ms is None else f"{ms / 1000:.3f} s"


def _say_money(micros: int | None, tied: KeptTieOut) -> str:
    return "" if micros is None else say_amount(micros, tied.currency)


def _print_call(call: _Call) -> None:
    click.echo("")
    for text in describe_call(call.row, call.events, call.revisions, call.records):
        click.echo(make_visible(text))
    click.echo("\nat the carrier, for who may sign in there: each leg, and its recordings, if any")
    for each in call.pages:
        for page in (each.record, each.recordings):
            click.echo(make_visible(f"  {page}"))
