"""`callrouter audit`, typed after a day with two calls, and the carrier's list of it."""

import csv
import json
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest

from callrouter.adapters.storage.engine import open_database
from callrouter.adapters.storage.ledger import post
from callrouter.domain.billing.ledger import EntryKind, Posting
from callrouter.domain.billing.party import Party, Side
from callrouter.domain.calls.events import LegStatus
from callrouter.domain.carrier.carrier_records import CarrierRecord
from callrouter.domain.errors import CarrierUnavailableError
from tests.books import record
from tests.cli.played import call_sid, play_failover
from tests.cli.terminal import Terminal, rows
from tests.switchboards import SELLER, T0

MORNING_S = 14 * 3600.0
BUSY, TALK = (f"{call_sid(1)[:-2]}f{number}" for number in (1, 2))


def listed(number: int = 1) -> list[CarrierRecord]:
    """What the carrier has of a call that `play_failover` played."""
    sid = call_sid(number)
    return [
        record(sid, call_sid=sid, lasted_s=105, duration_s=95, cost_micros=44_000),
        record(BUSY, call_sid=sid, status=LegStatus.BUSY, duration_s=None, cost_micros=None),
        record(TALK, call_sid=sid, lasted_s=95, duration_s=95, cost_micros=28_000),
    ]


@pytest.fixture
def terminal(seller_terminal: Terminal, tmp_path: Path) -> Terminal:
    """The morning after a day on which a call came, which the carrier lists."""
    play_failover(seller_terminal, tmp_path, 1)
    seller_terminal.clock.set(MORNING_S)
    seller_terminal.books.records = listed()
    return seller_terminal


@pytest.fixture
def differing(terminal: Terminal) -> Terminal:
    """The same, with a talk that the carrier says was shorter; audited."""
    *others, talk = listed()
    terminal.books.records = [*others, replace(talk, duration_s=90, cost_micros=None)]
    terminal.ok("audit", "run")
    return terminal


def test_yesterday_is_audited_unless_a_day_is_named(terminal: Terminal) -> None:
    assert terminal.ok("audit", "run", "--author", "ada") == (
        "class   legs\n"
        "agrees     3\n"
        "2026-09-15, run 1 by ada: 3 legs of ours, 3 of the carrier's, 0 findings\n"
        "the carrier charged 0.072 USD\n"
    )
    assert terminal.ok("audit", "run", "--day", "2026-09-14", "--author", "ada") == (
        "no call began on that day\n"
        "2026-09-14, run 1 by ada: 0 legs of ours, 0 of the carrier's, 0 findings\n"
        "the carrier charged nothing\n"
    )


def test_a_day_that_is_not_over_is_refused(terminal: Terminal) -> None:
    assert "2026-09-16 isn't over yet in UTC" in terminal.refused(
        "audit", "run", "--day", "2026-09-16"
    )
    assert "'yesterday' isn't a day: write it like 2026-11-25" in terminal.refused(
        "audit", "run", "--day", "yesterday", code=2
    )


def test_a_check_fails_when_something_is_off(terminal: Terminal) -> None:
    assert terminal.run("audit", "run", "--check").exit_code == 0

    terminal.books.records.append(record(call_sid(7), call_sid=call_sid(7)))

    assert terminal.run("audit", "run", "--check").exit_code == 1


def test_the_carrier_that_does_not_answer_is_said_and_kept(terminal: Terminal) -> None:
    terminal.books.fails = CarrierUnavailableError("Twilio's REST API is failing (503)")

    assert "is failing (503)" in terminal.refused("audit", "run")
    assert rows(terminal.ok("audit", "history"))[0][-1] == "Twilio's REST API is failing (503)"
    assert "there is no whole run; make one with" in terminal.refused("audit", "show")


def test_a_call_is_shown_with_the_carriers_records_of_it(terminal: Terminal) -> None:
    assert "carrier has recorded" not in terminal.ok("calls", "show", call_sid(1))
    *others, talk = listed()
    terminal.books.records = [*others, replace(talk, cost_micros=None)]
    terminal.ok("audit", "run")

    story = terminal.ok("calls", "show", call_sid(1)).partition("carrier has recorded\n")[2]

    found = [line.split(maxsplit=3)[2:] for line in story.splitlines()[:3]]
    assert found == [
        ["completed", "95 s          0.044 USD"],
        ["busy", "not answered  no price"],
        ["completed", "95 s          no price yet"],
    ]
    shown = json.loads(terminal.ok("calls", "show", call_sid(1), "--json"))
    assert [leg["cost_micros"] for leg in shown["carrier"]] == [44_000, None, None]


def test_what_is_off_is_listed(differing: Terminal) -> None:
    text = (
        "attempt 2 at bolt-main: answered 95.000 s (connected 95.000 s) here, 90 s at the carrier"
    )

    assert rows(differing.ok("audit", "findings")) == [["differs", call_sid(1), TALK, text]]
    assert differing.ok("audit", "findings", "--kind", "we_miss_call") == (
        "run 1 of 2026-09-15 found nothing off\n"
    )
    (found,) = json.loads(differing.ok("audit", "findings", "--json"))
    assert (found["kind"], found["our_s"], found["their_s"]) == ("differs", "95.000", "90.000")
    (line,) = csv.DictReader(StringIO(differing.ok("audit", "findings", "--csv")))
    assert line == {name: str(value) for name, value in found.items()}


def test_a_list_that_is_cut_says_so(terminal: Terminal) -> None:
    sids = [call_sid(number) for number in (7, 8)]
    terminal.books.records += [record(sid, call_sid=sid) for sid in sids]
    terminal.ok("audit", "run")

    shown = terminal.run("audit", "findings", "--limit", "1")

    assert len(rows(shown.stdout)) == 1
    assert shown.stderr == "the first 1; see more with --limit, all with --csv\n"


def test_a_run_is_shown_with_the_cost_as_it_is_known_by_now(differing: Terminal) -> None:
    assert differing.ok("audit", "show").splitlines()[-2:] == [
        "the carrier charged 0.044 USD; 1 legs have no price yet",
        "see them with `callrouter audit findings --day 2026-09-15`",
    ]
    shown = json.loads(differing.ok("audit", "show", "--day", "2026-09-15", "--run", "1", "--json"))
    assert (shown["findings"], shown["agrees"], shown["differs"]) == (1, 2, 1)
    assert shown["costs"] == [{"currency": "USD", "cost_micros": 44_000, "legs": 1}]
    assert shown["unpriced"] == 1


def test_a_run_that_was_never_made_is_not_there(terminal: Terminal) -> None:
    terminal.ok("audit", "run")

    refused = terminal.refused("audit", "show", "--day", "2026-09-15", "--run", "2")
    assert "there is no run 2 of 2026-09-15" in refused


def test_the_history_has_every_run(differing: Terminal) -> None:
    differing.books.records = listed()
    differing.ok("audit", "run", "--author", "ada")

    shown = [(row[0], row[1], row[6]) for row in rows(differing.ok("audit", "history"))]
    assert shown == [("2026-09-15", "2", "0"), ("2026-09-15", "1", "1")]
    newest, _ = csv.DictReader(StringIO(differing.ok("audit", "history", "--csv")))
    assert (newest["author"], newest["agrees"], newest["differs"]) == ("ada", "3", "0")
    (limited,) = json.loads(differing.ok("audit", "history", "--json", "--limit", "1"))
    assert limited["run"] == 2
    (one,) = csv.DictReader(StringIO(differing.ok("audit", "show", "--csv")))
    assert one == newest


@pytest.mark.parametrize("command", ["run", "show", "findings", "history", "margin"])
def test_json_and_csv_are_two_things(terminal: Terminal, command: str) -> None:
    assert "choose one" in terminal.refused("audit", command, "--json", "--csv", code=2)


def test_the_hour_is_shown_and_chosen(terminal: Terminal) -> None:
    assert terminal.ok("audit", "schedule") == "each day at 06:00 UTC\n"
    chosen = terminal.ok("audit", "schedule", "--at", "05:00", "--zone", "America/Chicago")
    assert chosen == "each day at 05:00 America/Chicago\n"
    assert terminal.ok("audit", "schedule", "--off") == "off: a day is audited by hand only\n"
    assert json.loads(terminal.ok("audit", "schedule", "--on", "--json")) == {
        "at": "05:00",
        "zone": "America/Chicago",
        "is_on": True,
    }


def charge(terminal: Terminal, party: Party, units: int, currency: str = "USD") -> None:
    """Charge a buyer for the call, or owe a publisher for it."""
    is_buyer = party.side is Side.BUYER
    posting = Posting(
        party=party,
        kind=EntryKind.CHARGE if is_buyer else EntryKind.PAYOUT,
        amount_micros=units * 1_000_000,
        currency=currency,
        reference=f"call:{call_sid(1)}:{party}",
        booked_at=T0,
        reason="connected 95 s",
        author="test",
        call_sid=call_sid(1),
    )
    database = open_database(terminal.environ["DATABASE_URL"])
    with database.write() as connection:
        post(connection, SELLER.seller_id, [posting], T0)
    database.dispose()


@pytest.fixture
def earned(terminal: Terminal) -> Terminal:
    """The call was charged to its buyer, and its publisher is owed for it."""
    terminal.ok("audit", "run")
    charge(terminal, Party(Side.BUYER, "bolt"), 35)
    charge(terminal, Party(Side.PUBLISHER, "radio-kx"), 20)
    return terminal


@pytest.mark.parametrize(
    ("by", "group"),
    [
        ("campaign", "flood-repair"),
        ("buyer", "bolt"),
        ("publisher", "radio-kx"),
        ("day", "2026-09-15"),
        ("call", call_sid(1)),
    ],
)
def test_a_margin_is_what_is_left(earned: Terminal, by: str, group: str) -> None:
    shown = rows(earned.ok("audit", "margin", "--by", by))

    assert [[cell for cell in row if cell] for row in shown] == [
        [group, "USD", "1", "35.00", "20.00", "0.072", "14.928"]
    ]
    (one,) = json.loads(earned.ok("audit", "margin", "--by", by, "--json"))
    assert (one["group"], one["margin"], one["margin_micros"]) == (group, "14.928", 14_928_000)
    (line,) = csv.DictReader(StringIO(earned.ok("audit", "margin", "--by", by, "--csv")))
    assert line == {name: str(value) for name, value in one.items()}


def test_currencies_are_kept_apart_and_it_is_said(earned: Terminal) -> None:
    charge(earned, Party(Side.BUYER, "bolt"), 50, "CAD")

    shown = earned.run("audit", "margin")

    assert [row[1] for row in rows(shown.stdout)] == ["CAD", "USD"]
    assert "currencies are kept apart" in shown.stderr


def test_what_the_carrier_charged_for_others_is_said_beside_it(earned: Terminal) -> None:
    strange = call_sid(9)
    earned.books.records.append(
        record(strange, call_sid=strange, dial_string="+18005550199", cost_micros=7_000)
    )
    earned.ok("audit", "run")

    shown = earned.run("audit", "margin")

    assert len(rows(shown.stdout)) == 1
    assert "not in it: 0.007 USD" in shown.stderr


@pytest.mark.parametrize(
    ("words", "calls"),
    [
        pytest.param([], 1, id="the last week"),
        pytest.param(["--since", "2026-09-15T17:00:01Z"], 0, id="since"),
        pytest.param(["--until", "2026-09-15T17:00:00Z"], 0, id="until"),
        pytest.param(["--campaign", "solar-quotes"], 0, id="another campaign"),
    ],
)
def test_a_margin_is_of_the_calls_that_began_in_the_period(
    earned: Terminal, words: list[str], calls: int
) -> None:
    assert len(json.loads(earned.ok("audit", "margin", *words, "--json"))) == calls


def test_a_period_that_ends_before_it_begins_is_refused(earned: Terminal) -> None:
    since = (T0 + timedelta(days=2)).isoformat()
    assert "ends before it begins" in earned.refused("audit", "margin", "--since", since, code=2)
