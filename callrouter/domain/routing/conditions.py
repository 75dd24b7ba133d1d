"""What changes from call to call and a decision depends on, as it stood at one moment.

Kept with the decision, so that it can be made again. How it is read is known elsewhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from callrouter.domain.callers.caller_lists import KnownCaller
from callrouter.domain.health.stops import Stop
from callrouter.domain.limits.caps import Usage
from callrouter.domain.limits.standing import Standings

NOBODY = KnownCaller()


@dataclass(frozen=True, slots=True)
class Earnings:
    """What a destination's last calls earned: how many attempts, and micro-units in all."""

    calls: int
    micros: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What stood at the instant `at`.

    `usage` is by counter key; a counter without an entry is empty. `stops` are those that concern
    the table, `standings` those of its buyers that matter. `earnings` are by destination. `counts`
    is False while the database is away: then nothing can be reserved, and `usage` says nothing.
    """

    at: datetime
    usage: Mapping[str, Usage] = field(default_factory=dict)
    stops: tuple[Stop, ...] = ()
    caller: KnownCaller = NOBODY
    earnings: Mapping[str, Earnings] = field(default_factory=dict)
    standings: Standings = field(default_factory=dict)
    counts: bool = True
