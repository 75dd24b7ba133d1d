"""Calls that ended close to a threshold: what a second more or less would have changed."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from callrouter.domain.billing.pricing import is_reached, round_ms
from callrouter.domain.billing.rating import PaidPast, rate, read_clock
from callrouter.domain.billing.talks import Talk
from callrouter.domain.billing.terms import Clock, Terms

_SECOND_MS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Borderline:
    """A talk within so many seconds of a threshold of its terms.

    `counted_ms` is the time by the terms' clock before any rounding; `off_ms` how far it is beyond
    the threshold, negative below. `below_micros` is what the talk comes to just below the
    threshold, `above_micros` just above, `amount_micros` what it does come to.
    """

    talk: Talk
    terms: Terms
    threshold_s: int
    counted_ms: int
    off_ms: int
    is_reached: bool
    amount_micros: int
    below_micros: int
    above_micros: int

    @property
    def at_stake_micros(self) -> int:
        """What lies on the other side of the line: lost if it was reached, else gained."""
        return self.above_micros - self.below_micros


def is_near(talk: Talk, terms: Terms, within_s: int) -> bool:
    """Whether a talk is within `within_s` seconds of a threshold, on either side or on it."""
    return talk.is_connected and _nearest(talk, terms, within_s) is not None


def find_borderline(talk: Talk, terms: Terms, past: PaidPast, within_s: int) -> Borderline | None:
    """What is at stake at the nearest threshold within `within_s` seconds of a talk.

    None where there is none, and where a second more or less changes nothing, as for a duplicate.
    """
    threshold_s = _nearest(talk, terms, within_s) if talk.is_connected else None
    if threshold_s is None:
        return None
    counted_ms = read_clock(talk, terms.clock)
    below, above = (
        rate(_lasting(talk, terms.clock, seconds), terms, past).amount_micros
        for seconds in (threshold_s - 1, threshold_s + 1)
    )
    if below == above:
        return None
    return Borderline(
        talk=talk,
        terms=terms,
        threshold_s=threshold_s,
        counted_ms=counted_ms,
        off_ms=counted_ms - threshold_s * _SECOND_MS,
        is_reached=is_reached(round_ms(counted_ms, terms.rounding), threshold_s, terms.operator),
        amount_micros=rate(talk, terms, past).amount_micros,
        below_micros=below,
        above_micros=above,
    )


def _nearest(talk: Talk, terms: Terms, within_s: int) -> int | None:
    counted_ms = read_clock(talk, terms.clock)

    def distance(threshold_s: int) -> int:
        return abs(counted_ms - threshold_s * _SECOND_MS)

    nearest = min(_list_thresholds(terms), key=distance, default=None)
    if nearest is None or distance(nearest) > within_s * _SECOND_MS:
        return None
    return nearest


def _list_thresholds(terms: Terms) -> Iterator[int]:
    """Those that a talk can fall short of, in seconds."""
    yield from (band.after_s for band in terms.bands if band.after_s > 0)
    if terms.per_minute is not None and terms.per_minute.after_s > 0:
        yield terms.per_minute.after_s


def _lasting(talk: Talk, clock: Clock, seconds: int) -> Talk:
    """The talk as if the clock had counted so many seconds."""
    ms = seconds * _SECOND_MS
    if clock is Clock.CONNECTED:
        return replace(talk, connected_ms=ms)
    if clock is Clock.ANSWERED:
        return replace(talk, answered_ms=ms)
    return replace(talk, total_ms=ms)
