"""In which currencies a party has accounts, and whose a statement is."""

from sqlalchemy import Connection

from callrouter.adapters.storage.account_payments import find_statement
from callrouter.adapters.storage.agreements import read_agreement
from callrouter.adapters.storage.directories import read_directory
from callrouter.adapters.storage.ledger import list_accounts
from callrouter.domain.billing.party import Party, Side
from callrouter.domain.errors import NotFoundError, RefusedError


def list_currencies(connection: Connection, seller_id: str, party: Party) -> tuple[str, ...]:
    """The currencies of a party's accounts: of its terms, and those it ever had entries in."""
    agreement = read_agreement(connection, seller_id, party)
    found = {terms.currency for terms in agreement.terms} if agreement else set()
    if agreement and agreement.credit:
        found.add(agreement.credit.currency)
    found |= {a.currency for a in list_accounts(connection, seller_id) if a.party == party}
    return tuple(sorted(found))


def choose_currency(connection: Connection, seller_id: str, party: Party, named: str | None) -> str:
    """The currency of a party's account: the one that is named, if the party has one in it.

    Raises RefusedError for another one, and when none is named and there are several; NotFoundError
    for a party that nobody knows, or that has no account.
    """
    found = list_currencies(connection, seller_id, party)
    if not found:
        raise _say_unknown(connection, seller_id, party)
    has = " and ".join(found)
    if named is not None and named not in found:
        raise RefusedError(f"the account of {party} is in {has}, not in {named}")
    if named is None and len(found) > 1:
        raise RefusedError(f"{party} has accounts in {has}: say which currency")
    return named or found[0]


def refuse_account(
    connection: Connection, seller_id: str, party: Party, currency: str
) -> str | None:
    """Why a payment in this currency can't go to the party, or None when it can."""
    try:
        choose_currency(connection, seller_id, party, currency)
    except (RefusedError, NotFoundError) as error:
        return str(error)
    return None


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


def _say_unknown(connection: Connection, seller_id: str, party: Party) -> NotFoundError:
    buyers = read_directory(connection, seller_id, None).buyers
    if party.side is Side.BUYER and party.party_id not in buyers:
        known = ", ".join(sorted(buyers)) or "none at all yet"
        return NotFoundError(f"there is no {party.side} {party.party_id!r}; there is {known}")
    return NotFoundError(
        f"{party} has no account yet: apply its terms first, with `callrouter terms apply`"
    )
