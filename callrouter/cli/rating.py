"""`callrouter rate`: what calls come to by the terms, and why."""

from collections.abc import Iterable

import click

from callrouter.cli.borderline import borderline
from callrouter.cli.context import CliContext
from callrouter.cli.options import example, json_option, pass_cli, seller_option
from callrouter.cli.printing import make_visible, print_json
from callrouter.cli.rating_again import again, missing
from callrouter.cli.rating_text import describe_call, describe_talks, tell_call, tell_talk
from callrouter.cli.talk_options import ImaginedTalk, talk_options
from callrouter.workflows.explain_rating import explain_call, explain_talks


@click.group()
def rate() -> None:
    """What calls come to by the terms, and why."""


@rate.command(
    epilog=example(
        "callrouter rate explain CA00000000000000000000000000000001",
        "callrouter rate explain --buyer acme --campaign flood-repair --connected 119.6s",
        "callrouter rate explain --buyer acme --publisher radio-kx --connected 5m",
    )
)
@click.argument("call_id", metavar="[CALL]", required=False)
@talk_options
@seller_option
@json_option
@pass_cli
def explain(
    context: CliContext,
    call_id: str | None,
    imagined: ImaginedTalk | None,
    seller: str | None,
    as_json_text: bool,
) -> None:
    """Say how a call is rated on both sides, in words: by which terms, why those, to what amount.

    A call that was made, or one that is imagined. By the terms as they are now, and by what is paid
    for already; what is booked for a call stands below. Nothing is written.
    """
    if (call_id is None) == (imagined is None):
        raise click.UsageError("name a CALL, or imagine one with --buyer or --publisher")
    seller_id = context.find_seller(seller)
    with context.database.read() as connection:
        if imagined is not None:
            talks = imagined.as_talks(context.clock.now())
            rated = explain_talks(connection, seller_id, talks)
        else:
            call = explain_call(connection, seller_id, call_id or "")
    if as_json_text:
        print_json([tell_talk(each) for each in rated] if imagined else tell_call(call))
    else:
        _print(describe_talks(rated) if imagined else describe_call(call))


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(make_visible(line))


for command in (again, missing, borderline):
    rate.add_command(command)
