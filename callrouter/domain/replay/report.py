"""What a replay found: for each destination and each cap, by the live table and the candidate."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from callrouter.domain.replay.replayed_table import Placement

NOBODY = "(nobody)"
CALLER_LEFT = "(caller left)"


@dataclass(frozen=True, slots=True)
class Figures:
    """What a destination got: attempts, calls that it took, their time in talk and what they paid.

    `estimated` is how many of the attempts were never made.
    """

    attempts: int = 0
    connected: int = 0
    connected_ms: int = 0
    revenue_micros: int = 0
    estimated: int = 0


NO_FIGURES = Figures()


@dataclass(frozen=True, slots=True)
class DestinationRow:
    """One destination by both tables."""

    buyer_id: str
    destination_id: str
    live: Figures
    candidate: Figures


@dataclass(frozen=True, slots=True)
class Move:
    """So many calls ended at `to` by the candidate, and at `came_from` by the live table."""

    came_from: str
    to: str
    calls: int


@dataclass(frozen=True, slots=True)
class BurstRow:
    """A limit that sent calls elsewhere: how many, and how many in its worst period."""

    subject: str
    limit: str
    live: int
    candidate: int
    worst_period: str
    worst: int


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """The whole; money in micro-units of each table's currency."""

    calls: int
    changed: int
    live_left: int
    candidate_left: int
    candidate_unknown: int
    rows: tuple[DestinationRow, ...]
    moves: tuple[Move, ...]
    bursts: tuple[BurstRow, ...]


@dataclass(slots=True)
class _Sum:
    attempts: int = 0
    connected: int = 0
    connected_ms: int = 0
    revenue_micros: int = 0
    estimated: int = 0

    def freeze(self) -> Figures:
        return Figures(
            self.attempts, self.connected, self.connected_ms, self.revenue_micros, self.estimated
        )


@dataclass(slots=True)
class TableTally:
    """What one table did with the calls so far; its memory doesn't grow with their number."""

    left: int = 0
    unknown: int = 0
    sums: dict[tuple[str, str], _Sum] = field(default_factory=dict)
    bursts: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def add(self, placed: Placement) -> None:
        """Count a call."""
        self.left += placed.nobody_left
        self.unknown += not placed.in_table
        for talk in placed.talks:
            own = self.sums.setdefault((talk.buyer_id, talk.destination_id), _Sum())
            own.attempts += 1
            own.connected += talk.outcome.connected
            own.connected_ms += talk.outcome.connected_ms
            own.revenue_micros += talk.revenue_micros
            own.estimated += talk.outcome.is_estimate
        for burst in placed.bursts:
            self.bursts[burst.subject, burst.limit, burst.period] += 1


def compare_runs(
    live: TableTally, candidate: TableTally, moves: Counter[tuple[str, str]]
) -> ReplayReport:
    """The report on two runs of the same calls.

    `moves` counts them by where each ended, by the live table and by the candidate (`name_end`).
    """
    moved = [Move(a, b, calls) for (a, b), calls in moves.items() if a != b]
    keys = sorted(live.sums.keys() | candidate.sums.keys())
    return ReplayReport(
        calls=moves.total(),
        changed=sum(move.calls for move in moved),
        live_left=live.left,
        candidate_left=candidate.left,
        candidate_unknown=candidate.unknown,
        rows=tuple(
            DestinationRow(*key, _freeze(live, key), _freeze(candidate, key)) for key in keys
        ),
        moves=tuple(sorted(moved, key=lambda m: (-m.calls, m.came_from, m.to))),
        bursts=_list_bursts(live.bursts, candidate.bursts),
    )


def name_end(placed: Placement) -> str:
    """Where a call ended: the destination that took it, or a word for none."""
    taken = placed.taken_by
    if taken is not None:
        return taken.destination_id
    return NOBODY if placed.nobody_left else CALLER_LEFT


def _freeze(tally: TableTally, key: tuple[str, str]) -> Figures:
    found = tally.sums.get(key)
    return found.freeze() if found else NO_FIGURES


def _list_bursts(
    live: Mapping[tuple[str, str, str], int], candidate: Mapping[tuple[str, str, str], int]
) -> tuple[BurstRow, ...]:
    limits = sorted({(subject, limit) for subject, limit, _ in (*live, *candidate)})
    return tuple(_sum_burst(*limit, live, candidate) for limit in limits)


def _sum_burst(
    subject: str,
    limit: str,
    live: Mapping[tuple[str, str, str], int],
    candidate: Mapping[tuple[str, str, str], int],
) -> BurstRow:
    """The worst period is the candidate's, or the live table's where the candidate has none."""
    by_period = [
        {
            period: calls
            for (s, name, period), calls in each.items()
            if (s, name) == (subject, limit)
        }
        for each in (live, candidate)
    ]
    worst = by_period[1] or by_period[0]
    period = min(worst, key=lambda name: (-worst[name], name))
    return BurstRow(
        subject,
        limit,
        sum(by_period[0].values()),
        sum(by_period[1].values()),
        period,
        worst[period],
    )
