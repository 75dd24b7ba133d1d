"""The option `--period`: a month, a week or a day, on whoever's clocks it is meant."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import click

from callrouter.domain.clocks.periods import find_day_start

_MONTH = re.compile(r"([0-9]{4})-([0-9]{2})")
_WEEK = re.compile(r"([0-9]{4})-W([0-9]{2})")
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Days:
    """From the beginning of one day to the end of another."""

    first: date
    last: date

    def begin_at(self, zone: str) -> datetime:
        """The first instant of the first day on the clocks of `zone`."""
        return find_day_start(zone, self.first)

    def end_at(self, zone: str) -> datetime:
        """The first instant after the last day on the clocks of `zone`."""
        return find_day_start(zone, self.last + _DAY)


class DaysType(click.ParamType["str | Days"]):
    """A month such as 2026-11, a week such as 2026-W48, or a day such as 2026-11-26."""

    name = "period"

    def convert(
        self, value: "str | Days", param: click.Parameter | None, ctx: click.Context | None
    ) -> Days:
        """The days; a usage error for what isn't a period."""
        if isinstance(value, Days):
            return value
        try:
            return _read(value)
        except ValueError:
            self.fail(
                f"{value!r} isn't a period: write it like 2026-11, 2026-W48 or 2026-11-26",
                param,
                ctx,
            )


def _read(text: str) -> Days:
    if match := _MONTH.fullmatch(text):
        year, month = int(match[1]), int(match[2])
        first = date(year, month, 1)
        return Days(first, first.replace(day=monthrange(year, month)[1]))
    if match := _WEEK.fullmatch(text):
        monday = date.fromisocalendar(int(match[1]), int(match[2]), 1)
        return Days(monday, monday + 6 * _DAY)
    day = date.fromisoformat(text)
    return Days(day, day)


DAYS = DaysType()
