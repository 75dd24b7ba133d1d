from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callrouter.domain.tie_out.assignment import solve
from callrouter.domain.tie_out.group_solvers import Edges, Solution
from callrouter.domain.tie_out.scores import SURE_BY, UNIT

Weights = dict[tuple[int, int], int]
Pairing = frozenset[tuple[int, int]]

WEIGHTS = st.one_of(
    st.integers(UNIT, 28 * UNIT),
    st.sampled_from([4 * UNIT, 9 * UNIT, 9 * UNIT + SURE_BY, 9 * UNIT + SURE_BY + 1]),
)


def graphs(records: int, edges: int) -> st.SearchStrategy[Weights]:
    record = st.integers(0, records - 1)
    return st.dictionaries(st.tuples(record, record), WEIGHTS, max_size=edges)


def edges_of(weights: Weights) -> Edges:
    columns = np.array([(a, b, w) for (a, b), w in weights.items()], dtype=np.int64).reshape(-1, 3)
    return Edges(*columns.T)


def solve_by_trying(weights: Weights) -> tuple[Pairing, Pairing]:
    """The pairs of every nearly best solution, and those of some but not of all."""
    ways = list(pair_up(tuple(weights.items())))
    most = max(weight for _, weight in ways)
    near = [pairs for pairs, weight in ways if weight >= most - SURE_BY]
    sure = frozenset.intersection(*near)
    return sure, frozenset.union(*near) - sure


def pair_up(
    left: tuple[tuple[tuple[int, int], int], ...],
) -> Iterator[tuple[Pairing, int]]:
    if not left:
        yield frozenset(), 0
        return
    (pair, weight), *others = left
    yield from pair_up(tuple(others))
    free = tuple(each for each in others if each[0][0] != pair[0] and each[0][1] != pair[1])
    for pairs, sum_of_others in pair_up(free):
        yield pairs | {pair}, weight + sum_of_others


def pairs_of(weights: Weights, places: np.ndarray) -> Pairing:
    pairs = list(weights)
    return frozenset(pairs[place] for place in places.tolist())


def weigh(weights: Weights, solution: Solution) -> int:
    pairs = pairs_of(weights, np.concatenate([solution.chosen, solution.best]))
    assert len({a for a, _ in pairs}) == len({b for _, b in pairs}) == len(pairs)
    return sum(weights[pair] for pair in pairs)


@settings(max_examples=100)
@given(graphs(records=5, edges=11))
def test_what_every_nearly_best_pairing_has_is_chosen_and_the_rest_of_them_unsure(
    weights: Weights,
) -> None:
    sure, unsure = solve_by_trying(weights)

    solution = solve(edges_of(weights))

    assert pairs_of(weights, solution.chosen) == sure
    assert pairs_of(weights, solution.unsure) == unsure
    assert pairs_of(weights, solution.best) <= unsure


@settings(max_examples=60)
@given(graphs(records=8, edges=30))
def test_a_large_group_is_paired_as_heavily_as_a_small_one(weights: Weights) -> None:
    edges = edges_of(weights)
    exact, sparse = solve(edges), solve(edges, most_at_once=0)

    assert weigh(weights, sparse) == weigh(weights, exact)
    assert pairs_of(weights, sparse.unsure) <= pairs_of(weights, exact.unsure)


def test_two_pairs_of_a_large_group_that_may_be_exchanged_are_unsure_with_both_ways() -> None:
    chain = {(n, n): 9 * UNIT for n in range(100)} | {(n, n + 1): 6 * UNIT for n in range(99)}
    twins = {(40, 41): 9 * UNIT, (41, 40): 9 * UNIT}

    solution = solve(edges_of(chain | twins))

    both_ways = {(40, 40), (41, 41), (40, 41), (41, 40)}
    assert pairs_of(chain | twins, solution.unsure) == both_ways
    assert len(solution.chosen) == 98


def test_of_a_large_group_a_call_that_may_be_either_of_two_is_unsure() -> None:
    chain = {(n, n): 9 * UNIT for n in range(100)} | {(n, n + 1): 6 * UNIT for n in range(99)}
    rival = {(100, 99): 9 * UNIT - 1}

    solution = solve(edges_of(chain | rival))

    assert pairs_of(chain | rival, solution.unsure) == {(99, 99), (100, 99)}


@settings(max_examples=50)
@given(graphs(records=7, edges=24), st.randoms(use_true_random=False))
def test_the_order_of_candidates_changes_nothing(weights: Weights, chance: object) -> None:
    items = list(weights.items())
    chance.shuffle(items)  # type: ignore[attr-defined]
    shuffled = dict(items)

    ours, theirs = solve(edges_of(weights)), solve(edges_of(shuffled))

    for kind in ("chosen", "unsure", "best"):
        assert pairs_of(weights, getattr(ours, kind)) == pairs_of(shuffled, getattr(theirs, kind))


@pytest.mark.parametrize("count", [2_000])
def test_a_thousand_calls_in_a_crowd_are_paired_in_a_moment(count: int) -> None:
    near = {
        (n, m): (20 - abs(n - m) * 2) * UNIT
        for n in range(count)
        for m in range(max(n - 3, 0), min(n + 4, count))
    }

    solution = solve(edges_of(near))

    assert pairs_of(near, solution.chosen) == {(n, n) for n in range(count)}


def test_a_crowd_is_cut_into_what_is_good_for_both_and_the_rest() -> None:
    # Each call's own record weighs 25; five more of each weigh less, but for the last two calls.
    count = 400
    crowd = {
        (n, m): (25 if n == m else 14) * UNIT
        for n in range(count)
        for m in range(max(n - 3, 0), min(n + 3, count))
    }
    del crowd[count - 1, count - 1]

    solution = solve(edges_of(crowd))

    assert pairs_of(crowd, solution.chosen) == {(n, n) for n in range(count - 1)}


def test_a_crowd_that_nothing_tells_apart_is_unsure_as_a_whole() -> None:
    count = 300
    alike = {
        (n, m): 20 * UNIT for n in range(count) for m in range(max(n - 2, 0), min(n + 3, count))
    }

    solution = solve(edges_of(alike))

    assert pairs_of(alike, solution.unsure) == set(alike)
    assert not len(solution.chosen)
