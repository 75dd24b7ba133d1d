"""Changes of what is live that wait for their time, and what becomes of them. Knows no clock."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType


class ChangeKind(StrEnum):
    """What is to be done when the time has come."""

    SWAP = "swap"
    """A stored version goes live."""
    SWAP_BACK = "swap_back"
    """What the swap replaced when it was done goes live again."""
    POINT_BACK = "point_back"
    """Numbers that were pointed at a destination no longer are, where they still point at it."""


class ChangeState(StrEnum):
    """What became of it; all but the first are for good."""

    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"
    """It was refused when its time had come; `outcome` says why."""
    CANCELLED = "cancelled"
    SKIPPED = "skipped"
    """There was nothing left to do for it; `outcome` says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledChange:
    """One change of a campaign's live table that is due at an instant. Ids count from 1 by seller.

    `version` is what a swap makes live, `replaced_version` what was live before it once it is done.
    `swap_id` is the swap that a swap back takes back. `numbers` says of each number that points at
    `pointed_to` where it pointed before: at a destination, or by the routes ("").
    """

    seller_id: str
    change_id: int = 0
    campaign_id: str
    kind: ChangeKind
    due_at: datetime
    author: str
    note: str
    created_at: datetime
    version: int | None = None
    replaced_version: int | None = None
    swap_id: int | None = None
    pointed_to: str = ""
    numbers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    state: ChangeState = ChangeState.PENDING
    ended_at: datetime | None = None
    outcome: str = ""

    def __str__(self) -> str:
        if self.kind is ChangeKind.SWAP:
            return f"version {self.version} goes live"
        if self.kind is ChangeKind.SWAP_BACK:
            return f"back to what change {self.swap_id} replaced"
        return f"{', '.join(self.numbers)} no longer at {self.pointed_to}"


def alert_key(campaign_id: str) -> str:
    """The key of the alert that a change was refused; it is over once another table goes live."""
    return f"schedule:{campaign_id}"


def order_due(due: Iterable[ScheduledChange]) -> tuple[ScheduledChange, ...]:
    """Changes in the order in which they are made: of one instant, as they were scheduled."""
    return tuple(
        sorted(due, key=lambda change: (change.due_at, change.seller_id, change.change_id))
    )


def find_overtaken(due: Iterable[ScheduledChange]) -> frozenset[tuple[str, int]]:
    """Seller and id of each swap whose swap back is due as well, and of that swap back.

    To make them would route calls by a table whose time is over, if only for a moment.
    """
    changes = {(change.seller_id, change.change_id): change for change in due}
    overtaken: set[tuple[str, int]] = set()
    for (seller_id, change_id), change in changes.items():
        if change.swap_id is not None and (seller_id, change.swap_id) in changes:
            overtaken |= {(seller_id, change_id), (seller_id, change.swap_id)}
    return frozenset(overtaken)


def targets_back(change: ScheduledChange, points_now: Mapping[str, str]) -> Mapping[str, str]:
    """Where each number of a pointing that is over goes, of those that point where it put them."""
    return {
        number: before
        for number, before in change.numbers.items()
        if points_now.get(number) == change.pointed_to
    }
