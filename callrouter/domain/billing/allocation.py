"""Which payment pays which statement: worked out anew each time, never kept.

A payment pays the statement that it names, else the oldest that is open. What no statement needs
stays as credit and pays the next one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

_Place = tuple[datetime, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementDue:
    """A closed statement of an account; one with a negative amount pays others."""

    number: str
    closed_at: datetime
    amount_micros: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """An entry of an account by which money came, or (negative) was given back.

    `number` is the entry's, `returns` that of the payment which this gives back: a reversal, a
    refund, a lost dispute. `statement` is the one that a payment names, "" for none.
    """

    number: int
    booked_at: datetime
    amount_micros: int
    statement: str = ""
    returns: int | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """How much one payment, or the credit of a negative statement, pays of one statement."""

    statement: str
    amount_micros: int
    payment: int | None
    credit_of: str = ""


@dataclass(frozen=True, slots=True)
class Allocation:
    """Who paid what: the parts in the order in which statements were paid, and what is left.

    `open_micros` has every statement, 0 where it is paid. `credit_micros` is what no statement has
    used; negative when more was given back than ever came. Always, the sum of all statements less
    the sum of all payments is the sum of what is open less the credit.
    """

    parts: tuple[Part, ...]
    open_micros: Mapping[str, int]
    credit_micros: int


@dataclass(slots=True)
class _Source:
    """What can still be spent of one payment, or of one statement's credit."""

    place: _Place
    left: int
    payment: int | None
    statement: str = ""
    credit_of: str = ""


@dataclass(slots=True)
class _Desk:
    """The statements while they are being paid."""

    open: dict[str, int]
    parts: list[Part] = field(default_factory=list)

    def pay(self, statement: str, source: _Source) -> None:
        """Pay as much of a statement as is open and as the source has."""
        amount = min(self.open[statement], source.left)
        if amount > 0:
            self.open[statement] -= amount
            source.left -= amount
            self.parts.append(Part(statement, amount, source.payment, source.credit_of))


def allocate(statements: Iterable[StatementDue], payments: Iterable[Received]) -> Allocation:
    """Allocate an account's payments to its closed statements.

    First each payment goes to the statement that it names, as far as that is open; then whatever
    is left, the oldest first, to the oldest statements. In which order the arguments come doesn't
    matter, and neither does a statement or payment that is told twice. What gives a payment back
    makes it smaller, so that the statements which it paid last are open again.
    """
    due = sorted(
        {each.number: each for each in statements}.values(),
        key=lambda each: (each.closed_at, each.number),
    )
    sources = sorted([*_net(payments), *_credits(due)], key=lambda each: each.place)
    desk = _Desk({each.number: max(each.amount_micros, 0) for each in due})
    for source in sources:
        if source.statement in desk.open:
            desk.pay(source.statement, source)
    waiting = [source for source in sources if source.left > 0]
    for statement in due:
        while desk.open[statement.number] > 0 and waiting:
            desk.pay(statement.number, waiting[0])
            if waiting[0].left == 0:
                del waiting[0]
    return Allocation(
        tuple(desk.parts), desk.open, credit_micros=sum(source.left for source in sources)
    )


def _net(payments: Iterable[Received]) -> Iterable[_Source]:
    """Each payment less what was given back of it; what gives back an unknown one by itself."""
    told = {each.number: each for each in payments}
    sources: dict[int, _Source] = {}
    for each in told.values():
        first = _find_first(each, told)
        place = (first.booked_at, f"{first.number:020}")
        source = sources.setdefault(first.number, _Source(place, 0, first.number, first.statement))
        source.left += each.amount_micros
    return sources.values()


def _find_first(received: Received, told: Mapping[int, Received]) -> Received:
    """The payment that this gives back, be it by giving back what gave it back; or itself."""
    while received.returns is not None and received.returns < received.number:
        earlier = told.get(received.returns)
        if earlier is None:
            break
        received = earlier
    return received


def _credits(due: Iterable[StatementDue]) -> list[_Source]:
    return [
        _Source((each.closed_at, each.number), -each.amount_micros, None, credit_of=each.number)
        for each in due
        if each.amount_micros < 0
    ]
