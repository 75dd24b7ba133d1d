"""What a table counts: `caps` and `concurrency`, for routes, buyers, groups, publishers and all."""

import re
from typing import Annotated

from callrouter.adapters.policy_files.explain import Section
from callrouter.adapters.policy_files.rules import Refusal, Rule, must_be, whole
from callrouter.domain.clocks.periods import Period
from callrouter.domain.limits.caps import ON_ACCOUNTS, Cap, Measure
from callrouter.domain.money import read_amount
from callrouter.domain.tables.rules import Quota

_EXAMPLE = "50 connected per day"
_CAP = re.compile(r"\s*(\S+)\s+(\w+)\s+(?:per\s+(\w+)|(ever))(\s+across\s+campaigns)?\s*")
_NOT_OF_TABLES = ON_ACCOUNTS | {Measure.CONCURRENT}
_MEASURES = tuple(measure for measure in Measure if measure not in _NOT_OF_TABLES)
_PERIODS = tuple(period for period in Period if period is not Period.EVER)
_MOST = 10**9


def _refuse_cap(value: object) -> Refusal:
    read = _parse_cap(str(value))
    return read if isinstance(read, str) else None


def _parse_cap(text: str) -> Cap | str:
    """A cap such as `50 connected per day`, or why it isn't one.

    The limit of revenue is an amount in the table's currency; they all have two decimals.
    """
    match = _CAP.fullmatch(text)
    if match is None:
        return must_be(f'a limit, a measure and a period, as in "{_EXAMPLE}"', text)
    said, measure, period = match[1], match[2], match[3] or match[4]
    if measure not in _MEASURES:
        return f"counts {measure!r}; what can be counted is {', '.join(_MEASURES)}"
    if period != Period.EVER and period not in _PERIODS:
        return f"has the period {period!r}; write per {', per '.join(_PERIODS)}, or ever"
    limit = _read_limit(said, Measure(measure))
    if isinstance(limit, str):
        return limit
    if limit == 0:
        return (
            "is a cap of zero, by which nobody would ever be dialled; leave the route out instead"
        )
    return Cap(Measure(measure), limit, Period(period), across_campaigns=match[5] is not None)


def _read_limit(said: str, measure: Measure) -> int | str:
    if measure is Measure.REVENUE:
        return read_amount(said, "USD")
    if not (said.isascii() and said.isdigit()) or int(said) > _MOST:
        return f"has the limit {said!r}; write a whole number of calls up to {_MOST}"
    return int(said)


CAP = Rule(f'a cap as in "{_EXAMPLE}"', f'"{_EXAMPLE}"', _refuse_cap)
CAPS = Rule("a list of caps", f'["{_EXAMPLE}"]')


class QuotaSection(Section):
    """What counts at its own level, whatever other levels count."""

    caps: Annotated[list[Annotated[str, CAP]] | None, CAPS] = None
    concurrency: Annotated[int | None, whole(1, 100_000, 5, "calls")] = None


def to_quota(section: QuotaSection) -> Quota:
    """What a valid section counts."""
    read = (_parse_cap(text) for text in section.caps or ())
    caps = tuple(cap for cap in read if isinstance(cap, Cap))
    return Quota(caps, section.concurrency)
