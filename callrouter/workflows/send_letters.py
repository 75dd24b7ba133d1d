"""Mail the letters to buyers that wait; time asks for it. At least once, none in a transaction."""

from datetime import timedelta
from hashlib import sha256

import structlog

from callrouter.adapters.storage.buyer_letters import Letter, claim_letter, settle_letter
from callrouter.adapters.storage.engine import Database
from callrouter.domain.alerts.alert import AlertChange, Notice, delay_after
from callrouter.domain.errors import DeliveryFailedError
from callrouter.workflows.ports import Clock, Mailer

log = structlog.get_logger()

_CLAIM_LASTS = timedelta(minutes=5)
_MOST_A_ROUND = 50


def send_letters(database: Database, mailer: Mailer | None, clock: Clock) -> int:
    """Send what is due, until something fails; how many letters were sent."""
    for sent in range(_MOST_A_ROUND):
        now = clock.now()
        with database.write() as connection:
            letter = claim_letter(connection, now, now + _CLAIM_LASTS)
        if letter is None:
            return sent
        if not _send(database, mailer, clock, letter):
            return sent
    return _MOST_A_ROUND


def _send(database: Database, mailer: Mailer | None, clock: Clock, letter: Letter) -> bool:
    known = {"seller": letter.seller_id, "buyer": letter.buyer_id, "attempts": letter.attempts}
    try:
        _hand_over(mailer, letter)
    except DeliveryFailedError as error:
        delay = delay_after(letter.attempts)
        retry_at = None if delay is None else clock.now() + delay
        with database.write() as connection:
            settle_letter(connection, letter, sent_at=None, retry_at=retry_at, failure=str(error))
        log.warning("letter_failed", reason=str(error), again=retry_at is not None, **known)
        return False
    with database.write() as connection:
        settle_letter(connection, letter, sent_at=clock.now(), retry_at=None, failure="")
    log.info("letter_sent", **known)
    return True


def _hand_over(mailer: Mailer | None, letter: Letter) -> None:
    if mailer is None:
        raise DeliveryFailedError("SMTP_URL is not set, so there is no mail server")
    mailer.mail(letter.address, _to_notice(letter))


def _to_notice(letter: Letter) -> Notice:
    key = f"letter:{letter.buyer_id}:{letter.sequence}"
    return Notice(
        notice_id=sha256(f"{letter.seller_id}/{key}".encode()).hexdigest()[:32],
        seller_id=letter.seller_id,
        key=key,
        change=AlertChange.RAISED,
        subject=letter.subject,
        text=letter.text,
        at=letter.written_at,
    )
