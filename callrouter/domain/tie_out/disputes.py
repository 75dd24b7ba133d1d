"""Disputes: differences raised with the buyer; until when, by whom, how they ended."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from callrouter.domain.clocks.periods import find_wall_time
from callrouter.domain.errors import RefusedError
from callrouter.domain.tie_out.counts import say_count
from callrouter.domain.tie_out.settlement import Decision


class DisputeState(StrEnum):
    """How far a dispute has come."""

    OPEN = "open"
    """Lines are put together; nobody outside knows of it."""
    SENT = "sent"
    ANSWERED = "answered"
    CLOSED = "closed"


class DisputeOutcome(StrEnum):
    """How a closed dispute ended, by what was decided about its lines."""

    ACCEPTED = "accepted"
    """Theirs was right on every line."""
    PARTLY = "partly"
    REJECTED = "rejected"
    """Ours was right on every line."""


_NEXT = {
    DisputeState.OPEN: (DisputeState.SENT, DisputeState.CLOSED),
    DisputeState.SENT: (DisputeState.ANSWERED, DisputeState.CLOSED),
    DisputeState.ANSWERED: (DisputeState.SENT, DisputeState.CLOSED),
    DisputeState.CLOSED: (DisputeState.OPEN,),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    """Differences of one tie-out that are raised together; `raise_by` is the last day for that.

    `raise_by` is None where the terms know no window. `owner` is the person who sees to it.
    """

    number: int
    buyer_id: str
    tie_out: int
    state: DisputeState
    owner: str
    opened_at: datetime
    raise_by: date | None
    note: str = ""


def find_last_day(until: datetime, zone: str, dispute_days: int | None) -> date | None:
    """The last day on which a difference of a period that ends before `until` may be raised.

    On the clocks of `zone`, the buyer's, counted from the period's last day; None for no window.
    """
    if dispute_days is None:
        return None
    last_day = find_wall_time(zone, until - timedelta(microseconds=1)).date()
    return last_day + timedelta(days=dispute_days)


def refuse_late(raise_by: date | None, zone: str, at: datetime) -> None:
    """Raise RefusedError when the window for raising differences is over at `at`."""
    today = find_wall_time(zone, at).date()
    if raise_by is not None and today > raise_by:
        raise RefusedError(
            f"differences of this period could be raised until {raise_by}, {today} is too late by"
            " the terms: say that it is raised late, and why"
        )


def advance(dispute: Dispute, to: DisputeState, decisions: Iterable[Decision | None]) -> None:
    """Raise RefusedError unless a dispute may go on to a state.

    `decisions` are those about its lines as they stand now, None for none: it can't be closed while
    a line is undecided or the buyer is still asked.
    """
    if to not in _NEXT[dispute.state]:
        allowed = " or ".join(_NEXT[dispute.state])
        raise RefusedError(
            f"dispute {dispute.number} is {dispute.state}: from there it can be {allowed}, not {to}"
        )
    if to is DisputeState.CLOSED:
        undecided = sum(each in (None, Decision.ASK) for each in decisions)
        if undecided:
            lines = say_count(undecided, "line")
            raise RefusedError(
                f"{lines} of dispute {dispute.number} undecided: settle first, then close it"
            )


def judge(decisions: Iterable[Decision | None]) -> DisputeOutcome:
    """How a dispute ended, by the decisions about its lines."""
    made = set(decisions)
    if made <= {Decision.ACCEPT}:
        return DisputeOutcome.ACCEPTED
    return DisputeOutcome.REJECTED if made == {Decision.STAND} else DisputeOutcome.PARTLY
