"""Stripe for tests: its events as it sends them, signed by its own package."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask.testing import FlaskClient
from stripe import WebhookSignature
from werkzeug.test import TestResponse

from tests.switchboards import SELLER, T0

SECRET = "whsec_of_the_tests_alone_0123456789"
INTENT = "pi_3Test0001"


def make_event(
    kind: str, said: Mapping[str, object], *, at: datetime = T0, livemode: bool = True
) -> dict[str, Any]:
    """An event with the fields that every one has."""
    return {
        "id": f"evt_{abs(hash((kind, json.dumps(said, sort_keys=True)))):x}",
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": int(at.timestamp()),
        "livemode": livemode,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": kind,
        "data": {"object": dict(said)},
    }


def intent(cents: int = 25_000, **fields: object) -> dict[str, Any]:
    """`payment_intent.succeeded`, of acme by its metadata."""
    said = {
        "id": INTENT,
        "object": "payment_intent",
        "amount": cents,
        "amount_received": cents,
        "currency": "usd",
        "customer": "cus_acme",
        "description": None,
        "metadata": {"callrouter_buyer": "acme"},
        "receipt_email": "pay@acme.example",
        "status": "succeeded",
    }
    return make_event("payment_intent.succeeded", said | fields)


def session(cents: int = 25_000, **fields: object) -> dict[str, Any]:
    """`checkout.session.completed` of the same payment."""
    said = {
        "id": "cs_test_1",
        "object": "checkout.session",
        "amount_total": cents,
        "currency": "usd",
        "customer": "cus_acme",
        "customer_details": {"email": "pay@acme.example"},
        "metadata": {"callrouter_buyer": "acme"},
        "mode": "payment",
        "payment_intent": INTENT,
        "payment_status": "paid",
    }
    return make_event("checkout.session.completed", said | fields)


def invoice(cents: int = 25_000, **fields: object) -> dict[str, Any]:
    """`invoice.paid` of the same payment, as versions of the API before 2025-03-31 send it."""
    said = {
        "id": "in_1",
        "object": "invoice",
        "amount_paid": cents,
        "currency": "usd",
        "customer": "cus_acme",
        "customer_email": "pay@acme.example",
        "metadata": {"callrouter_buyer": "acme"},
        "number": "A-0001",
        "payment_intent": INTENT,
        "status": "paid",
    }
    return make_event("invoice.paid", said | fields)


def refunded(cents: int, **fields: object) -> dict[str, Any]:
    """`charge.refunded`: so much has been refunded in all."""
    said = {
        "id": "ch_1",
        "object": "charge",
        "amount": 25_000,
        "amount_refunded": cents,
        "currency": "usd",
        "payment_intent": INTENT,
    }
    return make_event("charge.refunded", said | fields)


def disputed(what: str, cents: int = 25_000, **fields: object) -> dict[str, Any]:
    """`charge.dispute.…` of the whole payment."""
    said = {
        "id": "dp_1",
        "object": "dispute",
        "amount": cents,
        "charge": "ch_1",
        "currency": "usd",
        "payment_intent": INTENT,
        "status": "needs_response",
    }
    return make_event(f"charge.dispute.{what}", said | fields)


def sign(body: str, at: datetime, secret: str = SECRET) -> str:
    """The `Stripe-Signature` of a body, signed then."""
    return str(WebhookSignature.generate_signature_header(body, secret, int(at.timestamp())))


@dataclass(frozen=True)
class StripeSide:
    """Stripe calling a seller's URL."""

    client: FlaskClient
    seller_id: str = SELLER.seller_id

    def send(
        self, event: Mapping[str, object], *, at: datetime = T0, secret: str = SECRET
    ) -> TestResponse:
        """Post an event, signed at a time."""
        body = json.dumps(event)
        return self.post(body.encode(), sign(body, at, secret))

    def post(self, body: bytes, signature: str | None) -> TestResponse:
        """Post bytes with a signature, or without."""
        headers = {} if signature is None else {"Stripe-Signature": signature}
        return self.client.post(
            f"/stripe/events/{self.seller_id}",
            data=body,
            content_type="application/json",
            headers=headers,
        )
