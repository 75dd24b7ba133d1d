"""One of several processes that spend one buyer's money at once; started by test_cap_race."""

import random

from callrouter.adapters.storage.cap_counters import read_usage
from callrouter.adapters.storage.engine import Database, open_database
from callrouter.adapters.storage.ledger import post
from callrouter.adapters.storage.settlements import settle
from callrouter.domain.billing.ledger import EntryKind, Posting
from callrouter.domain.billing.party import Party, Side
from callrouter.domain.limits.caps import Measure
from callrouter.domain.limits.reservations import DialOutcome
from callrouter.domain.limits.standing import name_account
from tests.adapters.storage.cap_race import Leg, come_together
from tests.adapters.storage.cap_room import SELLER, claim, take
from tests.domain.builders import at

ACME = Party(Side.BUYER, "acme")
ACCOUNT = name_account("USD", "acme")
PRICE = 75_000_000


def pay(database: Database, calls: int) -> None:
    """Pay in advance for so many calls."""
    with database.write() as connection:
        post(connection, SELLER, [_posting(EntryKind.PAYMENT, -calls * PRICE, "paid")], at(0))


def run(leg: Leg) -> int:
    """Dial until the money is spent; how many calls were charged.

    Two of three calls come to nothing, and what was held for them is free again; then, when all
    have run, the rest is spent by calls that are charged.
    """
    chance = random.Random(leg.runner)  # noqa: S311
    database = open_database(leg.url)
    come_together()
    charged = 0
    for number in range(leg.calls):
        charged += _call(database, f"CA{leg.runner}-{number}", pays=chance.random() < 1 / 3)
    come_together()
    number = leg.calls
    while _call(database, f"CA{leg.runner}-{number}", pays=True):
        charged += 1
        number += 1
    database.dispose()
    return charged


def _call(database: Database, call: str, *, pays: bool) -> bool:
    """Whether the call was dialled and charged."""
    if take(database, call, claim(ACCOUNT, 0, PRICE, measure=Measure.CREDIT), to=""):
        return False
    with database.write() as connection:
        usage = read_usage(connection, SELLER, [ACCOUNT])[ACCOUNT]
        assert usage.total <= 0, f"{call} can't be paid: {usage}"
        if pays:
            post(connection, SELLER, [_posting(EntryKind.CHARGE, PRICE, call)], at(60))
        outcome = DialOutcome(attempt=1, destination_id="", connected=pays, is_charged=True)
        settle(connection, SELLER, call, [outcome], at(60))
    return pays


def _posting(kind: EntryKind, amount: int, reference: str) -> Posting:
    return Posting(
        party=ACME,
        kind=kind,
        amount_micros=amount,
        currency="USD",
        reference=reference,
        booked_at=at(0),
        reason="race",
        author="test",
        call_sid=reference if kind is EntryKind.CHARGE else "",
    )
