"""Seeded randomness, drawn by topic, so that concurrency can't change who gets which number."""

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Span:
    """A range of seconds to draw from, both ends included."""

    low: float
    high: float

    def __post_init__(self) -> None:
        if not 0 <= self.low <= self.high:
            raise ValueError(f"span {self.low}..{self.high}: wanted 0 <= low <= high")

    def draw(self, chance: Random) -> float:
        """One value of the range."""
        return chance.uniform(self.low, self.high)


@dataclass(frozen=True, slots=True)
class Chance:
    """All that is random about one call: a generator per topic, the same for the same seed."""

    seed: str
    call: int

    def of(self, *topic: object) -> Random:
        """The generator of a topic (such as `"phone", dial_string, 0`), always from its start."""
        name = ":".join((self.seed, str(self.call), *(str(part) for part in topic)))
        return Random(name)  # noqa: S311 - a simulation wants repeatable draws, not secret ones
