"""`callrouter standing promise` and `override`: what a person holds against the figures."""

from datetime import date, datetime, timedelta

import click

from callrouter.adapters.storage.directories import read_directory
from callrouter.cli.context import CliContext
from callrouter.cli.options import DAY, INSTANT, author_options, example, pass_cli, seller_option
from callrouter.cli.printing import make_visible, show_instant
from callrouter.domain.billing.standing_holds import HoldKind
from callrouter.domain.clocks.periods import find_day_start
from callrouter.workflows.hold_standing import hold_standing, lift_standing

_DAY_LENGTH = len("2026-12-05")


class Until(click.ParamType["str | date | datetime"]):
    """The last day of something, on the buyer's clocks, or the instant of its end."""

    name = "until"

    def convert(
        self,
        value: "str | date | datetime",
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> "date | datetime":
        """The day or the instant; a usage error for what is neither."""
        if not isinstance(value, str):
            return value
        kind: click.ParamType[str | date] | click.ParamType[str | datetime]
        kind = DAY if len(value) == _DAY_LENGTH else INSTANT
        read: date | datetime = kind.convert(value, param, ctx)
        return read


_until = click.option(
    "--until",
    type=Until(),
    metavar="DAY",
    help="Through that day on the buyer's clocks, or until an instant.",
)
_lift = click.option("--lift", is_flag=True, help="End the one that stands instead.")


@click.command(
    epilog=example(
        'callrouter standing promise acme --until 2026-12-05 --note "wire on Friday"',
        "callrouter standing promise acme --lift",
    )
)
@click.argument("buyer")
@_until
@click.option("--state", metavar="STATE", help="Not to fall below; the one that it is in now.")
@_lift
@seller_option
@author_options
@pass_cli
def promise(
    context: CliContext,
    buyer: str,
    until: "date | datetime | None",
    state: str | None,
    lift: bool,
    seller: str | None,
    author: str,
    note: str,
) -> None:
    """Keep a promise to pay: until its end the account doesn't fall below a state."""
    kind = HoldKind.PROMISE
    _hold_or_lift(context, seller, buyer, kind, state, until, note, author, lifts=lift)


@click.command(
    epilog=example(
        'callrouter standing override acme suspended --until 2026-12-31 --note "chargeback"',
        "callrouter standing override acme --lift",
    )
)
@click.argument("buyer")
@click.argument("state", required=False)
@_until
@_lift
@seller_option
@author_options
@pass_cli
def override(
    context: CliContext,
    buyer: str,
    state: str | None,
    until: "date | datetime | None",
    lift: bool,
    seller: str | None,
    author: str,
    note: str,
) -> None:
    """Choose the state of an account, better or worse than its figures, until some day."""
    if state is None and not lift:
        raise click.UsageError("say which STATE it is to be in, or --lift")
    kind = HoldKind.OVERRIDE
    _hold_or_lift(context, seller, buyer, kind, state, until, note, author, lifts=lift)


def _hold_or_lift(
    context: CliContext,
    seller: str | None,
    buyer: str,
    kind: HoldKind,
    state: str | None,
    until: "date | datetime | None",
    note: str,
    author: str,
    *,
    lifts: bool,
) -> None:
    seller_id, now = context.find_seller(seller), context.clock.now()
    if lifts:
        lift_standing(context.database, seller_id, buyer, kind, author=author, at=now)
        click.echo(make_visible(f"{buyer}: the {kind} has ended"))
        return
    if until is None or not note.strip():
        raise click.UsageError(f"a {kind} has an end and a reason: give --until and --note")
    hold = hold_standing(
        context.database,
        seller_id,
        buyer,
        kind,
        state=state,
        until=_find_end(context, seller_id, buyer, until),
        reason=note,
        author=author,
        at=now,
    )
    worse = "at least " if kind is HoldKind.PROMISE else ""
    said = f"{buyer}: {worse}{hold.state} until {show_instant(hold.until)}"
    click.echo(make_visible(said))


def _find_end(
    context: CliContext, seller_id: str, buyer: str, until: "date | datetime"
) -> datetime:
    if isinstance(until, datetime):
        return until
    with context.database.read() as connection:
        zone = read_directory(connection, seller_id, None).zone_of_buyer(buyer)
    return find_day_start(zone, until + timedelta(days=1))
