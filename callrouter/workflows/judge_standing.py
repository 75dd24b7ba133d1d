"""How each buyer's account would be judged at this moment; nothing is written."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from callrouter.adapters.storage.agreements import list_agreements, read_agreement
from callrouter.adapters.storage.standing_policies import list_holds
from callrouter.adapters.storage.standings import KeptStanding, list_standings
from callrouter.domain.billing.exposure import open_credit
from callrouter.domain.billing.party import Party, Side
from callrouter.domain.billing.standing_holds import StandingHold, apply_holds
from callrouter.domain.billing.standing_ladder import (
    AccountFigures,
    Judged,
    Ladder,
    judge_account,
)
from callrouter.domain.billing.terms import Agreement
from callrouter.domain.limits.standing import BuyerStanding
from callrouter.workflows.apply_standing import find_ladder
from callrouter.workflows.read_account import read_figures


@dataclass(frozen=True, slots=True)
class Account:
    """A buyer's account as it is judged now; `agreement` is None where there is none."""

    buyer_id: str
    agreement: Agreement | None
    figures: AccountFigures
    judged: Judged
    holds: tuple[StandingHold, ...]

    @property
    def standing(self) -> BuyerStanding:
        """What the buyer's calls are to see of it."""
        return BuyerStanding(
            buyer_id=self.buyer_id,
            state=self.judged.rung.name,
            effect=self.judged.rung.effect,
            reason=self.judged.reason,
            credit=open_credit(self.agreement) if self.agreement else None,
        )


def judge_accounts(connection: Connection, seller_id: str, at: datetime) -> tuple[Account, ...]:
    """Every account of the seller as it would be judged now, by buyer."""
    ladder = find_ladder(connection, seller_id).ladder
    kept = {each.standing.buyer_id: each for each in list_standings(connection, seller_id)}
    buyers = {
        each.party.party_id
        for each in list_agreements(connection, seller_id)
        if each.party.side is Side.BUYER
    }
    buyers |= kept.keys() | {hold.buyer_id for hold in list_holds(connection, seller_id)}
    return tuple(
        judge_buyer(connection, seller_id, ladder, buyer_id, kept.get(buyer_id), at)
        for buyer_id in sorted(buyers)
    )


def judge_buyer(
    connection: Connection,
    seller_id: str,
    ladder: Ladder,
    buyer_id: str,
    kept: KeptStanding | None,
    at: datetime,
) -> Account:
    """One account as it would be judged now."""
    agreement = read_agreement(connection, seller_id, Party(Side.BUYER, buyer_id))
    figures = AccountFigures(currency="USD")
    if agreement is not None:
        figures = read_figures(connection, seller_id, agreement, at)
    holds = list_holds(connection, seller_id, buyer_id)
    judged = judge_account(ladder, figures, kept.standing.state if kept else None)
    return Account(buyer_id, agreement, figures, apply_holds(ladder, judged, holds, at), holds)
