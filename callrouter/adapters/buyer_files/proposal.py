"""A way to read a buyer's file that is proposed, with what somebody has to settle first."""

from dataclasses import dataclass
from enum import StrEnum

from callrouter.domain.tie_out.mapping import Field, Mapping


class Open(StrEnum):
    """What can't be told from a file."""

    DAY_ORDER = "day_order"
    """A date reads both ways, month first and day first."""
    NO_START = "no_start"
    """No column holds the start of calls."""
    TWO_DURATIONS = "two_durations"
    """Two columns can be the total, and nothing tells which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Something that nobody guesses: `text` asks, `choices` are the answers there are.

    Choices of DAY_ORDER are the words of `TimeForm`; of TWO_DURATIONS the numbers of columns, from
    0; NO_START has none: a column must be named.
    """

    about: Open
    text: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """How a table would be read.

    `confidence` is from 0 (it can't be) to 1 (it was confirmed before for this layout), that of
    the least sure of start, caller and duration. `sure` are the fields that need no look.
    `questions` are to be answered before anything is read. `words` say what the mapping rests on,
    what is missing, and what changed since the mapping that is remembered.
    """

    mapping: Mapping
    confidence: float
    sure: frozenset[Field] = frozenset()
    questions: tuple[Question, ...] = ()
    words: tuple[str, ...] = ()
