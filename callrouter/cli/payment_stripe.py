"""`callrouter payment stripe`: how Stripe tells of payments, and which customer is which buyer."""

import click

from callrouter.adapters.storage.stripe_endpoints import (
    StripeCustomer,
    list_customers,
    read_endpoint,
)
from callrouter.adapters.stripe_events.links import EVENTS
from callrouter.adapters.stripe_events.reader import BUYER_KEY, COUNTED
from callrouter.cli.context import CliContext
from callrouter.cli.options import author_option, example, json_option, pass_cli, seller_option
from callrouter.cli.payment_text import csv_option
from callrouter.cli.printing import as_json, print_json, print_rows, show_instant
from callrouter.workflows.set_up_stripe import (
    forget_stripe_customer,
    name_stripe_customer,
    set_stripe_secret,
)

_COLUMNS = ("customer", "buyer", "since", "by")


@click.group()
def stripe() -> None:
    """Payments that Stripe tells of, by signed events."""


@stripe.command(
    epilog=example("callrouter payment stripe secret", "callrouter payment stripe secret --tests")
)
@click.option(
    "--secret", metavar="TEXT",
    help="The signing secret. Better left out, so that it isn't in your shell's history: it is"
    " asked for then.",
)  # fmt: skip
@click.option("--tests", is_flag=True, help="Take events of Stripe's test mode, and no others.")
@seller_option
@pass_cli
def secret(context: CliContext, secret: str | None, tests: bool, seller: str | None) -> None:
    """Say by which secret Stripe signs the seller's events; it is sealed and never shown."""
    seller_id = context.find_seller(seller)
    given = secret or click.prompt("Signing secret", hide_input=True, err=True)
    set_stripe_secret(
        context.database, context.secret_box, seller_id, given.strip(), context.clock.now(),
        takes_tests=tests,
    )  # fmt: skip
    click.echo(f"events are taken at {_url(context, seller_id)}")


@stripe.command(epilog=example("callrouter payment stripe show"))
@seller_option
@json_option
@pass_cli
def show(context: CliContext, seller: str | None, as_json_text: bool) -> None:
    """Show what to enter at Stripe: the URL, and which events to send there."""
    seller_id = context.find_seller(seller)
    with context.database.read() as connection:
        endpoint = read_endpoint(connection, context.secret_box, seller_id)
    if as_json_text:
        print_json(
            {
                "url": _url(context, seller_id),
                "events": list(COUNTED),
                "has_secret": endpoint is not None,
                "takes_tests": endpoint is not None and endpoint.takes_tests,
            }
        )
        return
    click.echo(f"URL of the endpoint:  {_url(context, seller_id)}")
    click.echo(f"events to send:       {', '.join(COUNTED)}")
    click.echo(f"metadata of payments: {BUYER_KEY} = the buyer's id")
    if endpoint is None:
        click.echo("no event is taken yet: `callrouter payment stripe secret`")
    else:
        click.echo(f"taken are events of {'test' if endpoint.takes_tests else 'live'} mode")


@stripe.command(
    epilog=example(
        "callrouter payment stripe customer cus_Nff4 --buyer acme",
        "callrouter payment stripe customer cus_Nff4 --forget",
    )
)
@click.argument("customer_id", metavar="CUSTOMER")
@click.option("--buyer", metavar="ID", help="This buyer.")
@click.option("--forget", is_flag=True, help="No buyer any more.")
@seller_option
@author_option
@pass_cli
def customer(
    context: CliContext,
    customer_id: str,
    buyer: str | None,
    forget: bool,
    seller: str | None,
    author: str,
) -> None:
    """Say which buyer a CUSTOMER at Stripe is; a payment that names its buyer needs none."""
    if forget == bool(buyer):
        raise click.UsageError("say either --buyer or --forget")
    seller_id = context.find_seller(seller)
    if buyer:
        named = StripeCustomer(customer_id, buyer, author, context.clock.now())
        name_stripe_customer(context.database, seller_id, named)
        click.echo(f"{customer_id} is buyer {buyer}")
    else:
        forget_stripe_customer(context.database, seller_id, customer_id)
        click.echo(f"{customer_id} is no buyer any more")


@stripe.command(epilog=example("callrouter payment stripe customers --json"))
@csv_option
@seller_option
@json_option
@pass_cli
def customers(context: CliContext, as_csv: bool, seller: str | None, as_json_text: bool) -> None:
    """List which customers are which buyers."""
    seller_id = context.find_seller(seller)
    with context.database.read() as connection:
        found = list_customers(connection, seller_id)
    rows = [
        (each.customer_id, each.buyer_id, show_instant(each.added_at), each.author)
        for each in found
    ]
    print_rows(
        _COLUMNS, rows, as_json(found), empty="no customer is known as a buyer",
        as_csv=as_csv, as_json_text=as_json_text,
    )  # fmt: skip


def _url(context: CliContext, seller_id: str) -> str:
    return f"{context.settings.require_public_url()}{EVENTS}/{seller_id}"
