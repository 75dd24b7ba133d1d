"""How one buyer's file is to be read: which column is what, and how it is written. Values only."""

from dataclasses import dataclass
from enum import StrEnum


class Field(StrEnum):
    """What a column of a buyer's file can be; the names are those of the frame `THEIRS`."""

    START = "start"
    START_DATE = "start_date"
    """The day alone, where the time stands in a column of its own (START_TIME)."""
    START_TIME = "start_time"
    ANSWER = "answer"
    END = "end"
    CALLER = "caller"
    CALLED = "called"
    REACHED = "reached"
    TOTAL = "total"
    TALK = "talk"
    QUEUE = "queue"
    HOLD = "hold"
    BILLED = "billed"
    PRICE = "price"
    CALL_ID = "call_id"
    LEG_ID = "leg_id"
    SHARED_ID = "shared_id"
    CORRECTS_ID = "corrects_id"
    UPDATED = "updated"
    STATUS = "status"
    AGENT = "agent"
    DIRECTION = "direction"


class TimeForm(StrEnum):
    """How instants are written."""

    YEAR_FIRST = "year_first"
    """2026-10-01 13:45:10, also with / or . or T between."""
    MONTH_FIRST = "month_first"
    DAY_FIRST = "day_first"
    NAMED_MONTH = "named_month"
    """Fri, 21 Aug 2026 09:00:12, 21-Aug-2026, Aug 21 2026."""
    ISO = "iso"
    """With Z or an offset: an instant, not a wall clock."""
    EPOCH_S = "epoch_s"
    EPOCH_MS = "epoch_ms"
    EPOCH_US = "epoch_us"
    EXCEL_SERIAL = "excel_serial"
    MATLAB_DATENUM = "matlab_datenum"


class DurationForm(StrEnum):
    """How durations are written."""

    SECONDS = "seconds"
    MILLISECONDS = "milliseconds"
    CLOCK = "clock"
    """H:MM:SS, HH:MM:SS.mmm; of two parts M:SS."""
    HOURS_MINUTES = "hours_minutes"
    """H:MM, as a spreadsheet shows durations that it takes for times of day."""
    DAY_FRACTION = "day_fraction"
    DECIMAL_MINUTES = "decimal_minutes"
    WORDS = "words"
    """1h 02m 03s, 4 min 10 sec."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldColumn:
    """One column's meaning: `column` counts from 0, `header` is its heading ("" without one).

    `form` is a TimeForm's or DurationForm's word for fields that are one, else "". `confidence` is
    from 0 to 1, `evidence` says in words what it rests on.
    """

    field: Field
    column: int
    header: str = ""
    form: str = ""
    confidence: float = 1.0
    evidence: str = ""


class LegRule(StrEnum):
    """What several rows of one call id are."""

    ONE_ROW = "one_row"
    """Nothing is folded but rows that are the same to the letter."""
    LEGS = "legs"
    """One call handed on: starts with the first row, ends with the last, durations add up."""
    SAME_SPAN = "same_span"
    """Several views of the same call: the longest row stands."""
    REDELIVERED = "redelivered"
    """The same record sent again: the one that was updated last stands."""
    CORRECTIONS = "corrections"
    """Later rows amend earlier ones (`corrects_id`): the last one stands, money adds up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """A way to read a buyer's file, proposed or confirmed.

    `format` is the preset's name, "" where values alone were looked at. `zone` is the IANA zone
    that stamps are in, "" when nothing says it: it is then found from the data. `sentinels` are
    texts that stand for nothing. `layout` is the fingerprint of the headings (or, without any,
    of the columns' count and kinds) that the mapping was made for, `headings` are these, as
    they stood ("" without any) to say what changed when another layout comes. `country` reads
    numbers without a country code. `inbound` are the words of a DIRECTION column that mean a
    call to the buyer. `talk_means` and `total_means` say in words what the buyer's durations
    really hold.
    """

    columns: tuple[FieldColumn, ...]
    layout: str
    headings: tuple[str, ...] = ()
    format: str = ""
    zone: str = ""
    country: str = "US"
    legs: LegRule = LegRule.ONE_ROW
    sentinels: tuple[str, ...] = ()
    inbound: tuple[str, ...] = ()
    total_means: str = ""
    talk_means: str = ""

    def find(self, field: Field) -> FieldColumn | None:
        """The column of a field; None where the file has none."""
        return next((each for each in self.columns if each.field is field), None)
