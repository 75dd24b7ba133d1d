"""`callrouter traffic`: who gets no calls now, and why; to stop them and to let them come again."""

from datetime import datetime

import click

from callrouter.adapters.storage.directories import read_directory
from callrouter.adapters.storage.stops import StopChange, list_stop_changes, read_stops
from callrouter.cli.context import CliContext
from callrouter.cli.options import (
    CommandT,
    author_options,
    example,
    json_option,
    pass_cli,
    seller_option,
)
from callrouter.cli.printing import as_json, make_visible, print_json, print_table, show_instant
from callrouter.domain.clocks.when import FORMS, When, find_instant, read_when
from callrouter.domain.health.stops import Stop, StopCause, StopKind, lets_probe, say_stop
from callrouter.workflows.stop_traffic import find_zone, resume_traffic, stop_traffic


class Moment(click.ParamType["When"]):
    """A moment as people say it; `@` may stand for the space before a zone."""

    name = "moment"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> When:
        """The moment; a usage error for what can't be read."""
        when = read_when(str(value).replace("@", " "))
        if isinstance(when, str):
            self.fail(when, param, ctx)
        return when


def _as_kind(
    _context: click.Context, _parameter: click.Parameter, value: str | None
) -> StopKind | None:
    return None if value is None else StopKind(value)


_KINDS = click.Choice([str(kind) for kind in StopKind])


def subject_arguments(command: CommandT) -> CommandT:
    """KIND and ID: what calls are kept from."""
    command = click.argument("subject_id", metavar="ID")(command)
    return click.argument("kind", metavar="KIND", type=_KINDS, callback=_as_kind)(command)


@click.group()
def traffic() -> None:
    """Who gets no calls now, whatever the tables say: destinations, buyers, publishers."""


@traffic.command(epilog=example('callrouter traffic pause buyer acme --note "unpaid"'))
@subject_arguments
@seller_option
@author_options
@pass_cli
def pause(
    context: CliContext,
    kind: StopKind,
    subject_id: str,
    seller: str | None,
    author: str,
    note: str,
) -> None:
    """Let nobody call a destination, a buyer or a publisher's callers until it is resumed.

    In all tables at once, from the next call on. Calls in progress go on. KIND is destination,
    buyer or publisher.
    """
    _stop(context, kind, subject_id, StopCause.PAUSED, None, seller, author, note)


@traffic.command(
    epilog=example(
        'callrouter traffic down destination acme-east --until 2h --note "storm"',
        'callrouter traffic down buyer acme --until "18:00@America/Chicago"',
    )
)
@subject_arguments
@click.option(
    "--until",
    "until",
    type=Moment(),
    metavar="WHEN",
    help=f"When calls come again by themselves: {FORMS}. In the buyer's zone if none is named.",
)
@seller_option
@author_options
@pass_cli
def down(
    context: CliContext,
    kind: StopKind,
    subject_id: str,
    until: When | None,
    seller: str | None,
    author: str,
    note: str,
) -> None:
    """Say that a destination or buyer can't take calls, until some time or until it is resumed.

    Like a pause, which may stand beside it; both must have ended before calls come again.
    """
    _stop(context, kind, subject_id, StopCause.DOWN, until, seller, author, note)


@traffic.command(epilog=example("callrouter traffic resume destination acme-east"))
@subject_arguments
@seller_option
@author_options
@pass_cli
def resume(
    context: CliContext,
    kind: StopKind,
    subject_id: str,
    seller: str | None,
    author: str,
    note: str,
) -> None:
    """Lift everything that keeps calls from a subject: pauses, outages, an open breaker."""
    seller_id, now = context.find_seller(seller), context.clock.now()
    lifted = resume_traffic(
        context.database, seller_id, kind, subject_id, author=author, note=note, at=now
    )
    for stop in lifted:
        click.echo(make_visible(f"{kind} {subject_id}: lifted: {say_stop(stop, now)}"))


@traffic.command(name="list", epilog=example("callrouter traffic list"))
@seller_option
@json_option
@pass_cli
def list_(context: CliContext, seller: str | None, as_json_text: bool) -> None:
    """List who gets no calls now, since when and why."""
    seller_id, now = context.find_seller(seller), context.clock.now()
    with context.database.read() as connection:
        stops = read_stops(connection, seller_id)
    standing = [stop for stop in stops if not _is_over(stop, now)]
    if as_json_text:
        print_json(as_json(standing))
        return
    rows = [
        (
            stop.kind,
            stop.subject_id,
            _show_cause(stop.cause),
            show_instant(stop.since),
            show_instant(stop.until) if stop.until else "",
            stop.author,
            stop.reason,
        )
        for stop in standing
    ]
    columns = ("kind", "id", "cause", "since", "until", "by", "reason")
    print_table(columns, rows, empty="calls come to everybody")


@traffic.command(
    epilog=example(
        "callrouter traffic history", "callrouter traffic history destination acme-east --json"
    )
)
@click.argument("kind", metavar="[KIND]", type=_KINDS, required=False, callback=_as_kind)
@click.argument("subject_id", metavar="[ID]", required=False)
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, metavar="N",
    help="At most so many, the newest first.",
)  # fmt: skip
@seller_option
@json_option
@pass_cli
def history(
    context: CliContext,
    kind: StopKind | None,
    subject_id: str | None,
    limit: int,
    seller: str | None,
    as_json_text: bool,
) -> None:
    """List every change: what stood before and after, by whom or what, why, with the figures."""
    seller_id = context.find_seller(seller)
    with context.database.read() as connection:
        changes = list_stop_changes(
            connection, seller_id, kind=kind, subject_id=subject_id, most=limit
        )
    if as_json_text:
        print_json(as_json(changes))
        return
    columns = ("at", "kind", "id", "before", "after", "by", "reason", "figures")
    print_table(columns, [_cells(change) for change in changes], empty="nothing was ever changed")


def _stop(
    context: CliContext,
    kind: StopKind,
    subject_id: str,
    cause: StopCause,
    until: When | None,
    seller: str | None,
    author: str,
    note: str,
) -> None:
    seller_id, now = context.find_seller(seller), context.clock.now()
    with context.database.read() as connection:
        zone = find_zone(read_directory(connection, seller_id, None), kind, subject_id)
    stop = Stop(
        kind=kind,
        subject_id=subject_id,
        cause=cause,
        since=now,
        until=find_instant(until, now, zone) if until else None,
        reason=note,
        author=author,
        zone=zone,
    )
    stopped = stop_traffic(context.database, seller_id, stop)
    click.echo(make_visible(f"{kind} {subject_id}: {say_stop(stop, now)}"))
    for campaign_id in stopped.deserted:
        click.echo(f"warning: nobody else of campaign {campaign_id} takes calls now", err=True)


def _is_over(stop: Stop, now: datetime) -> bool:
    """Whether it has come to its end, and is only not lifted yet."""
    return stop.until is not None and stop.until <= now and not lets_probe(stop, now)


def _show_cause(cause: StopCause | None) -> str:
    return str(cause).replace("_", " ") if cause else "calls come"


def _cells(change: StopChange) -> tuple[str, ...]:
    return (
        show_instant(change.changed_at),
        change.kind,
        change.subject_id,
        _show_cause(change.old),
        _show_cause(change.new),
        change.author,
        change.reason,
        change.figures,
    )
