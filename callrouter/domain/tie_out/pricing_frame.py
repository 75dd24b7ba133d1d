"""What terms make of the times of many calls at once: the same as `rating.rate` of each alone.

Other calls aren't asked about: no duplicate window, no most a day.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from callrouter.domain.billing.pricing import smallest_unit
from callrouter.domain.billing.terms import Clock, Operator, PerMinute, Rounding, Terms
from callrouter.domain.billing.terms_choice import choose_terms
from callrouter.domain.clocks.hours import Hours
from callrouter.domain.clocks.timetable import (
    HORIZON_DAYS,
    changes_at,
    compile_hours,
    is_open,
    read_wall,
)

Figures: TypeAlias = npt.NDArray[np.int64]
Marks: TypeAlias = npt.NDArray[np.bool_]

NO_TERMS = -1
_SECOND_MS = 1000
_MINUTE_MS = 60_000
_DAY_MS = 86_400_000
_DAY = timedelta(days=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_DAY, _LAST_DAY = 10_957, 47_481
"""2000 and 2099: a stamp beyond is none, and hours needn't be worked out for it."""
_LARGEST = 2**62
_ROUND_UP_MS = {
    Rounding.FLOOR: 0,
    Rounding.CEILING: _SECOND_MS - 1,
    Rounding.NEAREST: _SECOND_MS // 2,
}


@dataclass(frozen=True, slots=True)
class Times:
    """What calls are priced by, a place a call: when each began, whether it was joined, its times.

    `ms` needs the clocks alone that the terms count.
    """

    at_ms: Figures
    is_connected: Marks
    ms: Mapping[Clock, Figures]

    def take(self, places: npt.NDArray[np.intp]) -> "Times":
        """Those of some places, in their order."""
        ms = {clock: figures[places] for clock, figures in self.ms.items()}
        return Times(self.at_ms[places], self.is_connected[places], ms)


def choose_for_each(
    at_ms: Figures, campaign_ids: pl.Series, destination_ids: pl.Series, terms: tuple[Terms, ...]
) -> npt.NDArray[np.int64]:
    """The place in `terms` of those that hold for each call, NO_TERMS where none do."""
    edges = sorted(set(_list_edges(terms)))
    campaigns = sorted({each.campaign_id for each in terms} - {""})
    destinations = sorted({each.destination_id for each in terms} - {""})
    codes = np.searchsorted(np.array(edges, dtype=np.int64), at_ms, side="right").astype(np.int64)
    codes = codes * (len(campaigns) + 1) + _number(campaign_ids, campaigns)
    codes = codes * (len(destinations) + 1) + _number(destination_ids, destinations)
    kinds = np.sort(pl.Series(codes).unique().to_numpy())
    chosen = [
        _choose(int(code), terms, edges, ["", *campaigns], ["", *destinations]) for code in kinds
    ]
    return np.array(chosen, dtype=np.int64)[np.searchsorted(kinds, codes)]


def price_each(times: Times, chosen: npt.NDArray[np.int64], terms: tuple[Terms, ...]) -> Figures:
    """The micro-units of each call by the terms at the place `chosen`; 0 without terms.

    By the attempt each call is one attempt. A share is 0: it isn't of times.
    """
    micros = np.zeros(len(chosen), dtype=np.int64)
    for place, each in enumerate(terms):
        is_here = chosen == place
        if is_here.all() and len(chosen):
            return _price(times, each)
        here = np.flatnonzero(is_here)
        if len(here):
            micros[here] = _price(times.take(here), each)
    return micros


def find_crossed(
    low_ms: Figures, high_ms: Figures, chosen: npt.NDArray[np.int64], terms: tuple[Terms, ...]
) -> Figures:
    """The highest threshold, in seconds, that the longer time reaches and the shorter doesn't.

    -1 where there is none between them.
    """
    crossed = np.full(len(chosen), -1, dtype=np.int64)
    for place, each in enumerate(terms):
        here = np.flatnonzero(chosen == place)
        if not len(here):
            continue
        after_s = np.array(sorted(list_thresholds(each)), dtype=np.int64)
        low, high = (_count_reached(ms[here], after_s, each) for ms in (low_ms, high_ms))
        crossed[here] = np.where(high > low, np.append(-1, after_s)[high], -1)
    return crossed


def list_thresholds(terms: Terms) -> tuple[int, ...]:
    """The seconds from which on terms pay, or pay more."""
    if terms.per_minute is not None:
        return (terms.per_minute.after_s,)
    return tuple(band.after_s for band in terms.bands)


def _list_edges(terms: tuple[Terms, ...]) -> Iterator[int]:
    """The first milliseconds at which terms begin or cease to hold."""
    for each in terms:
        yield _to_ms(each.starts_at)
        if each.ends_at is not None:
            yield _to_ms(each.ends_at)


def _to_ms(at: datetime) -> int:
    return -((_EPOCH - at) // timedelta(milliseconds=1))


def _number(ids: pl.Series, named: list[str]) -> Figures | int:
    """The place of each id among those that are named, from 1; 0 for any other."""
    if not named:
        return 0
    numbers = pl.int_range(1, len(named) + 1, dtype=pl.Int64, eager=True)
    found = ids.replace_strict(pl.Series(named), numbers, default=0, return_dtype=pl.Int64)
    return found.to_numpy()


def _choose(
    code: int,
    terms: tuple[Terms, ...],
    edges: list[int],
    campaigns: list[str],
    destinations: list[str],
) -> int:
    """The terms for one kind of call: what it is for, and the stretch of time it began in."""
    code, destination = divmod(code, len(destinations))
    stretch, campaign = divmod(code, len(campaigns))
    if not stretch:
        return NO_TERMS
    at = _EPOCH + timedelta(milliseconds=edges[stretch - 1])
    found = choose_terms(terms, campaigns[campaign], destinations[destination], at)
    return next(
        (place for place, each in enumerate(terms) if each is found),
        NO_TERMS,
    )


def _price(times: Times, terms: Terms) -> Figures:
    if terms.per_attempt_micros is not None:
        micros = np.full(len(times.at_ms), terms.per_attempt_micros, dtype=np.int64)
    elif terms.share is not None:
        micros = np.zeros(len(times.at_ms), dtype=np.int64)
    else:
        micros = np.where(times.is_connected, _price_time(times.ms[terms.clock], terms), 0)
    if terms.hours is None:
        return micros
    return np.where(_find_open(times.at_ms, terms.hours), micros, 0)


def _price_time(ms: Figures, terms: Terms) -> Figures:
    if terms.per_minute is not None:
        return _price_minutes(_round(ms, terms.rounding), terms.per_minute, terms)
    bands = sorted(terms.bands, key=lambda band: band.after_s)
    after_s = np.array([band.after_s for band in bands], dtype=np.int64)
    prices = np.array([0, *(band.price_micros for band in bands)], dtype=np.int64)
    return prices[_count_reached(ms, after_s, terms)]


def _round(ms: Figures, rounding: Rounding) -> Figures:
    if rounding is Rounding.EXACT:
        return ms
    return (ms + _ROUND_UP_MS[rounding]) // _SECOND_MS * _SECOND_MS


def _count_reached(ms: Figures, after_s: Figures, terms: Terms) -> npt.NDArray[np.intp]:
    """How many of some thresholds each time reaches."""
    is_reached = np.greater_equal if terms.operator is Operator.AT_LEAST else np.greater
    counted_ms = _round(ms, terms.rounding)
    count = np.zeros(len(ms), dtype=np.intp)
    for threshold_ms in (after_s * _SECOND_MS).tolist():
        count += is_reached(counted_ms, threshold_ms)
    return count


def _price_minutes(counted_ms: Figures, per_minute: PerMinute, terms: Terms) -> Figures:
    first_ms, next_ms = per_minute.first_s * _SECOND_MS, per_minute.next_s * _SECOND_MS
    further_ms = -((first_ms - counted_ms) // next_ms) * next_ms
    billed_ms = np.where(counted_ms <= first_ms, first_ms, first_ms + further_ms)
    billed_ms = np.where(counted_ms == 0, 0, billed_ms)
    unit = smallest_unit(terms.currency)
    whole = _MINUTE_MS * unit
    if 2 * per_minute.price_micros * int(billed_ms.max()) + whole > _LARGEST:
        billed_ms = billed_ms.astype(object)
    micros = (2 * per_minute.price_micros * billed_ms + whole) // (2 * whole) * unit
    reached = _count_reached(counted_ms, np.array([per_minute.after_s]), terms) > 0
    return np.where(reached, micros, 0).astype(np.int64)


def _find_open(at_ms: Figures, hours: Hours) -> Marks:
    """Whether payable hours were open when each call began."""
    timetable = compile_hours(hours, "UTC")
    edges: list[int] = []
    states: list[bool] = []
    known_until = _EPOCH
    days = np.clip(np.unique(at_ms // _DAY_MS), _FIRST_DAY, _LAST_DAY)
    for day in days.tolist():
        at = max(_EPOCH + day * _DAY, known_until)
        while at < _EPOCH + (day + 1) * _DAY:
            edges.append(_to_ms(at))
            states.append(is_open(timetable, read_wall(timetable.zone, at)))
            at = known_until = changes_at(timetable, at) or at + HORIZON_DAYS * _DAY
    places = np.searchsorted(np.array(edges, dtype=np.int64), at_ms, side="right") - 1
    return np.array(states, dtype=np.bool_)[np.maximum(places, 0)]
