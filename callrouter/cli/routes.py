"""`callrouter route`: where a call would go, and why."""

from collections.abc import Iterator, Sequence
from datetime import datetime

import click

from callrouter.cli.call_options import Imagined, caller_options
from callrouter.cli.context import CliContext
from callrouter.cli.foreseen_text import describe_decision, describe_foreseen
from callrouter.cli.options import INSTANT, example, json_option, pass_cli, seller_option
from callrouter.cli.printing import as_json, make_visible, print_json, show_instant
from callrouter.cli.turned_away import turned_away
from callrouter.domain.routing.decision import Decision
from callrouter.workflows.decide_again import Recalled, recall_decisions
from callrouter.workflows.explain_route import explain_route


@click.group()
def route() -> None:
    """Where a call would go, and why."""


route.add_command(turned_away)


@route.command(
    epilog=example(
        "callrouter route explain --did +18005550100 --ani +14155550123",
        "callrouter route explain --did +18005550100 --ani anonymous --at 2026-11-21T15:04:05Z",
        "callrouter route explain --call CA00000000000000000000000000000001",
    )
)
@caller_options
@click.option("--at", type=INSTANT, help="Then, instead of now: by what was live, or is.")
@click.option("--call", "call_id", metavar="CALL", help="What was decided for this call instead.")
@seller_option
@json_option
@pass_cli
def explain(
    context: CliContext,
    imagined: Imagined | None,
    at: datetime | None,
    call_id: str | None,
    seller: str | None,
    as_json_text: bool,
) -> None:
    """Show what would be dialled or said, and why nothing else; nothing is dialled or written.

    With --call, what was decided for a call of the past, as it was recorded then, and whether the
    same comes out when it is decided again.
    """
    if call_id is None and imagined is None:
        raise click.UsageError("name a call to explain: --did and --ani, or --call")
    if call_id is not None and (imagined or at):
        raise click.UsageError("--call stands alone: its numbers and time are known")
    seller_id = context.find_seller(seller)
    with context.database.read() as connection:
        if call_id is not None:
            recalled = recall_decisions(connection, seller_id, call_id)
        elif imagined is not None:
            decisions = explain_route(
                connection, seller_id, imagined.as_call(), at, context.clock.now()
            )
    if call_id is not None:
        _print_recalled(call_id, recalled, as_json_text=as_json_text)
    elif imagined is not None:
        _print_foreseen(imagined, at, decisions, as_json_text=as_json_text)


def _print_recalled(call_id: str, recalled: Sequence[Recalled], *, as_json_text: bool) -> None:
    if as_json_text:
        print_json(as_json([each.decided.decision for each in recalled]))
        return
    for line in _describe_recalled(call_id, recalled):
        click.echo(make_visible(line))


def _print_foreseen(
    imagined: Imagined, at: datetime | None, decisions: Sequence[Decision], *, as_json_text: bool
) -> None:
    if as_json_text:
        print_json(as_json(decisions))
        return
    when = f"on {show_instant(at)}" if at else "now"
    click.echo(make_visible(f"{imagined.ani} calls {imagined.did} {when}"))
    for line in describe_foreseen(decisions):
        click.echo(make_visible(line))


def _describe_recalled(call_id: str, recalled: Sequence[Recalled]) -> Iterator[str]:
    """Every decision in full: each asked the tables that were live at its own moment."""
    yield f"call {call_id}" if recalled else f"call {call_id}: nothing was decided for it"
    for each in recalled:
        yield ""
        yield from describe_decision(each.decided.decision)
    again = [each for each in recalled if each.again is not None]
    if again:
        yield ""
        yield from _say_agreement(again)


def _say_agreement(recalled: Sequence[Recalled]) -> Iterator[str]:
    """Whether the recorded table, directory and conditions say the same today (law 6)."""
    differing = [each for each in recalled if not each.agrees]
    if not differing:
        yield "Decided again by the same tables and what stood then: the same."
    for each in differing:
        if each.again is not None:
            yield f"Decided again, attempt {each.decided.decision.attempt} comes out otherwise:"
            yield from (f"  {line}" for line in describe_decision(each.again))
