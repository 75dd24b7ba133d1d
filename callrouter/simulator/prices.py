"""What the carrier charges for a leg: each started minute from the answer on, as a text."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from callrouter.simulator.call_log import CallRecord, Direction

CURRENCY = "USD"


@dataclass(frozen=True, slots=True)
class PriceList:
    """Prices a minute; a leg that nobody answered costs nothing and never gets a price.

    `after` is how long after its end a leg gets its price: until then it is null, as the carrier's
    is for a while.
    """

    inbound: Decimal = Decimal("0.0220")
    dialled: Decimal = Decimal("0.0140")
    after: timedelta = timedelta(0)

    def price(self, record: CallRecord, now: datetime | None) -> str | None:
        """A leg's price as REST shows it, below zero; None while it has none. `now` None: late."""
        if record.ended_at is None or record.answered_at is None:
            return None
        if now is not None and now < record.ended_at + self.after:
            return None
        a_minute = self.inbound if record.direction is Direction.INBOUND else self.dialled
        minutes = max(1, -(-record.duration_s // 60))
        return f"{-a_minute * minutes:.5f}"
