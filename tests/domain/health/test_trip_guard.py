import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callrouter.domain.health.trip_guard import Peer, TripVerdict, weigh_trip

WELL = Peer("well", takes_calls=True, looks_bad=False)
ILL = Peer("ill", takes_calls=True, looks_bad=True)
OPEN = Peer("open", takes_calls=False, looks_bad=True)
PAUSED = Peer("paused", takes_calls=False, looks_bad=False)


@pytest.mark.parametrize(
    ("tables", "verdict"),
    [
        pytest.param([], TripVerdict.TRIP, id="no-live-table-has-it"),
        pytest.param([[WELL]], TripVerdict.TRIP, id="another-is-well"),
        pytest.param([[OPEN, WELL, ILL]], TripVerdict.TRIP, id="one-of-several-is-well"),
        pytest.param([[]], TripVerdict.REFUSE_LAST, id="it-is-the-only-one"),
        pytest.param([[PAUSED]], TripVerdict.REFUSE_LAST, id="the-others-are-paused"),
        pytest.param([[WELL], []], TripVerdict.REFUSE_LAST, id="the-only-one-of-one-table"),
        pytest.param([[OPEN]], TripVerdict.REFUSE_ALL_BAD, id="the-others-are-out-already"),
        pytest.param([[ILL, PAUSED]], TripVerdict.REFUSE_ALL_BAD, id="all-that-take-calls-are-bad"),
        pytest.param(
            [[], [ILL]], TripVerdict.REFUSE_ALL_BAD, id="all-bad-is-said-before-the-last-one"
        ),
    ],
)
def test_a_destination_is_taken_out_only_where_another_is_well(
    tables: list[list[Peer]], verdict: TripVerdict
) -> None:
    assert weigh_trip(tables) is verdict


peers = st.lists(st.builds(Peer, st.just("x"), st.booleans(), st.booleans()), max_size=4)


@settings(max_examples=60)
@given(st.lists(peers, max_size=4))
def test_whoever_is_taken_out_leaves_one_that_takes_calls_in_every_table(
    tables: list[list[Peer]],
) -> None:
    if weigh_trip(tables) is TripVerdict.TRIP:
        assert all(any(p.takes_calls and not p.looks_bad for p in table) for table in tables)
