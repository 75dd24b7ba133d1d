"""A call as each party sees it who may have to pay for it or be paid: the unit of rating."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from callrouter.domain.billing.charges import Charge
from callrouter.domain.billing.party import Party, Side
from callrouter.domain.cdr import AttemptOutcome, AttemptRecord, Cdr, CdrFlag, Disposition


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """What one party has of one call; durations in milliseconds, `started_at` is the call's.

    Of a buyer: all of its attempts together, connected and answered time summed over those that
    were connected, and the destination that was connected last, or else attempted last. `attempts`
    counts those that reached a phone of the party's; a ring group is one. Of a publisher: the whole
    call, one attempt if it reached any phone; `charged` is what the buyers were charged for it. Not
    `is_timed` is a call of which no source says how long somebody was connected.
    """

    party: Party
    call_sid: str
    campaign_id: str
    destination_id: str
    ani: str
    did: str
    started_at: datetime
    is_connected: bool
    attempts: int
    total_ms: int
    answered_ms: int
    connected_ms: int
    charged: tuple[Charge, ...] = ()
    is_timed: bool = True

    def with_charges(self, charges: Iterable[Charge]) -> "Talk":
        """The talk as a share is worked out of it: with what the buyers were charged."""
        return replace(self, charged=tuple(charges))


def list_talks(cdr: Cdr) -> tuple[Talk, ...]:
    """A call taken apart: a talk for each buyer, as they were dialled, the publisher's last.

    Who was dialled has one even if it never answered: only terms that pay by the attempt charge
    for that.
    """
    return (*_list_buyers(cdr), *_list_publisher(cdr))


def find_talk(cdr: Cdr, party: Party) -> Talk | None:
    """What `party` has of the call, or None when it has no part in it."""
    return next((talk for talk in list_talks(cdr) if talk.party == party), None)


def _list_buyers(cdr: Cdr) -> Iterator[Talk]:
    of_buyers: dict[str, list[AttemptRecord]] = {}
    for attempt in cdr.attempts:
        if attempt.buyer_id:
            of_buyers.setdefault(attempt.buyer_id, []).append(attempt)
    for buyer_id, attempts in of_buyers.items():
        connected = [each for each in attempts if each.outcome is AttemptOutcome.CONNECTED]
        yield Talk(
            party=Party(Side.BUYER, buyer_id),
            call_sid=cdr.call_sid,
            campaign_id=cdr.campaign_id,
            destination_id=(connected or attempts)[-1].destination_id,
            ani=cdr.ani,
            did=cdr.did,
            started_at=cdr.started_at,
            is_connected=bool(connected),
            attempts=_count_reached(attempts),
            total_ms=cdr.total_ms,
            answered_ms=sum(each.answered_ms for each in connected),
            connected_ms=sum(each.connected_ms for each in connected),
            is_timed=CdrFlag.DURATION_MISSING not in cdr.flags,
        )


def _list_publisher(cdr: Cdr) -> Iterator[Talk]:
    if cdr.publisher:
        yield Talk(
            party=Party(Side.PUBLISHER, cdr.publisher),
            call_sid=cdr.call_sid,
            campaign_id=cdr.campaign_id,
            destination_id=cdr.destination_id,
            ani=cdr.ani,
            did=cdr.did,
            started_at=cdr.started_at,
            is_connected=cdr.disposition is Disposition.CONNECTED,
            attempts=min(1, _count_reached(cdr.attempts)),
            total_ms=cdr.total_ms,
            answered_ms=cdr.answered_ms,
            connected_ms=cdr.connected_ms,
            is_timed=CdrFlag.DURATION_MISSING not in cdr.flags,
        )


def _count_reached(attempts: Iterable[AttemptRecord]) -> int:
    """Attempts that rang somewhere; where the carrier failed, nobody was rung."""
    return len({each.attempt for each in attempts if each.outcome is not AttemptOutcome.FAILED})
