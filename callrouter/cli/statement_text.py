"""Statements in a person's words, and as JSON."""

from collections.abc import Iterator

from callrouter.cli.printing import JsonValue, align, as_json, show_instant, show_seconds
from callrouter.domain.billing.ledger import EntryKind
from callrouter.domain.billing.statement import Statement, Summary
from callrouter.domain.money import say_amount, say_micros

LIST_COLUMNS = (
    "number",
    "party",
    "from",
    "to",
    "due",
    "entries",
    "amount",
    "payments",
    "balance",
    "currency",
)
PLACE_COLUMNS = (
    "campaign",
    "destination",
    "payable",
    "not payable",
    "total_s",
    "connected_s",
    "amount",
)


def list_cells(head: Statement) -> tuple[str, ...]:
    """A statement's cells in a list."""
    return (
        head.number,
        str(head.party),
        head.first_day.isoformat(),
        head.last_day.isoformat(),
        head.due_on.isoformat(),
        str(head.entries),
        say_micros(head.amount_micros),
        say_micros(head.payments_micros),
        say_micros(head.closing_micros),
        head.currency,
    )


def say_entries(head: Statement) -> str:
    """A statement's number, and how many entries are on it."""
    return f"{head.number}: {head.entries} {'entry' if head.entries == 1 else 'entries'}"


def describe_head(head: Statement, summary: Summary) -> Iterator[str]:
    """A statement's head and sums, line by line."""
    name = f"statement {head.number}" if head.number else "draft of a statement"
    yield f"{name} of {head.party}"
    said = "drawn up" if head.is_draft else "closed"
    by = f" by {head.author}" if head.author else ""
    yield from align(
        [
            ["  period", f"{head.first_day} to {head.last_day} ({head.zone})"],
            [f"  {said}", f"{show_instant(head.closed_at)}{by}"],
            ["  due", head.due_on.isoformat()],
            ["  entries", str(head.entries)],
        ]
    )
    yield ""
    sums = [("opening balance", head.opening_micros)]
    sums += [
        (kind.value.replace("_", " "), micros)
        for kind, micros in summary.by_kind
        if kind is not EntryKind.PAYMENT
    ]
    sums += [("amount of this statement", head.amount_micros)]
    sums += [("payments", head.payments_micros)]
    sums += [("closing balance", head.closing_micros)]
    yield from align(
        [[f"  {name}", say_amount(micros, head.currency)] for name, micros in sums],
        frozenset({1}),
    )


def list_places(summary: Summary) -> list[tuple[str, ...]]:
    """The cells of each campaign and destination, and of all calls."""
    if not summary.places:
        return []
    return [
        (
            place.campaign_id or "all calls",
            place.destination_id,
            str(place.payable_calls),
            str(place.other_calls),
            show_seconds(place.total_ms),
            show_seconds(place.connected_ms),
            say_micros(place.amount_micros),
        )
        for place in (*summary.places, summary.calls)
    ]


def head_as_json(head: Statement) -> dict[str, JsonValue]:
    """A statement's head: amounts as decimal text, instants in UTC."""
    return {
        "number": head.number,
        "side": head.party.side.value,
        "party": head.party.party_id,
        "currency": head.currency,
        "zone": head.zone,
        "first_day": as_json(head.first_day),
        "last_day": as_json(head.last_day),
        "starts_at": as_json(head.starts_at),
        "ends_at": as_json(head.ends_at),
        "closed_at": as_json(head.closed_at),
        "closed_by": head.author,
        "due_on": as_json(head.due_on),
        "agreement_version": head.agreement_version,
        "entries": head.entries,
        "opening": say_micros(head.opening_micros),
        "amount": say_micros(head.amount_micros),
        "payments": say_micros(head.payments_micros),
        "closing": say_micros(head.closing_micros),
    }


def statement_as_json(head: Statement, summary: Summary) -> dict[str, JsonValue]:
    """A statement's head with its sums by kind and by place."""
    return {
        **head_as_json(head),
        "by_kind": {kind.value: say_micros(micros) for kind, micros in summary.by_kind},
        "places": [
            {
                "campaign": place.campaign_id,
                "destination": place.destination_id,
                "payable_calls": place.payable_calls,
                "other_calls": place.other_calls,
                "total_s": place.total_ms / 1000,
                "connected_s": place.connected_ms / 1000,
                "amount": say_micros(place.amount_micros),
            }
            for place in summary.places
        ],
    }
