"""Which state an account's figures make, by conditions in order; worse figures, no better state."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callrouter.domain.billing.standing_ladder import (
    DEFAULT_LADDER,
    AccountFigures,
    Ladder,
    Rung,
    judge_account,
)
from callrouter.domain.limits.standing import Effect

USD = 1_000_000
LADDER = Ladder(
    (
        Rung(name="good"),
        Rung(name="watched", days_overdue=1, exposure_percent=80, calls_left=5),
        Rung(name="limited", days_overdue=7, exposure_percent=95),
        Rung(name="suspended", effect=Effect(takes_calls=False), days_overdue=12, calls_left=1),
    )
)
POSTPAID = AccountFigures(currency="USD", limit_micros=1000 * USD)
PREPAID = AccountFigures(currency="USD", limit_micros=0, dearest_micros=75 * USD)


def overdue(days: int, dollars: int = 830) -> AccountFigures:
    micros = dollars * USD
    return replace(POSTPAID, days_overdue=days, overdue_micros=micros, owed_micros=micros)


def used(owed: int, held: int = 0) -> AccountFigures:
    return replace(POSTPAID, owed_micros=owed * USD, held_micros=held * USD)


def paid(dollars: int) -> AccountFigures:
    return replace(PREPAID, owed_micros=-dollars * USD)


@pytest.mark.parametrize(
    ("figures", "state", "reason"),
    [
        pytest.param(used(100), "good", "100.00 USD owed", id="nothing"),
        pytest.param(
            overdue(12),
            "suspended",
            "12 days overdue with 830.00 USD, 830.00 USD owed",
            id="long overdue",
        ),
        pytest.param(overdue(7, 10), "limited", "7 days overdue with 10.00 USD, 10.00 USD owed"),
        pytest.param(overdue(1, 10), "watched", "1 day overdue with 10.00 USD, 10.00 USD owed"),
        pytest.param(
            used(700, 100), "watched", "800.00 USD of 1000.00 USD credit used, 80 %", id="exposure"
        ),
        pytest.param(used(799), "good", "799.00 USD owed", id="just below"),
        pytest.param(paid(74), "suspended", "balance 74.00 USD, the dearest call costs 75.00 USD"),
        pytest.param(paid(374), "watched", "balance 374.00 USD, the dearest call costs 75.00 USD"),
        pytest.param(paid(375), "good", "375.00 USD paid in advance", id="money for five calls"),
        pytest.param(
            replace(PREPAID, dearest_micros=0, owed_micros=0),
            "suspended",
            "balance 0.00 USD, the dearest call costs 0.00 USD",
            id="no terms, no money",
        ),
        pytest.param(
            replace(overdue(99, 10), limit_micros=None),
            "suspended",
            "99 days overdue with 10.00 USD, 10.00 USD owed",
            id="without a limit",
        ),
    ],
)
def test_the_worst_state_whose_condition_holds_counts(
    figures: AccountFigures, state: str, reason: str
) -> None:
    judged = judge_account(LADDER, figures)

    assert (judged.rung.name, judged.reason) == (state, reason)


@pytest.mark.parametrize(
    ("was", "owed", "state"),
    [
        (None, 799, "good"),
        ("watched", 799, "watched"),
        ("watched", 750, "watched"),
        ("watched", 749, "good"),
        ("limited", 900, "limited"),
        ("limited", 899, "watched"),
        ("good", 799, "good"),
        ("gone", 799, "good"),
    ],
)
def test_exposure_is_left_behind_only_some_percent_below(
    was: str | None, owed: int, state: str
) -> None:
    assert judge_account(LADDER, used(owed), was).rung.name == state


_FIGURES = st.builds(
    AccountFigures,
    currency=st.just("USD"),
    owed_micros=st.integers(-500, 1500).map(lambda dollars: dollars * USD),
    overdue_micros=st.integers(0, 1500).map(lambda dollars: dollars * USD),
    days_overdue=st.integers(0, 20),
    held_micros=st.integers(0, 500).map(lambda dollars: dollars * USD),
    limit_micros=st.sampled_from((None, 0, 1000 * USD)),
    dearest_micros=st.integers(0, 100).map(lambda dollars: dollars * USD),
)
_WORSE: st.SearchStrategy[dict[str, int]] = st.builds(
    dict,
    owed_micros=st.integers(0, 900 * USD),
    overdue_micros=st.integers(0, 900 * USD),
    days_overdue=st.integers(0, 9),
    held_micros=st.integers(0, 300 * USD),
    dearest_micros=st.integers(0, 50 * USD),
)
_STATES = st.sampled_from([rung.name for rung in LADDER.rungs])


@given(_FIGURES, _WORSE, _STATES, _STATES)
def test_worse_figures_never_make_a_better_state(
    figures: AccountFigures, worse: dict[str, int], was: str, was_worse: str
) -> None:
    was, was_worse = sorted((was, was_worse), key=LADDER.place_of)
    changed = replace(
        figures, **{name: getattr(figures, name) + more for name, more in worse.items()}
    )

    before = LADDER.place_of(judge_account(LADDER, figures, was).rung.name)
    after = LADDER.place_of(judge_account(LADDER, changed, was_worse).rung.name)

    assert after >= before


@given(_FIGURES, _STATES)
def test_a_state_that_was_just_found_is_found_again(figures: AccountFigures, was: str) -> None:
    first = judge_account(LADDER, figures, was)

    assert judge_account(LADDER, figures, first.rung.name) == first


def test_what_holds_without_a_file_of_ones_own_stops_nobody_at_once() -> None:
    assert judge_account(DEFAULT_LADDER, overdue(6)).rung.effect == Effect()
    assert not judge_account(DEFAULT_LADDER, overdue(14)).rung.effect.takes_calls
