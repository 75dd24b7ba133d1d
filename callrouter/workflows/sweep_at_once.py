"""Sweep until nothing is due any more: for a person who doesn't wait for the clock process."""

from collections.abc import Callable
from datetime import timedelta

from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.sweeps import hasten_sweeps
from callrouter.workflows.ports import Carrier, Clock
from callrouter.workflows.sweep_open_calls import Swept, sweep_open_calls


def sweep_at_once(
    database: Database,
    carrier_of: Callable[[str], Carrier],
    clock: Clock,
    retry_after: timedelta,
    *,
    every_open_call: bool,
) -> Swept:
    """Ask about every call that is due, or about every open call; what came of it in all.

    A call that stays open is asked about again after `retry_after` by the next sweep, not by this.
    """
    if every_open_call:
        with database.write() as connection:
            hasten_sweeps(connection, clock.now())
    total = Swept()
    while True:
        swept = sweep_open_calls(database, carrier_of, clock, retry_after)
        total = Swept(
            asked=total.asked + swept.asked,
            closed=total.closed + swept.closed,
            left=total.left + swept.left,
        )
        if not swept.asked:
            return total
