"""The last known good configuration: what calls are routed by while the database is away.

Kept in memory, refreshed whenever the configuration changed, and on disk for a restart without a
database. It also answers which seller an AccountSid belongs to, so that no webhook must ask.
"""

import threading
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace

import structlog

from callrouter.adapters.storage.directories import decode_directory
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.known_good import KnownGoodRows, read_known_good
from callrouter.adapters.storage.known_good_file import KnownGoodFile, KnownGoodFileError
from callrouter.adapters.storage.secret_box import SecretBox
from callrouter.adapters.storage.sellers import Seller, open_tokens, read_change_counter
from callrouter.adapters.storage.standings import SellersStanding
from callrouter.domain.errors import PolicyFileError, SettingsError, StorageUnavailableError
from callrouter.domain.health.stops import StopsBySubject, group_stops
from callrouter.domain.limits.standing import BuyerStanding, Standings
from callrouter.domain.tables.directory import Directory
from callrouter.domain.tables.routing_table import Route, RoutingTable
from callrouter.workflows.compiled import Compiled

log = structlog.get_logger()

_LOOKS_AT_MOST_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class KnownNumber:
    """Whose DID it is, as of the last look."""

    campaign_id: str
    publisher: str


@dataclass(frozen=True, slots=True)
class KnownGood:
    """One consistent reading of everything that a call needs."""

    changes: int = -1
    sellers: Mapping[str, Seller] = field(default_factory=dict)
    numbers: Mapping[tuple[str, str], KnownNumber] = field(default_factory=dict)
    tables: Mapping[tuple[str, str], tuple[int, str]] = field(default_factory=dict)
    directories: Mapping[str, Directory] = field(default_factory=dict)
    stops: Mapping[str, StopsBySubject] = field(default_factory=dict)
    standings: Mapping[str, Standings] = field(default_factory=dict)

    def table(self, compiled: Compiled, seller_id: str, campaign_id: str) -> RoutingTable:
        """A campaign's table as it was live then."""
        version, text = self.tables[seller_id, campaign_id]
        return compiled.table_of(seller_id, campaign_id, version, text)

    def find_whispered_route(
        self, compiled: Compiled, seller_id: str, destination_id: str
    ) -> tuple[RoutingTable, Route] | None:
        """Any live route of the seller by which this destination is whispered to or screened.

        A table that can't be understood, as a newer version's, hides none of another one.
        """
        for owner, campaign_id in self.tables:
            if owner != seller_id:
                continue
            try:
                table = self.table(compiled, seller_id, campaign_id)
            except PolicyFileError as error:
                log.exception("table_not_understood", seller=seller_id, reason=str(error))
                continue
            route = table.route_to(destination_id)
            if route is not None and (route.whisper or route.screening):
                return table, route
        return None


class KnownGoodKeeper:
    """Keeps the last known good configuration of one process; safe for threads."""

    def __init__(self, database: Database, file: KnownGoodFile, box: SecretBox) -> None:
        """Start from the file, if there is one, until the first `refresh`."""
        self._database = database
        self._file = file
        self._box = box
        self._looking = threading.Lock()
        self._looked_at_s = -_LOOKS_AT_MOST_EVERY_S
        self.current = self._load()

    def find_seller(self, account_sid: str, *, look_again: bool = False) -> Seller | None:
        """The seller with this account at the carrier.

        `look_again` asks the database first, at most once a second whoever asks, so that strangers
        with made-up accounts can't keep it busy.
        """
        if look_again and time.monotonic() - self._looked_at_s >= _LOOKS_AT_MOST_EVERY_S:
            try:
                self.refresh()
            except StorageUnavailableError as error:
                log.warning("known_good_not_refreshed", reason=str(error))
            except Exception:
                log.exception("known_good_not_understood")  # what was known stays in use
        return self.current.sellers.get(account_sid)

    def refresh_at_once(self) -> None:
        """Refresh if nobody else does so right now; what is known stays known when it fails."""
        if not self._looking.acquire(blocking=False):
            return
        try:
            with suppress(StorageUnavailableError):
                self._refresh()
        except Exception:
            log.exception("known_good_not_understood")
        finally:
            self._looking.release()

    def refresh(self) -> None:
        """Read the configuration anew if anything in it was changed, and write it to disk.

        Raises StorageUnavailableError; what is known stays known then. A process that knows nothing
        yet takes what another one of this machine may have saved by now.
        """
        with self._looking:
            try:
                self._refresh()
            except StorageUnavailableError:
                if not self.current.sellers:
                    self.current = self._load()
                raise

    def _refresh(self) -> None:
        self._looked_at_s = time.monotonic()
        with self._database.read() as connection:
            if read_change_counter(connection) == self.current.changes:
                return
            rows = read_known_good(connection)
        self.current = self._understand(rows)
        try:
            self._file.save(rows)
        except OSError as error:
            log.exception("known_good_not_saved", reason=str(error))
        log.info("known_good_refreshed", changes=rows.changes, numbers=len(rows.numbers))

    def _load(self) -> KnownGood:
        try:
            rows = self._file.load()
            # From disk it may be old: -1 makes the first look read everything anew.
            return KnownGood() if rows is None else replace(self._understand(rows), changes=-1)
        except (KnownGoodFileError, SettingsError) as error:
            # Damaged, or sealed with a SECRET_KEY of the past: the database has it all.
            log.warning("known_good_not_loaded", reason=str(error))
            return KnownGood()

    def _understand(self, rows: KnownGoodRows) -> KnownGood:
        return KnownGood(
            changes=rows.changes,
            sellers={
                row.account_sid: Seller(
                    row.seller_id,
                    row.name,
                    row.account_sid,
                    open_tokens(self._box, row.primary_token, row.secondary_token),
                    row.directory_version,
                )
                for row in rows.sellers
            },
            numbers={
                (row.seller_id, row.number): KnownNumber(row.campaign_id, row.publisher)
                for row in rows.numbers
            },
            tables={(r.seller_id, r.campaign_id): (r.version, r.toml) for r in rows.tables},
            directories={
                row.seller_id: decode_directory(row.version, row.body) for row in rows.directories
            },
            stops={
                seller_id: group_stops(
                    each.stop for each in rows.stops if each.seller_id == seller_id
                )
                for seller_id in {each.seller_id for each in rows.stops}
            },
            standings=_group_standings(rows.standings),
        )


def _group_standings(rows: Iterable[SellersStanding]) -> Mapping[str, Standings]:
    grouped: dict[str, dict[str, BuyerStanding]] = {}
    for row in rows:
        if row.standing.matters:
            grouped.setdefault(row.seller_id, {})[row.standing.buyer_id] = row.standing
    return grouped
