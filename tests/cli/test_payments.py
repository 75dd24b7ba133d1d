"""`callrouter payment`: taken by hand or from a bank's file, listed, assigned, reversed."""

import json
from pathlib import Path

import pytest

from callrouter.adapters.storage.engine import open_database
from callrouter.adapters.storage.payments import lock_payment, note_return
from callrouter.domain.billing.payment import PaymentSource
from callrouter.workflows.post_payment import settle_returns
from tests.accounts import close_statement, open_accounts
from tests.cli.terminal import Terminal, rows
from tests.switchboards import SELLER, T0

MAPPING = """
bank = "first"
zone = "America/New_York"
currency = "USD"
dates = "YYYY-MM-DD"
decimal = "point"
[columns]
date = "Date"
amount = "Amount"
bank_reference = "Id"
payer = "Payer"
[[buyers]]
id = "acme"
names = ["ACME LLC"]
"""
BANK = """Date,Amount,Id,Payer
2026-09-14,250.00,TX-1,ACME LLC
2026-09-14,-9.00,TX-2,Landlord
2026-09-14,40.00,TX-3,=cmd|x\x1b[2J
"""
TAKE = ("payment", "take", "250.00", "USD", "--buyer", "acme", "--reference", "wire 7")
AUTHOR = ("--author", "ann")


@pytest.fixture
def desk(terminal: Terminal, tmp_path: Path) -> Terminal:
    """At a seller with accounts and one closed statement of acme's."""
    database = open_database(terminal.environ["DATABASE_URL"])
    open_accounts(database)
    close_statement(database, "acme-2026-0001", 100_000_000)
    database.dispose()
    (tmp_path / "first.toml").write_text(MAPPING)
    (tmp_path / "bank.csv").write_text(BANK)
    return terminal


def imports(folder: Path, *words: str) -> tuple[str, ...]:
    mapping = str(folder / "first.toml")
    return ("payment", "import", str(folder / "bank.csv"), "--mapping", mapping, *AUTHOR, *words)


def test_a_payment_is_taken_once(desk: Terminal) -> None:
    assert desk.ok(*TAKE) == "taken: 250.00 USD of buyer acme, as hand:acme/USD/wire 7\n"
    assert desk.ok(*TAKE) == (
        "already there since 2026-09-15: 250.00 USD of buyer acme; nothing was changed\n"
    )
    told = json.loads(desk.ok(*TAKE, "--json"))
    assert (told["told"], told["amount"], told["party"]) == ("already there", "250.00", "acme")
    assert "is kept with 250.00 USD" in desk.refused(*TAKE[:2], "5", *TAKE[3:])


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("1.234,50", "USD", "--buyer", "acme"), 1, "isn't an amount: write it like"),
        (("5", "USD", "--buyer", "acne"), 1, "there is no buyer 'acne'"),
        (("5", "USD"), 2, "whose? Name a party"),
        (("5", "USD", "--buyer", "acme", "--publisher", "tv"), 2, "are two parties"),
        (("5", "USD", "--buyer", "acme", "--paid", "yesterday"), 2, "isn't a day: write it like"),
    ],
)
def test_what_can_not_be_taken_is_a_message(
    desk: Terminal, words: tuple[str, ...], code: int, said: str
) -> None:
    refusal = desk.refused("payment", "take", *words, "--reference", "x", code=code)
    assert said in refusal


def test_a_banks_file_is_tried_and_then_imported(desk: Terminal, tmp_path: Path) -> None:
    tried = desk.ok(*imports(tmp_path, "--dry-run"))
    assert tried.endswith(
        "1 taken, 1 not for us, 1 unknown payer; nothing was written: a dry run\n"
    )
    assert rows(desk.ok("payment", "list")) == []

    said = desk.ok(*imports(tmp_path))

    assert [row[:3] for row in rows(said.replace("\n   ", "\n"))[:3]] == [
        ["2", "taken", "2026-09-14"],
        ["3", "not for us", "2026-09-14"],
        ["4", "unknown payer", "2026-09-14"],
    ]
    assert said.endswith("\n1 taken, 1 not for us, 1 unknown payer\n")
    again = json.loads(desk.run(*imports(tmp_path, "--json")).stdout)
    assert again["counts"]["already there"] == 2
    assert [row["class"] for row in again["rows"]] == [
        "already there", "not for us", "already there",
    ]  # fmt: skip
    assert again["rows"][0]["payment"] == "bank:first/TX-1"


def test_a_file_with_a_row_that_is_refused_is_exit_code_1(desk: Terminal, tmp_path: Path) -> None:
    (tmp_path / "bank.csv").write_text(BANK + '2026-09-14,"1,5",TX-4,ACME LLC\n')

    result = desk.run(*imports(tmp_path))

    assert result.exit_code == 1
    assert "nothing was written: some rows are refused" in result.stdout
    assert desk.ok("payment", "list") == "no payments\n"
    assert desk.run(*imports(tmp_path, "--leave-refused")).exit_code == 1
    assert len(rows(desk.ok("payment", "list"))) == 2


def test_a_mapping_or_a_file_that_is_wrong_is_a_message(desk: Terminal, tmp_path: Path) -> None:
    (tmp_path / "first.toml").write_text(MAPPING.replace('"point"', '"dot"'))
    assert 'decimal: must be "point" or "comma"' in desk.refused(*imports(tmp_path))
    (tmp_path / "first.toml").write_text(MAPPING.replace('"Payer"', '"Name"'))
    assert "bank.csv:1: Name: must be a column, once" in desk.refused(*imports(tmp_path))


def test_payments_are_listed_with_what_they_pay(desk: Terminal, tmp_path: Path) -> None:
    desk.ok(*TAKE, *AUTHOR, "--note", "\x1b[2Jcheque")
    desk.ok(*imports(tmp_path))
    listed = desk.ok("payment", "list", "--buyer", "acme")
    assert "hand:acme/USD/wire 7  buyer acme  250.00 USD  credit 250.00" in listed
    assert "bank:first/TX-1" in listed
    assert "acme-2026-0001 100.00, credit 150.00" in listed
    assert "\\x1b[2Jcheque" in listed
    told = json.loads(desk.ok("payment", "list", "--json", "--since", "2026-09-15"))
    assert [(each["name"], each["pays"]) for each in told] == [("hand:acme/USD/wire 7", [])]
    limited = desk.run("payment", "list", "--limit", "1")
    assert len(rows(limited.stdout)) == 1
    assert limited.stderr.startswith("the latest 1; see more")


def test_what_was_given_back_of_a_payment_is_shown_with_it(desk: Terminal) -> None:
    desk.ok(*TAKE)
    database = open_database(desk.environ["DATABASE_URL"])
    with database.write() as connection:
        key = (SELLER.seller_id, PaymentSource.HAND, "acme/USD/wire 7")
        note_return(connection, *key, "a refund", 170_000_000, "USD", T0)
        kept = lock_payment(connection, *key)
        assert kept is not None
        settle_returns(connection, SELLER.seller_id, kept, "ann", T0)
    database.dispose()

    assert "  acme-2026-0001 80.00, given back 170.00  " in desk.ok("payment", "list")
    [told] = json.loads(desk.ok("payment", "list", "--json"))
    assert (told["amount"], told["credit"], told["given_back"]) == ("250.00", "0.00", "170.00")


def test_what_a_payer_wrote_is_no_formula_in_a_spreadsheet(desk: Terminal, tmp_path: Path) -> None:
    desk.ok(*imports(tmp_path))
    listed = desk.ok("payment", "unmatched", "--csv")
    assert listed.splitlines()[0] == "payment,paid,amount,payer,text,why"
    assert "bank:first/TX-3,2026-09-14 04:00:00Z,40.00 USD,'=cmd|x\x1b[2J,," in listed
    assert "two things: choose one" in desk.refused("payment", "list", "--csv", "--json", code=2)


def test_an_unmatched_payment_is_assigned_or_dismissed(desk: Terminal, tmp_path: Path) -> None:
    desk.ok(*imports(tmp_path))
    [waiting] = json.loads(desk.ok("payment", "unmatched", "--json"))
    name = waiting["name"]
    assert waiting["reason"].startswith("unknown payer")

    assert desk.ok("payment", "dismiss", name, "--note", "a loan") == f"{name} is for no account\n"
    assert desk.ok("payment", "unmatched") == "every payment has an owner\n"
    words = ("payment", "assign", name, "--buyer", "acme", "--statement", "acme-2026-0001")
    assert desk.ok(*words) == f"{name}: 40.00 USD, in the account of buyer acme\n"
    assert json.loads(desk.ok(*words, "--json"))["statement"] == "acme-2026-0001"
    assert "there is no payment 'x'" in desk.refused("payment", "assign", "x", "--buyer", "acme")
    assert "stands in the account" in desk.refused("payment", "dismiss", name)


def test_a_payment_is_reversed_with_a_reason(desk: Terminal) -> None:
    desk.ok(*TAKE)
    name = "hand:acme/USD/wire 7"
    assert "say why" in desk.refused("payment", "reverse", name)
    reverse = ("payment", "reverse", name, "--note", "it bounced")
    assert desk.ok(*reverse) == f"reversed: {name}, 250.00 USD of buyer acme\n"
    assert "there is nothing to reverse" in desk.refused(*reverse)
    [told] = json.loads(desk.ok("payment", "list", "--json"))
    assert (told["state"], told["reason"], told["party"]) == ("reversed", "it bounced", None)
    desk.ok("payment", "assign", name, "--buyer", "acme")
    assert json.loads(desk.ok(*reverse, "--json"))["state"] == "reversed"
    assert desk.ok("payment", "dismiss", name, "--json")
