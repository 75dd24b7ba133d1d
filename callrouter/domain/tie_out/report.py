"""What a tie-out's report says: figures, words, and the differences that somebody must look at.

How it looks on a page isn't known here.
"""

from dataclasses import dataclass
from datetime import datetime

from callrouter.domain.tie_out.classes import DifferenceClass
from callrouter.domain.tie_out.clock_days import ClockDay
from callrouter.domain.tie_out.totals import Totals

CLASS_WORDS = {
    DifferenceClass.AGREE: "Agree",
    DifferenceClass.ROUNDING: "Rounding only",
    DifferenceClass.SAME_MONEY: "Seconds differ, same money",
    DifferenceClass.ACROSS_THRESHOLD: "Differ across the threshold",
    DifferenceClass.OURS_ONLY: "Ours only",
    DifferenceClass.THEIRS_ONLY: "Theirs only",
    DifferenceClass.DUPLICATE: "Duplicates",
    DifferenceClass.AMBIGUOUS: "Ambiguous",
}
"""The classes for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedLine:
    """One difference as a report lists it; None and "" where a side has nothing.

    `at` is the start by our clock. `place` says where the record stands: "acme-oct.csv:17".
    `their_start` is the start as their own clock wrote it, `settled` what was decided, in words.
    """

    line_no: int
    difference: DifferenceClass
    why: str
    at: datetime | None
    caller: str
    did: str
    destination_id: str
    call_sid: str
    place: str
    their_ids: str
    their_start: str
    our_ms: int | None
    their_ms: int | None
    our_micros: int | None
    their_micros: int | None
    settled: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TieOutReport:
    """All of a report but for its lines.

    `number` is 0 for a tie-out that isn't kept. `files` names what was read, each with how many
    records it has, `reading` says how, `clock`, `measure` and `notices` are words. `clock_days` are
    empty where no clock was found or needed.
    """

    seller: str
    buyer: str
    number: int
    since: datetime
    until: datetime
    zone: str
    currency: str
    made_at: datetime
    files: tuple[str, ...]
    reading: str
    clock: str
    measure: str
    notices: tuple[str, ...]
    totals: Totals
    clock_days: tuple[ClockDay, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeLetter:
    """What stands above the lines of a dispute that is sent to the buyer.

    `raise_by` is the last day of the window for raising it, "" for none, `note` what a person adds.
    `our_micros` and `their_micros` are the sums of its lines.
    """

    seller: str
    buyer: str
    number: int
    since: datetime
    until: datetime
    zone: str
    currency: str
    made_at: datetime
    raise_by: str
    owner: str
    note: str
    lines: int
    our_micros: int
    their_micros: int
