"""Letters to buyers: queued with the change that they tell of, claimed when they are sent."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.engine import Connection

from callrouter.adapters.storage.standing_tables import buyer_letters
from callrouter.adapters.storage.statements import matches, select_fields

SAME_AGAIN_AFTER = timedelta(hours=24)
"""A buyer whose account goes back and forth is told the same no more often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One mail to a buyer; `sequence` is that of the change that it tells of."""

    seller_id: str
    sequence: int
    buyer_id: str
    address: str
    subject: str
    text: str
    written_at: datetime
    attempts: int = 0


_OF_LETTER = ("seller_id", "sequence")
_SELECT = select_fields(buyer_letters, Letter)
_NOW = bindparam("now", type_=buyer_letters.c.due_at.type)
_SAME = sa.select(sa.func.count()).where(
    matches(buyer_letters, "seller_id", "buyer_id", "subject"),
    buyer_letters.c.written_at > bindparam("since", type_=buyer_letters.c.written_at.type),
)
_NEXT = (
    _SELECT.where(buyer_letters.c.due_at <= _NOW)
    .order_by(buyer_letters.c.due_at)
    .limit(1)
    .with_for_update(skip_locked=True)
)
_MOVE = (
    sa.update(buyer_letters)
    .where(matches(buyer_letters, *_OF_LETTER, prefix="of_"))
    .values(
        due_at=bindparam("due", type_=buyer_letters.c.due_at.type),
        sent_at=bindparam("sent", type_=buyer_letters.c.sent_at.type),
        attempts=bindparam("tries"),
        failure=bindparam("reason"),
    )
)


def queue_letter(connection: Connection, letter: Letter) -> bool:
    """Keep a letter that is to be sent; False when the buyer was told the same within a day."""
    parameters = {
        "seller_id": letter.seller_id,
        "buyer_id": letter.buyer_id,
        "subject": letter.subject,
        "since": letter.written_at - SAME_AGAIN_AFTER,
    }
    if connection.execute(_SAME, parameters).scalar_one():
        return False
    values = asdict(letter) | {"due_at": letter.written_at, "failure": ""}
    connection.execute(sa.insert(buyer_letters), values)
    return True


def claim_letter(connection: Connection, now: datetime, until: datetime) -> Letter | None:
    """The letter that has been due the longest; nobody else gets it before `until`."""
    row = connection.execute(_NEXT, {"now": now}).first()
    if row is None:
        return None
    letter = Letter(**row._asdict())
    claimed = Letter(**{**asdict(letter), "attempts": letter.attempts + 1})
    _move(connection, claimed, due=until, sent=None, reason="")
    return claimed


def settle_letter(
    connection: Connection,
    letter: Letter,
    *,
    sent_at: datetime | None,
    retry_at: datetime | None,
    failure: str,
) -> None:
    """Note that a claimed letter was sent, or why not and when it is tried again, if ever."""
    _move(connection, letter, due=retry_at, sent=sent_at, reason=failure)


def _move(
    connection: Connection,
    letter: Letter,
    *,
    due: datetime | None,
    sent: datetime | None,
    reason: str,
) -> None:
    connection.execute(
        _MOVE,
        {
            "of_seller_id": letter.seller_id,
            "of_sequence": letter.sequence,
            "due": due,
            "sent": sent,
            "tries": letter.attempts,
            "reason": reason,
        },
    )
