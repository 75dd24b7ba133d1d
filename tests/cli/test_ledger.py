"""`callrouter ledger` as finance types it."""

import csv
import io
import json

import pytest
import sqlalchemy as sa

from callrouter.adapters.storage.cap_tables import cap_counters
from callrouter.adapters.storage.engine import open_database
from callrouter.adapters.storage.ledger import post
from callrouter.domain.billing.ledger import EntryKind, Posting
from callrouter.domain.billing.party import Party, Side
from callrouter.workflows.apply_terms import apply_terms
from tests.cli.terminal import Terminal
from tests.cli.terminal import rows as read_rows
from tests.switchboards import SELLER, T0

ACME = ("--buyer", "acme")
ANN = ("--author", "ann", "--note", "goodwill")
TERMS = """
buyer = "acme"
zone = "America/New_York"
[[terms]]
from = 2026-09-01
threshold_s = 60
price = "75.00"
"""


@pytest.fixture
def terminal(seller_terminal: Terminal) -> Terminal:
    """At a seller whose buyer acme was charged for two calls."""
    database = open_database(seller_terminal.environ["DATABASE_URL"])
    apply_terms(database, SELLER.seller_id, TERMS, "acme.toml", author="ann", note="", at=T0)
    with database.write() as connection:
        post(connection, SELLER.seller_id, [charge("CA1", 75_000_000), charge("CA2", 0)], T0)
    database.dispose()
    return seller_terminal


def rows(shown: str) -> list[list[str]]:
    return [[cell.strip() for cell in row] for row in read_rows(shown)]


def charge(call: str, micros: int) -> Posting:
    return Posting(
        party=Party(Side.BUYER, "acme"),
        kind=EntryKind.CHARGE,
        amount_micros=micros,
        currency="USD",
        reference=f"call:{call}",
        booked_at=T0,
        reason="connected 121 s >= 120 s: 1 x 75.00 USD",
        author="rating",
        call_sid=call,
        call_started_at=T0,
        cdr_revision=1,
        connected_ms=121_000,
        total_ms=130_000,
        terms_version=1,
    )


def adjust(terminal: Terminal, kind: str, amount: str, *more: str) -> tuple[str, ...]:
    return ("ledger", "post", *ACME, "--kind", kind, "--amount", amount, *ANN, *more)


def test_what_is_written_by_hand_stands_in_the_account_and_in_its_balance(
    terminal: Terminal,
) -> None:
    said = terminal.ok(*adjust(terminal, "credit", "25.00"))
    assert said == "buyer acme: entry 3, credit of -25.00 USD: goodwill\n"
    assert "adjustment of -4.50 USD" in terminal.ok(*adjust(terminal, "adjustment", "-4.50"))
    assert "write off of -0.50 USD" in terminal.ok(*adjust(terminal, "write_off", "0.50"))
    assert rows(terminal.ok("ledger", "balance")) == [
        ["buyer", "acme", "USD", "45.00", "45.00", "0.00", "0.00", "0.00", "0.00"]
    ]
    [account] = json.loads(terminal.ok("ledger", "balance", *ACME, "--json"))
    assert account["balance"] == "45.00"
    listed = rows(terminal.ok("ledger", "show", *ACME))
    assert [(row[0], row[2], row[-1]) for row in listed[:2]] == [
        ("5", "write off", "goodwill"),
        ("4", "adjustment", "goodwill"),
    ]


def test_an_entry_is_taken_back_once(terminal: Terminal) -> None:
    said = terminal.ok("ledger", "reverse", "1", *ACME, *ANN)
    assert said == "buyer acme: entry 3, reversal of -75.00 USD: goodwill\n"
    assert "was taken back by entry 3 (ann: goodwill)" in terminal.refused(
        "ledger", "reverse", "1", *ACME, *ANN
    )
    assert "entry 3 of buyer acme is the reversal of entry 1" in terminal.refused(
        "ledger", "reverse", "3", *ACME, *ANN
    )
    assert "buyer acme has no entry 9 in USD" in terminal.refused(
        "ledger", "reverse", "9", *ACME, *ANN
    )
    [first, *_] = rows(terminal.ok("ledger", "show", *ACME, "--kind", "reversal"))
    assert first[2] == "reversal of 1"


def test_a_payment_is_not_taken_back_behind_the_back_of_what_is_kept_of_it(
    terminal: Terminal,
) -> None:
    """Or it could neither be taken again nor be given to whom it belongs."""
    terminal.ok("payment", "take", "5.00", "USD", *ACME, "--reference", "wire 7")
    said = terminal.refused("ledger", "reverse", "3", *ACME, *ANN)
    assert "is a payment (5.00 USD by hand:acme/USD/wire 7): take it back with `callrouter" in said
    terminal.ok("payment", "reverse", "hand:acme/USD/wire 7", "--note", "it bounced")


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        pytest.param(("credit", "0"), "0.00 USD changes nothing", id="nothing"),
        pytest.param(("credit", "-5"), "write its amount without a sign", id="sign"),
        pytest.param(("adjustment", "0.005"), "more decimals than USD", id="decimals"),
        pytest.param(("adjustment", "4,50"), "isn't an amount", id="comma"),
        pytest.param(
            ("adjustment", "5", "--currency", "EUR"),
            "the account of buyer acme is in USD, not in EUR",
            id="currency",
        ),
        pytest.param(("adjustment", "5", "--note", " "), "say why", id="no-reason"),
        pytest.param(
            ("adjustment", "5", "--buyer", "acne"),
            "there is no buyer 'acne'; there is acme, bolt",
            id="party",
        ),
        pytest.param(
            ("adjustment", "5", "--buyer", "bolt"), "buyer bolt has no account", id="no-account"
        ),
    ],
)
def test_what_cannot_be_written_is_refused_with_the_reason(
    terminal: Terminal, words: tuple[str, ...], problem: str
) -> None:
    kind, amount, *more = words
    assert problem in terminal.refused(*adjust(terminal, kind, amount, *more))
    assert len(rows(terminal.ok("ledger", "show", *ACME))) == 2


def test_the_same_reference_is_refused(terminal: Terminal) -> None:
    words = adjust(terminal, "credit", "25.00", "--reference", "mail-7")
    terminal.ok(*words)
    assert "entry 3 of buyer acme has the reference 'mail-7' already" in terminal.refused(*words)


def test_an_account_is_read_page_by_page(terminal: Terminal) -> None:
    result = terminal.run("ledger", "show", *ACME, "--limit", "1")
    assert rows(result.stdout)[0][0] == "2"
    assert "older ones with --before 2" in result.stderr
    assert rows(terminal.ok("ledger", "show", *ACME, "--before", "2"))[0][0] == "1"
    assert rows(terminal.ok("ledger", "show", *ACME, "--call", "CA2"))[0][0] == "2"
    only = ("ledger", "show", *ACME, "--since", "2026-09-16", "--until", "2026-09-17")
    assert terminal.ok(*only) == "no entry\n"


def test_accounts_are_exported_as_csv_and_json(terminal: Terminal) -> None:
    terminal.ok(*adjust(terminal, "credit", "25.00"))
    table = list(csv.DictReader(io.StringIO(terminal.ok("ledger", "export"))))
    assert [row["amount"] for row in table] == ["75.00", "0.00", "-25.00"]
    assert (table[0]["call_id"], table[0]["connected_s"]) == ("CA1", "121.000")
    assert (table[2]["call_id"], table[2]["connected_s"]) == ("", "")
    lines = terminal.ok("ledger", "export", *ACME, "--json").splitlines()
    assert [json.loads(line)["number"] for line in lines] == [1, 2, 3]
    assert json.loads(lines[0])["amount"] == "75.00"
    shown = json.loads(terminal.ok("ledger", "show", *ACME, "--json"))
    assert shown[0]["number"] == 3


def test_a_party_must_be_named_where_one_is_needed(terminal: Terminal) -> None:
    assert "--buyer" in terminal.refused("ledger", "show", code=2)
    both = ("ledger", "show", *ACME, "--publisher", "radio-kx")
    assert "choose one" in terminal.refused(*both, code=2)
    assert terminal.ok("ledger", "balance", "--publisher", "radio-kx") == (
        "no account has any entry\n"
    )


def test_accounts_are_checked(terminal: Terminal) -> None:
    checked = terminal.run("ledger", "check")
    assert (checked.stdout, checked.exit_code) == ("", 0)
    assert checked.stderr == "accounts: 1, entries: 2, calls: 0\n"
    assert json.loads(terminal.ok("ledger", "check", "--json"))["problems"] == []
    database = open_database(terminal.environ["DATABASE_URL"])
    with database.write() as connection:
        connection.execute(sa.update(cap_counters).values(used=cap_counters.c.used - 1_000_000))
    database.dispose()
    wrong = terminal.run("ledger", "check")
    assert wrong.stdout == (
        "buyer acme in USD: the balance is 74.00 USD, its entries are 75.00 USD\n"
    )
    assert wrong.exit_code == 1
