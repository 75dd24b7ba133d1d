"""`callrouter tie-out settle`, `evidence` and `dispute`, on a tie-out that is kept."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest

from callrouter.adapters.storage.engine import open_database
from tests.books import attempt, cdr
from tests.cli.terminal import Terminal
from tests.switchboards import SELLER, T0
from tests.workflows.rated_calls import keep_cdr
from tests.workflows.tied_out import SETTLED_AT, call_sid, keep_tie_out, open_month

SETTLE = ("tie-out", "settle", "1")
ACROSS = ("--class", "across_threshold")


@pytest.fixture
def month(terminal: Terminal) -> Terminal:
    database = open_database(terminal.environ["DATABASE_URL"])
    open_month(database, dispute_days=7)
    keep_tie_out(database)
    database.dispose()
    terminal.clock.at = SETTLED_AT
    return terminal


def test_a_class_is_accepted_and_both_accounts_follow(month: Terminal) -> None:
    said = month.ok(*SETTLE, "--accept", *ACROSS, "--reason", "their recordings")
    assert said == "2 lines decided: buyer -150.00 USD, publishers -60.00 USD\n"
    assert "2 lines stood so already" in month.ok(
        *SETTLE, "--accept", *ACROSS, "--reason", "their recordings"
    )
    assert "150.00" in month.ok("ledger", "balance")


def test_that_no_line_is_meant_is_told(month: Terminal) -> None:
    assert month.ok(*SETTLE, "--accept", "--class", "rounding", "--reason", "x") == (
        "no line of tie-out 1 is so: nothing is decided\n"
    )


def test_a_split_may_name_what_the_buyer_pays(month: Terminal) -> None:
    made = json.loads(
        month.ok(
            *SETTLE, "--split", "--amount", "50.00", "--line", "1", "--keep-payouts",
            "--reason", "agreed", "--json",
        )
    )  # fmt: skip
    assert made["moved"] == {"buyer_micros": -25_000_000, "publisher_micros": 0}


def test_a_line_that_agreed_may_be_taken_back_by_its_number(month: Terminal) -> None:
    taken = ("--split", "--amount", "0", "--line", "0", "--reason", "taken back 2026-10-09")
    assert month.ok(*SETTLE, *taken) == "1 line decided: buyer -75.00 USD, publishers -30.00 USD\n"


def test_lines_that_cannot_be_decided_so_are_told(month: Terminal) -> None:
    refused = month.refused(*SETTLE, "--accept", "--class", "duplicate", "--reason", "x")
    assert "line 5 was left as it is: line 5 of tie-out 1 says again" in refused


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--accept", "--reason", "x"), "which lines? Name --line, --class"),
        ((*ACROSS, "--reason", "x"), "what is decided?"),
        (("--split", "--amount", "4,00", *ACROSS, "--reason", "x"), "isn't an amount"),
        (("--stand", "--up-to", "x", "--reason", "x"), "isn't an amount"),
    ],
)
def test_what_is_not_said_is_asked_for(month: Terminal, words: tuple[str, ...], why: str) -> None:
    assert why in month.refused(*SETTLE, *words, code=2)


def test_evidence_shows_both_sides_and_what_was_decided(month: Terminal) -> None:
    month.ok(*SETTLE, "--stand", "--line", "1", "--reason", "the carrier says 121 s")
    said = month.ok("tie-out", "evidence", "1", "1")
    assert f"our call      {call_sid(2)}" in said
    assert "our time      121.000 s" in said
    assert "their time    119.000 s" in said
    assert "our charge    75.00 USD" in said
    assert "stand, the carrier says 121 s" in said
    shown = json.loads(month.ok("tie-out", "evidence", "1", "4", "--json"))
    assert (shown["line"]["call_sid"], shown["decisions"], shown["call"]) == ("", [], None)
    assert "tie-out 1 has no line 99" in month.refused("tie-out", "evidence", "1", "99")


def test_evidence_tells_the_whole_call_and_where_the_carrier_shows_each_leg(
    month: Terminal,
) -> None:
    kept = replace(cdr(attempt("CAleg2", 1, 121_000)), call_sid=call_sid(2))
    database = open_database(month.environ["DATABASE_URL"])
    keep_cdr(database, kept, T0)
    database.dispose()

    said = month.ok("tie-out", "evidence", "1", "1")
    shown = json.loads(month.ok("tie-out", "evidence", "1", "1", "--json"))

    assert "CDR, revision 1" in said
    calls = f"https://api.twilio.com/2010-04-01/Accounts/{SELLER.account_sid}/Calls"
    for leg in (call_sid(2), "CAleg2"):
        assert f"  {calls}/{leg}.json\n  {calls}/{leg}/Recordings.json\n" in said
    assert [each["leg_sid"] for each in shown["pages"]] == [call_sid(2), "CAleg2"]
    assert shown["pages"][1]["requests"] == f"{calls}/CAleg2/Events.json"
    assert shown["pages"][1]["summary"] == "https://insights.twilio.com/v1/Voice/CAleg2/Summary"
    assert (shown["call"]["call_sid"], len(shown["revisions"])) == (call_sid(2), 1)


def test_a_dispute_is_opened_sent_decided_and_closed(month: Terminal, tmp_path: Path) -> None:
    dispute = ("tie-out", "dispute")
    said = month.ok(*dispute, "open", "1", *ACROSS, "--note", "please check")
    assert said == "dispute 1 opened with 2 lines, to be raised until 2026-10-07\n"
    assert "please check" in month.ok(*dispute, "list", "--buyer", "acme")
    month.ok(
        *dispute, "file", "1", "--csv", str(tmp_path / "d.csv"), "--xlsx", str(tmp_path / "d.xlsx"),
        "--pdf", str(tmp_path / "d.pdf"),
    )  # fmt: skip
    with (tmp_path / "d.csv").open(newline="") as file:
        assert [row["call_id"] for row in csv.DictReader(file)] == [call_sid(2), call_sid(3)]
    assert (tmp_path / "d.pdf").read_bytes().startswith(b"%PDF")
    assert (tmp_path / "d.xlsx").read_bytes().startswith(b"PK")
    assert "sent" in month.ok(*dispute, "send", "1", "--note", "mailed")
    assert "2 lines of dispute 1 undecided" in month.refused(*dispute, "close", "1")
    month.ok(*dispute, "answer", "1", "--owner", "bob")
    month.ok(*SETTLE, "--stand", *ACROSS, "--reason", "they agree")
    closed = month.ok(*dispute, "close", "1")
    assert "dispute 1 with acme about tie-out 1: closed (rejected), owner bob" in closed
    assert "open" in month.ok(*dispute, "reopen", "1")
    shown = json.loads(month.ok(*dispute, "show", "1", "--json"))
    assert [each["state"] for each in shown["changes"]] == [
        "open", "sent", "answered", "closed", "open",
    ]  # fmt: skip


def test_a_dispute_is_written_in_some_form(month: Terminal) -> None:
    month.ok("tie-out", "dispute", "open", "1", *ACROSS)
    assert "in which form?" in month.refused("tie-out", "dispute", "file", "1", code=2)
