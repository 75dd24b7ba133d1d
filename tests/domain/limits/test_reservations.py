"""What an ended dial makes of what it had reserved."""

import pytest

from callrouter.domain.limits.caps import ON_ACCOUNTS, Measure
from callrouter.domain.limits.reservations import (
    DialOutcome,
    ReservationState,
    Settled,
    settle_measure,
)

COUNTS, NOT = ReservationState.CONVERTED, ReservationState.RELEASED
IN_ORDER = (
    *(Measure.ATTEMPTS, Measure.CONNECTED, Measure.PAYABLE, Measure.REVENUE),
    Measure.CONCURRENT,
)


@pytest.mark.parametrize(
    ("was_dialled", "connected", "payable", "states"),
    [
        pytest.param(True, True, True, (COUNTS, COUNTS, COUNTS, COUNTS, NOT), id="payable"),
        pytest.param(True, True, False, (COUNTS, COUNTS, NOT, NOT, NOT), id="too short"),
        pytest.param(True, False, False, (COUNTS, NOT, NOT, NOT, NOT), id="no answer"),
        pytest.param(False, False, False, (NOT, NOT, NOT, NOT, NOT), id="never dialled"),
        pytest.param(False, None, None, (NOT, NOT, NOT, NOT, NOT), id="never dialled, no more"),
        pytest.param(True, True, None, (COUNTS, COUNTS, None, None, NOT), id="pay not known yet"),
        pytest.param(True, None, None, (COUNTS, None, None, None, NOT), id="only that it ended"),
    ],
)
def test_what_counts_of_a_dial_is_what_came_of_it(
    was_dialled: bool,
    connected: bool | None,
    payable: bool | None,
    states: tuple[ReservationState | None, ...],
) -> None:
    outcome = DialOutcome(
        attempt=1,
        destination_id="acme-east",
        was_dialled=was_dialled,
        connected=connected,
        payable=payable,
    )

    assert tuple(settle_measure(measure, outcome) for measure in IN_ORDER) == states
    assert set(IN_ORDER) == set(Measure) - ON_ACCOUNTS


@pytest.mark.parametrize(
    ("was_dialled", "connected", "is_charged", "is_free", "is_free_by_attempt"),
    [
        pytest.param(True, True, False, False, False, id="talk that isn't charged yet"),
        pytest.param(True, True, True, True, True, id="talk that is charged"),
        pytest.param(True, False, False, True, False, id="no answer"),
        pytest.param(True, False, True, True, True, id="no answer, call over"),
        pytest.param(True, None, False, False, False, id="not known yet"),
        pytest.param(False, None, False, True, True, id="never dialled"),
    ],
)
def test_credit_is_held_until_the_call_can_cost_nothing_more(
    was_dialled: bool,
    connected: bool | None,
    is_charged: bool,
    is_free: bool,
    is_free_by_attempt: bool,
) -> None:
    outcome = DialOutcome(
        attempt=1,
        destination_id="",
        was_dialled=was_dialled,
        connected=connected,
        is_charged=is_charged,
    )

    assert settle_measure(Measure.CREDIT, outcome) == (NOT if is_free else None)
    assert settle_measure(Measure.ATTEMPT_CREDIT, outcome) == (NOT if is_free_by_attempt else None)


@pytest.mark.parametrize("was", ReservationState)
def test_what_was_told_otherwise_before_is_a_correction(was: ReservationState) -> None:
    settled = Settled(1, "acme-east", "c", Measure.CONNECTED, 1, was, COUNTS)

    assert settled.is_correction is (was is not ReservationState.HELD)
