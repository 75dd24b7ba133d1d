"""What a statement on paper has beside its figures: who sends it, and to whom."""

from dataclasses import dataclass

from callrouter.domain.billing.statement import Line, Statement, Summary


@dataclass(frozen=True, slots=True, kw_only=True)
class Letterhead:
    """Who sends statements: what stands at their head, and how to pay.

    `font` is a font file for characters that the built-in one lacks, "" for none.
    """

    name: str
    address: tuple[str, ...] = ()
    contact: tuple[str, ...] = ()
    how_to_pay: tuple[str, ...] = ()
    font: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Whom a statement is addressed to."""

    name: str
    address: tuple[str, ...] = ()
    email: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementDocument:
    """All of a statement but the lines of its calls, which may be very many.

    `others` are its lines that aren't of calls: payments, adjustments, credits.
    """

    statement: Statement
    summary: Summary
    sender: Letterhead
    recipient: Recipient
    others: tuple[Line, ...] = ()


def say_seconds(ms: int) -> str:
    """Milliseconds as seconds: whole ones as they are, others with all their decimals."""
    whole, rest = divmod(abs(ms), 1000)
    sign = "-" if ms < 0 else ""
    return f"{sign}{whole}.{rest:03}" if rest else f"{sign}{whole}"


def say_hours(ms: int) -> str:
    """Milliseconds as hours, minutes and seconds, rounded down: 12:03:59."""
    seconds = abs(ms) // 1000
    sign = "-" if ms < 0 else ""
    return f"{sign}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
