"""Payments as people and programs see them: cells of tables, lines of CSV, JSON."""

import click

from callrouter.adapters.storage.payments import KeptPayment
from callrouter.cli.printing import JsonValue, as_json, show_instant
from callrouter.domain.billing.payment import PaymentState
from callrouter.domain.money import say_micros
from callrouter.workflows.view_payments import ShownPayment

csv_option = click.option("--csv", "as_csv", is_flag=True, help="Print CSV instead.")


def say_money(micros: int, currency: str) -> str:
    """An amount in a currency that we may know nothing of but its name."""
    return f"{say_micros(micros)} {currency}"


def say_owner(kept: KeptPayment) -> str:
    """In whose account a payment stands, or what it is instead."""
    if kept.owner is None:
        return kept.state.value
    return str(kept.owner.party)


def say_parts(shown: ShownPayment) -> str:
    """What a payment pays: the statements with the amounts, and what is left as credit."""
    kept = shown.kept
    if kept.state is not PaymentState.TAKEN or kept.entry is None:
        return ""
    said = [f"{part.statement} {say_micros(part.amount_micros)}" for part in shown.parts]
    return ", ".join(said) or "credit"


def tell_payment(kept: KeptPayment) -> dict[str, JsonValue]:
    """A payment as JSON."""
    payment, owner = kept.payment, kept.owner
    return {
        "name": payment.name,
        "state": kept.state.value,
        "amount": say_micros(payment.amount_micros),
        "amount_micros": payment.amount_micros,
        "currency": payment.currency,
        "paid_at": as_json(payment.paid_at),
        "payer": payment.payer,
        "text": payment.text,
        "side": owner.party.side.value if owner else None,
        "party": owner.party.party_id if owner else None,
        "statement": owner.statement if owner else "",
        "entry": kept.entry,
        "reason": kept.reason,
        "told_at": as_json(kept.told_at),
        "told_by": kept.told_by,
        "changed_at": as_json(kept.changed_at),
        "changed_by": kept.changed_by,
    }


def show_day(kept: KeptPayment) -> str:
    """When a payment was paid, for people."""
    return show_instant(kept.payment.paid_at)
