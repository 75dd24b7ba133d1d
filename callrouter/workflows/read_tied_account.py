"""Whose calls are tied out by which terms: a buyer as it stands, and the rules that follow."""

from dataclasses import dataclass, replace

from callrouter.adapters.storage.agreements import read_agreement
from callrouter.adapters.storage.directories import read_directory
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.ledger import list_accounts
from callrouter.domain.billing.party import Party, Side
from callrouter.domain.billing.statement_periods import StatementPeriod
from callrouter.domain.billing.terms import Agreement, Cycle
from callrouter.domain.errors import NotFoundError, RefusedError
from callrouter.domain.tables.directory import Directory
from callrouter.domain.tie_out.rules import TieOutRules, make_rules


@dataclass(frozen=True, slots=True, kw_only=True)
class TiedAccount:
    """Whose calls by which terms: a buyer as it stands."""

    buyer_id: str
    directory: Directory
    agreement: Agreement | None
    currency: str

    @property
    def zone(self) -> str:
        """On whose clocks periods are."""
        if self.agreement is not None:
            return self.agreement.zone
        return self.directory.zone_of_buyer(self.buyer_id)

    @property
    def cycle(self) -> Cycle:
        """How long its periods are."""
        return self.agreement.cycle if self.agreement is not None else Cycle.MONTH

    def make_rules(self, period: StatementPeriod) -> TieOutRules:
        """What a tie-out of a period goes by; its days are on the clocks of the period's zone."""
        since, until = period.starts_at, period.ends_at
        return replace(make_rules(self.agreement, since, until, self.currency), zone=period.zone)


def read_tied_account(
    database: Database, seller_id: str, buyer_id: str, currency: str | None
) -> TiedAccount:
    """A buyer with its terms. Raises NotFoundError for one that isn't there.

    Raises RefusedError when it has accounts in several currencies and none is named.
    """
    party = Party(Side.BUYER, buyer_id)
    with database.read() as connection:
        directory = read_directory(connection, seller_id, None)
        if buyer_id not in directory.buyers:
            known = ", ".join(sorted(directory.buyers)) or "none"
            raise NotFoundError(f"there is no buyer {buyer_id!r}; there is {known}")
        agreement = read_agreement(connection, seller_id, party)
        accounts = list_accounts(connection, seller_id)
    currencies = {each.currency for each in accounts if each.party == party}
    currencies |= {terms.currency for terms in agreement.terms} if agreement else set()
    if currency is None and len(currencies) > 1:
        named = " and ".join(sorted(currencies))
        raise RefusedError(f"{buyer_id} has accounts in {named}: say which with --currency")
    chosen = currency or next(iter(currencies), "USD")
    return TiedAccount(buyer_id=buyer_id, directory=directory, agreement=agreement, currency=chosen)
