"""`callrouter seller`: who owns numbers, and their accounts at the carrier."""

import click

from callrouter.adapters.storage.seller_summaries import summarize_sellers
from callrouter.adapters.storage.sellers import Seller, set_tokens
from callrouter.cli.context import CliContext
from callrouter.cli.options import example, json_option, pass_cli
from callrouter.cli.printing import as_json, print_json, print_table, show_instant
from callrouter.domain.errors import RefusedError
from callrouter.workflows.add_seller import add_seller

_TOKEN_HELP = "Better left out, so that it isn't in your shell's history: it is asked for then."  # noqa: S105


@click.group()
def seller() -> None:
    """Who owns numbers, and their accounts at the carrier. Tokens are sealed and never shown."""


@seller.command(
    epilog=example(
        'callrouter seller add demo --name "Demo Seller" '
        "--account-sid AC00000000000000000000000000000001"
    )
)
@click.argument("seller_id", metavar="ID")
@click.option("--name", required=True, metavar="TEXT", help="The seller's name, for people.")
@click.option("--account-sid", metavar="SID", help="The account at the carrier: AC and 32 digits.")
@click.option("--auth-token", metavar="TOKEN", help=f"Its primary auth token. {_TOKEN_HELP}")
@click.option(
    "--secondary-token", metavar="TOKEN", help="A second one that signs webhooks, if there is one."
)
@pass_cli
def add(
    context: CliContext,
    seller_id: str,
    name: str,
    account_sid: str | None,
    auth_token: str | None,
    secondary_token: str | None,
) -> None:
    """Take on a seller.

    The first seller's account is read from TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN when it isn't
    given here.
    """
    with context.database.read() as connection:
        is_first = not summarize_sellers(connection)
    if account_sid is None and is_first and context.settings.twilio_account_sid:
        account_sid = context.settings.twilio_account_sid
        auth_token = auth_token or context.settings.twilio_auth_token or None
    if account_sid is None:
        raise click.UsageError("--account-sid is missing: AC and 32 digits, from the console")
    tokens = _read_tokens(auth_token, secondary_token)
    new = Seller(seller_id, name, account_sid, tokens)
    kept = add_seller(context.database, context.secret_box, new, context.clock.now())
    click.echo(f"seller {kept.seller_id} added with account {kept.account_sid}")


@seller.command(name="list", epilog=example("callrouter seller list --json"))
@json_option
@pass_cli
def list_(context: CliContext, as_json_text: bool) -> None:
    """List the sellers, without their tokens."""
    with context.database.read() as connection:
        found = summarize_sellers(connection)
    if as_json_text:
        print_json(as_json(found))
        return
    rows = [
        (
            each.seller_id,
            each.name,
            each.account_sid,
            "primary and secondary" if each.has_secondary_token else "primary",
            str(each.directory_version),
            show_instant(each.created_at),
        )
        for each in found
    ]
    columns = ("seller", "name", "account", "tokens", "directory", "added")
    print_table(columns, rows, empty="there is no seller yet")


@seller.command(name="set-token", epilog=example("callrouter seller set-token demo"))
@click.argument("seller_id", metavar="ID")
@click.option("--auth-token", metavar="TOKEN", help=f"The new primary auth token. {_TOKEN_HELP}")
@click.option(
    "--secondary-token",
    metavar="TOKEN",
    help="A second one that signs webhooks: while you rotate, the old primary token.",
)
@pass_cli
def set_token(
    context: CliContext, seller_id: str, auth_token: str | None, secondary_token: str | None
) -> None:
    """Replace a seller's tokens; the ones before no longer count.

    To rotate without a gap, name the old primary token as --secondary-token until the carrier
    signs with the new one, then run this again without it.
    """
    tokens = _read_tokens(auth_token, secondary_token)
    with context.database.write() as connection:
        set_tokens(connection, context.secret_box, seller_id, tokens)
    kept = "a primary and a secondary token" if len(tokens) > 1 else "a primary token"
    click.echo(f"seller {seller_id} has {kept} now")


def _read_tokens(auth_token: str | None, secondary_token: str | None) -> tuple[str, ...]:
    primary = auth_token or click.prompt("Auth token", hide_input=True, err=True)
    tokens = tuple(token.strip() for token in (primary, secondary_token) if token is not None)
    if not all(tokens):
        raise RefusedError("a token may not be empty")
    return tokens
