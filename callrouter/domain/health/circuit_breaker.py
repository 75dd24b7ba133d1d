"""Whether a destination gets calls, by how its last ones ended: a circuit breaker.

Closed -> open -> half open once it has cooled down -> closed, or open again for twice as long.
Two sides are judged apart: the buyer's (nobody takes the call) and the carrier's (it can't be
delivered). A pure function of outcomes; what counts as one is said in `destination_outcomes`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import takewhile


class Side(StrEnum):
    """Whose failure it is."""

    BUYER = "buyer"
    """Delivered, but nobody took it: busy, not answered, declined, dropped early."""
    CARRIER = "carrier"
    """Not delivered at all: the carrier said that it failed."""


class Phase(StrEnum):
    """Where a breaker stands."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True)
class Threshold:
    """When one side's outcomes are too bad: so many percent of the sample, or so many in a row."""

    percent: int
    consecutive: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerSettings:
    """How a destination is judged.

    Only outcomes of the last `window_s` seconds count, and no side is judged by fewer than
    `minimum_sample`. After `cool_down_s`, doubled with each failed probe up to
    `longest_cool_down_s`, one real call at a time may prove it well: `successes_to_close` of them.
    A talk that the buyer ended within `early_drop_s` is a failure.
    """

    enabled: bool = True
    minimum_sample: int = 5
    window_s: int = 900
    buyer_percent: int = 80
    buyer_consecutive: int = 5
    carrier_percent: int = 50
    carrier_consecutive: int = 3
    early_drop_s: int = 5
    cool_down_s: int = 120
    longest_cool_down_s: int = 1800
    successes_to_close: int = 1

    def threshold(self, side: Side) -> Threshold:
        """What is too much for this side."""
        if side is Side.BUYER:
            return Threshold(self.buyer_percent, self.buyer_consecutive)
        return Threshold(self.carrier_percent, self.carrier_consecutive)


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerKeys:
    """The settings that somebody wrote down; None leaves one to whoever is less specific."""

    enabled: bool | None = None
    minimum_sample: int | None = None
    window_s: int | None = None
    buyer_percent: int | None = None
    buyer_consecutive: int | None = None
    carrier_percent: int | None = None
    carrier_consecutive: int | None = None
    early_drop_s: int | None = None
    cool_down_s: int | None = None
    longest_cool_down_s: int | None = None
    successes_to_close: int | None = None


DEFAULTS = BreakerSettings()


def choose_settings(*keys: BreakerKeys) -> BreakerSettings:
    """The settings by these keys, the most specific first, and by the defaults."""
    chosen: dict[str, int] = {}
    for each in reversed(keys):
        named = ((field.name, getattr(each, field.name)) for field in fields(each))
        chosen.update({name: value for name, value in named if value is not None})
    return BreakerSettings(**chosen)  # type: ignore[arg-type] # one of them is a bool


@dataclass(frozen=True, slots=True)
class Result:
    """How an attempt counts: a success, or a failure of one side and what it was called."""

    dialed_at: datetime
    ended_at: datetime
    failed: Side | None
    word: str = ""


@dataclass(frozen=True, slots=True)
class Breaker:
    """A destination's breaker: the phase it is in, since when, and how long it last cooled down.

    Open, it may be tried again at `until`. Half open, attempts that were dialled at or after
    `since` are its probes.
    """

    phase: Phase
    since: datetime | None = None
    until: datetime | None = None
    cool_down_s: int = 0


@dataclass(frozen=True, slots=True)
class Turn:
    """A change of phase: what the breaker is now, why ("5 of 6 failed"), and by which settings."""

    breaker: Breaker
    reason: str
    figures: str = ""


def judge_results(
    breaker: Breaker, results: Sequence[Result], settings: BreakerSettings, at: datetime
) -> Turn | None:
    """The next phase by the results of the destination, in any order; None while it stays.

    An open breaker never turns before its cool-down is over, whatever comes in: calls that were
    on their way when it opened prove nothing.
    """
    if not settings.enabled:
        closes = breaker.phase is not Phase.CLOSED
        return Turn(Breaker(Phase.CLOSED, at), "breaker switched off") if closes else None
    breaker = cool_down(breaker, at)
    if breaker.phase is Phase.CLOSED:
        bad = find_failing(breaker, results, settings, at)
        return None if bad is None else _open(settings.cool_down_s, bad, settings, at)
    if breaker.phase is Phase.HALF_OPEN:
        return _judge_probes(breaker, results, settings, at)
    return None


def cool_down(breaker: Breaker, at: datetime) -> Breaker:
    """The breaker as it stands at that instant: half open since its cool-down was over."""
    if breaker.phase is Phase.OPEN and breaker.until is not None and breaker.until <= at:
        return Breaker(Phase.HALF_OPEN, breaker.until, None, breaker.cool_down_s)
    return breaker


def find_failing(
    breaker: Breaker, results: Sequence[Result], settings: BreakerSettings, at: datetime
) -> str | None:
    """Why a closed breaker would open by these results, in figures, or None.

    What was dialled before it last closed was judged then.
    """
    begin = at - timedelta(seconds=settings.window_s)
    recent = sorted(
        (
            result
            for result in results
            if begin < result.ended_at <= at
            and (breaker.since is None or result.dialed_at >= breaker.since)
        ),
        key=lambda result: (result.ended_at, result.dialed_at),
    )
    for side in (Side.CARRIER, Side.BUYER):
        sample = [result for result in recent if _tells_of(result, side)]
        if len(sample) >= max(settings.minimum_sample, 1):
            bad = _weigh(sample, side, settings.threshold(side))
            if bad is not None:
                return bad
    return None


def _tells_of(result: Result, side: Side) -> bool:
    """Whether a result says anything of this side.

    A busy line was delivered: that speaks for the carrier. What wasn't delivered says nothing of
    the buyer.
    """
    return side is Side.CARRIER or result.failed is not Side.CARRIER


def _weigh(sample: Sequence[Result], side: Side, threshold: Threshold) -> str | None:
    if sample[-1].failed is not side:
        return None  # the last call went well: whatever was, it is better now
    failures = [result for result in sample if result.failed is side]
    in_row = len(list(takewhile(lambda result: result.failed is side, reversed(sample))))
    if 100 * len(failures) >= threshold.percent * len(sample):
        return f"{len(failures)} of {len(sample)} {_say(failures, side)}"
    if in_row >= threshold.consecutive:
        return f"{in_row} in a row {_say(sample[-in_row:], side)}"
    return None


def _say(failures: Sequence[Result], side: Side) -> str:
    """What the failures were: "failed", or "not taken (4 busy, 1 no answer)" for the buyer's."""
    if side is Side.CARRIER:
        return "failed"
    words = sorted({result.word for result in failures})
    counts = (f"{sum(r.word == word for r in failures)} {word}" for word in words)
    return f"not taken ({', '.join(counts)})"


def _judge_probes(
    breaker: Breaker, results: Sequence[Result], settings: BreakerSettings, at: datetime
) -> Turn | None:
    """By the probes after the last one that failed; that one itself, where none followed it."""
    since = breaker.since or at
    probes = sorted(
        (r for r in results if r.dialed_at >= since and r.ended_at <= at),
        key=lambda result: (result.ended_at, result.dialed_at),
    )
    if probes and probes[-1].failed is not None:
        longest = max(settings.longest_cool_down_s, settings.cool_down_s)
        cool_down_s = min(2 * max(breaker.cool_down_s, settings.cool_down_s), longest)
        return _open(cool_down_s, f"probe {probes[-1].word}", settings, at)
    in_row = len(list(takewhile(lambda probe: probe.failed is None, reversed(probes))))
    if in_row >= settings.successes_to_close:
        count = f"{in_row} probe{'s' if in_row > 1 else ''} connected"
        return Turn(Breaker(Phase.CLOSED, at), count, f"{settings.successes_to_close} wanted")
    return None


def _open(cool_down_s: int, reason: str, settings: BreakerSettings, at: datetime) -> Turn:
    opened = Breaker(Phase.OPEN, at, at + timedelta(seconds=cool_down_s), cool_down_s)
    figures = (
        f"buyer {settings.buyer_percent} % or {settings.buyer_consecutive} in a row, "
        f"carrier {settings.carrier_percent} % or {settings.carrier_consecutive} in a row, "
        f"of {settings.minimum_sample} or more within {settings.window_s} s; "
        f"cool-down {cool_down_s} s"
    )
    return Turn(opened, reason, figures)
