"""Read a buyer's clock off candidates: the zone, which moment a start means, how the error goes."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np

from callrouter.domain.tie_out.buyer_clock import (
    BuyerClock,
    ClockPiece,
    DoubtWhy,
    StampPrecision,
    StartMeans,
)
from callrouter.domain.tie_out.clock_lines import Line, follow_lines, line_at
from callrouter.domain.tie_out.clock_pairs import NEVER, Ints, Pairs
from callrouter.domain.tie_out.clock_peak import DAY_MS, NoPeak, Peak, find_peak
from callrouter.domain.tie_out.clock_pieces import (
    NEAR_MS,
    NOT_ALONE,
    Errors,
    draw_lines,
    keep_near,
    keep_sure,
    level_days,
)
from callrouter.domain.tie_out.clock_words import say_clock
from callrouter.domain.tie_out.clock_zone import ZoneCourse

_ENOUGH_SINGLE = 30
_REACH_MS = 45_000
_REACH_OF_MINUTES_MS = 75_000
_FLOOR_MS = -15_000
_SHARP = 0.6
_COVERED = 0.2
_FEWEST = 4
_FEWEST_TO_COMPARE = 6
_BEYOND_CHANCE = 2.5
_LEAST_TIGHTER_MS = 50
_MOST_OFF_MS = 60_000


@dataclass(frozen=True, slots=True)
class Look:
    """What is known before candidates are looked at.

    `precision` is MINUTE_NEAREST for all stamps without seconds: whether they were cut is seen
    later. `courses` are the zones that may be, the preferred ones first. `of_instants`: the stamps
    are said to be instants. `zone_hint` is the zone that the file's format or mapping names.
    """

    precision: StampPrecision
    courses: tuple[ZoneCourse, ...]
    of_instants: bool
    zone_hint: str = ""

    @property
    def reach_ms(self) -> int:
        """How far a stamp of the same call may be off."""
        to_minute = self.precision is StampPrecision.MINUTE_NEAREST
        return _REACH_OF_MINUTES_MS if to_minute else _REACH_MS


def read_clock(pairs: Pairs, within_ms: int, look: Look) -> BuyerClock | NoPeak:
    """The clock that candidates within `within_ms` of each other show, or why they show none."""
    peak = _find_peak(pairs, within_ms, look)
    if isinstance(peak, NoPeak):
        return peak
    errors = _errors(pairs, peak, StartMeans.DIALED)
    near_ms = _how_near(errors, peak)
    near, middles = keep_near(errors, peak.error_ms, near_ms)
    means = _choose_means(pairs, near, middles, look.reach_ms)
    if means is not StartMeans.DIALED:
        errors = _errors(pairs, peak, means)
        happened = pairs.began_ms(means)[near.place] != NEVER
        near, middles = _restate(pairs, near.only(happened), means), middles[happened]
    lines = draw_lines(errors, near, middles, look.reach_ms)
    is_sure, is_alone = keep_sure(errors, lines, look.reach_ms, near_ms)
    sure = errors.only(is_sure)
    if sure.at_ms.size < _SHARP * int(is_alone.sum()):
        return NoPeak(DoubtWhy.TOO_LOOSE, sure.at_ms.size)
    if _coverage(pairs, errors, lines, look.reach_ms) < _COVERED:
        return NoPeak(DoubtWhy.OTHER_CALLS, sure.at_ms.size)
    return _make_clock(peak, means, lines, sure, look)


def _find_peak(pairs: Pairs, within_ms: int, look: Look) -> Peak | NoPeak:
    """By those with one candidate only, if they are many; else, or if they disagree, by all."""
    if int(pairs.single.sum()) >= _ENOUGH_SINGLE:
        peak = find_peak(pairs.only(pairs.single), look.courses, within_ms)
        if isinstance(peak, Peak):
            return peak
    return find_peak(pairs, look.courses, within_ms)


def _errors(pairs: Pairs, peak: Peak, means: StartMeans) -> Errors:
    """By how much each stamp is ahead of a moment of ours, zone and date taken off."""
    began_ms = pairs.began_ms(means)
    place = np.flatnonzero(began_ms != NEVER)
    place = place[np.argsort(began_ms[place], kind="stable")]
    at_ms = began_ms[place]
    error_ms = pairs.stamp_ms[place] - at_ms - peak.shift_ms - peak.course.ahead_ms(at_ms)
    return Errors(place, pairs.our[place], pairs.their[place], at_ms, error_ms)


def _how_near(errors: Errors, peak: Peak) -> int:
    """How far another candidate must be: as far as leaves enough of those that agree."""
    enough = max(_FEWEST, peak.votes // 10)
    for near_ms in NEAR_MS:
        near, _ = keep_near(errors, peak.error_ms, near_ms)
        if near.at_ms.size >= enough:
            return near_ms
    return NOT_ALONE


def _choose_means(pairs: Pairs, near: Errors, middles: Ints, reach_ms: int) -> StartMeans:
    """The moment of ours that their starts keep the steadiest distance from.

    The dialling, of which the errors are, unless another one is beyond chance: each call is
    compared with itself.
    """
    answered = pairs.answered_ms[near.place] != NEVER
    others = [StartMeans.ARRIVED]
    if int(answered.sum()) >= _FEWEST_TO_COMPARE:
        near, middles = near.only(answered), middles[answered]
        others.append(StartMeans.ANSWERED)
    if near.at_ms.size < _FEWEST_TO_COMPARE:
        return StartMeans.DIALED
    usual = _distance(pairs, near, middles, StartMeans.DIALED, reach_ms)
    tightest, most = StartMeans.DIALED, 0.0
    for means in others:
        gain = usual - _distance(pairs, near, middles, means, reach_ms)
        mean = float(gain.mean())
        chance = _BEYOND_CHANCE * float(gain.std()) / float(np.sqrt(gain.size))
        if mean > max(most, chance + _LEAST_TIGHTER_MS):
            tightest, most = means, mean
    return tightest


def _distance(pairs: Pairs, near: Errors, middles: Ints, means: StartMeans, reach_ms: int) -> Ints:
    """How far each pair is from its days' level, were its start to mean that."""
    errors = _restate(pairs, near, means)
    level = level_days(errors, middles, reach_ms)
    off: Ints = np.minimum(np.abs(errors.error_ms - level), _MOST_OFF_MS)
    return off


def _restate(pairs: Pairs, near: Errors, means: StartMeans) -> Errors:
    """The same pairs, their errors counted from another moment of ours."""
    error_ms = near.error_ms + near.at_ms - pairs.began_ms(means)[near.place]
    return replace(near, error_ms=error_ms)


def _coverage(pairs: Pairs, errors: Errors, lines: tuple[Line, ...], reach_ms: int) -> float:
    """The share of one side's calls that the clock finds on the other, of the better side.

    Only of those that were made while the other side has calls at all.
    """
    fits = np.abs(errors.error_ms - follow_lines(lines, errors.at_ms)) <= reach_ms
    apart_ms = int(np.median((pairs.stamp_ms - pairs.dialed_ms)[errors.place[fits]]))
    theirs_ms = pairs.their_asked_ms - apart_ms
    found = (_different(errors.our[fits]), _different(errors.their[fits]))
    asked = (_during(pairs.our_asked_ms, theirs_ms), _during(theirs_ms, pairs.our_asked_ms))
    return max(each / max(of, 1) for each, of in zip(found, asked, strict=True))


def _different(rows: Ints) -> int:
    return int(np.count_nonzero(np.bincount(rows)))


def _during(at_ms: Ints, other_ms: Ints) -> int:
    """How many lie between the first and the last of the others."""
    return int(((at_ms >= other_ms.min()) & (at_ms <= other_ms.max())).sum())


def _make_clock(
    peak: Peak, means: StartMeans, lines: tuple[Line, ...], sure: Errors, look: Look
) -> BuyerClock:
    shown = follow_lines(lines, sure.at_ms)
    precision = look.precision
    if precision is StampPrecision.MINUTE_NEAREST and float(np.median(shown)) <= _FLOOR_MS:
        precision = StampPrecision.MINUTE_FLOOR
    lifted = tuple(_lift(line, precision.half_ms - look.precision.half_ms) for line in lines)
    pieces = _make_pieces(peak, lifted, sure)
    begins_ms = sure.at_ms[:1]
    said = "UTC" if look.of_instants else look.zone_hint
    drift = sum(piece.drift_ms_per_day * piece.sure for piece in pieces) / sure.at_ms.size
    clock = BuyerClock(
        zone=peak.course.zones[0],
        other_zones=() if peak.course.zones[0] == said else peak.other_zones,
        pieces=pieces,
        means=means,
        precision=precision,
        ahead_ms=round(float(follow_lines(lifted, begins_ms)[0])) + peak.shift_ms,
        drift_ms_per_day=drift,
        spread_ms=round(float(np.percentile(np.abs(sure.error_ms - shown), 75))),
        sure=sure.at_ms.size,
        of_instants=look.of_instants,
    )
    return replace(clock, words=say_clock(clock))


def _lift(line: Line, by_ms: int) -> Line:
    return replace(line, error_ms=line.error_ms + by_ms)


def _make_pieces(peak: Peak, lines: tuple[Line, ...], sure: Errors) -> tuple[ClockPiece, ...]:
    """One piece for each line and each side of a change of the zone's clocks."""
    changes = peak.course.changes_ms
    first_ms = min([int(sure.at_ms[0]), *(change - 1 for change in changes)])
    starts = {first_ms // DAY_MS * DAY_MS, *changes, *(line.since_ms for line in lines[1:])}
    since = np.array(sorted(starts), dtype=np.int64)
    counted = np.bincount(
        np.maximum(np.searchsorted(since, sure.at_ms, side="right") - 1, 0), minlength=since.size
    )
    whole = peak.course.ahead_ms(since) + peak.shift_ms + follow_lines(lines, since)
    return tuple(
        ClockPiece(
            since_at=datetime.fromtimestamp(at_ms / 1000, UTC),
            offset_ms=round(float(offset_ms)),
            drift_ms_per_day=line_at(lines, at_ms).per_ms * DAY_MS,
            sure=int(count),
        )
        for at_ms, offset_ms, count in zip(since.tolist(), whole, counted, strict=True)
    )
