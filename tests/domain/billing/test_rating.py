from datetime import UTC, datetime, timedelta

import pytest

from callrouter.domain.billing.charges import Charge
from callrouter.domain.billing.rating import (
    NOTHING_PAID,
    PaidCall,
    PaidPast,
    PastQuestion,
    ask_past,
    rate,
)
from callrouter.domain.billing.terms import Band, Clock, Operator, PerMinute, Rounding, Share, Terms
from callrouter.domain.clocks.hours import Hours, Window
from tests.domain.billing.builders import (
    AT,
    RADIO,
    USD,
    charge_of,
    talk_of,
    terms_of,
)

DAY_S = 86_400


@pytest.mark.parametrize(
    ("operator", "rounding", "paid"),
    [
        (">=", "exact", {"120.0", "120.4", "121"}),
        (">=", "floor", {"120.0", "120.4", "121"}),
        (">=", "ceiling", {"119.4", "119.6", "120.0", "120.4", "121"}),
        (">=", "nearest", {"119.6", "120.0", "120.4", "121"}),
        (">", "exact", {"120.4", "121"}),
        (">", "floor", {"121"}),
        (">", "ceiling", {"120.4", "121"}),
        (">", "nearest", {"121"}),
    ],
)
def test_the_operator_and_the_rounding_decide_at_a_threshold_of_120_s(
    operator: str, rounding: str, paid: set[str]
) -> None:
    terms = terms_of(operator=Operator(operator), rounding=Rounding(rounding))
    lengths = ("119.4", "119.6", "120.0", "120.4", "121")

    charges = {each: rate(talk_of(float(each)), terms, NOTHING_PAID) for each in lengths}

    assert {each for each, charge in charges.items() if charge.is_payable} == paid
    assert {charge.amount_micros for charge in charges.values()} <= {0, 75 * USD}


@pytest.mark.parametrize(
    ("clock", "seconds", "said"),
    [
        (Clock.CONNECTED, 119, "not payable: connected 119 s < 120 s"),
        (Clock.ANSWERED, 119, "answered 131 s >= 120 s: 1 x 75.00 USD"),
        (Clock.TOTAL, 119.5, "total 149.5 s >= 120 s: 1 x 75.00 USD"),
    ],
)
def test_terms_name_the_clock_that_counts(clock: Clock, seconds: float, said: str) -> None:
    assert rate(talk_of(seconds), terms_of(clock=clock), NOTHING_PAID).reason == said


BANDS = (Band(120, 10 * USD), Band(300, 20 * USD), Band(600, 50 * USD))


@pytest.mark.parametrize(
    ("terms", "seconds", "amount", "said"),
    [
        (terms_of(), 121, "75", "connected 121 s >= 120 s: 1 x 75.00 USD"),
        (
            terms_of(operator=Operator.MORE_THAN),
            120,
            "0",
            "not payable: connected 120 s <= 120 s",
        ),
        (
            terms_of(rounding=Rounding.CEILING),
            119.6,
            "75",
            "connected 119.6 s (120 s rounded up) >= 120 s: 1 x 75.00 USD",
        ),
        (
            terms_of(rounding=Rounding.FLOOR),
            119.6,
            "0",
            "not payable: connected 119.6 s (119 s rounded down) < 120 s",
        ),
        (terms_of(bands=BANDS), 119, "0", "not payable: connected 119 s < 120 s"),
        (terms_of(bands=BANDS), 299, "10", "connected 299 s >= 120 s: 1 x 10.00 USD"),
        (terms_of(bands=BANDS), 300, "20", "connected 300 s >= 300 s: 1 x 20.00 USD"),
        (terms_of(bands=BANDS), 9999, "50", "connected 9999 s >= 600 s: 1 x 50.00 USD"),
        (
            terms_of(per_minute=PerMinute(USD // 2, 30, 6)),
            61,
            "0.55",
            "connected 61 s, 66 s billed by 30/6 at 0.50 a minute: 0.55 USD",
        ),
        (
            terms_of(per_minute=PerMinute(USD, 60, 60, 10), rounding=Rounding.NEAREST),
            60.4,
            "1",
            "connected 60.4 s (60 s rounded) >= 10 s, 60 s billed by 60/60 at 1.00 a minute:"
            " 1.00 USD",
        ),
        (
            terms_of(per_minute=PerMinute(USD, 60, 60, 10)),
            9,
            "0",
            "not payable: connected 9 s < 10 s",
        ),
    ],
)
def test_a_charge_says_in_words_how_it_came_about(
    terms: Terms, seconds: float, amount: str, said: str
) -> None:
    charge = rate(talk_of(seconds), terms, NOTHING_PAID, version=7)

    assert (charge.amount_micros, charge.reason) == (round(float(amount) * USD), said)
    assert (charge.currency, charge.terms_version) == ("USD", 7)


@pytest.mark.parametrize(
    ("first_s", "next_s", "billed"),
    [(1, 1, 61), (6, 6, 66), (30, 6, 66), (60, 60, 120)],
)
def test_minutes_are_billed_in_increments(first_s: int, next_s: int, billed: int) -> None:
    terms = terms_of(per_minute=PerMinute(6 * USD, first_s, next_s))

    assert rate(talk_of(60.2), terms, NOTHING_PAID).amount_micros == billed * USD // 10


def test_half_a_cent_is_a_cent() -> None:
    by_second = terms_of(per_minute=PerMinute(30 * USD // 100, 1, 1))

    cents = [rate(talk_of(s), by_second, NOTHING_PAID).amount_micros // 10_000 for s in range(5)]

    assert cents == [0, 1, 1, 2, 2]  # 0, 0.5, 1, 1.5, 2


def test_who_was_never_connected_pays_for_attempts_only() -> None:
    rung = talk_of(0, is_connected=False, attempts=2)

    assert rate(rung, terms_of(), NOTHING_PAID).reason == "not payable: never connected"
    by_attempt = terms_of(per_attempt_micros=USD)
    charge = rate(rung, by_attempt, NOTHING_PAID)
    assert (charge.amount_micros, charge.reason) == (2 * USD, "2 attempts x 1.00 USD")
    assert rate(talk_of(), by_attempt, NOTHING_PAID).reason == "1 attempt x 1.00 USD"
    nobody = rate(talk_of(0, is_connected=False, attempts=0), by_attempt, NOTHING_PAID)
    assert nobody.reason == "not payable: no phone was rung"


@pytest.mark.parametrize(
    ("charged", "amount", "said"),
    [
        ((), 0, "not payable: no buyer pays for it"),
        ((charge_of(0),), 0, "not payable: no buyer pays for it"),
        ((charge_of(75 * USD),), 30 * USD, "40 % of 75.00 USD that buyers pay: 30.00 USD"),
        (
            (charge_of(75 * USD), charge_of(0), charge_of(USD)),
            304 * USD // 10,
            "40 % of 76.00 USD that buyers pay: 30.40 USD",
        ),
        (
            (charge_of(75 * USD, "EUR"),),
            0,
            "not payable: a buyer pays 75.00 EUR, of which USD is no share",
        ),
    ],
)
def test_a_share_is_of_what_the_buyers_pay(
    charged: tuple[Charge, ...], amount: int, said: str
) -> None:
    talk = talk_of(party=RADIO).with_charges(charged)

    charge = rate(talk, terms_of(share=Share(400_000)), NOTHING_PAID)

    assert (charge.amount_micros, charge.reason) == (amount, said)


def test_a_share_may_have_decimals() -> None:
    talk = talk_of(party=RADIO).with_charges([charge_of(10 * USD)])

    charge = rate(talk, terms_of(share=Share(333_333)), NOTHING_PAID)

    assert charge.reason == "33.3333 % of 10.00 USD that buyers pay: 3.33 USD"


OFFICE = Hours(tuple(Window(day, 8 * 60, 17 * 60) for day in range(5)), zone="America/Chicago")


def test_a_call_is_paid_for_when_it_begins_in_payable_hours() -> None:
    terms = terms_of(hours=OFFICE)

    assert rate(talk_of(), terms, NOTHING_PAID).is_payable
    early = talk_of(started_at=datetime(2026, 11, 26, 13, 59, 59, tzinfo=UTC))
    assert rate(early, terms, NOTHING_PAID).reason == (
        "not payable: began outside payable hours, closed until 08:00 America/Chicago"
    )
    # One that began in time may end after.
    late = talk_of(started_at=datetime(2026, 11, 26, 22, 59, 59, tzinfo=UTC))
    assert rate(late, terms, NOTHING_PAID).is_payable


def paid_before(**span: float) -> PaidPast:
    return PaidPast(PaidCall("CA0", AT - timedelta(**span)))


@pytest.mark.parametrize(
    ("past", "refusal"),
    [
        (NOTHING_PAID, ""),
        (paid_before(days=12), "same caller paid 12 days ago in CA0, window 30 days"),
        (paid_before(days=29, hours=23), "same caller paid 29 days ago in CA0, window 30 days"),
        (paid_before(days=30), ""),
        (paid_before(seconds=-40), "same caller paid 40 seconds later in CA0, window 30 days"),
    ],
)
def test_a_caller_is_paid_for_once_within_the_window(past: PaidPast, refusal: str) -> None:
    charge = rate(talk_of(), terms_of(duplicate_window_s=30 * DAY_S), past)

    assert charge.reason == (
        f"not payable: {refusal}" if refusal else "connected 121 s >= 120 s: 1 x 75.00 USD"
    )
    assert charge.amount_micros == (0 if refusal else 75 * USD)


def test_terms_without_a_window_ask_for_no_past() -> None:
    assert rate(talk_of(), terms_of(), paid_before(days=1)).is_payable


def test_so_many_calls_a_day_are_paid_for_at_most() -> None:
    terms = terms_of(most_per_day=50)

    assert rate(talk_of(), terms, PaidPast(paid_that_day=49)).is_payable
    assert rate(talk_of(), terms, PaidPast(paid_that_day=50)).reason == (
        "not payable: 50 calls paid that day, 50 at most"
    )


def test_the_time_is_the_first_thing_that_a_refusal_names() -> None:
    terms = terms_of(hours=OFFICE, duplicate_window_s=DAY_S, most_per_day=1)
    past = PaidPast(PaidCall("CA0", AT), 5)

    assert rate(talk_of(1), terms, past).reason == "not payable: connected 1 s < 120 s"
    assert "same caller" in rate(talk_of(), terms, past).reason


def test_what_must_be_known_of_the_past_is_asked_for() -> None:
    assert ask_past(talk_of(), terms_of(), "UTC") == PastQuestion()
    terms = terms_of(duplicate_window_s=DAY_S, most_per_day=1, campaign_id="flood-repair")
    assert ask_past(talk_of(), terms, "America/Chicago") == PastQuestion(
        (AT - timedelta(days=1), AT + timedelta(days=1)),
        (datetime(2026, 11, 26, 6, tzinfo=UTC), datetime(2026, 11, 27, 6, tzinfo=UTC)),
        "flood-repair",
    )


def test_a_caller_who_hides_the_number_is_a_stranger_each_time() -> None:
    hidden = talk_of(ani="anonymous")

    assert ask_past(hidden, terms_of(duplicate_window_s=DAY_S), "UTC") == PastQuestion()


def test_a_time_that_no_source_says_is_told_of() -> None:
    unknown = talk_of(0, is_timed=False, total_ms=130_000)

    assert rate(unknown, terms_of(), NOTHING_PAID).reason == (
        "not payable: connected 0 s (which no source confirms) < 120 s"
    )
    assert rate(unknown, terms_of(clock=Clock.TOTAL), NOTHING_PAID).reason == (
        "total 130 s >= 120 s: 1 x 75.00 USD"
    )
