"""`callrouter payment stripe`: the secret is sealed and never shown, customers are buyers."""

import json

from callrouter.adapters.storage.engine import open_database
from callrouter.adapters.storage.secret_box import SecretBox
from callrouter.adapters.storage.stripe_endpoints import StripeEndpoint, read_endpoint
from tests.cli.terminal import Terminal, rows
from tests.stripe_side import SECRET
from tests.switchboards import SECRET_KEY, SELLER

URL = "https://calls.example.com/stripe/events/seller-a"


def endpoint(terminal: Terminal) -> StripeEndpoint | None:
    database = open_database(terminal.environ["DATABASE_URL"])
    with database.read() as connection:
        found = read_endpoint(connection, SecretBox(SECRET_KEY), SELLER.seller_id)
    database.dispose()
    return found


def test_the_secret_is_asked_for_kept_sealed_and_never_shown(seller_terminal: Terminal) -> None:
    assert "no event is taken yet" in seller_terminal.ok("payment", "stripe", "show")
    result = seller_terminal.run("payment", "stripe", "secret", typed=f"{SECRET}\n")
    assert (result.exit_code, result.stdout) == (0, f"events are taken at {URL}\n")
    assert SECRET not in result.output
    assert endpoint(seller_terminal) == StripeEndpoint(SECRET, takes_tests=False)

    seller_terminal.ok("payment", "stripe", "secret", "--secret", f"{SECRET}2", "--tests")
    assert endpoint(seller_terminal) == StripeEndpoint(f"{SECRET}2", takes_tests=True)
    assert SECRET not in repr(endpoint(seller_terminal))
    shown = seller_terminal.ok("payment", "stripe", "show")
    assert URL in shown
    assert "payment_intent.succeeded" in shown
    assert "taken are events of test mode" in shown
    told = json.loads(seller_terminal.ok("payment", "stripe", "show", "--json"))
    assert (told["url"], told["has_secret"], told["takes_tests"]) == (URL, True, True)


def test_what_is_no_secret_is_refused_and_not_repeated(seller_terminal: Terminal) -> None:
    said = seller_terminal.refused("payment", "stripe", "secret", "--secret", "sk_live_123")
    assert "it begins with whsec_" in said
    assert "sk_live" not in said
    assert endpoint(seller_terminal) is None


def test_a_customer_is_a_buyer_until_it_is_forgotten(seller_terminal: Terminal) -> None:
    words = ("payment", "stripe", "customer", "cus_1", "--author", "ann")
    assert seller_terminal.ok("payment", "stripe", "customers").startswith("no customer is known")
    seller_terminal.ok(*words, "--buyer", "bolt")
    assert seller_terminal.ok(*words, "--buyer", "acme") == "cus_1 is buyer acme\n"
    assert rows(seller_terminal.ok("payment", "stripe", "customers")) == [
        ["cus_1", "acme", "2026-09-15 17:00:00Z", "ann"]
    ]
    [told] = json.loads(seller_terminal.ok("payment", "stripe", "customers", "--json"))
    assert told["buyer_id"] == "acme"
    assert seller_terminal.ok(*words, "--forget") == "cus_1 is no buyer any more\n"
    assert "nothing is known of customer 'cus_1'" in seller_terminal.refused(*words, "--forget")


def test_what_is_no_customer_or_no_buyer_is_refused(seller_terminal: Terminal) -> None:
    def refuse(customer: str, *words: str, code: int = 1) -> str:
        return seller_terminal.refused("payment", "stripe", "customer", customer, *words, code=code)

    assert "isn't the id of a customer at Stripe" in refuse("acme", "--buyer", "acme")
    assert "there is no buyer 'acne'; there is acme, bolt" in refuse("cus_1", "--buyer", "acne")
    assert "say either --buyer or --forget" in refuse("cus_1", code=2)
    assert "say either" in refuse("cus_1", "--buyer", "acme", "--forget", code=2)
