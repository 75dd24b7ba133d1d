import csv
from datetime import timedelta
from io import StringIO

import pytest

from callrouter.adapters.storage.engine import Database
from callrouter.domain.billing.borderline import Borderline
from callrouter.domain.billing.party import Party, Side
from callrouter.workflows.apply_terms import apply_terms
from callrouter.workflows.find_borderline import (
    BorderlinePeriod,
    BorderlineTotal,
    export_borderline_csv,
    stream_borderline,
    sum_borderline,
)
from tests.domain.billing.builders import ACME, RADIO, USD
from tests.switchboards import OTHER_SELLER, SELLER, T0, open_seller
from tests.workflows.rated_calls import attempt_of, end_call

HOUR = timedelta(hours=1)


@pytest.fixture
def seller(database: Database) -> Database:
    open_seller(database)
    for party, threshold_s, price in (
        ('buyer = "acme"', 120, "75.00"),
        ('publisher = "radio-kx"', 90, "20.00"),
    ):
        text = (
            f'{party}\nzone = "UTC"\n[[terms]]\nfrom = 2026-09-01\nthreshold_s = {threshold_s}\n'
            f'price = "{price}"\n'
        )
        apply_terms(database, SELLER.seller_id, text, "t.toml", author="ann", note="", at=T0)
    for number, connected_ms in enumerate((116_000, 118_500, 120_000, 121_000, 300_000, 89_000)):
        sid = f"CA{number}"
        end_call(database, sid, attempt_of("acme-east", connected_ms), at=T0 + number * HOUR)
    end_call(database, "CA6", attempt_of("bolt-main", 120_000))  # who has agreed to nothing
    end_call(
        database,
        "CA7",
        attempt_of("acme-east", 119_000),
        attempt_of("bolt-main", 300_000, number=2),
        at=T0 - HOUR,
    )
    return database


def find(
    database: Database, party: Party | None = None, seller_id: str = SELLER.seller_id
) -> list[Borderline]:
    period = BorderlinePeriod(party, T0 - HOUR, T0 + 6 * HOUR, 3)
    with database.read() as connection:
        return list(stream_borderline(connection, seller_id, period))


def test_the_talks_close_to_a_threshold_are_found_the_newest_first(seller: Database) -> None:
    found = find(seller)

    assert [(each.talk.call_sid, each.talk.party.side, each.off_ms) for each in found] == [
        ("CA5", Side.PUBLISHER, -1000),
        ("CA3", Side.BUYER, 1000),
        ("CA2", Side.BUYER, 0),
        ("CA1", Side.BUYER, -1500),
        ("CA7", Side.BUYER, -1000),  # a buyer who wasn't the last to talk in it
    ]
    assert [each.talk.call_sid for each in find(seller, RADIO)] == ["CA5"]


def test_the_money_on_each_side_adds_up(seller: Database) -> None:
    assert sum_borderline(find(seller)) == (
        BorderlineTotal(ACME, "USD", 2, 150 * USD, 2, 150 * USD),
        BorderlineTotal(RADIO, "USD", 0, 0, 1, 20 * USD),
    )


def test_nothing_crosses_sellers(seller: Database) -> None:
    open_seller(seller, OTHER_SELLER, tables=())

    assert find(seller, seller_id=OTHER_SELLER.seller_id) == []


def test_the_csv_has_a_line_a_talk(seller: Database) -> None:
    out = StringIO()

    export_borderline_csv(find(seller, ACME)[1:2], out)

    assert list(csv.DictReader(StringIO(out.getvalue()))) == [
        {
            "call_id": "CA2",
            "started_at": "2026-09-15T19:00:00.000Z",
            "side": "buyer",
            "party": "acme",
            "campaign": "flood-repair",
            "destination": "acme-east",
            "ani": "+14155550123",
            "clock": "connected",
            "seconds": "120.000",
            "threshold_s": "120",
            "off_s": "0.000",
            "reached": "yes",
            "currency": "USD",
            "amount": "75.00",
            "below": "0.00",
            "above": "75.00",
            "at_stake": "75.00",
        }
    ]
