"""`callrouter table point` and `callrouter table schedule`."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from callrouter.adapters.storage.engine import open_database
from callrouter.workflows.run_due_changes import run_due_changes
from tests.cli.terminal import Terminal, rows
from tests.switchboards import DID, TABLE

NIGHT = TABLE.replace("priority = 1", "weight = 9")
BY_ADA = ("--author=ada", "--note=storm")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which the commands are typed."""
    monkeypatch.chdir(tmp_path)
    Path("night.toml").write_text(NIGHT)
    return tmp_path


def let_pass(terminal: Terminal, minutes: float) -> None:
    """What the clock process does once so many minutes have passed."""
    terminal.clock.at += timedelta(minutes=minutes)
    database = open_database(terminal.environ["DATABASE_URL"])
    run_due_changes(database, terminal.clock)
    database.dispose()


def test_a_number_is_pointed_for_a_while(seller_terminal: Terminal) -> None:
    said = seller_terminal.ok("table", "point", DID, "--to=bolt-main", "--for=2h", *BY_ADA)
    assert said.splitlines() == [
        "flood-repair: version 1 -> version 2, 1 DID, 2 routes, then a message",
        f"  + dids[{DID}].to: bolt-main",
        "  back at 2026-09-15 19:00:00Z as change 1: `callrouter table schedule cancel 1` leaves "
        "it as it is",
    ]
    let_pass(seller_terminal, 120)
    assert seller_terminal.ok("table", "export", "flood-repair") == (
        f"# flood-repair version 3\n{TABLE}"
    )


def test_a_campaign_is_pointed_until_a_time_and_back_by_hand(seller_terminal: Terminal) -> None:
    campaign = ("table", "point", "--campaign", "flood-repair")
    said = seller_terminal.ok(
        *campaign, "--to=bolt-main", "--until=18:00", "--zone=America/Chicago"
    )
    assert "  back at 2026-09-15 23:00:00Z as change 1" in said
    assert f"  - dids[{DID}].to: bolt-main" in seller_terminal.ok(*campaign, "--back")
    assert seller_terminal.ok("table", "schedule", "list") == "nothing is scheduled\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(["--to=x"], "name numbers, or a campaign", id="nothing"),
        pytest.param([DID, "--campaign=x", "--to=x"], "name numbers, or a campaign", id="both"),
        pytest.param([DID], "name a destination with --to", id="no-destination"),
        pytest.param(
            [DID, "--to=x", "--back"], "name a destination with --to", id="there-and-back"
        ),
        pytest.param(["18005550100", "--to=x"], "isn't E.164", id="no-plus"),
        pytest.param([DID, "--to=x", "--for=soon"], "isn't a span of time", id="no-span"),
        pytest.param([DID, "--to=x", "--until=soon"], "'soon' isn't a moment", id="no-moment"),
        pytest.param([DID, "--to=x", "--until=1h", "--zone=X"], "no zone 'X'", id="no-zone"),
        pytest.param([DID, "--to=x", "--for=1h", "--until=2h"], "has one end", id="two-ends"),
        pytest.param([DID, "--back", "--for=1h"], "has one end", id="back-for-a-while"),
    ],
)
def test_a_pointing_that_makes_no_sense_is_a_usage_error(
    seller_terminal: Terminal, words: list[str], said: str
) -> None:
    assert said in seller_terminal.refused("table", "point", *words, code=2)


@pytest.mark.parametrize("add", [["add"], []], ids=["add", "add-left-out"])
def test_a_swap_is_scheduled_and_made_and_taken_back(
    seller_terminal: Terminal, add: list[str]
) -> None:
    times = ("--at=18:00 America/Chicago", "--back=08:00 America/Chicago")
    said = seller_terminal.ok(
        "table", "schedule", *add, "flood-repair", "night.toml", *times, *BY_ADA
    )
    assert said.splitlines() == [
        "change 1: flood-repair, version 2 goes live, at 2026-09-15 23:00:00Z",
        "change 2: flood-repair, back to what change 1 replaced, at 2026-09-16 13:00:00Z",
        "against what is live now: 1 DID, 2 routes, then a message",
        "  ~ routes[acme-east].weight: 1 -> 9",
    ]
    listed = rows(seller_terminal.ok("table", "schedule", "list"))
    assert [[cell.strip() for cell in row] for row in listed] == [
        ["2", "2026-09-16 13:00:00Z", "flood-repair", "back to what change 1 replaced", "pending",
         "ada", "storm"],
        ["1", "2026-09-15 23:00:00Z", "flood-repair", "version 2 goes live", "pending",
         "ada", "storm"],
    ]  # fmt: skip
    let_pass(seller_terminal, 6 * 60)
    let_pass(seller_terminal, 14 * 60)
    log = rows(seller_terminal.ok("table", "history", "flood-repair"))
    assert [line[1:4] for line in log] == [
        ["rollback", "2", "1"], ["activate", "1", "2"], ["activate", "-", "1"]
    ]  # fmt: skip
    assert log[0][4:] == ["ada", "change 2: storm"]
    told = json.loads(seller_terminal.ok("table", "schedule", "list", "--all", "--json"))
    assert [(each["state"], each["kind"]) for each in told] == [
        ("done", "swap_back"), ("done", "swap")
    ]  # fmt: skip


def test_a_stored_version_is_scheduled_and_cancelled(seller_terminal: Terminal) -> None:
    seller_terminal.ok("table", "import", "night.toml")
    seller_terminal.ok("table", "schedule", "flood-repair", "--version=2", "--at=2h", "--back=1h")
    said = seller_terminal.ok("table", "schedule", "cancel", "1", "--author=bob", "--note=sun")
    assert said.splitlines() == [
        "change 1 is cancelled: flood-repair, version 2 goes live",
        "change 2 is cancelled: flood-repair, back to what change 1 replaced",
    ]
    (last, _) = rows(seller_terminal.ok("table", "schedule", "list", "--all"))
    assert last[-1] == "cancelled by bob: sun"
    said = seller_terminal.refused("table", "schedule", "cancel", "1")
    assert "only what is pending can be cancelled" in said


def test_a_schedule_warns_of_what_is_off(seller_terminal: Terminal) -> None:
    Path("off.toml").write_text(
        '[[buyers]]\nid = "bolt"\nname = "Bolt"\nzone = "UTC"\n[[buyers.destinations]]\n'
        'id = "bolt-main"\ndial = "+14155550174"\nenabled = false\n'
    )
    seller_terminal.ok("buyers", "apply", "off.toml")
    result = seller_terminal.run("table", "schedule", "flood-repair", "night.toml", "--at=2h")
    assert (
        "warning: night.toml:11: routes[2].destination: bolt-main is switched off" in result.stderr
    )


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        pytest.param(["flood-repair", "--at=1h"], 2, "name a file, or a stored", id="no-table"),
        pytest.param(
            ["flood-repair", "night.toml", "--version=1", "--at=1h"], 2, "name a file", id="both"
        ),
        pytest.param(["flood-repair", "night.toml"], 2, "Missing option '--at'", id="no-time"),
        pytest.param(
            ["solar-quotes", "night.toml", "--at=1h"],
            1,
            "night.toml is a table of flood-repair, not of solar-quotes",
            id="another-campaign",
        ),
        pytest.param(["cancel", "7"], 1, "there is no scheduled change 7", id="unknown-change"),
    ],
)
def test_a_schedule_is_refused_for(
    seller_terminal: Terminal, words: list[str], code: int, said: str
) -> None:
    assert said in seller_terminal.refused("table", "schedule", *words, code=code)
