"""The carrier's own record of every leg, as its REST API tells it."""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from callrouter.simulator.clock import whole_seconds_between


class CallStatus(StrEnum):
    """Twilio's statuses of a leg. `initiated` is told in callbacks only, never by REST."""

    QUEUED = "queued"
    INITIATED = "initiated"
    RINGING = "ringing"
    IN_PROGRESS = "in-progress"
    COMPLETED = "completed"
    BUSY = "busy"
    FAILED = "failed"
    NO_ANSWER = "no-answer"
    CANCELED = "canceled"


class Direction(StrEnum):
    """Which way a leg goes, seen from the carrier's customer."""

    INBOUND = "inbound"
    OUTBOUND_DIAL = "outbound-dial"


@dataclass(slots=True)
class CallRecord:
    """One leg, kept up to date while it lives; instants are virtual and exact."""

    sid: str
    parent_sid: str | None
    caller: str
    called: str
    direction: Direction
    number_sid: str
    started_at: datetime
    status: CallStatus
    answered_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def duration_s(self) -> int:
        """Whole seconds from the answer to the end, between the reported stamps; else 0."""
        if self.answered_at is None or self.ended_at is None:
            return 0
        return whole_seconds_between(self.answered_at, self.ended_at)


class CallLog:
    """The records of the last `keep` calls with their legs, and which of them were looked up."""

    def __init__(self, keep: int = 1_000_000) -> None:
        self._keep = keep
        self._families: OrderedDict[str, list[CallRecord]] = OrderedDict()
        self._parents: dict[str, str] = {}
        self._looked_up: set[str] = set()

    def add(self, record: CallRecord) -> None:
        """Keep a leg; the oldest call with its legs goes when there are too many."""
        parent_sid = record.parent_sid or record.sid
        self._families.setdefault(parent_sid, []).append(record)
        self._parents[record.sid] = parent_sid
        while len(self._families) > self._keep:
            forgotten, family = self._families.popitem(last=False)
            self._looked_up.discard(forgotten)
            for leg in family:
                self._parents.pop(leg.sid, None)

    def remove(self, sid: str) -> None:
        """Forget a call with its legs, as if the carrier had lost its records of it."""
        for leg in self._families.pop(sid, []):
            self._parents.pop(leg.sid, None)
        self._looked_up.discard(sid)

    def find(self, sid: str) -> CallRecord | None:
        """The leg of that SID, or None."""
        family = self._families.get(self._parents.get(sid, ""), [])
        return next((record for record in family if record.sid == sid), None)

    def newest_first(self, parent_sid: str | None = None) -> Iterator[CallRecord]:
        """All legs, or the children of one call, the latest first."""
        if parent_sid is not None:
            family = self._families.get(parent_sid, [])
            return (record for record in reversed(family) if record.parent_sid is not None)
        families = reversed(self._families.values())
        return (record for family in families for record in reversed(family))

    def note_lookup(self, record: CallRecord) -> None:
        """Remember that the router has seen this record, so knows when its call started."""
        self._looked_up.add(record.parent_sid or record.sid)

    @property
    def looked_up(self) -> frozenset[str]:
        """The SIDs of the calls of which the router has read a record."""
        return frozenset(self._looked_up)
