"""One group of candidates solved: exactly, and with all that may be exchanged, or sparsely."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.sparse import csr_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

from callrouter.domain.tie_out.scores import SURE_BY, Flags, Ints


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


def solve_small(edges: Edges, ours: int, theirs: int) -> Solution:
    """The solution of so many records of ours and theirs, exactly.

    Every record may also stay alone: a square in which it has a partner of no weight.
    """
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


def solve_large(edges: Edges, ours: int, theirs: int) -> Solution:
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
