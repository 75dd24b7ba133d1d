"""What calls earned, by the ledger and the carrier's records, on either database."""

from dataclasses import replace
from datetime import timedelta
from io import StringIO

import pytest

from callrouter.adapters.storage.calls import ensure_and_lock_call
from callrouter.adapters.storage.carrier_costs import Cost, save_records
from callrouter.adapters.storage.cdrs import CdrFilter, save_cdr
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.ledger import post, read_entry
from callrouter.adapters.storage.margins import stream_call_money, sum_costs_without_cdr
from callrouter.domain.billing.ledger import EntryKind, Posting
from callrouter.domain.billing.margin import Margin, MarginBy
from callrouter.domain.billing.party import Party, Side
from callrouter.workflows.view_margin import export_margin_csv, view_margin
from tests.books import attempt, cdr, record
from tests.switchboards import T0

SELLER, OTHER = "seller-a", "seller-b"
ACME, RADIO = Party(Side.BUYER, "acme"), Party(Side.PUBLISHER, "radio-kx")
EVERY = CdrFilter()


def sid(number: int) -> str:
    return f"CA{number:032d}"


def add_call(database: Database, number: int, seller_id: str = SELLER) -> None:
    """A call that was over, with the two legs that the carrier charged for."""
    call_sid, began_at = sid(number), T0 + timedelta(minutes=number)
    made = replace(cdr(attempt()), call_sid=call_sid, started_at=began_at)
    with database.write() as connection:
        ensure_and_lock_call(connection, seller_id, call_sid, began_at, "", "", began_at)
        save_cdr(connection, seller_id, made, 1, began_at)
        legs = (record(call_sid, call_sid=call_sid), record("CA9", call_sid=call_sid))
        save_records(connection, seller_id, legs, began_at)


def charge(database: Database, party: Party, units: int, number: int = 1, **more: object) -> None:
    kind = EntryKind.CHARGE if party.side is Side.BUYER else EntryKind.PAYOUT
    values: dict[str, object] = {"kind": kind, "reference": f"call:{number}"} | more
    posting = Posting(
        party=party,
        amount_micros=units * 1_000_000,
        currency="USD",
        booked_at=T0,
        reason="",
        author="test",
        call_sid=sid(number),
        **values,  # type: ignore[arg-type]
    )
    with database.write() as connection:
        assert post(connection, SELLER, [posting], T0)


def view(database: Database, by: MarginBy = MarginBy.CAMPAIGN) -> list[Margin]:
    with database.read() as connection:
        return list(view_margin(connection, SELLER, EVERY, by))


def test_a_margin_adds_up_what_the_ledger_and_the_carrier_say(database: Database) -> None:
    add_call(database, 1)
    add_call(database, 2)
    charge(database, ACME, 35)
    charge(database, RADIO, 20)

    (row,) = view(database)

    assert (row.group, row.currency, row.calls) == ("flood-repair", "USD", 2)
    assert (row.revenue_micros, row.payout_micros) == (35_000_000, 20_000_000)
    assert row.cost_micros == 4 * 22_000
    assert [each.group for each in view(database, MarginBy.CALL)] == [sid(2), sid(1)]


def test_a_correction_counts_and_a_payment_that_names_a_call_does_not(database: Database) -> None:
    add_call(database, 1)
    charge(database, ACME, 35)
    charge(database, ACME, -35, kind=EntryKind.REVERSAL, reference="back:1", reverses=1)
    charge(database, ACME, 10, reference="again:1")
    charge(database, ACME, -10, kind=EntryKind.PAYMENT, reference="payment:1")

    (row,) = view(database)

    assert row.revenue_micros == 10_000_000
    with database.read() as connection:
        assert read_entry(connection, SELLER, ACME, "USD", 4) is not None


def test_nothing_of_another_seller_is_in_it(database: Database) -> None:
    add_call(database, 1, OTHER)

    assert view(database) == []


@pytest.mark.parametrize("page", [1, 2, 3])
def test_calls_are_read_page_by_page(database: Database, page: int) -> None:
    for number in range(3):
        add_call(database, number)

    with database.read() as connection:
        found = [each.call_sid for each in stream_call_money(connection, SELLER, EVERY, page=page)]

    assert found == [sid(2), sid(1), sid(0)]


def test_legs_without_a_price_are_counted_if_they_will_have_one(database: Database) -> None:
    add_call(database, 1)
    late = record("CA8", call_sid=sid(1), cost_micros=None)
    with database.write() as connection:
        save_records(connection, SELLER, [late], T0)

    (row,) = view(database)

    assert (row.currency, row.unpriced) == ("USD", 1)


def test_what_the_carrier_charged_for_calls_without_a_cdr_is_apart(database: Database) -> None:
    add_call(database, 1)
    strange = record(sid(5), call_sid=sid(5), at=T0 + timedelta(hours=1), cost_micros=7_000)
    with database.write() as connection:
        save_records(connection, SELLER, [strange], T0)
        found = sum_costs_without_cdr(connection, SELLER, T0, T0 + timedelta(days=1))
        none = sum_costs_without_cdr(connection, SELLER, T0, T0 + timedelta(minutes=59))

    assert found == (Cost("USD", 7_000, 1),)
    assert none == ()


def test_progress_is_told_and_the_csv_has_a_line_a_group(database: Database) -> None:
    add_call(database, 1)
    counted: list[int] = []
    out = StringIO(newline="")
    with database.read() as connection:
        margins = view_margin(connection, SELLER, EVERY, MarginBy.DAY, on_progress=counted.append)
        export_margin_csv(margins, out)

    assert counted == [1]
    assert out.getvalue().splitlines() == [
        "group,currency,calls,revenue,payouts,carrier_cost,margin,margin_micros,unpriced_legs",
        "2026-09-15,USD,1,0.00,0.00,0.044,-0.044,-44000,0",
    ]
