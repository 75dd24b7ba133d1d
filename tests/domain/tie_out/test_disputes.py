"""Disputes: until when they may be raised, how they go on, how they end."""

from datetime import UTC, date, datetime

import pytest

from callrouter.domain.errors import RefusedError
from callrouter.domain.tie_out.disputes import (
    Dispute,
    DisputeOutcome,
    DisputeState,
    advance,
    find_last_day,
    judge,
    refuse_late,
)
from callrouter.domain.tie_out.settlement import Decision

OCTOBER_ENDS = datetime(2026, 11, 1, 5, 0, tzinfo=UTC)
"""Midnight in Chicago."""
STAND, ACCEPT, SPLIT, ASK = Decision


def dispute(state: DisputeState) -> Dispute:
    return Dispute(
        number=4,
        buyer_id="acme",
        tie_out=3,
        state=state,
        owner="ann",
        opened_at=OCTOBER_ENDS,
        raise_by=None,
    )


def test_the_window_counts_from_the_last_day_of_the_period_on_the_buyers_clocks() -> None:
    assert find_last_day(OCTOBER_ENDS, "America/Chicago", 7) == date(2026, 11, 7)
    assert find_last_day(OCTOBER_ENDS, "UTC", 7) == date(2026, 11, 8)
    assert find_last_day(OCTOBER_ENDS, "UTC", None) is None


def test_a_difference_can_be_raised_until_the_last_days_midnight() -> None:
    last = date(2026, 11, 7)
    refuse_late(last, "America/Chicago", datetime(2026, 11, 8, 5, 59, tzinfo=UTC))
    refuse_late(None, "America/Chicago", datetime(2027, 11, 8, 5, 59, tzinfo=UTC))
    with pytest.raises(RefusedError, match="could be raised until 2026-11-07, 2026-11-08 is too"):
        refuse_late(last, "America/Chicago", datetime(2026, 11, 8, 6, 0, tzinfo=UTC))


@pytest.mark.parametrize(
    ("state", "to"),
    [
        (DisputeState.OPEN, DisputeState.SENT),
        (DisputeState.OPEN, DisputeState.CLOSED),
        (DisputeState.SENT, DisputeState.ANSWERED),
        (DisputeState.ANSWERED, DisputeState.SENT),
        (DisputeState.ANSWERED, DisputeState.CLOSED),
        (DisputeState.CLOSED, DisputeState.OPEN),
    ],
)
def test_a_dispute_goes_on(state: DisputeState, to: DisputeState) -> None:
    advance(dispute(state), to, [STAND])


def test_a_dispute_skips_no_step() -> None:
    with pytest.raises(RefusedError, match="dispute 4 is open: from there it can be sent or close"):
        advance(dispute(DisputeState.OPEN), DisputeState.ANSWERED, [])


@pytest.mark.parametrize(
    ("decisions", "why"),
    [
        ([STAND, None], "1 line of dispute 4 undecided"),
        ([ASK, None, ACCEPT], "2 lines of dispute 4 undecided"),
    ],
)
def test_a_dispute_stays_while_a_line_is_undecided(
    decisions: list[Decision | None], why: str
) -> None:
    with pytest.raises(RefusedError, match=why):
        advance(dispute(DisputeState.SENT), DisputeState.CLOSED, decisions)


@pytest.mark.parametrize(
    ("decisions", "outcome"),
    [
        ([ACCEPT, ACCEPT], DisputeOutcome.ACCEPTED),
        ([STAND], DisputeOutcome.REJECTED),
        ([STAND, ACCEPT], DisputeOutcome.PARTLY),
        ([SPLIT], DisputeOutcome.PARTLY),
    ],
)
def test_a_dispute_ends_as_its_lines_were_decided(
    decisions: list[Decision], outcome: DisputeOutcome
) -> None:
    assert judge(decisions) is outcome
