"""How long statements have been waiting for their payment: what is open, by days overdue."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class OpenStatement:
    """What is open of a closed statement, in micro-units, and the last day for its payment."""

    open_micros: int
    due_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Ageing:
    """What is open in micro-units, by how many days it is overdue; together it is all that is."""

    not_due_micros: int = 0
    to_30_days_micros: int = 0
    to_60_days_micros: int = 0
    to_90_days_micros: int = 0
    over_90_days_micros: int = 0

    @property
    def open_micros(self) -> int:
        """All that is open."""
        return self.not_due_micros + self.overdue_micros

    @property
    def overdue_micros(self) -> int:
        """What should have been paid by now."""
        return (
            self.to_30_days_micros
            + self.to_60_days_micros
            + self.to_90_days_micros
            + self.over_90_days_micros
        )


_LAST_DAYS = (0, 30, 60, 90)
"""The last day of each bucket but the last; on its due day a statement is still in time."""


def age_statements(statements: Iterable[OpenStatement], today: date) -> Ageing:
    """Sort what is open into buckets by age, on the day `today` of whoever has to pay."""
    buckets = [0] * (len(_LAST_DAYS) + 1)
    for statement in statements:
        days = (today - statement.due_on).days
        buckets[sum(days > last for last in _LAST_DAYS)] += statement.open_micros
    not_due, to_30, to_60, to_90, over_90 = buckets
    return Ageing(
        not_due_micros=not_due,
        to_30_days_micros=to_30,
        to_60_days_micros=to_60,
        to_90_days_micros=to_90,
        over_90_days_micros=over_90,
    )
