"""Rules that a table states for a campaign, a buyer or a route: the most specific one holds.

What is counted, caps and concurrency, is different: each counts where it stands, and all must have
room.
"""

from dataclasses import dataclass, fields

from callrouter.domain.callers.duplicates import DuplicateRule
from callrouter.domain.clocks.hours import Hours
from callrouter.domain.limits.caps import Cap
from callrouter.domain.tables.filters import Filter


@dataclass(frozen=True, slots=True)
class Recovery:
    """Revenue recovery: a destination that ends a talk within `under_s` loses the caller.

    The next one is dialled instead, at most `most` times a call, and never when the caller hung up.
    """

    under_s: int
    most: int = 1


@dataclass(frozen=True, slots=True)
class Rules:
    """What one level says; None where it says nothing."""

    hours: Hours | None = None
    filters: tuple[Filter, ...] | None = None
    duplicates: DuplicateRule | None = None
    spacing_s: int | None = None
    recovery: Recovery | None = None


@dataclass(frozen=True, slots=True)
class Quota:
    """What one level counts: its caps, and how many calls it takes at once (None: any number)."""

    caps: tuple[Cap, ...] = ()
    concurrency: int | None = None


NO_RULES = Rules()
NO_QUOTA = Quota()


def resolve(*levels: Rules) -> Rules:
    """The rules that hold, of levels from the general to the specific."""
    said = {
        field.name: value
        for level in levels
        for field in fields(Rules)
        if (value := getattr(level, field.name)) is not None
    }
    return Rules(**said)
