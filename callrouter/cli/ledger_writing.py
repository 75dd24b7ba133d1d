"""`callrouter ledger post` and `reverse`: what a person writes into an account."""

import click

from callrouter.cli.context import CliContext
from callrouter.cli.options import author_options, example, pass_cli, seller_option
from callrouter.cli.party_options import currency_option, party_options
from callrouter.cli.printing import make_visible
from callrouter.domain.billing.ledger import LESSENING, Entry, EntryKind
from callrouter.domain.billing.party import Party
from callrouter.domain.errors import RefusedError
from callrouter.domain.money import read_signed_amount, say_amount
from callrouter.workflows.find_account import choose_currency
from callrouter.workflows.post_entry import BY_HAND, Wanted, post_entry, reverse_entry


@click.command(
    epilog=example(
        'callrouter ledger post --buyer acme --kind credit --amount 25.00 --note "goodwill"',
        "callrouter ledger post --buyer acme --kind adjustment --amount -4.50 --note typo",
    )
)
@party_options(required=True)
@currency_option
@click.option(
    "--kind",
    type=click.Choice([str(kind) for kind in BY_HAND]),
    required=True,
    help="A credit or a write-off makes what is due less; an adjustment either, by its sign.",
)
@click.option("--amount", required=True, metavar="AMOUNT", help="As in 25.00, or -4.50.")
@click.option(
    "--reference", default="", metavar="TEXT",
    help="Your own; the same one again is refused, so that nothing is written twice.",
)  # fmt: skip
@seller_option
@author_options
@pass_cli
def post(
    context: CliContext,
    party: Party,
    currency: str | None,
    kind: str,
    amount: str,
    reference: str,
    seller: str | None,
    author: str,
    note: str,
) -> None:
    """Write an adjustment, a credit or a write-off into an account; --note must say why.

    What was written can be taken back by `ledger reverse`, but never changed.
    """
    seller_id = context.find_seller(seller)
    with context.database.read() as connection:
        currency = choose_currency(connection, seller_id, party, currency)
    entry_kind = EntryKind(kind)
    wanted = Wanted(
        party=party,
        currency=currency,
        kind=entry_kind,
        amount_micros=_read_amount(amount, currency, entry_kind),
        reason=note,
        author=author,
        reference=reference,
    )
    _tell(post_entry(context.database, seller_id, wanted, context.clock.now()))


@click.command(
    epilog=example('callrouter ledger reverse 17 --buyer acme --note "wrong number, dispute 4"')
)
@click.argument("number", metavar="NO", type=click.IntRange(1))
@party_options(required=True)
@currency_option
@seller_option
@author_options
@pass_cli
def reverse(
    context: CliContext,
    number: int,
    party: Party,
    currency: str | None,
    seller: str | None,
    author: str,
    note: str,
) -> None:
    """Take back entry NO of an account, whole; --note must say why.

    A call whose charge is taken back isn't charged again, whatever comes to light of it. A reversal
    can't be reversed: write the amount anew.
    """
    _tell(
        reverse_entry(
            context.database,
            context.find_seller(seller),
            party,
            currency,
            number,
            reason=note,
            author=author,
            at=context.clock.now(),
        )
    )


def _read_amount(text: str, currency: str, kind: EntryKind) -> int:
    """The signed amount: that of a kind which lessens what is due is written without its sign."""
    micros = read_signed_amount(text, currency)
    if isinstance(micros, str):
        raise RefusedError(micros)
    if kind not in LESSENING:
        return micros
    if micros < 0:
        raise RefusedError(f"a {kind} makes what is due less: write its amount without a sign")
    return -micros


def _tell(entry: Entry) -> None:
    amount = say_amount(entry.amount_micros, entry.currency)
    what = f"{entry.kind.replace('_', ' ')} of {amount}"
    click.echo(make_visible(f"{entry.party}: entry {entry.number}, {what}: {entry.reason}"))
