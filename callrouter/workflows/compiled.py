"""Routing tables, directories and terms as values, read and parsed once for each version.

A version never changes, so nothing here is ever invalidated. Of each campaign and seller those few
are kept that were used last: the live one, and what calls in progress still ask for.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from datetime import datetime
from typing import Generic, TypeVar

from sqlalchemy import Connection

from callrouter.adapters.policy_files.routing_table_file import read_table
from callrouter.adapters.storage.agreements import read_agreement_version
from callrouter.adapters.storage.attempt_outcomes import read_earnings
from callrouter.adapters.storage.directories import read_directory
from callrouter.adapters.storage.routing_tables import read_table_text
from callrouter.adapters.storage.standings import list_standings
from callrouter.adapters.storage.stops import read_stops
from callrouter.domain.billing.party import Party
from callrouter.domain.billing.terms import Agreement
from callrouter.domain.health.stops import StopsBySubject, group_stops
from callrouter.domain.limits.standing import Standings
from callrouter.domain.routing.conditions import Earnings
from callrouter.domain.routing.plan import Plan, make_plan
from callrouter.domain.tables.directory import Directory
from callrouter.domain.tables.routing_table import RoutingTable, StrategyName

_MOST_SUBJECTS = 5_000
MOST_VERSIONS = 8
"""Of one campaign's table: the live one, and those by which calls in progress were decided.

And of one party's agreement: what it says now, and said when calls that are rated late began.
"""
_MOST_PLANS = 3
"""Of one campaign: further attempts ask the live one too; another one is there to fall back on."""
_MOST_OTHERS = 2
"""Of directories, stops, standings and earnings: while one is replaced, both may be asked for."""
_EARNINGS_LAST_S = 30
_NO_EARNINGS: Mapping[str, Earnings] = {}

_Value = TypeVar("_Value")


class _Versions(Generic[_Value]):
    """The versions of each subject that were used last, at most `most` of one."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._subjects: OrderedDict[Hashable, OrderedDict[Hashable, _Value]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, subject: Hashable, version: Hashable, load: Callable[[], _Value]) -> _Value:
        with self._lock:
            versions = self._subjects.get(subject)
            value = versions.get(version) if versions is not None else None
            if versions is not None and value is not None:
                self._subjects.move_to_end(subject)
                versions.move_to_end(version)
                return value
        value = load()
        with self._lock:
            versions = self._subjects.setdefault(subject, OrderedDict())
            versions[version] = value
            versions.move_to_end(version)
            if len(versions) > self._most:
                versions.popitem(last=False)
            self._subjects.move_to_end(subject)
            if len(self._subjects) > _MOST_SUBJECTS:
                self._subjects.popitem(last=False)
        return value

    def newest_first(self, subject: Hashable) -> list[tuple[Hashable, _Value]]:
        """Every version of a subject that is kept, the last used first."""
        with self._lock:
            return [*reversed(self._subjects.get(subject, OrderedDict[Hashable, _Value]()).items())]


class Compiled:
    """Tables, directories, plans, terms, stops and accounts by version; safe for threads."""

    def __init__(self) -> None:
        """Start empty; each version is read when a call first needs it."""
        self._tables: _Versions[RoutingTable] = _Versions(MOST_VERSIONS)
        self._directories: _Versions[Directory] = _Versions(_MOST_OTHERS)
        self._plans: _Versions[Plan] = _Versions(_MOST_PLANS)
        self._stops: _Versions[StopsBySubject] = _Versions(_MOST_OTHERS)
        self._agreements: _Versions[Agreement] = _Versions(MOST_VERSIONS)
        self._standings: _Versions[Standings] = _Versions(_MOST_OTHERS)
        self._earnings: _Versions[Mapping[str, Earnings]] = _Versions(_MOST_OTHERS)

    def table(
        self, connection: Connection, seller_id: str, campaign_id: str, version: int
    ) -> RoutingTable:
        """One version of a campaign's table, from memory or else from the database."""
        return self._tables.get(
            (seller_id, campaign_id),
            version,
            lambda: read_table(
                read_table_text(connection, seller_id, campaign_id, version),
                f"{campaign_id} version {version}",
                version=version,
            ),
        )

    def table_of(self, seller_id: str, campaign_id: str, version: int, text: str) -> RoutingTable:
        """The same, where its text is at hand already."""
        return self._tables.get(
            (seller_id, campaign_id),
            version,
            lambda: read_table(text, f"{campaign_id} version {version}", version=version),
        )

    def directory(self, connection: Connection, seller_id: str, version: int) -> Directory:
        """One version of a seller's directory, from memory or else from the database."""
        return self._directories.get(
            seller_id, version, lambda: read_directory(connection, seller_id, version)
        )

    def plan(
        self,
        connection: Connection,
        seller_id: str,
        campaign_id: str,
        version: int,
        directory_version: int,
    ) -> Plan:
        """A campaign's table ready for calls, with one version of the directory."""
        return self._plans.get(
            (seller_id, campaign_id),
            (version, directory_version),
            lambda: make_plan(
                self.table(connection, seller_id, campaign_id, version),
                self.directory(connection, seller_id, directory_version),
            ),
        )

    def plan_of(self, seller_id: str, table: RoutingTable, directory: Directory) -> Plan:
        """The same, where both are at hand already."""
        return self._plans.get(
            (seller_id, table.campaign_id),
            (table.version, directory.version),
            lambda: make_plan(table, directory),
        )

    def last_used_plan(
        self, seller_id: str, campaign_id: str, version: int, directory_version: int
    ) -> Plan | None:
        """The plan that last served a campaign here, other than that of these versions."""
        kept = self._plans.newest_first((seller_id, campaign_id))
        unwanted = (version, directory_version)
        return next((plan for versions, plan in kept if versions != unwanted), None)

    def stops(
        self, connection: Connection, seller_id: str, conditions_version: int
    ) -> StopsBySubject:
        """Who gets no calls at one conditions version, from memory or else from the database.

        Read a moment after the version was, it may be a newer one's: no call sees an older one.
        """
        return self._stops.get(
            seller_id, conditions_version, lambda: group_stops(read_stops(connection, seller_id))
        )

    def agreement(
        self, connection: Connection, seller_id: str, party: Party, version: int
    ) -> Agreement:
        """One version of what a party has agreed to, from memory or else from the database."""
        return self._agreements.get(
            (seller_id, party),
            version,
            lambda: read_agreement_version(connection, seller_id, party, version),
        )

    def standings(
        self, connection: Connection, seller_id: str, conditions_version: int
    ) -> Standings:
        """The accounts that matter to calls at one conditions version; as `stops` is."""
        return self._standings.get(
            seller_id,
            conditions_version,
            lambda: {
                each.standing.buyer_id: each.standing
                for each in list_standings(connection, seller_id)
                if each.standing.matters
            },
        )

    def earnings(
        self, connection: Connection, seller_id: str, plan: Plan, at: datetime
    ) -> Mapping[str, Earnings]:
        """What each destination of a plan earned lately, where its strategy goes by that.

        Looked up twice a minute: an average over many calls moves slower than that.
        """
        strategy = plan.table.strategy
        if strategy.name is not StrategyName.REVENUE_PER_CALL:
            return _NO_EARNINGS
        turn = int(at.timestamp()) // _EARNINGS_LAST_S
        return self._earnings.get(
            (seller_id, plan.table.campaign_id),
            (plan.table.version, turn),
            lambda: {
                each.destination_id: read_earnings(
                    connection, seller_id, each.destination_id, strategy.over_calls
                )
                for each in plan.routes
            },
        )
