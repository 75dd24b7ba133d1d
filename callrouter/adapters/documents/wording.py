"""How a statement's figures are said on paper."""

from datetime import date, datetime

from callrouter.domain.billing.ledger import EntryKind
from callrouter.domain.billing.party import Side
from callrouter.domain.billing.statement import Line, Statement
from callrouter.domain.clocks.periods import find_wall_time
from callrouter.domain.money import say_micros

KINDS = {
    EntryKind.CHARGE: "Calls",
    EntryKind.PAYOUT: "Calls",
    EntryKind.PAYMENT: "Payments",
    EntryKind.ADJUSTMENT: "Adjustments",
    EntryKind.CREDIT: "Credits",
    EntryKind.WRITE_OFF: "Write-offs",
    EntryKind.REVERSAL: "Taken back",
}
"""What the entries of each kind together are called."""
_ONE = {
    EntryKind.PAYMENT: "Payment",
    EntryKind.ADJUSTMENT: "Adjustment",
    EntryKind.CREDIT: "Credit",
    EntryKind.WRITE_OFF: "Write-off",
}


def say_title(statement: Statement) -> str:
    """What stands above the document."""
    title = "Payout statement" if statement.party.side is Side.PUBLISHER else "Statement"
    return f"Draft {title.lower()}" if statement.is_draft else title


def say_balance(statement: Statement) -> str:
    """What the closing balance is to the recipient; it is shown without its sign."""
    if statement.closing_micros < 0:
        return "In your favour" if statement.party.side is Side.BUYER else "Paid in advance"
    return "Balance due" if statement.party.side is Side.BUYER else "Balance due to you"


def say_kind(line: Line) -> str:
    """What one entry is called, and what it takes back."""
    if line.taken_back is not None:
        return f"{_ONE.get(line.taken_back, 'Call')} taken back"
    return _ONE.get(line.entry.kind, "Call")


def say_day(day: date) -> str:
    """A date that nobody reads the wrong way round: 9 Nov 2026."""
    return f"{day.day} {day:%b %Y}"


def say_local(at: datetime, zone: str) -> str:
    """An instant on the clocks of `zone`, to the second."""
    return f"{find_wall_time(zone, at):%Y-%m-%d %H:%M:%S}"


def say_money(micros: int) -> str:
    """An amount with its thousands set apart, without the currency: 12,345.00."""
    units, _, decimals = say_micros(abs(micros)).partition(".")
    return f"{'-' if micros < 0 else ''}{int(units):,}.{decimals}"
