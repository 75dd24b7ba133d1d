"""What an ended dial makes of what it had reserved."""

import pytest

from callrouter.domain.caps import Measure
from callrouter.domain.reservations import (
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
    assert set(IN_ORDER) == set(Measure)


@pytest.mark.parametrize("was", ReservationState)
def test_what_was_told_otherwise_before_is_a_correction(was: ReservationState) -> None:
    settled = Settled(1, "acme-east", "c", Measure.CONNECTED, 1, was, COUNTS)

    assert settled.is_correction is (was is not ReservationState.HELD)
