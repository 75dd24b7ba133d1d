from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from callrouter.domain.health.circuit_breaker import (
    DEFAULTS,
    Breaker,
    BreakerKeys,
    BreakerSettings,
    Phase,
    Result,
    Side,
    choose_settings,
    cool_down,
    judge_results,
)
from tests.domain.builders import T0, at

CLOSED = Breaker(Phase.CLOSED)
OPEN = Breaker(Phase.OPEN, at(0), at(120), 120)
HALF_OPEN = Breaker(Phase.HALF_OPEN, at(0), None, 120)
WORDS = {None: "connected", Side.CARRIER: "failed", Side.BUYER: "busy"}
MARKS = {"+": None, "f": Side.CARRIER, "b": Side.BUYER}
SETTINGS = BreakerSettings(
    minimum_sample=5,
    window_s=600,
    buyer_percent=80,
    buyer_consecutive=5,
    carrier_percent=50,
    carrier_consecutive=3,
    cool_down_s=120,
    longest_cool_down_s=400,
)


def results(marks: str, *, since: float = -300, every: float = 10) -> list[Result]:
    """One result a mark: + connected, f failed, b busy; each dialled 5 s before it ended."""
    return [
        Result(at(since + i * every - 5), at(since + i * every), MARKS[mark], WORDS[MARKS[mark]])
        for i, mark in enumerate(marks)
    ]


@pytest.mark.parametrize(
    ("marks", "reason"),
    [
        pytest.param("", None, id="no-results"),
        pytest.param("ffff", None, id="too-few"),
        pytest.param("fffff", "5 of 5 failed", id="all-failed"),
        pytest.param("+fffff", "5 of 6 failed", id="share"),
        pytest.param("ff++++", None, id="a-third-failed-long-ago"),
        pytest.param("fffff+", None, id="the-last-one-went-well"),
        pytest.param("++++++++fff", "3 in a row failed", id="in-a-row-after-many-that-went-well"),
        pytest.param("bbbbb", "5 of 5 not taken (5 busy)", id="nobody-takes-them"),
        pytest.param("bbb++", None, id="a-busy-desk-is-not-an-outage"),
        pytest.param(
            "++++++++++bbbbb", "5 in a row not taken (5 busy)", id="nobody-takes-them-any-more"
        ),
        pytest.param("bfbfbfbf", None, id="each-side-below-its-own-sample"),
        pytest.param("bfbfbfbfff", "6 of 10 failed", id="a-busy-line-was-delivered-at-least"),
        pytest.param(
            "bfbbfbbb", "6 of 6 not taken (6 busy)", id="what-failed-says-nothing-of-the-buyer"
        ),
    ],
)
def test_a_closed_breaker_opens_by_the_share_or_the_row_of_one_side(
    marks: str, reason: str | None
) -> None:
    settings = replace(SETTINGS, carrier_percent=60)

    turn = judge_results(CLOSED, results(marks), settings, T0)

    assert (turn.reason if turn else None) == reason
    if turn:
        assert turn.breaker == Breaker(Phase.OPEN, at(0), at(120), 120)
        assert "cool-down 120 s" in turn.figures


def test_only_the_last_window_counts() -> None:
    old = results("ffff", since=-640)

    assert judge_results(CLOSED, [*old, *results("f")], SETTINGS, T0) is None
    assert judge_results(CLOSED, [*old, *results("f", since=-590)], SETTINGS, at(-550)) is not None


def test_what_was_dialled_before_it_last_closed_was_judged_then() -> None:
    closed = Breaker(Phase.CLOSED, at(-265))  # the fifth was dialled at that very moment

    assert judge_results(closed, results("ffffffff"), SETTINGS, T0) is None
    assert judge_results(closed, results("fffffffff"), SETTINGS, T0) is not None


def test_the_order_in_which_results_come_to_light_doesnt_matter() -> None:
    told = results("++++++++fff")

    assert judge_results(CLOSED, told[::-1], SETTINGS, T0) == judge_results(
        CLOSED, told, SETTINGS, T0
    )


def test_an_open_breaker_stays_open_until_it_has_cooled_down() -> None:
    assert judge_results(OPEN, results("++++++", since=10), SETTINGS, at(119)) is None
    assert cool_down(OPEN, at(119)) is OPEN
    assert cool_down(OPEN, at(121)) == Breaker(Phase.HALF_OPEN, at(120), None, 120)


@pytest.mark.parametrize(
    ("marks", "breaker"),
    [
        pytest.param("", None, id="no-probe-yet"),
        pytest.param("+", None, id="one-of-two"),
        pytest.param("++", Breaker(Phase.CLOSED, at(300)), id="enough"),
        pytest.param("+b", Breaker(Phase.OPEN, at(300), at(540), 240), id="a-probe-was-not-taken"),
        pytest.param("f", Breaker(Phase.OPEN, at(300), at(540), 240), id="a-probe-failed"),
        pytest.param("f+", None, id="one-of-two-after-a-failure-that-could-not-open-it"),
        pytest.param("f++", Breaker(Phase.CLOSED, at(300)), id="enough-after-a-failure"),
    ],
)
def test_probes_close_it_or_open_it_for_twice_as_long(marks: str, breaker: Breaker | None) -> None:
    settings = replace(SETTINGS, successes_to_close=2)

    turn = judge_results(HALF_OPEN, results(marks, since=10), settings, at(300))

    assert (turn.breaker if turn else None) == breaker


def test_calls_from_before_the_half_open_state_are_no_probes() -> None:
    assert judge_results(HALF_OPEN, results("++fff", since=-40), SETTINGS, at(10)) is None


def test_the_cool_down_doubles_up_to_a_bound() -> None:
    breaker, lengths = OPEN, []
    for _ in range(4):
        assert breaker.until is not None
        half_open = cool_down(breaker, breaker.until)
        assert half_open.since is not None
        probe = Result(half_open.since, half_open.since, Side.BUYER, "no answer")
        turn = judge_results(breaker, [probe], SETTINGS, half_open.since)
        assert turn is not None
        assert turn.reason == "probe no answer"
        breaker = turn.breaker
        lengths.append(breaker.cool_down_s)

    assert lengths == [240, 400, 400, 400]


def test_a_bound_below_the_cool_down_never_shortens_it() -> None:
    settings = replace(SETTINGS, cool_down_s=120, longest_cool_down_s=10)

    turn = judge_results(HALF_OPEN, results("f", since=10), settings, at(20))

    assert turn is not None
    assert turn.breaker.cool_down_s == 120


@pytest.mark.parametrize("breaker", [CLOSED, OPEN, HALF_OPEN])
def test_a_breaker_that_is_switched_off_closes_and_never_opens(breaker: Breaker) -> None:
    turn = judge_results(breaker, results("ffffffff"), replace(SETTINGS, enabled=False), T0)

    assert (turn.breaker if turn else None) == (
        None if breaker is CLOSED else Breaker(Phase.CLOSED, T0)
    )


def test_the_most_specific_key_that_was_written_counts() -> None:
    destination = BreakerKeys(minimum_sample=9, enabled=False)
    buyer = BreakerKeys(minimum_sample=7, window_s=60)

    assert choose_settings(destination, buyer) == replace(
        DEFAULTS, minimum_sample=9, window_s=60, enabled=False
    )
    assert choose_settings() == DEFAULTS


any_results = st.lists(
    st.builds(
        lambda ended, took, failed: Result(at(ended - took), at(ended), failed, WORDS[failed]),
        st.integers(-700, 0),
        st.integers(0, 60),
        st.sampled_from([None, *Side]),
    ),
    max_size=12,
)
any_settings = st.builds(
    BreakerSettings,
    minimum_sample=st.integers(1, 10),
    window_s=st.integers(60, 900),
    buyer_percent=st.integers(1, 100),
    buyer_consecutive=st.integers(1, 6),
    carrier_percent=st.integers(1, 100),
    carrier_consecutive=st.integers(1, 6),
)


@given(any_results, any_settings)
def test_nobody_is_judged_by_less_than_the_minimum_sample_nor_without_a_failure(
    told: list[Result], settings: BreakerSettings
) -> None:
    turn = judge_results(CLOSED, told, settings, T0)

    if turn is not None:
        assert len(told) >= settings.minimum_sample
        assert any(result.failed for result in told)


class OneDestination(RuleBasedStateMachine):
    """Calls of all kinds over time, judged after each, as the workflow does it."""

    @initialize(chosen=any_settings)
    def begin(self, chosen: BreakerSettings) -> None:
        self.settings = replace(chosen, cool_down_s=60, longest_cool_down_s=240)
        self.seconds = 0.0
        self.told: list[Result] = []
        self.breaker = CLOSED
        self.turned_at: datetime | None = None

    @rule(wait=st.integers(1, 90), took=st.integers(1, 60), failed=st.sampled_from([None, *Side]))
    def end_a_call(self, wait: int, took: int, failed: Side | None) -> None:
        self.seconds += wait
        now = at(self.seconds)
        self.told.append(Result(at(self.seconds - took), now, failed, WORDS[failed]))
        before = cool_down(self.breaker, now)
        turn = judge_results(self.breaker, self.told, self.settings, now)
        if turn is None:
            return
        if before.phase is Phase.CLOSED:
            assert len(self.told) >= self.settings.minimum_sample
            assert failed is not None
        if before.phase is Phase.OPEN:
            raise AssertionError("it turned within its cool-down")
        if turn.breaker.phase is Phase.CLOSED:
            assert failed is None
        self.breaker = turn.breaker

    @invariant()
    def a_cool_down_is_within_its_bounds(self) -> None:
        if self.breaker.phase is Phase.OPEN:
            assert 60 <= self.breaker.cool_down_s <= 240
            assert self.breaker.since is not None
            assert self.breaker.until is not None
            length = self.breaker.until - self.breaker.since
            assert length.total_seconds() == self.breaker.cool_down_s


TestOneDestination = OneDestination.TestCase
TestOneDestination.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
