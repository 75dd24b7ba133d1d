"""Settling a difference: what each decision moves, and that changing one's mind leaves no trace."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callrouter.domain.billing.terms import Share
from callrouter.domain.errors import RefusedError
from callrouter.domain.tie_out.classes import DifferenceClass
from callrouter.domain.tie_out.settlement import (
    NOTHING_MOVED,
    Decision,
    Difference,
    Moved,
    Settlement,
    settle,
)

USD = 1_000_000


def difference(
    ours: int = 75,
    theirs: int | None = 0,
    payout: int | None = 30,
    share: Share | None = None,
    of_class: DifferenceClass = DifferenceClass.ACROSS_THRESHOLD,
) -> Difference:
    return Difference(
        tie_out=3,
        line_no=17,
        difference_class=of_class,
        currency="USD",
        our_micros=ours * USD,
        their_micros=None if theirs is None else theirs * USD,
        payout_micros=None if payout is None else payout * USD,
        share=share,
    )


def settled(made: Settlement) -> tuple[float, float, float]:
    """What the buyer pays, and the two steps, in whole units."""
    step = made.step
    return made.agreed_micros / USD, step.buyer_micros / USD, step.publisher_micros / USD


@pytest.mark.parametrize(
    ("found", "decision", "agreed", "comes_to"),
    [
        pytest.param(difference(), Decision.STAND, None, (75, 0, 0), id="ours stands"),
        pytest.param(difference(), Decision.ASK, None, (75, 0, 0), id="asking moves nothing"),
        pytest.param(
            difference(), Decision.ACCEPT, None, (0, -75, -30), id="a fixed payout is taken back"
        ),
        pytest.param(
            difference(theirs=40), Decision.ACCEPT, None, (40, -35, 0),
            id="a fixed payout stays while the buyer pays anything",
        ),
        pytest.param(
            difference(share=Share(400_000)), Decision.SPLIT, None, (37.5, -37.5, -15),
            id="a share follows, half way",
        ),
        pytest.param(
            difference(share=Share(400_000)), Decision.SPLIT, 50, (50, -25, -10),
            id="a share follows an agreed amount",
        ),
        pytest.param(
            difference(ours=0, theirs=75, payout=0, share=Share(400_000)), Decision.ACCEPT, None,
            (75, 75, 30), id="they found a call payable that we did not",
        ),
        pytest.param(
            difference(payout=None), Decision.ACCEPT, None, (0, -75, 0), id="without a publisher"
        ),
        pytest.param(
            difference(theirs=75), Decision.ACCEPT, None, (75, 0, 0), id="only the seconds differ"
        ),
        pytest.param(
            difference(theirs=None, of_class=DifferenceClass.AMBIGUOUS), Decision.STAND, None,
            (75, 0, 0), id="what is ambiguous can stand",
        ),
    ],
)  # fmt: skip
def test_a_decision_moves(
    found: Difference,
    decision: Decision,
    agreed: int | None,
    comes_to: tuple[float, float, float],
) -> None:
    micros = None if agreed is None else agreed * USD
    assert settled(settle(found, decision, agreed_micros=micros)) == comes_to


def test_a_publisher_can_be_left_out_of_it() -> None:
    made = settle(difference(), Decision.ACCEPT, publisher_follows=False)
    assert settled(made) == (0, -75, 0)


@pytest.mark.parametrize(
    ("found", "decision", "agreed", "why"),
    [
        (difference(), Decision.ACCEPT, 10, "an amount is only for a split: accept has its own"),
        (difference(), Decision.SPLIT, -1, "can't be less than 0"),
        (
            difference(ours=0, theirs=75), Decision.SPLIT, 76,
            "line 17 of tie-out 3 is worth 75.00 USD at most",
        ),
        (
            difference(theirs=None, of_class=DifferenceClass.AMBIGUOUS), Decision.ACCEPT, None,
            "line 17 of tie-out 3 has nothing of theirs to accept: split with an amount",
        ),
        (
            difference(theirs=None, of_class=DifferenceClass.AMBIGUOUS), Decision.SPLIT, None,
            "has nothing of theirs to accept",
        ),
        (
            difference(of_class=DifferenceClass.DUPLICATE), Decision.ACCEPT, None,
            "says again what another record says",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_decided_is_refused(
    found: Difference, decision: Decision, agreed: int | None, why: str
) -> None:
    with pytest.raises(RefusedError, match=why):
        settle(found, decision, agreed_micros=None if agreed is None else agreed * USD)


@given(
    decisions=st.lists(st.tuples(st.sampled_from(Decision), st.booleans()), min_size=1, max_size=6),
    ours=st.integers(0, 200),
    theirs=st.integers(0, 200),
    parts=st.sampled_from([None, 0, 333_333, 1_000_000]),
)
def test_however_often_minds_change_the_last_decision_is_all_that_counts(
    decisions: list[tuple[Decision, bool]], ours: int, theirs: int, parts: int | None
) -> None:
    found = difference(ours, theirs, share=None if parts is None else Share(parts))
    moved = NOTHING_MOVED
    for decision, follows in decisions:
        step = settle(found, decision, moved, publisher_follows=follows).step
        moved = Moved(
            moved.buyer_micros + step.buyer_micros, moved.publisher_micros + step.publisher_micros
        )
    last, follows = decisions[-1]
    assert moved == settle(found, last, publisher_follows=follows).step
