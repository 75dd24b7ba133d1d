"""What a Stripe event says of money: a payment, something given back, or nothing that counts.

Every payment is named by its PaymentIntent, whichever events tell of it, so that a checkout, its
PaymentIntent and its invoice are one payment. Source: Stripe's API reference, objects `event`,
`payment_intent`, `checkout.session`, `invoice`, `charge`, `dispute`.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias

from callrouter.adapters.stripe_events.minor_units import to_micros
from callrouter.domain.money import LARGEST_UNITS

BUYER_KEY = "callrouter_buyer"
STATEMENT_KEY = "callrouter_statement"
"""Metadata by which a payment says whose it is and what for."""
LONGEST_TEXT = 200
_LARGEST = LARGEST_UNITS * 100


@dataclass(frozen=True, slots=True, kw_only=True)
class StripePayment:
    """Money that came. `buyer_id`, `statement` and `customer_id` are "" where it says none."""

    intent_id: str
    amount_micros: int
    currency: str
    buyer_id: str
    statement: str
    customer_id: str
    payer: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StripeReturn:
    """Money that was given back of a payment, by what; negative when it came again.

    Of a charge's refunds it is the sum of all so far, so that a later event says what is so.
    """

    intent_id: str
    return_id: str
    amount_micros: int
    currency: str


@dataclass(frozen=True, slots=True)
class NotCounted:
    """Why an event changes nothing."""

    reason: str


@dataclass(frozen=True, slots=True)
class StripeEvent:
    """An event: its id and type, when it came up, whether money was only played."""

    event_id: str
    kind: str
    created_at: datetime
    is_test: bool
    news: StripePayment | StripeReturn | NotCounted


class _UnreadableError(ValueError):
    """A field isn't what Stripe says that it is; never leaves this module."""


_Object: TypeAlias = Mapping[str, object]


def read_event(body: bytes) -> StripeEvent | str:
    """The event of a request's body, or why it isn't one that can be read, as a message."""
    try:
        event = json.loads(body)
        if not isinstance(event, dict) or event.get("object") != "event":
            return "the body isn't an event of Stripe's"
        kind = _text(event, "type")
        said = _table(_table(event, "data"), "object")
        return StripeEvent(
            event_id=_text(event, "id"),
            kind=kind,
            created_at=_instant(event, "created"),
            is_test=event.get("livemode") is not True,
            news=_read_news(event, kind, said),
        )
    except _UnreadableError as error:
        return str(error)
    except (ValueError, RecursionError):
        return "the body isn't JSON"


def _read_news(
    event: _Object, kind: str, said: _Object
) -> StripePayment | StripeReturn | NotCounted:
    read = _READERS.get(kind)
    if read is None:
        return NotCounted(f"{kind} isn't about money that came or went")
    account = _maybe(event, "account")
    if account:
        return NotCounted(f"the money is that of {account}, an account connected to the seller's")
    return read(said)


def _read_intent(said: _Object) -> StripePayment | NotCounted:
    return _read_payment(
        said,
        _text(said, "id"),
        _amount(said, "amount_received"),
        _maybe(said, "receipt_email"),
        _maybe(said, "description"),
    )


def _read_session(said: _Object) -> StripePayment | NotCounted:
    if _maybe(said, "payment_status") != "paid":
        return NotCounted("the checkout isn't paid yet")
    intent_id = _id(said, "payment_intent")
    if not intent_id:
        return NotCounted("the checkout names no PaymentIntent: the payment is told by itself")
    customer = said.get("customer_details")
    payer = _maybe(customer, "email") if isinstance(customer, dict) else ""
    return _read_payment(said, intent_id, _amount(said, "amount_total"), payer, "")


def _read_invoice(said: _Object) -> StripePayment | NotCounted:
    intents = _find_intents(said)
    if said.get("paid_out_of_band") is True or said.get("amount_paid_off_stripe"):
        return NotCounted("some of the invoice was paid outside of Stripe: take that by hand")
    if len(intents) != 1:
        return NotCounted(
            "the invoice doesn't name the one PaymentIntent that paid it: the payment is told by"
            " itself"
        )
    payer, number = _maybe(said, "customer_email"), _maybe(said, "number")
    return _read_payment(said, intents.pop(), _amount(said, "amount_paid"), payer, number)


def _find_intents(invoice: _Object) -> set[str]:
    """By whichever version of the API: one PaymentIntent, or a list of payments."""
    found = {_id(invoice, "payment_intent")}
    listed = invoice.get("payments")
    payments = listed.get("data") if isinstance(listed, dict) else None
    for each in payments if isinstance(payments, list) else ():
        payment = each.get("payment") if isinstance(each, dict) else None
        if isinstance(payment, dict):
            found.add(_id(payment, "payment_intent"))
    return found - {""}


def _read_payment(
    said: _Object, intent_id: str, amount: int, payer: str, text: str
) -> StripePayment | NotCounted:
    if amount == 0:
        return NotCounted("it is a payment of nothing")
    metadata = said.get("metadata")
    own = metadata if isinstance(metadata, dict) else {}
    currency = _currency(said)
    return StripePayment(
        intent_id=intent_id,
        amount_micros=to_micros(amount, currency),
        currency=currency,
        buyer_id=_maybe(own, BUYER_KEY),
        statement=_maybe(own, STATEMENT_KEY),
        customer_id=_id(said, "customer"),
        payer=payer or _id(said, "customer"),
        text=text,
    )


def _read_refunds(said: _Object) -> StripeReturn | NotCounted:
    return _read_return(said, f"{_text(said, 'id')}/refunds", _amount(said, "amount_refunded"))


def _read_withdrawn(said: _Object) -> StripeReturn | NotCounted:
    return _read_return(said, _text(said, "id"), _amount(said, "amount"))


def _read_reinstated(said: _Object) -> StripeReturn | NotCounted:
    return _read_return(said, f"{_text(said, 'id')}/reinstated", -_amount(said, "amount"))


def _read_return(said: _Object, return_id: str, amount: int) -> StripeReturn | NotCounted:
    intent_id = _id(said, "payment_intent")
    if not intent_id:
        return NotCounted("it names no PaymentIntent, so it is of no payment that we have")
    currency = _currency(said)
    return StripeReturn(
        intent_id=intent_id,
        return_id=return_id,
        amount_micros=to_micros(amount, currency),
        currency=currency,
    )


_READERS: Mapping[str, Callable[[_Object], StripePayment | StripeReturn | NotCounted]] = {
    "payment_intent.succeeded": _read_intent,
    "checkout.session.completed": _read_session,
    "checkout.session.async_payment_succeeded": _read_session,
    "invoice.paid": _read_invoice,
    "charge.refunded": _read_refunds,
    "charge.dispute.funds_withdrawn": _read_withdrawn,
    "charge.dispute.funds_reinstated": _read_reinstated,
}
COUNTED = tuple(_READERS)
"""The types of events that say something of money; the endpoint at Stripe is to send just these."""


def _table(said: _Object, name: str) -> _Object:
    value = said.get(name)
    if not isinstance(value, dict):
        raise _UnreadableError(f"the event's {name} is missing")
    return value


def _text(said: _Object, name: str) -> str:
    value = _maybe(said, name)
    if not value:
        raise _UnreadableError(f"the event's {name} is missing, or isn't a text")
    return value


def _maybe(said: _Object, name: str) -> str:
    """A text, cut and without what can't be printed; "" where there is none."""
    value = said.get(name)
    text = value[:LONGEST_TEXT] if isinstance(value, str) else ""
    return "".join(c if c.isprintable() else "\ufffd" for c in text)


def _id(said: _Object, name: str) -> str:
    """The id of another object, which may be there as a whole instead; "" for none."""
    value = said.get(name)
    return _maybe(value, "id") if isinstance(value, dict) else _maybe(said, name)


def _amount(said: _Object, name: str) -> int:
    value = said.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _LARGEST:
        raise _UnreadableError(f"the event's {name} is missing, or isn't an amount")
    return value


def _currency(said: _Object) -> str:
    code = _maybe(said, "currency").upper()
    if len(code) != 3 or not code.isascii() or not code.isalpha():
        raise _UnreadableError("the event's currency is missing, or isn't one")
    return code


def _instant(said: _Object, name: str) -> datetime:
    value = said.get(name)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**33:
        return datetime.fromtimestamp(value, UTC)
    raise _UnreadableError(f"the event's {name} is missing, or isn't an instant")
