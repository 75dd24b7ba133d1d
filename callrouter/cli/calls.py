"""`callrouter calls`: what calls were, one by one and in bulk."""

from pathlib import Path

import click

from callrouter.adapters.call_files import CallForm
from callrouter.adapters.storage.calls import CallRow, read_call, read_event_rows
from callrouter.adapters.storage.carrier_costs import read_records
from callrouter.adapters.storage.cdrs import (
    CdrFilter,
    StoredCdr,
    list_cdrs,
    list_open_calls,
    read_cdr,
)
from callrouter.cli.call_filter import filter_options
from callrouter.cli.call_text import describe_call
from callrouter.cli.context import CliContext
from callrouter.cli.options import example, json_option, output_option, pass_cli, seller_option
from callrouter.cli.printing import (
    as_json,
    make_visible,
    open_output,
    print_json,
    print_table,
    show_instant,
    show_seconds,
)
from callrouter.domain.errors import NotFoundError
from callrouter.workflows.export_calls import export_calls_csv, export_calls_json, make_record
from callrouter.workflows.export_calls_as import export_calls_as

_MOST_OPEN_CALLS = 100_000
_COLUMNS = (
    "started",
    "call",
    "campaign",
    "did",
    "ani",
    "destination",
    "disposition",
    "total_s",
    "connected_s",
)


@click.group()
def calls() -> None:
    """What calls were: lists, single calls with everything that happened, exports."""


@calls.command(
    name="list",
    epilog=example(
        "callrouter calls list --campaign flood-repair --since 2026-11-21 --limit 20",
        "callrouter calls list --open",
    ),
)
@filter_options
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, metavar="N",
    help="At most so many, the newest first.",
)  # fmt: skip
@click.option("--open", "only_open", is_flag=True, help="Calls that have no CDR yet instead.")
@seller_option
@json_option
@pass_cli
def list_(
    context: CliContext,
    wanted: CdrFilter,
    limit: int,
    only_open: bool,
    seller: str | None,
    as_json_text: bool,
) -> None:
    """List calls, the newest first, by their latest CDR."""
    seller_id = context.find_seller(seller)
    if only_open:
        _list_open(context, seller_id, wanted, limit, as_json_text=as_json_text)
        return
    with context.database.read() as connection:
        found = list_cdrs(connection, seller_id, wanted, None, limit)
    if as_json_text:
        print_json([make_record(stored) for stored in found])
        return
    print_table(_COLUMNS, [_cells(stored) for stored in found], empty="no call matches")
    if len(found) == limit:
        click.echo(f"the newest {limit}; see more with --limit, all with `calls export`", err=True)


@calls.command(epilog=example("callrouter calls show CA00000000000000000000000000000001"))
@click.argument("call_id", metavar="CALL")
@seller_option
@json_option
@pass_cli
def show(context: CliContext, call_id: str, seller: str | None, as_json_text: bool) -> None:
    """Show everything about one call: each event, each decision with its reasons, each CDR.

    And the carrier's own records of its legs with their cost, once its day was audited.
    """
    seller_id = context.find_seller(seller)
    with context.database.read() as connection:
        call = read_call(connection, seller_id, call_id)
        if call is None:
            raise NotFoundError(f"there is no call {call_id!r}")
        events = read_event_rows(connection, seller_id, call_id)
        numbers = range(1, call.cdr_revision + 1)
        found = [read_cdr(connection, seller_id, call_id, number) for number in numbers]
        records = read_records(connection, seller_id, [call_id]).get(call_id, ())
    revisions = [stored for stored in found if stored is not None]
    if as_json_text:
        print_json(
            {
                "call": as_json(call),
                "events": as_json(events),
                "revisions": [make_record(stored) for stored in revisions],
                "attempts": as_json(revisions[-1].cdr.attempts) if revisions else [],
                "carrier": as_json(records),
            }
        )
        return
    for line in describe_call(call, events, revisions, records):
        click.echo(make_visible(line))


@calls.command(
    epilog=example(
        "callrouter calls export --since 2026-11-01 --until 2026-12-01 -o november.csv",
        "callrouter calls export --buyer acme --json",
        "callrouter calls export --buyer acme --since 2026-11-01 --as ringba -o for-acme.csv",
    )
)
@filter_options
@click.option(
    "--as",
    "form",
    type=click.Choice([form.value for form in CallForm]),
    metavar="SYSTEM",
    help="In the columns of plain, ringba, retreaver, trackdrive or twilio, for others to import.",
)
@click.option("--json", "as_json_lines", is_flag=True, help="JSON, one call a line.")
@output_option
@seller_option
@pass_cli
def export(
    context: CliContext,
    wanted: CdrFilter,
    form: str | None,
    as_json_lines: bool,
    output: Path | None,
    seller: str | None,
) -> None:
    """Write all matching calls as CSV, the newest first, by their latest CDR.

    Any number of calls takes the same memory. A cell that a spreadsheet would run as a formula has
    an apostrophe in front; numbers such as +18005550100 stay as they are.
    """
    seller_id = context.find_seller(seller)
    with open_output(output) as out:
        if form is not None:
            count = export_calls_as(
                context.database,
                seller_id,
                CallForm(form),
                out,
                wanted,
                as_json_lines=as_json_lines,
            )
        else:
            export_calls = export_calls_json if as_json_lines else export_calls_csv
            count = export_calls(context.database, seller_id, out, wanted)
    if output is not None:
        click.echo(f"{count} calls written to {output}", err=True)


def _cells(stored: StoredCdr) -> tuple[str, ...]:
    cdr = stored.cdr
    return (
        show_instant(cdr.started_at),
        cdr.call_sid,
        cdr.campaign_id or "-",
        cdr.did,
        cdr.ani,
        cdr.destination_id or "-",
        cdr.disposition,
        show_seconds(cdr.total_ms),
        show_seconds(cdr.connected_ms),
    )


def _list_open(
    context: CliContext, seller_id: str, wanted: CdrFilter, limit: int, *, as_json_text: bool
) -> None:
    if wanted.buyer or wanted.disposition:
        raise click.UsageError("an open call has no buyer and no disposition yet to select by")
    with context.database.read() as connection:
        all_open = list_open_calls(connection, seller_id, _MOST_OPEN_CALLS)
    found = [call for call in all_open if _matches(call, wanted)][:limit]
    if as_json_text:
        print_json(as_json(found))
        return
    now = context.clock.now()
    rows = [
        (
            show_instant(call.arrived_at),
            call.call_sid,
            call.campaign_id or "-",
            call.did,
            call.ani,
            f"{(now - call.arrived_at).total_seconds():.0f}",
        )
        for call in found
    ]
    print_table((*_COLUMNS[:5], "age_s"), rows, empty="no call is open")


def _matches(call: CallRow, wanted: CdrFilter) -> bool:
    """Whether an open call is one of those that are wanted."""
    if wanted.since is not None and call.arrived_at < wanted.since:
        return False
    if wanted.until is not None and call.arrived_at >= wanted.until:
        return False
    asked = ((wanted.campaign, call.campaign_id), (wanted.did, call.did), (wanted.ani, call.ani))
    return all(want is None or want == has for want, has in asked)
