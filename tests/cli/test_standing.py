"""`callrouter standing` as an operator types it."""

import csv
import io
import json
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal, rows

MARIA = ("--author", "maria")
CONFIG = Path(__file__).parents[2] / "config" / "standing.toml"
TERMS = """
buyer = "acme"
zone = "America/New_York"
credit_limit = "1000.00"
[[terms]]
from = 2026-01-01
price = "75.00"
"""


@pytest.fixture
def at_desk(seller_terminal: Terminal, tmp_path: Path) -> Terminal:
    """A seller whose buyer acme has terms and owes 900 of 1000."""
    file = tmp_path / "acme.toml"
    file.write_text(TERMS)
    seller_terminal.ok("terms", "apply", str(file), *MARIA)
    post = ("ledger", "post", "--buyer", "acme", "--kind", "adjustment", "--amount", "900.00")
    seller_terminal.ok(*post, "--note", "moved in", *MARIA)
    return seller_terminal


def test_a_state_is_shown_with_its_reason_and_its_history(at_desk: Terminal) -> None:
    assert rows(at_desk.ok("standing", "show")) == [
        ["acme", "watched", "gets calls as usual", "900.00 USD of 1000.00 USD credit used, 90 %"]
    ]
    assert at_desk.ok("standing", "show", "acme") == (
        "acme: watched\n"
        "because: 900.00 USD of 1000.00 USD credit used, 90 %\n"
        "calls: gets calls as usual\n"
        "owed: 900.00 USD\n"
        "overdue: 0.00 USD\n"
        "unbilled: 900.00 USD\n"
        "calls in progress may add: 0.00 USD\n"
        "limit: 1000.00 USD\n"
    )
    assert "buyer 'bolt' has no account" in at_desk.refused("standing", "show", "bolt")
    [shown] = json.loads(at_desk.ok("standing", "show", "--json"))
    assert (shown["buyer"], shown["state"], shown["holds"]) == ("acme", "watched", [])
    newest, first = rows(at_desk.ok("standing", "history"))
    assert newest[1:5] == ["acme", "good", "watched", "maria"]
    assert first[1:5] == ["acme", "-", "good", "maria"]
    assert json.loads(at_desk.ok("standing", "history", "--json"))[0]["figures"]["currency"] == (
        "USD"
    )
    told = list(csv.DictReader(io.StringIO(at_desk.ok("standing", "history", "--csv"))))
    assert [each["new"] for each in told] == ["watched", "good"]
    assert "choose one" in at_desk.refused("standing", "history", "--csv", "--json", code=2)


def test_the_money_at_stake(at_desk: Terminal) -> None:
    told = list(csv.DictReader(io.StringIO(at_desk.ok("standing", "stake", "--csv"))))

    assert told == [
        {
            "buyer": "acme",
            "state": "watched",
            "currency": "USD",
            "owed": "900.00",
            "overdue": "0.00",
            "days_overdue": "0",
            "unbilled": "900.00",
            "live_calls": "0",
            "in_progress": "0.00",
            "limit": "1000.00",
            "left": "100.00",
        }
    ]
    assert json.loads(at_desk.ok("standing", "stake", "--json"))[0]["left"] == "100.00"
    assert rows(at_desk.ok("standing", "stake"))[0][:4] == ["acme", "watched", "USD", "900.00"]


def test_states_are_applied_and_every_account_is_looked_at(
    at_desk: Terminal, tmp_path: Path
) -> None:
    strict = tmp_path / "standing.toml"
    strict.write_text('[[states]]\nname = "fine"\n[[states]]\nname = "much"\nexposure_percent = 50')

    assert at_desk.ok("standing", "apply", str(strict), *MARIA) == (
        "states, version 1: fine > much\n"
        "acme: much: 900.00 USD of 1000.00 USD credit used, 90 %\n"
        "1 account looked at, 1 in another state\n"
    )
    assert at_desk.ok("standing", "review", *MARIA) == "1 account looked at, 0 in another state\n"
    assert at_desk.ok("standing", "apply", str(CONFIG), *MARIA).startswith(
        "states, version 2: good > watched > limited > suspended\n"
    )


def test_a_promise_and_an_override_have_an_end_and_a_reason(at_desk: Terminal) -> None:
    promise = ("standing", "promise", "acme", *MARIA)
    override = ("standing", "override", "acme", *MARIA)
    until = ("--until", "2026-09-20", "--note", "wire")

    assert at_desk.ok(*promise, *until) == "acme: at least watched until 2026-09-21 04:00:00Z\n"
    assert at_desk.ok(*override, "suspended", "--until", "2026-09-18T12:00Z", *until[2:]) == (
        "acme: suspended until 2026-09-18 12:00:00Z\n"
    )
    shown = at_desk.ok("standing", "show", "acme")
    assert shown.startswith("acme: suspended\nbecause: by maria until 2026-09-18 12:00 UTC: wire\n")
    assert "promise until 2026-09-21 04:00:00Z by maria: watched, wire\n" in shown
    assert at_desk.ok(*override, "--lift") == "acme: the override has ended\n"
    assert at_desk.ok(*promise, "--lift") == "acme: the promise has ended\n"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("promise", "acme"), 2, "a promise has an end and a reason"),
        (("promise", "acme", "--until", "soon", "--note", "x"), 2, "isn't an instant"),
        (("promise", "acme", "--until", "2026-99-99", "--note", "x"), 2, "isn't a day"),
        (("override", "acme"), 2, "say which STATE"),
        (("promise", "acme", "--until", "2026-01-01", "--note", "x"), 1, "is past"),
        (("promise", "acme", "--lift"), 1, "there is no promise that holds buyer 'acme'"),
    ],
    ids=["no end", "no moment", "no day", "no state", "past", "none stands"],
)
def test_what_cannot_be_held_is_refused(
    at_desk: Terminal, words: tuple[str, ...], code: int, said: str
) -> None:
    assert said in at_desk.refused("standing", *words, code=code)
