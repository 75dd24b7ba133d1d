"""Stripe's webhook: signed events change accounts once, whatever their order; nothing else does."""

import itertools
import json
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from http.client import HTTPConnection
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from structlog.testing import capture_logs
from werkzeug.serving import make_server

from callrouter.adapters.storage.alerts import find_standing
from callrouter.adapters.storage.engine import Database, open_database
from callrouter.adapters.storage.payments import list_payments, list_unmatched
from callrouter.adapters.storage.stripe_endpoints import (
    StripeCustomer,
    StripeEndpoint,
    save_customer,
    save_endpoint,
)
from callrouter.domain.billing.payment import Owner
from callrouter.workflows.apply_terms import apply_terms
from callrouter.workflows.assign_payment import assign_payment
from callrouter.workflows.switchboard import Switchboard
from tests.accounts import ACME, BOLT, allocation, amounts, balance, close_statement, open_accounts
from tests.stripe_side import (
    INTENT,
    SECRET,
    StripeSide,
    disputed,
    intent,
    invoice,
    make_event,
    refunded,
    session,
    sign,
)
from tests.switchboards import OTHER_SELLER, SELLER, T0, FakeClock
from tests.web.placed_calls import Calls

NAME = f"stripe:{INTENT}"


@pytest.fixture
def stripe(board: Switchboard, database: Database, app: Flask) -> StripeSide:
    """Stripe calling the first seller, whose buyers have accounts; the other takes no events."""
    open_accounts(database, opens_seller=False)
    use_endpoint(board, StripeEndpoint(SECRET, takes_tests=False))
    return StripeSide(app.test_client())


def use_endpoint(board: Switchboard, endpoint: StripeEndpoint) -> None:
    with board.database.write() as connection:
        save_endpoint(connection, board.box, SELLER.seller_id, endpoint, T0)


def said(stripe: StripeSide, event: dict[str, Any]) -> str:
    response = stripe.send(event)
    assert response.status_code == 200, response.text
    return response.text.strip()


def unmatched(database: Database) -> list[tuple[str, str]]:
    with database.read() as connection:
        found = list_unmatched(connection, SELLER.seller_id, 9)
    return [(each.payment.name, each.reason) for each in found]


def alerts(database: Database) -> list[str]:
    keys = ("payments:unmatched", f"payments:conflict:{NAME}")
    with database.read() as connection:
        return [key for key in keys if find_standing(connection, key)]


def test_a_payment_goes_into_the_buyers_account_once(
    stripe: StripeSide, database: Database
) -> None:
    close_statement(database, "acme-2026-0001", 300_000_000)
    answers = [said(stripe, event) for event in (intent(), intent(), session(), invoice())]

    assert answers == ["taken", "already there", "already there", "already there"]
    assert amounts(database) == [-250]
    assert allocation(database).open_micros == {"acme-2026-0001": 50_000_000}
    with database.read() as connection:
        [kept] = list_payments(connection, SELLER.seller_id, limit=9)
    assert (kept.payment.name, kept.payment.payer, kept.told_by) == (
        NAME, "pay@acme.example", "stripe",
    )  # fmt: skip
    assert kept.payment.paid_at == T0


def test_it_pays_the_statement_of_its_metadata_if_that_is_the_buyers(
    stripe: StripeSide, database: Database
) -> None:
    close_statement(database, "acme-2026-0001", 250_000_000)
    close_statement(database, "acme-2026-0002", 250_000_000)
    close_statement(database, "bolt-2026-0001", 250_000_000, BOLT)
    for n, number in enumerate(("acme-2026-0002", "bolt-2026-0001", "x\0")):
        metadata = {"callrouter_buyer": "acme", "callrouter_statement": number}
        said(stripe, intent(5_000, id=f"pi_{n}", metadata=metadata))

    assert allocation(database).open_micros == {
        "acme-2026-0001": 150_000_000, "acme-2026-0002": 200_000_000,
    }  # fmt: skip


def test_a_customer_that_is_known_is_the_buyer(stripe: StripeSide, database: Database) -> None:
    with database.write() as connection:
        customer = StripeCustomer("cus_acme", "acme", "ann", T0)
        save_customer(connection, SELLER.seller_id, customer)
    assert said(stripe, intent(metadata={})) == "taken"
    assert amounts(database) == [-250]


NOBODYS: tuple[tuple[dict[str, object], str], ...] = (
    ({"metadata": {}}, "no callrouter_buyer in its metadata, and customer cus_acme is no buyer"),
    ({"metadata": None, "customer": None}, "and no customer is no buyer that we know"),
    ({"metadata": {"callrouter_buyer": "acne"}}, "there is no buyer 'acne'; there is acme"),
    ({"metadata": {"callrouter_buyer": "bolt"}}, "the account of buyer bolt is in EUR"),
    ({"currency": "jpy"}, "the account of buyer acme is in USD, not in JPY"),
)


def test_one_that_nobody_owns_is_kept_told_and_assigned_by_hand(
    stripe: StripeSide, database: Database
) -> None:
    for n, (fields, _) in enumerate(NOBODYS):
        for answer in ("kept without an owner", "already there"):
            assert said(stripe, intent(25_000, **fields, id=f"pi_{n}")).startswith(answer)

    waiting = unmatched(database)
    assert [name for name, _ in waiting] == [f"stripe:pi_{n}" for n in range(len(NOBODYS))]
    for (_, why), (_, reason) in zip(waiting, NOBODYS, strict=True):
        assert reason in why
    assert alerts(database) == ["payments:unmatched"]
    for n, (fields, _) in enumerate(NOBODYS):
        if "currency" not in fields:
            owner = Owner(ACME)
            assign_payment(database, SELLER.seller_id, f"stripe:pi_{n}", owner, "ann", T0)
    assert amounts(database) == [-250] * 4
    assert len(unmatched(database)) == 1


def test_the_checkout_may_say_whose_it_is_after_its_payment_did_not(
    stripe: StripeSide, database: Database
) -> None:
    said(stripe, intent(metadata={}, customer=None))
    assert said(stripe, session()) == "taken"
    assert (amounts(database), unmatched(database), alerts(database)) == ([-250], [], [])


HISTORIES: Mapping[str, tuple[tuple[dict[str, Any], ...], int]] = {
    "a refund": ((refunded(5_000),), 200),
    "two refunds": ((refunded(5_000), refunded(8_000)), 170),
    "all of it": ((refunded(5_000), refunded(25_000)), 0),
    "a dispute": ((disputed("funds_withdrawn"),), 0),
    "a dispute won": ((disputed("funds_withdrawn"), disputed("funds_reinstated")), 250),
    "a refund and a dispute": ((refunded(20_000), disputed("funds_withdrawn", 5_000)), 0),
    "more than there was": ((refunded(20_000), disputed("funds_withdrawn")), 0),
}


def test_what_is_given_back_is_owed_again_in_whatever_order_it_is_told(
    stripe: StripeSide, database: Database
) -> None:
    close_statement(database, "acme-2026-0001", 2_500_000_000)
    due = 2500
    for name, (events, left) in HISTORIES.items():
        for n, order in enumerate(list(itertools.permutations((intent(), *events)))[::5]):
            own = json.dumps(order)
            for each in (INTENT, "ch_1", "dp_1"):
                own = own.replace(each, f"{each}_{name}_{n}")
            for event in [*json.loads(own), *json.loads(own)]:
                said(stripe, event)
            due -= left
            assert balance(database) == due, (name, n)
    found = allocation(database)
    assert sum(found.open_micros.values()) - found.credit_micros == due * 1_000_000


def test_what_is_given_back_of_one_without_an_owner_is_so_when_it_has_one(
    stripe: StripeSide, database: Database
) -> None:
    said(stripe, intent(metadata={}, customer=None))
    assert said(stripe, refunded(5_000)) == "already there: it has no owner yet"
    assign_payment(database, SELLER.seller_id, NAME, Owner(ACME), "ann", T0)
    assert balance(database) == -200


def test_two_amounts_of_one_payment_are_told_and_the_first_stands(
    stripe: StripeSide, database: Database
) -> None:
    said(stripe, intent())
    assert said(stripe, session(26_000)).startswith("conflict: payment stripe:pi_3Test0001 is kept")
    assert amounts(database) == [-250]
    assert alerts(database) == [f"payments:conflict:{NAME}"]


def test_what_is_given_back_in_another_currency_is_told(
    stripe: StripeSide, database: Database
) -> None:
    said(stripe, intent())
    assert said(stripe, refunded(5_000, currency="eur")).startswith("conflict: ch_1/refunds gives")
    assert amounts(database) == [-250]
    assert alerts(database) == [f"payments:conflict:{NAME}"]


def test_what_does_not_count_is_answered_200_and_changes_nothing(
    stripe: StripeSide, database: Database
) -> None:
    for event in (
        session(payment_status="unpaid"),
        make_event("customer.created", {}),
        intent() | {"livemode": False},
    ):
        assert said(stripe, event).startswith("not counted: ")
    assert (amounts(database), unmatched(database)) == ([], [])


def test_an_endpoint_for_tests_takes_only_money_that_is_played(
    stripe: StripeSide, database: Database, board: Switchboard
) -> None:
    use_endpoint(board, StripeEndpoint(SECRET, takes_tests=True))
    assert said(stripe, intent()).startswith("not counted: its money is real")
    assert said(stripe, intent() | {"livemode": False}) == "taken"


def refusals() -> Iterator[tuple[bytes, str | None, int, str]]:
    body = json.dumps(intent()).encode()
    text = body.decode()
    yield body, None, 400, "no Stripe-Signature"
    yield body, sign(text, T0, "whsec_x"), 400, "the signature isn't right"
    yield body + b" ", sign(text, T0), 400, "the signature isn't right"
    yield body, sign(text, T0 - timedelta(minutes=6)), 400, "the signature isn't right"
    yield b"\xff", sign(text, T0), 400, "the signature isn't right"
    yield b"[]", sign("[]", T0), 400, "the body isn't an event of Stripe's"
    yield b"x" * 524_289, sign(text, T0), 413, "more than 524288 bytes"


def test_what_stripe_did_not_sign_just_now_is_refused_and_nothing_is_written(
    stripe: StripeSide, database: Database
) -> None:
    for body, signature, status, reason in refusals():
        response = stripe.post(body, signature)
        assert (response.status_code, response.text) == (status, f"{reason}\n")
    in_pieces = stripe.client.post(
        f"/stripe/events/{SELLER.seller_id}",
        input_stream=BytesIO(b"x" * 524_289),
        headers={"Stripe-Signature": sign("x", T0)},
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert in_pieces.status_code == 413
    assert (amounts(database), unmatched(database)) == ([], [])


def test_no_seller_is_reached_by_anothers_secret_or_seen_from_outside(
    stripe: StripeSide, app: Flask
) -> None:
    for seller_id in (OTHER_SELLER.seller_id, "nobody", "x%00y", "a" * 80):
        response = StripeSide(app.test_client(), seller_id).send(intent())
        assert response.status_code == 400
        assert response.text in ("the signature isn't right\n", "no Stripe-Signature\n")


def test_no_secret_and_no_signature_is_logged(stripe: StripeSide) -> None:
    with capture_logs() as logs:
        said(stripe, intent())
        stripe.send(intent(), secret="whsec_another_one")
    assert [each["event"] for each in logs if "stripe" in each["event"]] == [
        "stripe_event", "stripe_event_refused",
    ]  # fmt: skip
    assert "whsec" not in repr(logs)
    assert "v1=" not in repr(logs)


def test_what_fails_half_way_leaves_nothing_and_is_sent_again(
    stripe: StripeSide, database: Database, database_url: str
) -> None:
    operator = open_database(database_url)  # psycopg forgets what is prepared where DDL is run
    with operator.write() as connection:
        connection.exec_driver_sql("ALTER TABLE payment_returns RENAME TO away")
    assert stripe.send(intent()).status_code == 500
    assert (amounts(database), unmatched(database)) == ([], [])

    with operator.write() as connection:
        connection.exec_driver_sql("ALTER TABLE away RENAME TO payment_returns")
    operator.dispose()
    assert said(stripe, intent()) == "taken"


def test_who_pays_in_advance_gets_the_very_next_call_and_loses_it_by_a_refund(
    stripe: StripeSide, board: Switchboard, clock: FakeClock
) -> None:
    terms = """
buyer = "acme"
zone = "America/New_York"
prepaid = true
[[terms]]
from = 2026-01-01
price = "75.00"
"""
    apply_terms(board.database, SELLER.seller_id, terms, "acme.toml", author="ann", note="", at=T0)
    calls = Calls(board, clock)

    assert calls.arrive(1) == "bolt"
    assert said(stripe, intent(7_500)) == "taken"
    assert calls.arrive(2) == "acme"
    calls.fail(2)
    assert said(stripe, refunded(100)) == "given back"
    assert calls.arrive(3) == "bolt"


def test_events_that_come_at_once_over_real_connections_are_one_payment(
    stripe: StripeSide, database: Database, app: Flask
) -> None:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    events = [json.dumps(e) for e in (intent(), session(), refunded(5_000), intent()) * 3]

    def post(body: str) -> int:
        with closing(HTTPConnection("127.0.0.1", server.server_port, timeout=30)) as connection:
            path = f"/stripe/events/{SELLER.seller_id}"
            headers = {"Stripe-Signature": sign(body, T0), "Content-Type": "application/json"}
            connection.request("POST", path, body.encode(), headers)
            return connection.getresponse().status

    try:
        with ThreadPoolExecutor(6) as pool:
            statuses = set(pool.map(post, events))
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

    assert statuses == {200}
    assert balance(database) == -200
