"""The options that name a party, `--buyer` or `--publisher`, and one of its accounts."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from callrouter.domain.billing.party import Party, Side
from callrouter.domain.money import DECIMALS

currency_option = click.option(
    "--currency", type=click.Choice(sorted(DECIMALS)), metavar="CODE",
    help="Of which account; needed only when the party has several.",
)  # fmt: skip


def party_options(*, required: bool) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command `--buyer` and `--publisher`; it gets them as `party`, a Party or None.

    Naming both is a usage error, and so is naming none where one is `required`.
    """

    def add(command: Callable[..., None]) -> Callable[..., None]:
        @wraps(command)
        def run(*args: Any, buyer: str | None, publisher: str | None, **others: Any) -> None:
            if buyer and publisher:
                raise click.UsageError("--buyer and --publisher are two parties: choose one")
            if required and not buyer and not publisher:
                raise click.UsageError("whose? Name a party with --buyer or --publisher")
            party = None
            if buyer or publisher:
                party = (
                    Party(Side.BUYER, buyer) if buyer else Party(Side.PUBLISHER, publisher or "")
                )
            command(*args, party=party, **others)

        run = click.option("--publisher", metavar="ID", help="Of this publisher.")(run)
        return click.option("--buyer", metavar="ID", help="Of this buyer.")(run)

    return add
