import pytest

from callrouter.domain.billing.borderline import find_borderline, is_near
from callrouter.domain.billing.rating import NOTHING_PAID, PaidCall, PaidPast
from callrouter.domain.billing.terms import Band, Clock, Operator, PerMinute, Rounding, Share, Terms
from callrouter.domain.clocks.hours import Hours
from tests.domain.billing.builders import AT, USD, talk_of, terms_of

BANDS = terms_of(bands=(Band(0, 2 * USD), Band(120, 10 * USD), Band(300, 20 * USD)))
MINUTES = terms_of(per_minute=PerMinute(6 * USD, 6, 6, 60))


@pytest.mark.parametrize(
    ("terms", "seconds", "seen"),
    [
        (terms_of(), 116.999, None),
        (terms_of(), 117, (120, -3000, False, 0, 0, 75)),
        (terms_of(), 119.999, (120, -1, False, 0, 0, 75)),
        (terms_of(), 120, (120, 0, True, 75, 0, 75)),
        (terms_of(), 123, (120, 3000, True, 75, 0, 75)),
        (terms_of(), 123.001, None),
        (terms_of(operator=Operator.MORE_THAN), 120, (120, 0, False, 0, 0, 75)),
        (terms_of(rounding=Rounding.NEAREST), 119.6, (120, -400, True, 75, 0, 75)),
        (BANDS, 1, None),
        (BANDS, 119, (120, -1000, False, 2, 2, 10)),
        (BANDS, 301, (300, 1000, True, 20, 10, 20)),
        (MINUTES, 59, (60, -1000, False, 0, 0, 6.6)),
        (terms_of(per_minute=PerMinute(6 * USD, 6, 6)), 1, None),
        (terms_of(per_attempt_micros=USD), 120, None),
        (terms_of(share=Share(500_000)), 120, None),
    ],
)
def test_a_talk_near_a_threshold_has_money_on_each_side(
    terms: Terms, seconds: float, seen: tuple[int, int, bool, float, float, float] | None
) -> None:
    found = find_borderline(talk_of(seconds), terms, NOTHING_PAID, 3)

    if seen is None:
        assert found is None
        return
    assert found is not None
    assert (found.threshold_s, found.off_ms, found.is_reached) == seen[:3]
    amounts = (found.amount_micros, found.below_micros, found.above_micros)
    assert amounts == tuple(round(each * USD) for each in seen[3:])
    assert found.at_stake_micros == found.above_micros - found.below_micros


@pytest.mark.parametrize(("clock", "seconds"), [(Clock.ANSWERED, 108), (Clock.TOTAL, 90)])
def test_the_time_that_counts_is_that_of_the_terms_clock(clock: Clock, seconds: int) -> None:
    found = find_borderline(talk_of(seconds), terms_of(clock=clock), NOTHING_PAID, 1)

    assert found is not None
    assert (found.counted_ms, found.off_ms, found.amount_micros) == (120_000, 0, 75 * USD)


def test_nothing_is_at_stake_where_the_time_decides_nothing() -> None:
    paid = PaidPast(PaidCall("CA0", AT))
    duplicate = terms_of(duplicate_window_s=60)
    closed = terms_of(hours=Hours((), zone="UTC"))

    assert find_borderline(talk_of(120), duplicate, paid, 3) is None
    assert find_borderline(talk_of(120), closed, NOTHING_PAID, 3) is None
    assert is_near(talk_of(120), closed, 3)


def test_who_was_not_connected_was_near_to_nothing() -> None:
    talk = talk_of(0, is_connected=False, total_ms=120_000)

    assert not is_near(talk, terms_of(clock=Clock.TOTAL), 3)
    assert find_borderline(talk, terms_of(clock=Clock.TOTAL), NOTHING_PAID, 3) is None
