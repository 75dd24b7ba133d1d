"""What the call path works with; wired once a process."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from callrouter.adapters.storage.calls import read_decided
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.secret_box import SecretBox
from callrouter.adapters.storage.spool import Spool, SpooledEvent
from callrouter.adapters.twilio.links import Links
from callrouter.domain.calls.events import CallEvent, RouteDecided
from callrouter.domain.errors import StorageUnavailableError
from callrouter.workflows.call_turns import CallTurns
from callrouter.workflows.compiled import Compiled
from callrouter.workflows.known_good import KnownGoodKeeper
from callrouter.workflows.ports import Clock

log = structlog.get_logger()

_SPOOL_TRIES = 10
"""About two seconds on a crowded disk; with the database's own time-out, less than the carrier
waits for a voice answer (`Links.voice`). A broken disk fails at once each time."""


@dataclass(frozen=True, slots=True)
class Switchboard:
    """The database and what stands in for it, the clock, our public URLs, the parsed tables.

    `box` opens what is sealed there; `turns` are taken by who decides about a call.
    """

    database: Database
    box: SecretBox
    spool: Spool
    known_good: KnownGoodKeeper
    compiled: Compiled
    clock: Clock
    links: Links
    sweep_after_s: int
    turns: CallTurns = field(default_factory=CallTurns)

    def find_decided(
        self, seller_id: str, call_sid: str, attempt: int | None
    ) -> RouteDecided | None:
        """The recorded decision about an attempt (None: the newest), wherever it can be found."""
        spooled = self.find_spooled(seller_id, call_sid, attempt)
        if spooled is not None:
            return spooled
        try:
            with self.database.read() as connection:
                return read_decided(connection, seller_id, call_sid, attempt)
        except StorageUnavailableError:
            return None

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

    def keep_in_spool(self, entries: Sequence[SpooledEvent]) -> tuple[bool, ...]:
        """Keep events until the database is back; which of them were new.

        A crowded disk is waited for: a caller can bear two more seconds of ringing, and what isn't
        written is lost. Raises StorageUnavailableError when it can't be written even so.
        """
        for _ in range(_SPOOL_TRIES - 1):
            with suppress(StorageUnavailableError):
                return self.spool.append(entries)
        return self.spool.append(entries)

    def next_sweep_at(self, now: datetime) -> datetime:
        """When the carrier is asked about a call of which no end was reported by then."""
        return now + timedelta(seconds=self.sweep_after_s)
