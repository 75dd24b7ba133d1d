"""Which candidates are the pairs: those that weigh most together, each record at most once.

A pair that is in every solution almost as good as the best one is chosen; where such solutions
differ, what they differ in is unsure. Nothing is taken greedily.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from callrouter.domain.tie_out.group_solvers import Edges, Solution, solve_large, solve_small
from callrouter.domain.tie_out.scores import SURE_BY, UNIT, Flags, Ints

MOST_OF_TINY = 3
MOST_AT_ONCE = 120
"""Records of a group that is looked at in every respect; in larger ones only exchanges are."""
MOST_OF_CROWD = 400
"""A group of more records is cut before it is solved."""
_CUTS = (6 * UNIT, 3 * UNIT, 3 * UNIT // 2)
"""How much lighter than the best of either record a pair is that is looked at later."""


def solve(edges: Edges, *, most_at_once: int = MOST_AT_ONCE) -> Solution:
    """The heaviest pairs. The same whatever the order of the edges, and for each group alone.

    Groups of more than `most_at_once` records are solved as exactly, but only searched for pairs
    that may be exchanged two by two. A crowd is cut into groups of pairs that are good for both.
    """
    alone = (_count(edges.ours) == 1) & (_count(edges.theirs) == 1)
    chosen, left = [np.flatnonzero(alone)], np.flatnonzero(~alone)
    left = left[np.lexsort((edges.theirs[left], edges.ours[left]))]
    while len(left):
        rest = edges.take(left)
        outweighs = rest.weight >= heaviest_other(rest.ours, rest.weight) + heaviest_other(
            rest.theirs, rest.weight
        ) + (SURE_BY + 1)
        if not outweighs.any():
            break
        chosen.append(left[outweighs])
        taken = _among(rest.ours, rest.ours[outweighs]) | _among(
            rest.theirs, rest.theirs[outweighs]
        )
        left = left[~taken]
    unsure, best = [left[:0]], [left[:0]]
    for group, settled in _solve_groups(edges, left, most_at_once):
        chosen.append(group[settled.chosen])
        unsure.append(group[settled.unsure])
        best.append(group[settled.best])
    return Solution(np.concatenate(chosen), np.concatenate(unsure), np.concatenate(best))


def _solve_groups(edges: Edges, left: Ints, most_at_once: int) -> Iterator[tuple[Ints, Solution]]:
    """Each group's solution, those of a few records all at once."""
    if not len(left):
        return
    rest = edges.take(left)
    group, counts = group_edges(rest)
    cells = _Cells(group, _seat(rest.ours, group), _seat(rest.theirs, group), len(counts))
    tiny = cells.size() <= MOST_OF_TINY
    is_tiny = tiny[group]
    if is_tiny.any():
        yield left[is_tiny], _solve_tiny(cells.take(is_tiny), rest.weight[is_tiny])
    large = np.flatnonzero(~is_tiny)
    if len(large):
        order = large[np.argsort(group[large], kind="stable")]
        for some in np.split(order, np.cumsum(counts[~tiny])[:-1]):
            yield left[some], _solve_group(rest.take(some), most_at_once)


def group_edges(edges: Edges) -> tuple[Ints, Ints]:
    """The group of each edge, numbered from 0, and how many edges each has."""
    ours, a = np.unique(edges.ours, return_inverse=True)
    theirs, b = np.unique(edges.theirs, return_inverse=True)
    nodes = len(ours) + len(theirs)
    joined = coo_array((np.ones(len(a), np.int8), (a, b + len(ours))), shape=(nodes, nodes))
    _, label = connected_components(joined, directed=False)
    _, group = np.unique(label[a], return_inverse=True)
    return group.astype(np.int64), np.bincount(group).astype(np.int64)


def _count(rows: Ints) -> Ints:
    counts: Ints = np.bincount(rows)[rows] if len(rows) else rows
    return counts


def _among(rows: Ints, taken: Ints) -> Flags:
    marks = np.zeros(int(rows.max()) + 1, dtype=np.bool_)
    marks[taken] = True
    among: Flags = marks[rows]
    return among


def heaviest_other(rows: Ints, weight: Ints) -> Ints:
    """For each edge the heaviest other edge of its row, 0 where it has none."""
    order = np.lexsort((weight, rows))
    heaviest, second = np.zeros((2, int(rows.max()) + 1), dtype=np.int64)
    heaviest[rows[order]] = order
    most = heaviest[rows]
    others = order[most[order] != order]
    second[rows[others]] = weight[others]
    is_heaviest = most == np.arange(len(rows))
    other: Ints = np.where(is_heaviest, second[rows], weight[most])
    return other


@dataclass(frozen=True, slots=True)
class _Cells:
    """Edges as cells of one small square a group: `row` of ours, `column` of theirs."""

    group: Ints
    row: Ints
    column: Ints
    count: int

    def take(self, which: Flags) -> "_Cells":
        return _Cells(self.group[which], self.row[which], self.column[which], self.count)

    def size(self) -> Ints:
        """The side of each group's square."""
        sizes = np.zeros(self.count, dtype=np.int64)
        np.maximum.at(sizes, self.group, np.maximum(self.row, self.column) + 1)
        return sizes


def _seat(rows: Ints, group: Ints) -> Ints:
    """The place of each edge's record among those of its group."""
    order = np.lexsort((rows, group))
    is_new = np.ones(len(rows), dtype=np.bool_)
    is_new[1:] = (np.diff(rows[order]) != 0) | (np.diff(group[order]) != 0)
    nth = np.cumsum(is_new) - 1
    _, first = np.unique(group[order], return_index=True)
    seats = np.empty(len(rows), dtype=np.int64)
    seats[order] = nth - np.repeat(nth[first], np.diff(np.append(first, len(rows))))
    return seats


def _solve_tiny(cells: _Cells, weight: Ints) -> Solution:
    """Every way to pair up each group, side by side."""
    size = MOST_OF_TINY
    squares = np.zeros((cells.count, size, size), dtype=np.int64)
    squares[cells.group, cells.row, cells.column] = weight
    ways = np.array(list(permutations(range(size))))
    weights = squares[:, np.arange(size), ways].sum(axis=2)
    best = weights.argmax(axis=1)
    near = weights >= weights.max(axis=1, keepdims=True) - SURE_BY
    has = cells.column[:, None] == ways[:, cells.row].T
    among = (near[cells.group] & has).sum(axis=1)
    in_best = ways[best[cells.group], cells.row] == cells.column
    is_sure = among == near.sum(axis=1)[cells.group]
    return Solution(
        np.flatnonzero(is_sure),
        np.flatnonzero((among > 0) & ~is_sure),
        np.flatnonzero(in_best & ~is_sure),
    )


def _solve_group(edges: Edges, most_at_once: int) -> Solution:
    ours, a = np.unique(edges.ours, return_inverse=True)
    theirs, b = np.unique(edges.theirs, return_inverse=True)
    records, group = len(ours) + len(theirs), Edges(a, b, edges.weight)
    if records <= most_at_once:
        return solve_small(group, len(ours), len(theirs))
    if records <= MOST_OF_CROWD:
        return solve_large(group, len(ours), len(theirs))
    return _cut_crowd(group)


def _cut_crowd(edges: Edges) -> Solution:
    """The pairs that are good for both records first, then what is left, in groups that are less.

    Where nothing cuts a crowd, nothing tells its records apart.
    """
    best_of_ours, best_of_theirs = (
        _heaviest(rows, edges.weight)[rows] for rows in (edges.ours, edges.theirs)
    )
    behind = np.maximum(best_of_ours, best_of_theirs) - edges.weight
    within = next((each for each in _CUTS if (behind > each).any()), None)
    if within is None:
        return Solution(edges.ours[:0], np.arange(len(edges.ours)), edges.ours[:0])
    good = np.flatnonzero(behind <= within)
    first = _map(solve(edges.take(good)), good)
    spoken = np.concatenate([first.chosen, first.unsure])
    taken = _among(edges.ours, edges.ours[spoken]) | _among(edges.theirs, edges.theirs[spoken])
    rest = np.flatnonzero(~taken)
    then = _map(solve(edges.take(rest)), rest)
    return Solution(
        np.concatenate([first.chosen, then.chosen]),
        np.concatenate([first.unsure, then.unsure]),
        np.concatenate([first.best, then.best]),
    )


def _map(solution: Solution, places: Ints) -> Solution:
    """A solution of some edges, by where these are among all."""
    return Solution(places[solution.chosen], places[solution.unsure], places[solution.best])


def _heaviest(rows: Ints, weight: Ints) -> Ints:
    heaviest = np.zeros(int(rows.max(initial=0)) + 1, dtype=np.int64)
    np.maximum.at(heaviest, rows, weight)
    return heaviest
