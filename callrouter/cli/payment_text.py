"""Payments as people and programs see them: cells of tables, lines of CSV, JSON."""

import click

from callrouter.adapters.storage.payments import KeptPayment
from callrouter.cli.printing import JsonValue, as_json, show_instant
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
    """What a payment pays, what of it is credit, what was given back; or why it pays nothing."""
    if shown.kept.owner is None:
        return shown.kept.reason
    said = [f"{part.statement} {say_micros(part.amount_micros)}" for part in shown.parts]
    if shown.credit_micros:
        said.append(f"credit {say_micros(shown.credit_micros)}")
    if shown.returned_micros:
        said.append(f"given back {say_micros(shown.returned_micros)}")
    return ", ".join(said)


def tell_shown(shown: ShownPayment) -> dict[str, JsonValue]:
    """A payment as JSON, with what it pays."""
    return tell_payment(shown.kept) | {
        "pays": [
            {"statement": part.statement, "amount": say_micros(part.amount_micros)}
            for part in shown.parts
        ],
        "credit": say_micros(shown.credit_micros),
        "given_back": say_micros(shown.returned_micros),
    }


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
