"""How much a call may cost at most by an agreement, before anybody knows how it will end."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callrouter.domain.billing.exposure import (
    Overdue,
    find_dearest_call,
    find_overdue,
    name_currency,
    open_credit,
    price_calls,
)
from callrouter.domain.billing.party import Party, Side
from callrouter.domain.billing.rating import NOTHING_PAID, rate
from callrouter.domain.billing.terms import (
    Agreement,
    Band,
    Clock,
    Credit,
    PerMinute,
    Rounding,
    Terms,
)
from tests.domain.billing.builders import talk_of, terms_of

START = datetime(2026, 1, 1, tzinfo=UTC)
USD = 1_000_000
BASE = Terms(starts_at=START, ends_at=None, currency="USD")


def agree(*terms: Terms, credit: Credit | None = None) -> Agreement:
    return Agreement(
        party=Party(Side.BUYER, "acme"), version=1, zone="UTC", terms=terms, credit=credit
    )


def cents(micros: int) -> int:
    return micros // 10_000


@pytest.mark.parametrize(
    ("terms", "most_cents"),
    [
        pytest.param(replace(BASE, bands=(Band(120, 75 * USD),)), 7500, id="one price"),
        pytest.param(
            replace(BASE, bands=(Band(0, 10 * USD), Band(300, 20 * USD))), 2000, id="bands"
        ),
        pytest.param(
            replace(BASE, bands=(Band(0, 30 * USD), Band(300, 20 * USD))),
            3000,
            id="a dearer band below",
        ),
        pytest.param(replace(BASE, per_minute=PerMinute(USD, 30, 6)), 6059, id="by the minute"),
        pytest.param(
            replace(BASE, per_minute=PerMinute(USD, 60, 60), clock=Clock.TOTAL),
            7600,
            id="menus and ringing as well",
        ),
        pytest.param(replace(BASE, per_attempt_micros=2 * USD), 200, id="by the attempt"),
    ],
)
def test_the_worst_case_of_a_call_that_may_last_an_hour(terms: Terms, most_cents: int) -> None:
    (price,) = price_calls(agree(terms))

    assert cents(price.find_dearest(3600)) == most_cents


def test_any_dial_may_turn_out_to_be_an_attempt_that_is_paid_for() -> None:
    by_attempt = replace(BASE, destination_id="acme-west", per_attempt_micros=5 * USD)
    others = (replace(BASE, bands=(Band(120, USD),)), replace(BASE, per_minute=PerMinute(60, 1, 1)))

    for other in others:
        # acme-east rings out, then acme-west does: by its terms that makes two attempts.
        claimed = sum(p.find_dearest(1) for p in price_calls(agree(other, by_attempt)))
        talk = talk_of(is_connected=False, destination_id="acme-west", attempts=2)
        assert claimed >= rate(talk, by_attempt, NOTHING_PAID).amount_micros


def test_of_attempts_the_dearest_counts_whoever_is_tried() -> None:
    cheap, dear = replace(BASE, per_attempt_micros=USD), replace(BASE, per_attempt_micros=5 * USD)

    prices = price_calls(agree(cheap, replace(dear, destination_id="acme-west")))

    assert [price.flat_micros for price in prices] == [5 * USD, 5 * USD]


def test_attempts_of_another_time_do_not_count() -> None:
    ended = replace(BASE, per_attempt_micros=5 * USD, ends_at=START + timedelta(days=9))
    flat = replace(BASE, bands=(Band(120, USD),), starts_at=START + timedelta(days=9))

    assert [p.flat_micros for p in price_calls(agree(ended, flat))] == [5 * USD, USD]
    assert [p.flat_micros for p in price_calls(agree(flat, ended))] == [USD, 5 * USD]


def test_without_a_limit_nothing_is_held() -> None:
    assert open_credit(agree(BASE)) is None


def test_credit_is_opened_with_the_agreements_limit_and_prices() -> None:
    by_attempt = replace(BASE, per_attempt_micros=USD, campaign_id="flood")

    credit = open_credit(agree(by_attempt, credit=Credit(500 * USD, "USD")))

    assert credit is not None
    assert (credit.limit_micros, credit.currency, credit.pays_attempts) == (500 * USD, "USD", True)
    assert [price.campaign_id for price in credit.prices] == ["flood"]


def test_the_dearest_call_is_that_of_terms_in_force() -> None:
    cheap = replace(BASE, bands=(Band(0, 10 * USD),))
    over = replace(cheap, ends_at=START, starts_at=START - timedelta(days=9))
    later = replace(cheap, starts_at=START + timedelta(days=9), bands=(Band(0, 90 * USD),))
    dear = replace(cheap, campaign_id="flood", bands=(Band(0, 20 * USD),))

    assert find_dearest_call(agree(over, cheap, dear, later), 3600, START) == 20 * USD
    assert find_dearest_call(agree(), 3600, START) == 0


@pytest.mark.parametrize(
    ("agreement", "currency"),
    [
        (agree(replace(BASE, currency="CAD")), "CAD"),
        (agree(credit=Credit(0, "EUR")), "EUR"),
        (agree(), "USD"),
    ],
    ids=["of its terms", "of its credit", "of nothing"],
)
def test_an_account_has_the_currency_of_the_agreement(agreement: Agreement, currency: str) -> None:
    assert name_currency(agreement) == currency


def test_what_is_open_after_its_due_day_is_overdue_since_the_oldest() -> None:
    opened = {"1": 0, "2": 30, "3": 40, "4": 50}
    due_on = {str(day): date(2026, 11, day) for day in (1, 2, 3, 4)}

    assert find_overdue(opened, due_on, date(2026, 11, 4)) == Overdue(70, 2)
    assert find_overdue(opened, due_on, date(2026, 11, 2)) == Overdue()


def amounts() -> st.SearchStrategy[int]:
    return st.integers(1, 100_00).map(lambda cents: cents * 10_000)


_TERMS = st.one_of(
    st.builds(
        lambda bands: terms_of(bands=tuple(bands)),
        st.lists(
            st.builds(Band, st.integers(0, 3600), amounts()),
            min_size=1,
            max_size=3,
            unique_by=lambda band: band.after_s,
        ),
    ),
    st.builds(
        lambda clock, rounding, minutes: terms_of(
            clock=clock, rounding=rounding, per_minute=minutes
        ),
        st.sampled_from(Clock),
        st.sampled_from(Rounding),
        st.builds(PerMinute, amounts(), st.integers(1, 90), st.integers(1, 90)),
    ),
)


@given(_TERMS, st.integers(0, 3_600_000))
def test_no_call_costs_more_than_was_held_for_it(terms: Terms, connected_ms: int) -> None:
    talk = talk_of(connected_ms / 1000)

    charge = rate(talk, terms, NOTHING_PAID)

    (price,) = price_calls(agree(terms))
    assert charge.amount_micros <= price.find_dearest(3600)
