"""`callrouter payment`: what buyers paid, and publishers were paid; by hand, by bank, by Stripe."""

from datetime import date, datetime

import click

from callrouter.adapters.storage.payments import list_unmatched
from callrouter.cli.context import CliContext
from callrouter.cli.options import (
    DAY,
    INSTANT,
    author_option,
    author_options,
    example,
    json_option,
    pass_cli,
    seller_option,
)
from callrouter.cli.party_options import party_options
from callrouter.cli.payment_import import import_
from callrouter.cli.payment_stripe import stripe
from callrouter.cli.payment_text import (
    csv_option,
    say_money,
    say_owner,
    say_parts,
    show_day,
    tell_payment,
    tell_shown,
)
from callrouter.cli.printing import make_visible, print_json, print_rows
from callrouter.domain.billing.party import Party
from callrouter.domain.billing.payment import Owner
from callrouter.workflows.assign_payment import assign_payment, dismiss_payment
from callrouter.workflows.book_payment import Told
from callrouter.workflows.reverse_payment import reverse_payment
from callrouter.workflows.take_payment import HandPayment, take_payment
from callrouter.workflows.view_payments import view_payments

_COLUMNS = ("paid", "payment", "of", "amount", "pays", "payer", "text", "by")
_UNMATCHED = ("payment", "paid", "amount", "payer", "text", "why")


@click.group()
def payment() -> None:
    """What buyers paid and publishers were paid: taken once, and allocated to statements."""


payment.add_command(import_)
payment.add_command(stripe)


@payment.command(
    epilog=example(
        'callrouter payment take 250.00 USD --buyer acme --reference "wire 7" --paid 2026-11-20',
        "callrouter payment take 90.00 USD --publisher radio-one --reference TX-12"
        " --statement P-radio-one-2026-0003",
    )
)
@click.argument("amount")
@click.argument("currency")
@party_options(required=True)
@click.option("--reference", required=True, metavar="TEXT", help="What is unlike any other of it.")
@click.option("--paid", type=DAY, metavar="DAY", help="When, on the party's clocks; or today.")
@click.option("--statement", default="", metavar="NUMBER", help="What it is for, if that is said.")
@seller_option
@author_options
@json_option
@pass_cli
def take(
    context: CliContext,
    amount: str,
    currency: str,
    party: Party,
    reference: str,
    paid: date | None,
    statement: str,
    seller: str | None,
    author: str,
    note: str,
    as_json_text: bool,
) -> None:
    """Take a payment of AMOUNT CURRENCY by hand: from a buyer, or to a publisher.

    It pays the statement that it names, else the oldest. The same reference again changes nothing.
    Don't take by hand what a bank's file will bring, too.
    """
    told = HandPayment(
        party=party,
        amount=amount,
        currency=currency,
        reference=reference,
        paid_on=paid,
        statement=statement,
        note=note,
    )
    seller_id = context.find_seller(seller)
    booked = take_payment(context.database, seller_id, told, author, context.clock.now())
    if as_json_text:
        print_json({"told": booked.told.value} | tell_payment(booked.kept))
        return
    money = say_money(booked.kept.payment.amount_micros, currency)
    if booked.told is Told.ALREADY:
        since = booked.kept.told_at
        click.echo(f"already there since {since:%Y-%m-%d}: {money} of {party}; nothing was changed")
    else:
        click.echo(f"taken: {money} of {party}, as {make_visible(booked.kept.payment.name)}")


@payment.command(
    name="list",
    epilog=example(
        "callrouter payment list --buyer acme",
        "callrouter payment list --since 2026-11-01 --csv",
    ),
)
@party_options(required=False)
@click.option("--since", type=INSTANT, help="Paid then or later.")
@click.option("--until", type=INSTANT, help="Paid before then.")
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=200, show_default=True, metavar="N",
    help="At most so many, the latest.",
)  # fmt: skip
@csv_option
@seller_option
@json_option
@pass_cli
def list_(
    context: CliContext,
    party: Party | None,
    since: datetime | None,
    until: datetime | None,
    limit: int,
    as_csv: bool,
    seller: str | None,
    as_json_text: bool,
) -> None:
    """List payments, the latest first, with what each pays as of now."""
    seller_id = context.find_seller(seller)
    found = view_payments(
        context.database, seller_id, party=party, since=since, until=until, limit=limit + 1
    )
    rows = [
        (
            show_day(each.kept),
            each.kept.payment.name,
            say_owner(each.kept),
            say_money(each.kept.payment.amount_micros, each.kept.payment.currency),
            say_parts(each),
            each.kept.payment.payer,
            each.kept.payment.text,
            each.kept.changed_by,
        )
        for each in found[:limit]
    ]
    value = [tell_shown(each) for each in found[:limit]]
    print_rows(_COLUMNS, rows, value, empty="no payments", as_csv=as_csv, as_json_text=as_json_text)
    if len(found) > limit:
        click.echo(f"the latest {limit}; see more with --limit, or others with --until", err=True)


@payment.command(
    epilog=example("callrouter payment unmatched", "callrouter payment unmatched --json")
)
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=200, show_default=True, metavar="N",
    help="At most so many, the oldest.",
)  # fmt: skip
@csv_option
@seller_option
@json_option
@pass_cli
def unmatched(
    context: CliContext, limit: int, as_csv: bool, seller: str | None, as_json_text: bool
) -> None:
    """List the payments that came and of which nobody knows whose they are."""
    seller_id = context.find_seller(seller)
    with context.database.read() as connection:
        found = list_unmatched(connection, seller_id, limit)
    rows = [
        (
            each.payment.name,
            show_day(each),
            say_money(each.payment.amount_micros, each.payment.currency),
            each.payment.payer,
            each.payment.text,
            each.reason,
        )
        for each in found
    ]
    print_rows(
        _UNMATCHED, rows, [tell_payment(each) for each in found],
        empty="every payment has an owner", as_csv=as_csv, as_json_text=as_json_text,
    )  # fmt: skip


@payment.command(
    epilog=example("callrouter payment assign bank:first/FT-26-0042 --buyer acme --author ann")
)
@click.argument("name")
@party_options(required=True)
@click.option("--statement", default="", metavar="NUMBER", help="What it is for, if that is said.")
@seller_option
@author_option
@json_option
@pass_cli
def assign(
    context: CliContext,
    name: str,
    party: Party,
    statement: str,
    seller: str | None,
    author: str,
    as_json_text: bool,
) -> None:
    """Say whose the payment NAME is: one that is unmatched, or was dismissed or reversed."""
    kept = assign_payment(
        context.database, context.find_seller(seller), name, Owner(party, statement), author,
        context.clock.now(),
    )  # fmt: skip
    if as_json_text:
        print_json(tell_payment(kept))
        return
    money = say_money(kept.payment.amount_micros, kept.payment.currency)
    click.echo(f"{make_visible(name)}: {money}, in the account of {party}")


@payment.command(
    epilog=example('callrouter payment dismiss bank:first/FT-26-0043 --note "the owner\'s loan"')
)
@click.argument("name")
@seller_option
@author_options
@json_option
@pass_cli
def dismiss(
    context: CliContext, name: str, seller: str | None, author: str, note: str, as_json_text: bool
) -> None:
    """Say that the payment NAME is for no account, so that it is listed as unmatched no more."""
    kept = dismiss_payment(
        context.database, context.find_seller(seller), name, note, author, context.clock.now()
    )
    if as_json_text:
        print_json(tell_payment(kept))
        return
    click.echo(f"{make_visible(name)} is for no account")


@payment.command(
    epilog=example('callrouter payment reverse "hand:acme/USD/wire 7" --note "it bounced"')
)
@click.argument("name")
@seller_option
@author_options
@json_option
@pass_cli
def reverse(
    context: CliContext, name: str, seller: str | None, author: str, note: str, as_json_text: bool
) -> None:
    """Take the payment NAME out of its account: it bounced, or was another's. --note says why.

    What it paid is open again. `payment assign` puts it into the right account afterwards.
    """
    before, kept = reverse_payment(
        context.database, context.find_seller(seller), name, note, author, context.clock.now()
    )
    if as_json_text:
        print_json(tell_payment(kept))
        return
    money = say_money(kept.payment.amount_micros, kept.payment.currency)
    click.echo(f"reversed: {make_visible(name)}, {money} of {say_owner(before)}")
