"""Ask the health URL of each buyer that has one; take down who fails twice, and back who recovers.

The URLs are asked outside any transaction. Nobody is taken down when all answers of a seller are
bad, or nobody else would be left: then it is only told.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from callrouter.adapters.storage.directories import current_version
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.health_checks import read_health, save_health
from callrouter.adapters.storage.seller_summaries import summarize_sellers
from callrouter.adapters.storage.stops import change_stop, read_stops, read_stops_of
from callrouter.domain.health.buyer_health import Health, HealthAnswer, note_answer
from callrouter.domain.health.stops import Stop, StopCause, StopKind
from callrouter.domain.health.trip_guard import TripVerdict
from callrouter.domain.tables.directory import Buyer, Directory
from callrouter.workflows.compiled import Compiled
from callrouter.workflows.left_in_tables import weigh_taking_out
from callrouter.workflows.ports import Clock, HealthProbe
from callrouter.workflows.raise_alert import raise_alert, recover_alert

log = structlog.get_logger()

HEALTH = "health"
"""Who took a buyer down, in the history."""
_ALL = "health-all"
_LEAST_GAP = timedelta(seconds=15)
"""Of two processes that ask at the same time, one counts."""


@dataclass(frozen=True, slots=True)
class Polled:
    """What one poll did: URLs asked, buyers taken down, buyers taken back."""

    asked: int = 0
    taken_down: int = 0
    taken_back: int = 0


@dataclass(frozen=True, slots=True)
class _Round:
    """All answers of one seller in one poll."""

    seller_id: str
    directory: Directory
    answers: Mapping[str, HealthAnswer]
    at: datetime

    @property
    def all_bad(self) -> bool:
        """Whether several were asked and not one is well."""
        return len(self.answers) > 1 and not any(each.is_good for each in self.answers.values())


def poll_health(database: Database, probe: HealthProbe, compiled: Compiled, clock: Clock) -> Polled:
    """Ask every URL once, of all sellers; a few at a time, each with a time-out."""
    with database.read() as connection:
        directories = {
            seller.seller_id: compiled.directory(
                connection, seller.seller_id, current_version(connection, seller.seller_id)
            )
            for seller in summarize_sellers(connection)
        }
        abandoned = [
            (seller_id, stop)
            for seller_id, directory in directories.items()
            for stop in read_stops(connection, seller_id)
            if stop.cause is StopCause.UNHEALTHY
            and stop.subject_id not in {buyer.buyer_id for buyer in _list_asked(directory)}
        ]
    urls = [b.health_url for directory in directories.values() for b in _list_asked(directory)]
    answers = probe.ask(urls) if urls else {}
    down = back = 0
    for seller_id, directory in directories.items():
        own = {
            buyer.buyer_id: answers[buyer.health_url]
            for buyer in _list_asked(directory)
            if _was_asked(buyer, answers, seller_id)
        }
        taken = _judge(database, compiled, _Round(seller_id, directory, own, clock.now()))
        down, back = down + taken.taken_down, back + taken.taken_back
    for seller_id, stop in abandoned:
        with database.write() as connection:
            back += _take_back(connection, seller_id, stop, "nobody is asked any more", clock.now())
    if down or back:
        log.warning("health_polled", asked=len(urls), taken_down=down, taken_back=back)
    return Polled(len(urls), down, back)


def _list_asked(directory: Directory) -> tuple[Buyer, ...]:
    return tuple(buyer for buyer in directory.buyers.values() if buyer.health_url)


def _was_asked(buyer: Buyer, answers: Mapping[str, HealthAnswer], seller_id: str) -> bool:
    """Whether there is an answer to judge by: the buyer can't help what we don't ask."""
    was_asked = buyer.health_url in answers
    if not was_asked:
        log.warning("health_url_refused", seller=seller_id, buyer=buyer.buyer_id)
    return was_asked


def _judge(database: Database, compiled: Compiled, polled: _Round) -> Polled:
    if not polled.answers:
        return Polled()
    down = back = 0
    for buyer_id in polled.answers:
        with database.write() as connection:
            health = _note(connection, polled, buyer_id)
            if health is None:
                continue
            stops = read_stops_of(connection, polled.seller_id, StopKind.BUYER, buyer_id)
            standing = next((s for s in stops if s.cause is StopCause.UNHEALTHY), None)
            if health.looks_well:
                said = f"{health.in_row} good answers in a row"
                if standing is not None:
                    back += _take_back(connection, polled.seller_id, standing, said, polled.at)
                else:
                    key = f"health:{buyer_id}"
                    recover_alert(connection, polled.seller_id, key, said, polled.at)
            elif health.looks_down and standing is None and not polled.all_bad:
                down += _take_down(connection, compiled, polled, health)
    with database.write() as connection:
        _tell_of_all(connection, polled)
    return Polled(0, down, back)


def _note(connection: Connection, polled: _Round, buyer_id: str) -> Health | None:
    """Keep the answer; None when another process has just kept one."""
    before = read_health(connection, polled.seller_id).get(buyer_id)
    if before is not None and polled.at - before.checked_at < _LEAST_GAP:
        return None
    health = note_answer(buyer_id, before, polled.answers[buyer_id], polled.at)
    before_at = before.checked_at if before is not None else None
    return health if save_health(connection, polled.seller_id, health, before_at) else None


def _take_down(connection: Connection, compiled: Compiled, polled: _Round, health: Health) -> bool:
    """Keep calls from a buyer, unless nobody else would be left; False when they go on."""
    seller_id, buyer_id = polled.seller_id, health.buyer_id
    reason = f"health URL: {health.said}, {health.in_row} bad answers in a row"
    tables = weigh_taking_out(
        connection,
        compiled,
        seller_id,
        polled.directory,
        polled.directory.destinations_of(buyer_id),
        polled.at,
    )
    key = f"health:{buyer_id}"
    if tables.verdict is not TripVerdict.TRIP:
        campaigns = ", ".join((*tables.all_bad, *tables.last_of))
        subject = f"{buyer_id} is unhealthy and is the last one of {campaigns}"
        text = f"{reason}. Calls go on coming, since nobody else takes those of {campaigns}."
        raise_alert(connection, seller_id, key, subject, text, polled.at)
        return False
    stop = Stop(
        kind=StopKind.BUYER,
        subject_id=buyer_id,
        cause=StopCause.UNHEALTHY,
        since=polled.at,
        reason=reason,
        author=HEALTH,
        zone=polled.directory.buyers[buyer_id].zone,
    )
    is_set = change_stop(
        connection, seller_id, None, stop, at=polled.at, author=HEALTH, reason=reason
    )
    if is_set:
        # What was told while it was the last one is over, and this is worse news.
        recover_alert(connection, seller_id, key, "others take its calls now", polled.at)
        subject = f"{buyer_id} gets no calls: its health URL fails"
        raise_alert(connection, seller_id, key, subject, reason, polled.at)
    return is_set


def _take_back(
    connection: Connection, seller_id: str, standing: Stop, said: str, at: datetime
) -> bool:
    """Let calls come to a buyer again; False when a person was quicker."""
    if not change_stop(connection, seller_id, standing, None, at=at, author=HEALTH, reason=said):
        return False
    recover_alert(connection, seller_id, f"health:{standing.subject_id}", said, at)
    return True


def _tell_of_all(connection: Connection, polled: _Round) -> None:
    """Say that all fail at once, or that this is over."""
    if not polled.all_bad:
        recover_alert(connection, polled.seller_id, _ALL, "one of them answers well", polled.at)
        return
    said = "\n".join(f"{buyer_id}: {a.said}" for buyer_id, a in polled.answers.items())
    raise_alert(
        connection,
        polled.seller_id,
        _ALL,
        "all health URLs fail at once",
        f"{said}\nNobody was taken down for it: look at our own network first.",
        polled.at,
    )
