"""The laws of pricing, each against a slow way that counts in fractions."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callrouter.domain.billing.exposure import price_calls
from callrouter.domain.billing.pricing import round_ms
from callrouter.domain.billing.rating import NOTHING_PAID, rate
from callrouter.domain.billing.terms import Band, Clock, Operator, PerMinute, Rounding, Share, Terms
from tests.domain.billing.builders import RADIO, USD, agreement_of, charge_of, talk_of, terms_of

CENT = USD // 100
MS = st.integers(0, 700_000)
PRICES = st.integers(0, 20_000).map(lambda cents: cents * CENT)


@st.composite
def bands(draw: st.DrawFn) -> tuple[Band, ...]:
    thresholds = sorted(draw(st.sets(st.integers(0, 600), min_size=1, max_size=4)))
    prices = sorted(draw(PRICES) for _ in thresholds)
    return tuple(map(Band, thresholds, prices))


PER_MINUTE = st.builds(
    PerMinute, PRICES, st.integers(1, 90), st.integers(1, 90), st.integers(0, 600)
)


@st.composite
def timed_terms(draw: st.DrawFn) -> Terms:
    clock = draw(st.sampled_from(Clock))
    operator, rounding = draw(st.sampled_from(Operator)), draw(st.sampled_from(Rounding))
    if draw(st.booleans()):
        price = draw(PER_MINUTE)
        return terms_of(clock=clock, operator=operator, rounding=rounding, per_minute=price)
    return terms_of(clock=clock, operator=operator, rounding=rounding, bands=draw(bands()))


def charge(terms: Terms, ms: int) -> int:
    """What a talk comes to of which every clock counts `ms`."""
    talk = talk_of(ms / 1000, total_ms=ms, answered_ms=ms)
    return rate(talk, terms, NOTHING_PAID).amount_micros


def charge_slowly(terms: Terms, ms: int) -> int:
    """The same by the words of the documentation, in fractions of a second and of a dollar."""
    seconds = Fraction(ms, 1000)
    whole = ms // 1000
    seconds = {
        Rounding.EXACT: seconds,
        Rounding.FLOOR: Fraction(whole),
        Rounding.CEILING: Fraction(whole + (ms % 1000 > 0)),
        Rounding.NEAREST: Fraction(whole + (ms % 1000 >= 500)),
    }[terms.rounding]

    def reaches(after_s: int) -> bool:
        return seconds > after_s or (terms.operator is Operator.AT_LEAST and seconds == after_s)

    if terms.per_minute is None:
        price = 0
        for band in terms.bands:
            price = band.price_micros if reaches(band.after_s) else price
        return price
    if not reaches(terms.per_minute.after_s) or not seconds:
        return 0
    billed = terms.per_minute.first_s
    while billed < seconds:
        billed += terms.per_minute.next_s
    dollars = Fraction(terms.per_minute.price_micros, USD) * Fraction(billed, 60)
    exact = Decimal(dollars.numerator) / Decimal(dollars.denominator)
    return int(exact.quantize(Decimal("0.01"), ROUND_HALF_UP) * USD)


@given(timed_terms(), MS)
def test_a_price_is_what_the_documentation_says(terms: Terms, ms: int) -> None:
    assert charge(terms, ms) == charge_slowly(terms, ms)


@given(timed_terms(), MS, MS)
def test_a_longer_talk_never_costs_less_and_nothing_is_negative(
    terms: Terms, ms: int, other_ms: int
) -> None:
    shorter, longer = sorted((ms, other_ms))

    assert 0 <= charge(terms, shorter) <= charge(terms, longer)


@given(timed_terms(), MS)
def test_every_amount_is_a_whole_number_of_cents(terms: Terms, ms: int) -> None:
    assert charge(terms, ms) % CENT == 0


@given(bands(), MS)
def test_a_band_that_is_reached_replaces_the_others(own: tuple[Band, ...], ms: int) -> None:
    assert charge(terms_of(bands=own), ms) in {0, *(band.price_micros for band in own)}


@given(timed_terms(), st.integers(0, 700), st.data())
def test_no_talk_costs_more_than_is_held_for_it_at_dial(
    terms: Terms, longest_s: int, data: st.DataObject
) -> None:
    """Whatever its terms: the carrier ends it a moment late, after a whisper, after menus."""
    connected_ms = data.draw(st.integers(0, longest_s * 1000 + 3000))
    talk = talk_of(
        connected_ms / 1000,
        answered_ms=connected_ms + data.draw(st.integers(0, 57_000)),
        total_ms=connected_ms + data.draw(st.integers(57_000, 890_000)),
    )
    (price,) = price_calls(agreement_of(terms))

    assert rate(talk, terms, NOTHING_PAID).amount_micros <= price.find_dearest(longest_s)


@given(st.integers(0, 1_000_000), st.lists(PRICES, max_size=3))
def test_a_share_never_exceeds_the_revenue_and_is_off_by_half_a_cent_at_most(
    parts: int, charged: list[int]
) -> None:
    talk = talk_of(party=RADIO).with_charges(charge_of(each) for each in charged)

    amount = rate(talk, terms_of(share=Share(parts)), NOTHING_PAID).amount_micros

    assert 0 <= amount <= sum(charged)
    assert abs(amount - Fraction(sum(charged) * parts, 1_000_000)) <= Fraction(CENT, 2)


@pytest.mark.parametrize(
    ("rounding", "rounded"),
    [
        (Rounding.EXACT, [119_400, 119_500, 119_600, 120_000]),
        (Rounding.FLOOR, [119_000, 119_000, 119_000, 120_000]),
        (Rounding.CEILING, [120_000, 120_000, 120_000, 120_000]),
        (Rounding.NEAREST, [119_000, 120_000, 120_000, 120_000]),
    ],
)
def test_time_is_rounded_to_whole_seconds(rounding: Rounding, rounded: list[int]) -> None:
    assert [round_ms(ms, rounding) for ms in (119_400, 119_500, 119_600, 120_000)] == rounded
