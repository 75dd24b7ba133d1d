"""When somebody takes calls, as it is written down: windows by weekday, holidays, exceptions.

Times are those on the clock on a wall; which instants they are, `timetable` computes.
"""

from dataclasses import dataclass
from datetime import date, datetime

DAY_MIN = 24 * 60
"""Minutes of a day on the wall."""
WEEK_MIN = 7 * DAY_MIN
"""Minutes of a week on the wall."""


@dataclass(frozen=True, slots=True)
class Window:
    """Open from `start_min` to before `end_min`, in minutes since midnight (0 to 1440).

    It belongs to the `weekday` (0 is Monday) on which it begins: an end at or before its start is
    on the next day, and still belongs to this one.
    """

    weekday: int
    start_min: int
    end_min: int

    @property
    def begins_min(self) -> int:
        """Its begin in minutes since Monday's midnight."""
        return self.weekday * DAY_MIN + self.start_min

    @property
    def length_min(self) -> int:
        """How long it lasts on the wall: 1 to 1440 minutes."""
        next_day = DAY_MIN if self.end_min <= self.start_min else 0
        return self.end_min + next_day - self.start_min

    def overlaps(self, other: "Window") -> bool:
        """Whether there is a minute of the week that both have, Sunday night's included."""
        return (other.begins_min - self.begins_min) % WEEK_MIN < self.length_min or (
            self.begins_min - other.begins_min
        ) % WEEK_MIN < other.length_min


ALL_WEEK = tuple(Window(weekday, 0, DAY_MIN) for weekday in range(7))
"""Open round the clock."""


@dataclass(frozen=True, slots=True)
class Span:
    """A one-off exception from `begins` to before `ends`, whole minutes; `note` is for people.

    Each is an aware instant, or else a naive time on the wall of whoever the hours are for.
    """

    begins: datetime
    ends: datetime
    note: str = ""


@dataclass(frozen=True, slots=True)
class Hours:
    """When calls are taken; `zone` is the IANA zone of the wall, or "" for the buyer's.

    `holidays` are codes of `holiday_calendars`; a holiday in any of them is one.

    The first that applies decides: a closure, an opening, a holiday or a date of `closed_on`, the
    windows. A holiday closes the windows that begin on it, to their end; so what is open past
    midnight before a holiday stays open. Closures come first, because a caller who is sent to an
    empty office is lost, and one who is sent elsewhere is not.
    """

    windows: tuple[Window, ...] = ALL_WEEK
    zone: str = ""
    holidays: tuple[str, ...] = ()
    closed_on: tuple[date, ...] = ()
    closures: tuple[Span, ...] = ()
    openings: tuple[Span, ...] = ()
