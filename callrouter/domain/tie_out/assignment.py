"""Which candidates are the pairs: those that weigh most together, each record at most once.

A pair that is in every solution almost as good as the best one is chosen; where such solutions
differ, what they differ in is unsure. Nothing is taken greedily.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components, min_weight_full_bipartite_matching

from callrouter.domain.tie_out.scores import SURE_BY, Flags, Ints

MOST_OF_TINY = 3
MOST_AT_ONCE = 120
"""Records of a group that is looked at in every respect; in larger ones only exchanges are."""


@dataclass(frozen=True, slots=True)
class Edges:
    """Candidates: a row of ours, a row of theirs, and a weight above SURE_BY each."""

    ours: Ints
    theirs: Ints
    weight: Ints

    def take(self, which: Ints | Flags) -> "Edges":
        """Some of them."""
        return Edges(self.ours[which], self.theirs[which], self.weight[which])


@dataclass(frozen=True, slots=True)
class Solution:
    """Places in the edges: `chosen` are pairs, `unsure` may be, and of those `best` weigh most."""

    chosen: Ints
    unsure: Ints
    best: Ints


def solve(edges: Edges, *, most_at_once: int = MOST_AT_ONCE) -> Solution:
    """The heaviest pairs. The same whatever the order of the edges, and for each group alone.

    Groups of more than `most_at_once` records are solved as exactly, but only searched for pairs
    that may be exchanged two by two.
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
    if len(ours) + len(theirs) > most_at_once:
        return _solve_large(Edges(a, b, edges.weight), len(ours), len(theirs))
    return _solve_small(Edges(a, b, edges.weight), len(ours), len(theirs))


def _solve_small(edges: Edges, ours: int, theirs: int) -> Solution:
    """Every record may also stay alone: a square in which it has a partner of no weight."""
    size = ours + theirs
    weight = np.zeros((size, size), dtype=np.int64)
    weight[edges.ours, edges.theirs] = edges.weight
    _, partner = linear_sum_assignment(weight, maximize=True)
    kept = weight[np.arange(size), partner]
    # loss[i, k]: what it costs when i takes the partner of k and k has to look elsewhere.
    loss = kept[:, None] - weight[:, partner]
    least = loss.copy()
    for middle in range(size):
        np.minimum(least, least[:, middle, None] + least[None, middle, :], out=least)
    holder = np.empty(size, dtype=np.int64)
    holder[partner] = np.arange(size)
    held_by = holder[edges.theirs]
    in_best = held_by == edges.ours
    dearest = loss[edges.ours, held_by] + least[held_by, edges.ours]
    np.fill_diagonal(loss, np.iinfo(np.int64).max // 4)
    way_out = (loss + least.T).min(axis=1)
    is_sure = in_best & (way_out[edges.ours] > SURE_BY)
    possible = in_best | (dearest <= SURE_BY)
    return Solution(
        np.flatnonzero(is_sure),
        np.flatnonzero(possible & ~is_sure),
        np.flatnonzero(in_best & ~is_sure),
    )


def _solve_large(edges: Edges, ours: int, theirs: int) -> Solution:
    """By a sparse algorithm; that two pairs swap, or one moves, is what is looked for after."""
    in_best = _find_heaviest(edges, ours, theirs)
    pair_of_ours = _place_of(edges.ours, in_best, ours)
    pair_of_theirs = _place_of(edges.theirs, in_best, theirs)
    kept = np.append(edges.weight, 0)
    mine, other = pair_of_ours[edges.ours], pair_of_theirs[edges.theirs]
    swapped = _weight_between(edges, edges.ours[other], edges.theirs[mine], theirs)
    swapped[(mine < 0) | (other < 0)] = 0
    loss = kept[mine] + kept[other] - edges.weight - swapped
    instead = ~in_best & (loss <= SURE_BY)
    is_moved = np.zeros(len(kept), dtype=np.bool_)
    is_moved[mine[instead]] = is_moved[other[instead]] = True
    # What the swap would make of the other two is a candidate as well.
    keys = edges.ours * theirs + edges.theirs
    both = instead & (mine >= 0) & (other >= 0)
    crossed = np.isin(keys, edges.ours[other[both]] * theirs + edges.theirs[mine[both]])
    unsure_best = in_best & is_moved[:-1]
    unsure = unsure_best | (~in_best & (instead | crossed))
    return Solution(
        np.flatnonzero(in_best & ~unsure_best), np.flatnonzero(unsure), np.flatnonzero(unsure_best)
    )


def _find_heaviest(edges: Edges, ours: int, theirs: int) -> Flags:
    """Every record of ours may also stay alone: with a column of its own that costs the most."""
    most = int(edges.weight.max()) + 1
    alone = np.arange(ours)
    costs = csr_array(
        (
            np.concatenate([most - edges.weight, np.full(ours, most)]).astype(np.float64),
            (np.append(edges.ours, alone), np.append(edges.theirs, theirs + alone)),
        ),
        shape=(ours, theirs + ours),
    )
    rows, columns = min_weight_full_bipartite_matching(costs)
    partner = np.empty(ours, dtype=np.int64)
    partner[rows] = columns
    in_best: Flags = partner[edges.ours] == edges.theirs
    return in_best


def _place_of(rows: Ints, in_best: Flags, count: int) -> Ints:
    """The edge by which each row is paired, -1 where it isn't."""
    places = np.full(count, -1, dtype=np.int64)
    places[rows[in_best]] = np.flatnonzero(in_best)
    return places


def _weight_between(edges: Edges, ours: Ints, theirs: Ints, width: int) -> Ints:
    """What the pairs weigh, 0 where they are no candidates."""
    keys = edges.ours * width + edges.theirs
    order = np.argsort(keys)
    wanted = ours * width + theirs
    place = order[np.minimum(np.searchsorted(keys[order], wanted), len(keys) - 1)]
    weights: Ints = np.where(keys[place] == wanted, edges.weight[place], 0)
    return weights
