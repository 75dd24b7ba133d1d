import pytest

from benchmarks.tie_out_truth import SCENARIOS, Scenario, compare, make_truth, put_right
from callrouter.domain.billing.terms import Clock
from callrouter.domain.tie_out.mapping import Field
from callrouter.domain.tie_out.matching import match
from callrouter.domain.tie_out.measures import Measure

CALLS = 20_000


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_of_a_month_whose_truth_is_known_next_to_every_call_is_found(scenario: Scenario) -> None:
    truth = make_truth(CALLS, scenario)
    ours, theirs = put_right(truth)
    window_ms, spread_ms = (45_000, 22_500) if scenario.minute else (15_000, 2_300)

    matches = match(
        ours,
        theirs,
        Measure(Clock.CONNECTED, Field.TOTAL),
        window_ms=window_ms,
        spread_ms=spread_ms,
    )

    assert compare(matches.pairs, truth).f1 >= 0.9995
