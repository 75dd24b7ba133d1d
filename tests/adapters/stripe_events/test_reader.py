"""What each type of event says of money, and what can't be read."""

import json
from typing import Any

import pytest

from callrouter.adapters.stripe_events.minor_units import to_micros
from callrouter.adapters.stripe_events.reader import (
    NotCounted,
    StripeEvent,
    StripePayment,
    StripeReturn,
    read_event,
)
from tests.stripe_side import INTENT, disputed, intent, invoice, make_event, refunded, session
from tests.switchboards import T0


def read(event: object) -> StripeEvent:
    found = read_event(json.dumps(event).encode())
    assert isinstance(found, StripeEvent), found
    return found


def payment(text: str = "") -> StripePayment:
    return StripePayment(
        intent_id=INTENT,
        amount_micros=250_000_000,
        currency="USD",
        buyer_id="acme",
        statement="",
        customer_id="cus_acme",
        payer="pay@acme.example",
        text=text,
    )


@pytest.mark.parametrize(
    ("event", "text"),
    [
        pytest.param(intent(), "", id="payment_intent.succeeded"),
        pytest.param(intent(description="November"), "November", id="with a description"),
        pytest.param(intent(customer={"id": "cus_acme", "object": "customer"}), "", id="expanded"),
        pytest.param(session(), "", id="checkout.session.completed"),
        pytest.param(
            session() | {"type": "checkout.session.async_payment_succeeded"}, "", id="paid later"
        ),
        pytest.param(invoice(), "A-0001", id="invoice.paid"),
        pytest.param(
            invoice(
                payment_intent=None,
                payments={
                    "data": [{"payment": {"type": "payment_intent", "payment_intent": INTENT}}]
                },
            ),
            "A-0001",
            id="invoice.paid of 2025-03-31 and later, with its payments",
        ),
    ],
)
def test_every_event_of_one_payment_names_the_same(event: dict[str, Any], text: str) -> None:
    found = read(event)
    assert found.news == payment(text)
    assert (found.created_at, found.is_test) == (T0, False)


def test_metadata_may_name_a_statement() -> None:
    metadata = {"callrouter_buyer": "acme", "callrouter_statement": "acme-2026-0001"}
    news = read(intent(metadata=metadata)).news
    assert isinstance(news, StripePayment)
    assert news.statement == "acme-2026-0001"


@pytest.mark.parametrize(
    ("event", "return_id", "micros"),
    [
        (refunded(5_000), "ch_1/refunds", 50_000_000),
        (disputed("funds_withdrawn"), "dp_1", 250_000_000),
        (disputed("funds_reinstated"), "dp_1/reinstated", -250_000_000),
    ],
)
def test_what_is_given_back_names_the_payment(
    event: dict[str, Any], return_id: str, micros: int
) -> None:
    assert read(event).news == StripeReturn(
        intent_id=INTENT, return_id=return_id, amount_micros=micros, currency="USD"
    )


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (session(payment_status="unpaid"), "the checkout isn't paid yet"),
        (session(payment_intent=None), "the checkout names no PaymentIntent"),
        (invoice(payment_intent=None), "doesn't name the one PaymentIntent that paid it"),
        (invoice(payment_intent=None, payments={"data": None}), "doesn't name the one"),
        (invoice(paid_out_of_band=True), "was paid outside of Stripe: take that by hand"),
        (invoice(amount_paid_off_stripe=100), "was paid outside of Stripe"),
        (intent() | {"account": "acct_1"}, "the money is that of acct_1, an account connected"),
        (intent(0), "it is a payment of nothing"),
        (refunded(5_000, payment_intent=None), "it names no PaymentIntent"),
        (disputed("created"), "charge.dispute.created isn't about money that came or went"),
        (make_event("customer.created", {}), "customer.created isn't about money"),
    ],
)
def test_what_changes_nothing_says_why(event: dict[str, Any], said: str) -> None:
    news = read(event).news
    assert isinstance(news, NotCounted)
    assert said in news.reason


def test_money_that_is_only_played_is_told_apart() -> None:
    assert read(intent() | {"livemode": False}).is_test


def test_what_a_stranger_wrote_can_be_stored_and_shown() -> None:
    news = read(intent(receipt_email="a\0b\ud800\x1b" + "x" * 300)).news
    assert isinstance(news, StripePayment)
    assert news.payer == "a\ufffdb\ufffd\ufffd" + "x" * 195


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "the body isn't JSON"),
        (b"\xff", "the body isn't JSON"),
        (b"[" * 100_000, "the body isn't JSON"),
        (b"[]", "the body isn't an event of Stripe's"),
        (b'{"object": "v2.core.event"}', "the body isn't an event of Stripe's"),
        (intent() | {"type": 3}, "the event's type is missing"),
        (intent() | {"created": "now"}, "the event's created is missing, or isn't an instant"),
        (intent() | {"created": 2**60}, "the event's created is missing, or isn't an instant"),
        (intent() | {"data": {}}, "the event's object is missing"),
        (intent() | {"data": []}, "the event's data is missing"),
        (intent(id=""), "the event's id is missing"),
        (intent(amount_received=2.5), "amount_received is missing, or isn't an amount"),
        (intent(amount_received=True), "amount_received is missing, or isn't an amount"),
        (intent(amount_received=-1), "amount_received is missing, or isn't an amount"),
        (intent(amount_received=10**15), "amount_received is missing, or isn't an amount"),
        (intent(currency="dollars"), "the event's currency is missing, or isn't one"),
        (refunded(5_000, currency=None), "the event's currency is missing, or isn't one"),
    ],
)
def test_what_is_no_event_says_why(body: bytes | dict[str, Any], said: str) -> None:
    found = read_event(body if isinstance(body, bytes) else json.dumps(body).encode())
    assert isinstance(found, str)
    assert said in found


@pytest.mark.parametrize(
    ("amount", "currency", "micros"),
    [
        (1_050, "USD", 10_500_000),
        (500, "JPY", 500_000_000),
        (5_120, "KWD", 5_120_000),
        (500, "ISK", 5_000_000),
    ],
)
def test_an_amount_is_in_the_currencys_smallest_unit(
    amount: int, currency: str, micros: int
) -> None:
    assert to_micros(amount, currency) == micros
