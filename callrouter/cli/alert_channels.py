"""`callrouter alert to`: where a seller's alerts are sent."""

import click

from callrouter.adapters.storage.alert_channels import list_channels
from callrouter.cli.context import CliContext
from callrouter.cli.options import example, json_option, pass_cli, seller_option
from callrouter.cli.printing import print_json, print_table
from callrouter.domain.alerts.alert import ChannelKind
from callrouter.domain.alerts.alert_channels import AlertChannel
from callrouter.workflows.change_channels import add_channel, remove_channel


@click.group()
def to() -> None:
    """Where alerts are sent: mailboxes, telephones, webhooks. Each seller has its own."""


@to.command(
    epilog=example(
        "callrouter alert to add ops --email ops@example.com",
        "callrouter alert to add owner --sms +14155550123 --from +18005550100",
        "callrouter alert to add chat --webhook https://hooks.example.com/alerts",
    )
)
@click.argument("name")
@click.option("--email", metavar="ADDRESS", help="Send mail there.")
@click.option("--sms", metavar="NUMBER", help="Send text messages there.")
@click.option(
    "--from", "sender", metavar="NUMBER", help="With --sms: one of your numbers at the carrier."
)
@click.option("--webhook", metavar="URL", help="Post JSON there.")
@click.option(
    "--secret", metavar="TEXT", help="With --webhook: sign what is posted. Better use --signed."
)
@click.option(
    "--signed",
    is_flag=True,
    help="The same, but the secret is asked for, so that it isn't in your shell's history.",
)
@seller_option
@pass_cli
def add(
    context: CliContext,
    name: str,
    email: str | None,
    sms: str | None,
    sender: str | None,
    webhook: str | None,
    secret: str | None,
    signed: bool,
    seller: str | None,
) -> None:
    """Send the seller's alerts to one place more, under a NAME of your choice.

    Exactly one of --email, --sms and --webhook.
    """
    given = {ChannelKind.EMAIL: email, ChannelKind.SMS: sms, ChannelKind.WEBHOOK: webhook}
    chosen = [(kind, address) for kind, address in given.items() if address is not None]
    if len(chosen) != 1:
        raise click.UsageError("use exactly one of --email, --sms and --webhook")
    [(kind, address)] = chosen
    if (kind is ChannelKind.SMS) != (sender is not None):
        raise click.UsageError("--sms and --from belong together")
    if (signed or secret is not None) and kind is not ChannelKind.WEBHOOK:
        raise click.UsageError("--secret and --signed belong to --webhook")
    if signed and secret is None:
        secret = click.prompt("Secret", hide_input=True, err=True)
    channel = AlertChannel(
        seller_id=context.find_seller(seller),
        name=name,
        kind=kind,
        address=address,
        sender=sender or "",
        secret=secret or "",
    )
    add_channel(context.database, context.secret_box, channel, context.clock.now())
    click.echo(f"alerts go to {name} ({kind}) from now on; try it with `callrouter alert test`")
    if kind is ChannelKind.EMAIL and context.settings.mail_server is None:
        click.echo("warning: SMTP_URL is not set: no mail is sent until it is", err=True)


@to.command(name="list", epilog=example("callrouter alert to list --json"))
@seller_option
@json_option
@pass_cli
def list_(context: CliContext, seller: str | None, as_json_text: bool) -> None:
    """List the places that alerts are sent to; of a webhook's URL only the host is shown."""
    seller_id = context.find_seller(seller)
    with context.database.read() as connection:
        found = list_channels(connection, context.secret_box, seller_id)
    if as_json_text:
        print_json(
            [
                {
                    "name": each.name,
                    "kind": each.kind,
                    "address": each.shown_address,
                    "sender": each.sender,
                    "is_signed": bool(each.secret),
                }
                for each in found
            ]
        )
        return
    rows = [
        (each.name, each.kind, each.shown_address, each.sender, "yes" if each.secret else "")
        for each in found
    ]
    columns = ("channel", "kind", "address", "from", "signed")
    print_table(columns, rows, empty="alerts are sent nowhere yet")


@to.command(epilog=example("callrouter alert to remove ops"))
@click.argument("name")
@seller_option
@pass_cli
def remove(context: CliContext, name: str, seller: str | None) -> None:
    """Send alerts to NAME no longer; what waits for it is dropped."""
    remove_channel(context.database, context.find_seller(seller), name)
    click.echo(f"nothing is sent to {name} any more")
