"""`callrouter callers show`: what a call by somebody would be judged by."""

import click

from callrouter.cli.context import CliContext
from callrouter.cli.options import example, json_option, pass_cli, seller_option
from callrouter.cli.printing import (
    as_json,
    make_visible,
    print_json,
    print_table,
    show_instant,
)
from callrouter.domain.callers.caller_lists import say_entry
from callrouter.domain.numbers import Caller, read_caller
from callrouter.workflows.look_up_caller import LookedUp, look_up_caller

_CONTACT_COLUMNS = ("connected", "destination", "buyer", "campaign", "payable", "call")


@click.command(
    epilog=example(
        "callrouter callers show +14155550123 --campaign flood-repair",
        "callrouter callers show anonymous --country GB",
    )
)
@click.argument("number", metavar="NUMBER")
@click.option("--campaign", default="", metavar="ID", help="As the caller of this campaign.")
@click.option("--buyer", default="", metavar="ID", help="For this buyer.")
@click.option("--country", default="", metavar="XX", help="Which country the carrier would send.")
@seller_option
@json_option
@pass_cli
def show(
    context: CliContext,
    number: str,
    campaign: str,
    buyer: str,
    country: str,
    seller: str | None,
    as_json_text: bool,
) -> None:
    """Show what a call by NUMBER (or `anonymous`) would be judged by, and why.

    The entries that speak of the caller, the one that has the say, and with whom the caller was
    connected lately.
    """
    found = look_up_caller(
        context.database,
        context.find_seller(seller),
        read_caller(number),
        country,
        campaign_id=campaign,
        buyer_id=buyer,
        at=context.clock.now(),
    )
    if as_json_text:
        print_json(as_json(found))
        return
    for line in (_describe(found.caller, found.country), *_say_lists(found)):
        click.echo(make_visible(line))
    last = found.known.last_call
    if last is not None:
        called = f"{show_instant(last.arrived_at)} in {last.call_sid}"
        click.echo(make_visible(f"last call to {last.campaign_id}: {called}"))
    _print_contacts(found)


def _describe(caller: Caller, country: str) -> str:
    who = caller.number or (f"{caller.ani} (withheld)" if caller.withheld else caller.ani)
    return f"{who}, {f'country {country}' if country else 'country unknown'}"


def _say_lists(found: LookedUp) -> list[str]:
    silent = "no entry has a say here" if found.known.entries else "not on the lists"
    said = say_entry(found.decisive) if found.decisive else silent
    others = [entry for entry in found.known.entries if entry != found.decisive]
    return [said, *(f"  has no say: {say_entry(entry)}" for entry in others)]


def _print_contacts(found: LookedUp) -> None:
    rows = [
        (
            show_instant(contact.connected_at),
            contact.destination_id,
            contact.buyer_id,
            contact.campaign_id,
            "yes" if contact.payable else "no",
            contact.call_sid,
        )
        for contact in found.known.contacts
    ]
    print_table(_CONTACT_COLUMNS, rows, empty="never connected with anybody")
