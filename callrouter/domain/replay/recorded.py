"""A call of the past, as far as a replay asks."""

from dataclasses import dataclass
from datetime import datetime

from callrouter.domain.cdr import AttemptRecord
from callrouter.domain.routing.decision import CallSoFar


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """What was known of a call when it arrived, and what each of its attempts came to.

    `buyer_hung_up` tells who ended it in the end.
    """

    call: CallSoFar
    arrived_at: datetime
    attempts: tuple[AttemptRecord, ...] = ()
    buyer_hung_up: bool = False
