"""Whether others look bad: told by their newest calls, and as if all of them had been read."""

from datetime import timedelta
from itertools import count

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from callrouter.adapters.storage.attempt_outcomes import read_recent_outcomes
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.outage_tables import attempt_outcomes
from callrouter.domain.calls.destination_outcomes import CountedOutcome, count_outcomes
from callrouter.domain.health.circuit_breaker import (
    Breaker,
    BreakerKeys,
    Phase,
    choose_settings,
    find_failing,
)
from callrouter.domain.tables.directory import Buyer, Destination, Directory
from callrouter.workflows.left_in_tables import PeerView
from tests.domain.builders import at
from tests.switchboards import SELLER, open_seller

_numbers = count(1)
outcomes = st.lists(
    st.sampled_from(
        [*CountedOutcome, *(CountedOutcome.FAILED, CountedOutcome.BUSY, CountedOutcome.NOTHING) * 3]
    ),
    max_size=30,
)
keys = st.builds(
    BreakerKeys,
    minimum_sample=st.integers(1, 6),
    buyer_percent=st.sampled_from([20, 80, 100]),
    carrier_percent=st.sampled_from([20, 50, 100]),
    buyer_consecutive=st.integers(2, 20),
    carrier_consecutive=st.integers(2, 20),
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(outcomes=outcomes, keys=keys)
def test_a_first_look_at_few_calls_never_says_otherwise_than_all_calls(
    database: Database, outcomes: list[CountedOutcome], keys: BreakerKeys
) -> None:
    name = f"desk-{next(_numbers)}"
    if name == "desk-1":
        open_seller(database)
    directory = Directory(
        1,
        {"acme": Buyer("acme", "Acme", "UTC", breaker=keys)},
        {name: Destination(name, "acme", "+12125550171")},
    )
    now = at(100)
    with database.write() as connection:
        for second, outcome in enumerate(outcomes):
            ended_at = at(second)
            connection.execute(
                sa.insert(attempt_outcomes),
                {
                    "seller_id": SELLER.seller_id,
                    "call_sid": f"CA{second:032x}",
                    "attempt": 1,
                    "destination_id": name,
                    "buyer_id": "acme",
                    "campaign_id": "c",
                    "dialed_at": ended_at - timedelta(seconds=second % 3),
                    "ended_at": ended_at,
                    "outcome": outcome,
                    "connected_ms": 60_000,
                    "revenue_micros": 0,
                },
            )
    with database.read() as connection:
        looked = PeerView(connection, SELLER.seller_id, directory, now).look_at(name)
        all_of_them = read_recent_outcomes(connection, SELLER.seller_id, name, at(-800), 100)
    fewer = choose_settings(BreakerKeys(minimum_sample=min(3, keys.minimum_sample or 0)), keys)
    results = count_outcomes(all_of_them, fewer)
    assert looked.looks_bad is (
        find_failing(Breaker(Phase.CLOSED), results, fewer, now) is not None
    )
