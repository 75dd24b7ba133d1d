"""How one bank's file is to be read, and by what its rows find whose they are: values only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from callrouter.domain.billing.party import Party


class DecimalMark(StrEnum):
    """What stands before the cents."""

    POINT = "point"
    COMMA = "comma"


class Incoming(StrEnum):
    """By what a row says that money came, rather than went."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    MARKED = "marked"
    """A word in a column of its own, such as C or CREDIT."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BankColumns:
    """The headings of the columns; "" where the file has no such column.

    Either `amount` is set, or `credit`, beside which `debit` may be. `bank_reference` has what the
    bank itself names a booking by, unlike any other.
    """

    date: str
    amount: str = ""
    credit: str = ""
    debit: str = ""
    mark: str = ""
    bank_reference: str = ""
    payer: str = ""
    currency: str = ""
    texts: tuple[str, ...] = ()

    def all(self) -> tuple[str, ...]:
        """Every heading that the file must have."""
        single = (
            self.date,
            self.amount,
            self.credit,
            self.debit,
            self.mark,
            self.bank_reference,
            self.payer,
            self.currency,
        )
        return tuple(dict.fromkeys(name for name in (*single, *self.texts) if name))


@dataclass(frozen=True, slots=True, kw_only=True)
class BankMapping:
    """One bank's way of writing its files, and the names by which it knows parties.

    `bank` is part of each payment's id. `currency` is that of rows without one of their own.
    `thousands` is what groups digits, "" for nothing. `dates` is spelt with YYYY or YY, MM or MMM,
    DD. `payers` has names as the bank writes them, `references` whole texts, both folded
    (`fold`).
    """

    bank: str
    columns: BankColumns
    dates: str
    zone: str
    currency: str = ""
    encoding: str = "utf-8"
    delimiter: str = ","
    skip_lines: int = 0
    decimal: DecimalMark = DecimalMark.POINT
    thousands: str = ""
    incoming: Incoming = Incoming.POSITIVE
    marks: frozenset[str] = frozenset()
    payers: Mapping[str, Party] = field(default_factory=dict)
    references: Mapping[str, Party] = field(default_factory=dict)


def fold(text: str) -> str:
    """A text as names and references are compared: without case, its blanks single."""
    return " ".join(text.casefold().split())
