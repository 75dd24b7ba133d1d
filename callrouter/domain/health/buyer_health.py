"""Whether a buyer's health URL says that the buyer can take calls: by two answers in a row.

Knows nothing of how a URL is asked.
"""

from dataclasses import dataclass
from datetime import datetime

IN_A_ROW = 2
"""One answer may be a hiccup; so many alike count, either way."""


@dataclass(frozen=True, slots=True)
class HealthAnswer:
    """One answer: whether it was a good one, and what was said ("200", "no answer in 5 s")."""

    is_good: bool
    said: str


@dataclass(frozen=True, slots=True)
class Health:
    """The last answer of a buyer's URL, and how many like it came in a row."""

    buyer_id: str
    checked_at: datetime
    is_good: bool
    in_row: int
    said: str

    @property
    def looks_down(self) -> bool:
        """Whether enough bad answers came in a row."""
        return not self.is_good and self.in_row >= IN_A_ROW

    @property
    def looks_well(self) -> bool:
        """Whether enough good answers came in a row."""
        return self.is_good and self.in_row >= IN_A_ROW


def note_answer(buyer_id: str, before: Health | None, answer: HealthAnswer, at: datetime) -> Health:
    """What is known of a buyer's health after one more answer."""
    is_same = before is not None and before.is_good is answer.is_good
    in_row = before.in_row + 1 if before is not None and is_same else 1
    return Health(buyer_id, at, answer.is_good, in_row, answer.said)
