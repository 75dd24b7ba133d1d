"""`callrouter route`: where a call would go, and why."""

from collections.abc import Iterator, Sequence
from datetime import datetime

import click

from callrouter.cli.context import CliContext
from callrouter.cli.decision_text import (
    has_draw,
    list_candidates,
    list_passed_by,
    say_decision,
    say_source,
)
from callrouter.cli.options import INSTANT, example, json_option, pass_cli, seller_option
from callrouter.cli.printing import as_json, make_visible, print_json, show_instant
from callrouter.domain.decision import Decision
from callrouter.domain.errors import RefusedError
from callrouter.domain.numbers import check_number
from callrouter.workflows.explain_route import explain_route, recall_decisions


@click.group()
def route() -> None:
    """Where a call would go, and why."""


@route.command(
    epilog=example(
        "callrouter route explain --did +18005550100 --ani +14155550123",
        "callrouter route explain --did +18005550100 --ani anonymous --at 2026-11-21T15:04:05Z",
        "callrouter route explain --call CA00000000000000000000000000000001",
    )
)
@click.option("--did", metavar="NUMBER", help="The number of ours that is called.")
@click.option("--ani", metavar="NUMBER", help="Who calls: a number, or `anonymous`.")
@click.option("--at", type=INSTANT, help="By what was live then, instead of now.")
@click.option("--call", "call_id", metavar="CALL", help="What was decided for this call instead.")
@seller_option
@json_option
@pass_cli
def explain(
    context: CliContext,
    did: str | None,
    ani: str | None,
    at: datetime | None,
    call_id: str | None,
    seller: str | None,
    as_json_text: bool,
) -> None:
    """Show what would be dialled or said, and why nothing else; nothing is dialled or written.

    With --call, what was decided for a call of the past, as it was recorded then.
    """
    if call_id is None and (did is None or ani is None):
        raise click.UsageError("name a call to explain: --did and --ani, or --call")
    if call_id is not None and (did or ani or at):
        raise click.UsageError("--call stands alone: its numbers and time are known")
    seller_id = context.find_seller(seller)
    decisions = (
        _recall(context, seller_id, call_id)
        if call_id is not None
        else _foresee(context, seller_id, did or "", ani or "", at)
    )
    if as_json_text:
        print_json(as_json(decisions))
        return
    if call_id is not None:
        lines = _describe_recorded(call_id, decisions)
    else:
        when = f"on {show_instant(at)}" if at else "now"
        lines = _describe_foreseen(f"{ani} calls {did} {when}", decisions)
    for line in lines:
        click.echo(make_visible(line))


def _recall(context: CliContext, seller_id: str, call_id: str) -> Sequence[Decision]:
    with context.database.read() as connection:
        recorded = recall_decisions(connection, seller_id, call_id)
    return [each.decision for each in recorded]


def _foresee(
    context: CliContext, seller_id: str, did: str, ani: str, at: datetime | None
) -> Sequence[Decision]:
    wrong = check_number(did)
    if wrong is not None:
        raise RefusedError(f"--did {wrong}")
    with context.database.read() as connection:
        return explain_route(connection, seller_id, did, ani, at, context.clock.now())


def _describe_recorded(call_id: str, decisions: Sequence[Decision]) -> Iterator[str]:
    """Every decision in full: each asked the tables that were live at its own moment."""
    yield f"call {call_id}" if decisions else f"call {call_id}: nothing was decided for it"
    for decision in decisions:
        yield ""
        yield from _describe_decision(decision)


def _describe_foreseen(heading: str, decisions: Sequence[Decision]) -> Iterator[str]:
    """The first decision in full; of the later ones what is done, and who is newly ruled out."""
    first, *later = decisions
    yield heading
    yield ""
    yield from _describe_decision(first)
    if not later:
        return
    yield ""
    yield "if nobody takes it:"
    for decision in later:
        yield f"  {_label(decision)}: {say_decision(decision)}"
    passed_by = list_passed_by(decisions[-1])
    if passed_by:
        yield "never dialled:"
        yield from (f"  {line}" for line in passed_by)
    if has_draw(first):
        yield ""
        yield "Within a priority each call draws its own order by the shares; this is one of them."


def _describe_decision(decision: Decision) -> Iterator[str]:
    yield f"{_label(decision)}: {say_decision(decision)}"
    yield f"  by {say_source(decision)}"
    for line in list_candidates(decision):
        yield f"  {line}"


def _label(decision: Decision) -> str:
    if decision.dial is not None:
        return f"attempt {decision.attempt}"
    return "at once" if decision.attempt == 1 else "at last"
