"""Find a buyer's clock from the calls of both sides, told nothing.

Candidates of one call are compared: the difference of time on which most of them agree is the
clock's, zone and error together; how it goes over the days is drawn from them.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

import polars as pl

from callrouter.domain.tie_out.buyer_clock import (
    BuyerClock,
    ClockDoubt,
    DoubtWhy,
    StartMeans,
)
from callrouter.domain.tie_out.clock_evidence import (
    pair_by_called,
    pair_by_caller,
    pair_by_pattern,
    pair_by_shared_id,
)
from callrouter.domain.tie_out.clock_pairs import Ints, Pairs
from callrouter.domain.tie_out.clock_peak import DAY_MS, NoPeak
from callrouter.domain.tie_out.clock_reading import Look, read_clock
from callrouter.domain.tie_out.clock_setting import are_instants, read_precision
from callrouter.domain.tie_out.clock_words import say_doubt
from callrouter.domain.tie_out.clock_zone import ZoneCourse, list_courses
from callrouter.domain.tie_out.memory import read

_WITHIN_MS = 26 * 3_600_000
"""Any two zones of the world are less apart."""
_WRONG_DAY_MS = 50 * 3_600_000
_ENOUGH_IDS = 30
_BEYOND_MS = 62 * DAY_MS
"""Their file may reach beyond our calls; stamps that are wrong by years tell nothing."""


def find_clock(
    ours: pl.LazyFrame, calls: pl.LazyFrame, *, zone_hint: str = ""
) -> BuyerClock | ClockDoubt:
    """Their clock, from our calls (OURS) and theirs (FOLDED); a doubt where the data don't say.

    `zone_hint` is the zone that the file's format or the buyer's mapping names: preferred where it
    fits, not believed where it doesn't.
    """
    stamps = read(calls.select("stamp_ms")).to_series().drop_nulls().to_numpy()
    started = read(ours.select("started_at_ms")).to_series().to_numpy()
    if not stamps.size or not started.size:
        why = DoubtWhy.NOTHING_SHARED if stamps.size else DoubtWhy.NO_STAMPS
        return _doubt(NoPeak(why, 0), started, stamps)
    of_instants = are_instants(calls)
    look = Look(
        precision=read_precision(stamps),
        courses=_list_likely(started, stamps, zone_hint, of_instants=of_instants),
        of_instants=of_instants,
        zone_hint=zone_hint,
    )
    alike = calls.filter(pl.col("is_absolute") == of_instants)
    doubt = NoPeak(DoubtWhy.NOTHING_SHARED, 0)
    for pairs, within_ms in _pair(ours, alike, look.precision.half_ms):
        found = read_clock(pairs, within_ms, look)
        if isinstance(found, BuyerClock):
            return found
        doubt = max(doubt, found, key=_telling)
        if _telling(doubt)[0]:
            break
    return _doubt(doubt, started, stamps)


def pick_start(ours: pl.LazyFrame, means: StartMeans) -> pl.LazyFrame:
    """Our calls (OURS) with `at_ms`: the moment that their start means.

    Where it didn't happen, because nobody answered, the dialling; where that isn't known, the
    arrival.
    """
    moments = {
        StartMeans.ANSWERED: ("answered_at_ms", "dialed_at_ms", "started_at_ms"),
        StartMeans.DIALED: ("dialed_at_ms", "started_at_ms"),
        StartMeans.ARRIVED: ("started_at_ms",),
    }
    return ours.with_columns(pl.coalesce(*moments[means]).alias("at_ms"))


def _pair(ours: pl.LazyFrame, calls: pl.LazyFrame, half_ms: int) -> Iterator[tuple[Pairs, int]]:
    """Candidates and how far apart they may be: by what tells most first."""
    known = pair_by_shared_id(ours, calls, half_ms, _WRONG_DAY_MS)
    is_known = known.our.size >= _ENOUGH_IDS
    if is_known:
        yield known, _WRONG_DAY_MS
    yield pair_by_caller(ours, calls, half_ms, _WITHIN_MS), _WITHIN_MS
    yield pair_by_caller(ours, calls, half_ms, _WRONG_DAY_MS), _WRONG_DAY_MS
    if known.our.size and not is_known:
        yield known, _WRONG_DAY_MS
    yield pair_by_pattern(ours, calls, half_ms, _WITHIN_MS), _WITHIN_MS
    for pairs in pair_by_called(ours, calls, half_ms, _WITHIN_MS):
        yield pairs, _WITHIN_MS


def _list_likely(
    started: Ints, stamps: Ints, zone_hint: str, *, of_instants: bool
) -> tuple[ZoneCourse, ...]:
    """The zones that may be over the days of both sides, the preferred ones first."""
    first_ms, last_ms = int(started.min()), int(started.max())
    since_ms = max(min(first_ms, int(stamps.min())), first_ms - _BEYOND_MS) - 2 * DAY_MS
    until_ms = min(max(last_ms, int(stamps.max())), last_ms + _BEYOND_MS) + 2 * DAY_MS
    hints = (("UTC",) if of_instants else ()) + ((zone_hint,) if zone_hint else ())
    return list_courses(since_ms, until_ms, first=hints)


def _doubt(doubt: NoPeak, started: Ints, stamps: Ints) -> ClockDoubt:
    spans = (_say_span(started), _say_span(stamps))
    words, remedy = say_doubt(doubt.why, doubt.votes, doubt.apart_ms, *spans)
    return ClockDoubt(why=doubt.why, sure=doubt.votes, words=words, remedy=remedy)


def _telling(doubt: NoPeak) -> tuple[bool, int]:
    """A doubt that says more than that nothing agrees is worth more, and ends the search."""
    return doubt.why not in (DoubtWhy.NOTHING_SHARED, DoubtWhy.TOO_FEW), doubt.votes


def _say_span(instants: Ints) -> str:
    if not instants.size:
        return "none"
    days = (datetime.fromtimestamp(int(at) // 1000, UTC) for at in (instants.min(), instants.max()))
    return "from {:%Y-%m-%d} to {:%Y-%m-%d}".format(*days)
