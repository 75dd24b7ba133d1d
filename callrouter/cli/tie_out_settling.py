"""`callrouter tie-out settle`: what becomes of a difference, and why."""

import click

from callrouter.cli.context import CliContext
from callrouter.cli.options import author_option, example, json_option, pass_cli, seller_option
from callrouter.cli.printing import as_json, make_visible, print_json
from callrouter.cli.tie_out_choice import chosen_options
from callrouter.domain.money import read_amount, say_amount
from callrouter.domain.tie_out.counts import say_count
from callrouter.domain.tie_out.settlement import Decision
from callrouter.workflows.choose_lines import Chosen
from callrouter.workflows.resolve_differences import Resolved, Verdict, resolve_differences
from callrouter.workflows.view_tie_out import view_tie_out

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
        _print(made, number)
    if made.refused and not made.decided and not made.unchanged:
        raise click.exceptions.Exit(1)


def _print(made: Resolved, tie_out: int) -> None:
    if not (made.decided or made.unchanged or made.refused):
        click.echo(f"no line of tie-out {tie_out} is so: nothing is decided")
        return
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
