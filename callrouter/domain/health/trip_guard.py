"""Whether a destination that looks bad may be taken out at all, by who else would be left.

If everybody looks bad it is rather we or the carrier than they: then nothing is changed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class TripVerdict(StrEnum):
    """Whether a destination that looks bad may be taken out."""

    TRIP = "trip"
    REFUSE_LAST = "refuse_last"
    """It is the last one of a table that takes calls."""
    REFUSE_ALL_BAD = "refuse_all_bad"
    """All others of a table look bad too: then it is rather we or the carrier than they."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Another destination of a table: whether it takes calls now, and whether it looks bad.

    One whose breaker isn't closed looks bad and takes none.
    """

    destination_id: str
    takes_calls: bool
    looks_bad: bool


def weigh_trip(tables: Sequence[Sequence[Peer]]) -> TripVerdict:
    """Whether a destination may be taken out, by the others of each live table that routes to it.

    In each of them another that takes calls and looks well must be left.
    """
    verdicts = {_weigh_table(peers) for peers in tables}
    for refusal in (TripVerdict.REFUSE_ALL_BAD, TripVerdict.REFUSE_LAST):
        if refusal in verdicts:
            return refusal
    return TripVerdict.TRIP


def _weigh_table(peers: Sequence[Peer]) -> TripVerdict:
    if any(peer.takes_calls and not peer.looks_bad for peer in peers):
        return TripVerdict.TRIP
    if any(peer.looks_bad for peer in peers):
        return TripVerdict.REFUSE_ALL_BAD
    return TripVerdict.REFUSE_LAST
