"""`callrouter tie-out settle` and `evidence`: what becomes of a difference, and why."""

from dataclasses import asdict
from datetime import datetime

import click

from callrouter.adapters.storage.calls import read_call, read_event_rows
from callrouter.adapters.storage.carrier_costs import read_records
from callrouter.adapters.storage.cdrs import read_cdr
from callrouter.adapters.storage.difference_decisions import list_decisions
from callrouter.adapters.storage.seller_summaries import summarize_sellers
from callrouter.adapters.storage.tie_out_lines import read_lines
from callrouter.cli.call_text import describe_call
from callrouter.cli.context import CliContext
from callrouter.cli.options import author_option, example, json_option, pass_cli, seller_option
from callrouter.cli.printing import as_json, make_visible, print_json, show_instant
from callrouter.cli.tie_out_choice import chosen_options
from callrouter.domain.errors import NotFoundError
from callrouter.domain.money import read_amount, say_amount
from callrouter.domain.tie_out.counts import say_count
from callrouter.domain.tie_out.report import ReportedLine
from callrouter.domain.tie_out.settlement import Decision
from callrouter.workflows.choose_lines import Chosen
from callrouter.workflows.export_tie_out import find_source, tell_report_lines
from callrouter.workflows.resolve_differences import Resolved, Verdict, resolve_differences
from callrouter.workflows.view_tie_out import KeptTieOut, view_tie_out

_SHOWN = 10
_number = click.argument("number", type=click.IntRange(1))


@click.command(
    epilog=example(
        "callrouter tie-out settle 3 --accept --class across_threshold --within 2"
        ' --reason "our clock, rounded"',
        'callrouter tie-out settle 3 --stand --line 17 --reason "recording lasts 2:01"',
        'callrouter tie-out settle 3 --split --amount 40.00 --line 18 --reason "agreed by phone"',
    )
)
@_number
@click.option("--stand", "decision", flag_value="stand", help="Ours is right: nothing moves.")
@click.option("--accept", "decision", flag_value="accept", help="Theirs is right.")
@click.option("--split", "decision", flag_value="split", help="Half way, or --amount.")
@click.option("--ask", "decision", flag_value="ask", help="The buyer is asked; nothing moves yet.")
@click.option("--amount", metavar="AMOUNT", help="What the buyer pays for each call by a split.")
@chosen_options
@click.option(
    "--keep-payouts", is_flag=True, help="Leave the publisher's account as it is in any case."
)
@click.option("--reason", required=True, metavar="WORDS", help="Why; it stands in both accounts.")
@seller_option
@author_option
@json_option
@pass_cli
def settle(
    context: CliContext,
    number: int,
    decision: str | None,
    amount: str | None,
    chosen: Chosen,
    keep_payouts: bool,
    reason: str,
    seller: str | None,
    author: str,
    as_json_text: bool,
) -> None:
    """Decide about differences of tie-out NUMBER, and post what that moves, in one act.

    The buyer's account moves to what is decided, and the publisher's with it: a share is worked out
    anew, a fixed payout is taken back when the buyer pays nothing. The same decision again moves
    nothing; another one takes back what the first has moved.
    """
    if decision is None:
        raise click.UsageError("what is decided? Say --stand, --accept, --split or --ask")
    seller_id = context.find_seller(seller)
    tied = view_tie_out(context.database, seller_id, number)
    verdict = Verdict(
        tie_out=number,
        decision=Decision(decision),
        reason=reason,
        author=author,
        agreed_micros=None if amount is None else _read_amount(amount, tied.currency),
        publisher_follows=not keep_payouts,
    )
    made = resolve_differences(context.database, seller_id, verdict, chosen, context.clock.now())
    if as_json_text:
        print_json(as_json(made))
    else:
        _print(made)
    if made.refused and not made.decided and not made.unchanged:
        raise click.exceptions.Exit(1)


@click.command(
    epilog=example("callrouter tie-out evidence 3 17", "callrouter tie-out evidence 3 17 --json")
)
@_number
@click.argument("line_no", metavar="LINE", type=click.IntRange(0))
@seller_option
@json_option
@pass_cli
def evidence(
    context: CliContext, number: int, line_no: int, seller: str | None, as_json_text: bool
) -> None:
    """Show all that is known of one line of tie-out NUMBER: both sides, decisions, the call.

    Of the call every event, its CDRs, and the carrier's own records once its day was audited.
    """
    seller_id, database = context.find_seller(seller), context.database
    tied = view_tie_out(database, seller_id, number)
    line = _find_line(context, seller_id, tied, line_no)
    with database.read() as connection:
        decisions = list_decisions(connection, seller_id, number, line_no)
    recordings = _link_recordings(context, seller_id, line.call_sid)
    if as_json_text:
        print_json(
            {"line": as_json(line), "decisions": as_json(decisions), "recordings": recordings}
        )
        return
    for name, value in asdict(line).items():
        if value not in ("", None):
            click.echo(make_visible(f"{name.replace('_', ' ')}: {_say(name, value, tied)}"))
    for each in decisions:
        when = show_instant(each.decided_at)
        said = f"{when} {each.author}: {each.decision}, {each.reason}"
        click.echo(make_visible(said))
    if recordings:
        click.echo(f"recordings, if any were made: {recordings}")
    _print_call(context, seller_id, line.call_sid)


def _find_line(context: CliContext, seller_id: str, tied: KeptTieOut, line_no: int) -> ReportedLine:
    with context.database.read() as connection:
        found = read_lines(connection, seller_id, tied.number, after=line_no - 1, limit=1)
    if not found.height or found["line_no"][0] != line_no:
        raise NotFoundError(f"tie-out {tied.number} has no line {line_no}")
    source = find_source(context.database, seller_id, tied)
    [line] = tell_report_lines(found, source)
    return line


def _print_call(context: CliContext, seller_id: str, call_sid: str) -> None:
    """Everything about our call; nothing where there is none."""
    with context.database.read() as connection:
        call = read_call(connection, seller_id, call_sid) if call_sid else None
        if call is None:
            return
        events = read_event_rows(connection, seller_id, call_sid)
        revisions = range(1, call.cdr_revision + 1)
        found = [read_cdr(connection, seller_id, call_sid, number) for number in revisions]
        records = read_records(connection, seller_id, [call_sid]).get(call_sid, ())
    click.echo("")
    cdrs = [stored for stored in found if stored is not None]
    for text in describe_call(call, events, cdrs, records):
        click.echo(make_visible(text))


def _link_recordings(context: CliContext, seller_id: str, call_sid: str) -> str:
    """Where the carrier lists a call's recordings, for who may sign in to its account; "" for none.

    https://www.twilio.com/docs/voice/api/recording#fetch-a-calls-recordings
    """
    if not call_sid:
        return ""
    with context.database.read() as connection:
        [account] = [
            each.account_sid
            for each in summarize_sellers(connection)
            if each.seller_id == seller_id
        ]
    return f"https://api.twilio.com/2010-04-01/Accounts/{account}/Calls/{call_sid}/Recordings.json"


def _say(name: str, value: object, tied: KeptTieOut) -> str:
    if isinstance(value, int) and name.endswith("_micros"):
        return say_amount(value, tied.currency)
    if isinstance(value, int) and name.endswith("_ms"):
        return f"{value / 1000:.3f} s"
    return show_instant(value) if isinstance(value, datetime) else str(value)


def _print(made: Resolved) -> None:
    buyer = say_amount(made.moved.buyer_micros, made.currency)
    publisher = say_amount(made.moved.publisher_micros, made.currency)
    click.echo(f"{_count(made.decided)} decided: buyer {buyer}, publishers {publisher}")
    if made.unchanged:
        click.echo(f"{_count(made.unchanged)} stood so already")
    for each in made.refused[:_SHOWN]:
        click.echo(make_visible(f"line {each.line_no} was left as it is: {each.why}"), err=True)
    if len(made.refused) > _SHOWN:
        click.echo(f"… and {len(made.refused) - _SHOWN:,} more", err=True)


def _count(lines: int) -> str:
    return say_count(lines, "line")


def _read_amount(text: str, currency: str) -> int:
    read = read_amount(text, currency)
    if isinstance(read, str):
        raise click.UsageError(read)
    return read
