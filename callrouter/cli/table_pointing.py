"""`callrouter table point`: all calls to a number or a campaign to one destination, and back."""

from datetime import timedelta

import click

from callrouter.cli.context import CliContext
from callrouter.cli.options import (
    SPAN,
    WHEN,
    author_options,
    example,
    force_option,
    pass_cli,
    seller_option,
    zone_option,
)
from callrouter.cli.printing import show_instant
from callrouter.cli.table_text import print_activated
from callrouter.domain.clocks.when import Later, When
from callrouter.domain.numbers import check_number
from callrouter.workflows.point_numbers import Pointed, Until, Which, point_back
from callrouter.workflows.point_numbers import point as point_at


@click.command(
    epilog=example(
        'callrouter table point +18005550100 --to bolt-east --for 2h --note "storm"',
        "callrouter table point --campaign flood-repair --to bolt-east --until 18:00",
        "callrouter table point +18005550100 --back",
    )
)
@click.argument("numbers", nargs=-1)
@click.option("--campaign", metavar="ID", help="All numbers of this campaign instead.")
@click.option("--to", metavar="ID", help="The destination that gets every call.")
@click.option("--for", "span", type=SPAN, metavar="SPAN", help="For so long, as in 90m or 2h.")
@click.option(
    "--until", type=WHEN, metavar="WHEN", help="Until then, as in 18:00 or 2026-11-26 18:00."
)
@zone_option
@click.option("--back", is_flag=True, help="Take a pointing back now.")
@force_option
@seller_option
@author_options
@pass_cli
def point(
    context: CliContext,
    numbers: tuple[str, ...],
    campaign: str | None,
    to: str | None,
    span: timedelta | None,
    until: When | None,
    zone: str | None,
    back: bool,
    force: bool,
    seller: str | None,
    author: str,
    note: str,
) -> None:
    """Route every call to NUMBERS to one destination, whatever the routes say.

    A new version of the live table, like any other change. With an end the clock process takes it
    back by itself: it edits the table that is live then, so that nothing is lost that was changed
    meanwhile. A number that was pointed before goes back to where it was before that.
    """
    _refuse_nonsense(numbers, campaign, to, span, until, back=back)
    seller_id, at = context.find_seller(seller), context.clock.now()
    which = Which(numbers, campaign or "")
    end = Later(span) if span else until
    if to:
        pointed = point_at(
            context.database,
            seller_id,
            which,
            to,
            until=Until(end, zone or "") if end else None,
            force=force,
            author=author,
            note=note,
            at=at,
        )
    else:
        pointed = point_back(context.database, seller_id, which, author=author, note=note, at=at)
    for each in pointed:
        _print(each)


def _print(pointed: Pointed) -> None:
    print_activated(pointed.activated)
    if pointed.back is not None:
        click.echo(
            f"  back at {show_instant(pointed.back.due_at)} as change {pointed.back.change_id}: "
            f"`callrouter table schedule cancel {pointed.back.change_id}` leaves it as it is"
        )


def _refuse_nonsense(
    numbers: tuple[str, ...],
    campaign: str | None,
    to: str | None,
    span: timedelta | None,
    until: When | None,
    *,
    back: bool,
) -> None:
    if bool(numbers) == bool(campaign):
        raise click.UsageError("name numbers, or a campaign with --campaign")
    for number in numbers:
        if wrong := check_number(number):
            raise click.UsageError(wrong)
    if bool(to) == back:
        raise click.UsageError("name a destination with --to, or take a pointing back with --back")
    if (span and until) or (back and (span or until)):
        raise click.UsageError("a pointing has one end: --for or --until; --back is at once")
