"""What the call path works with; wired once a process."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.spool import Spool
from callrouter.adapters.twilio.links import Links
from callrouter.domain.errors import StorageUnavailableError
from callrouter.domain.events import CallEvent, RouteDecided
from callrouter.workflows.compiled import Compiled
from callrouter.workflows.known_good import KnownGoodKeeper
from callrouter.workflows.ports import Clock

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Switchboard:
    """The database and what stands in for it, the clock, our public URLs, the parsed tables."""

    database: Database
    spool: Spool
    known_good: KnownGoodKeeper
    compiled: Compiled
    clock: Clock
    links: Links
    sweep_after_s: int

    def find_spooled(
        self, seller_id: str, call_sid: str, attempt: int | None
    ) -> RouteDecided | None:
        """A decision that waits in the spool; asked first, as the database can't have it yet."""
        if self.spool.is_empty():
            return None
        try:
            return self.spool.find_decided(seller_id, call_sid, attempt)
        except StorageUnavailableError as error:
            log.warning("spool_unreadable", call=call_sid, reason=str(error))
            return None

    def spooled_events(self, seller_id: str, call_sid: str) -> tuple[CallEvent, ...]:
        """What the spool has of a call."""
        if self.spool.is_empty():
            return ()
        try:
            return self.spool.events_of(seller_id, call_sid)
        except StorageUnavailableError as error:
            log.warning("spool_unreadable", call=call_sid, reason=str(error))
            return ()

    def next_sweep_at(self, now: datetime) -> datetime:
        """When the carrier is asked about a call of which no end was reported by then."""
        return now + timedelta(seconds=self.sweep_after_s)
