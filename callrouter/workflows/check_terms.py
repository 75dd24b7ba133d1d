"""Hold the live routing tables against the terms in force; and tell the seller what differs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy.engine import Connection

from callrouter.adapters.storage.agreements import list_agreements
from callrouter.adapters.storage.alerts import find_standing
from callrouter.adapters.storage.directories import read_directory
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.seller_summaries import summarize_sellers
from callrouter.domain.billing.terms_of_tables import Gap, TermsFinding, check_terms_of_tables
from callrouter.domain.errors import RefusedError
from callrouter.workflows.live_tables import read_live_tables
from callrouter.workflows.ports import Clock
from callrouter.workflows.raise_alert import raise_alert, recover_alert

log = structlog.get_logger()

KEY = "terms"
ENDING_KEY = "terms-ending"
_MOST_TOLD = 20


@dataclass(frozen=True, slots=True)
class _Watched:
    """One alert: what raises it, and its words."""

    key: str
    gaps: tuple[Gap, ...]
    subject: str
    text: str
    over: str


_WATCHED = (
    _Watched(
        KEY,
        tuple(gap for gap in Gap if gap.is_problem),
        "live tables differ from the terms",
        "Calls are routed by the live tables and charged by the terms in force, and these say "
        "different things:",
        "Tables and terms agree again.",
    ),
    _Watched(
        ENDING_KEY,
        (Gap.ENDING,),
        "terms end, and none follow",
        "From then on nobody could charge for these calls:",
        "Other terms follow, or these calls are not routed any more.",
    ),
)


def check_terms(connection: Connection, seller_id: str, at: datetime) -> tuple[TermsFinding, ...]:
    """Everything in which live tables and the terms in force don't agree; worst first."""
    return check_terms_of_tables(
        read_live_tables(connection, seller_id).values(),
        read_directory(connection, seller_id, None),
        {each.party: each for each in list_agreements(connection, seller_id)},
        at,
    )


def watch_terms(database: Database, clock: Clock) -> None:
    """Alert each seller who has terms, and tables that don't agree with them or soon won't.

    Who keeps no terms here has no use for them. It is over as soon as everything agrees. A seller
    whose tables or terms can't be read holds up no other.
    """
    now = clock.now()
    with database.read() as connection:
        sellers = [seller.seller_id for seller in summarize_sellers(connection)]
        standing = {
            (watched.key, alert.seller_id)
            for watched in _WATCHED
            for alert in find_standing(connection, watched.key)
        }
    for seller_id in sellers:
        try:
            with database.read() as connection:
                has_terms = bool(list_agreements(connection, seller_id))
                found = check_terms(connection, seller_id, now) if has_terms else ()
        except RefusedError as error:
            log.warning("terms_not_checked", seller=seller_id, reason=str(error))
            continue
        for watched in _WATCHED:
            own = [each for each in found if each.gap in watched.gaps]
            if own:
                with database.write() as connection:
                    text = _word(watched, own)
                    raise_alert(connection, seller_id, watched.key, watched.subject, text, now)
            elif (watched.key, seller_id) in standing:
                with database.write() as connection:
                    recover_alert(connection, seller_id, watched.key, watched.over, now)


def _word(watched: _Watched, findings: Sequence[TermsFinding]) -> str:
    lines = [f"- {say_finding(each)}" for each in findings[:_MOST_TOLD]]
    if len(findings) > _MOST_TOLD:
        lines.append(f"- and {len(findings) - _MOST_TOLD} more")
    return "\n".join((watched.text, *lines, "`callrouter terms check` has them all."))


def say_finding(finding: TermsFinding) -> str:
    """A finding in one line: who, for which calls, and what."""
    to = f" to {finding.destination_id}" if finding.destination_id else ""
    return f"{finding.party}, {finding.campaign_id}{to}: {finding.saw}"
