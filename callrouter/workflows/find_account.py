"""Whether a party has an account in a currency, and whose a statement is."""

from sqlalchemy import Connection

from callrouter.adapters.storage.account_payments import find_statement
from callrouter.adapters.storage.agreements import read_agreement
from callrouter.adapters.storage.directories import read_directory
from callrouter.adapters.storage.ledger import list_accounts
from callrouter.domain.billing.party import Party, Side
from callrouter.domain.billing.terms import Agreement


def refuse_account(
    connection: Connection, seller_id: str, party: Party, currency: str
) -> str | None:
    """Why a payment in this currency can't go to the party, or None when it can.

    A party has accounts in the currencies of its terms, and in those that it ever had entries in.
    """
    agreement = read_agreement(connection, seller_id, party)
    accounts = list_accounts(connection, seller_id)
    currencies = {each.currency for each in accounts if each.party == party}
    currencies |= _currencies(agreement)
    if currency in currencies:
        return None
    if currencies:
        has = " and ".join(sorted(currencies))
        return f"the account of {party} is in {has}: a payment in {currency} can't go there"
    if party.side is Side.BUYER:
        buyers = read_directory(connection, seller_id, None).buyers
        if party.party_id not in buyers:
            known = ", ".join(sorted(buyers)) or "none at all yet"
            return f"there is no {party.side} {party.party_id!r}; there is {known}"
    return f"{party} has no account yet: apply its terms first, with `callrouter terms apply`"


def refuse_statement(
    connection: Connection, seller_id: str, party: Party, currency: str, number: str
) -> str | None:
    """Why a payment of the party can't name this statement, or None when it can."""
    found = find_statement(connection, seller_id, number)
    if found is None:
        return f"there is no closed statement {number!r}"
    if found.party != party:
        return f"statement {number} is one of {found.party}, not of {party}"
    if found.currency != currency:
        return f"statement {number} is in {found.currency}, the payment in {currency}"
    return None


def _currencies(agreement: Agreement | None) -> set[str]:
    if agreement is None:
        return set()
    found = {terms.currency for terms in agreement.terms}
    return found | ({agreement.credit.currency} if agreement.credit else set())
