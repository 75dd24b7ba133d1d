"""Tell of a buyer's new state: the seller by an alert, the buyer by a letter.

In the transaction that writes the state; both are sent later.
"""

from datetime import datetime

from sqlalchemy import Connection

from callrouter.adapters.storage.alerts import list_alerts
from callrouter.adapters.storage.buyer_letters import Letter, queue_letter
from callrouter.domain.billing.standing_ladder import Ladder
from callrouter.domain.billing.standing_words import (
    word_alert,
    word_letter,
    word_letter_subject,
    word_subject,
)
from callrouter.workflows.judge_standing import Account
from callrouter.workflows.raise_alert import raise_alert, recover_alert


def tell_standing(
    connection: Connection,
    seller_id: str,
    ladder: Ladder,
    account: Account,
    was: str,
    sequence: int,
    at: datetime,
) -> None:
    """Tell that an account is in another state than it `was`; `sequence` is the transition's.

    The seller hears of each state but the first: of a worse one by an alert of its own, so that it
    is news; of a better one by the recovery of those that were worse. The buyer hears of what the
    ladder says it is told, and of the way back.
    """
    place = ladder.place_of(account.judged.rung.name)
    _recover_worse(connection, seller_id, ladder, account, place, at)
    rung, reason = account.judged.rung, account.judged.reason
    if place > ladder.place_of(was):
        subject = word_subject(account.buyer_id, rung)
        text = word_alert(rung, reason, account.figures)
        raise_alert(connection, seller_id, _key(account.buyer_id, rung.name), subject, text, at)
    _write_to_buyer(connection, seller_id, ladder, account, was, sequence, at)


def _recover_worse(
    connection: Connection,
    seller_id: str,
    ladder: Ladder,
    account: Account,
    place: int,
    at: datetime,
) -> None:
    own = _key(account.buyer_id, "")
    kept = {_key(account.buyer_id, rung.name) for rung in ladder.rungs[1 : place + 1]}
    said = f"{account.judged.rung.name}: {account.judged.reason}"
    for alert in list_alerts(connection, seller_id, standing_only=True):
        if alert.key.startswith(own) and alert.key not in kept:
            recover_alert(connection, seller_id, alert.key, said, at)


def _write_to_buyer(
    connection: Connection,
    seller_id: str,
    ladder: Ladder,
    account: Account,
    was: str,
    sequence: int,
    at: datetime,
) -> None:
    agreement, rung, before = account.agreement, account.judged.rung, ladder.find(was)
    is_told = rung.tells_buyer or (before is not None and before.tells_buyer)
    if agreement is None or not agreement.email or not is_told:
        return
    letter = Letter(
        seller_id=seller_id,
        sequence=sequence,
        buyer_id=account.buyer_id,
        address=agreement.email,
        subject=word_letter_subject(agreement.name or account.buyer_id, rung),
        text=word_letter(rung, account.figures),
        written_at=at,
    )
    queue_letter(connection, letter)


def _key(buyer_id: str, state: str) -> str:
    return f"standing:{buyer_id}:{state}"
