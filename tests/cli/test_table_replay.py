import csv
import json
from pathlib import Path

import pytest

from tests.cli.played import play_failover
from tests.cli.terminal import Terminal
from tests.goldens import check_golden
from tests.switchboards import DID, TABLE

GOLDENS = Path(__file__).parent / "goldens"
BOLT_FIRST = TABLE.replace("priority = 1", "priority = 3").replace(
    'destination = "bolt-main"', 'destination = "bolt-main"\nprice = "35.00"\npayable_after_s = 60'
)
CAPPED = BOLT_FIRST.replace("payable_after_s = 60", 'caps = ["1 attempts per day"]')
REPLAY = ("table", "replay", "bolt.toml", "--last", "1h")


@pytest.fixture
def folder(seller_terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder with bolt.toml; two calls came within the last hour."""
    monkeypatch.chdir(tmp_path)
    Path("bolt.toml").write_text(BOLT_FIRST)
    for number in (1, 2):
        seller_terminal.clock.set(600 * number)
        play_failover(seller_terminal, tmp_path, number, ani=f"+1415555010{number}")
    seller_terminal.clock.set(1800)
    return tmp_path


def test_a_replay_matches_its_golden(seller_terminal: Terminal, folder: Path) -> None:
    check_golden(GOLDENS / "table_replay.txt", seller_terminal.ok(*REPLAY))
    history = json.loads(seller_terminal.ok("table", "history", "flood-repair", "--json"))
    assert len(history["activations"]) == 1


def test_a_replay_tells_caps_and_numbers_that_the_new_table_lacks(
    seller_terminal: Terminal, folder: Path
) -> None:
    Path("bolt.toml").write_text(CAPPED)
    check_golden(GOLDENS / "table_replay_caps.txt", seller_terminal.ok(*REPLAY))
    Path("bolt.toml").write_text(TABLE.replace(DID, "+18005550142"))
    said = seller_terminal.ok(*REPLAY)
    assert "left with nobody: 0 live, 2 new" in said
    assert "2 of the new ones called a DID that the new table lacks" in said


def test_a_stored_version_can_be_replayed_and_calls_before_the_period_do_not_count(
    seller_terminal: Terminal, folder: Path
) -> None:
    seller_terminal.ok("table", "import", "bolt.toml")
    stored = ("table", "replay", "flood-repair", "--version", "2", "--json")
    report = json.loads(seller_terminal.ok(*stored, "--last", "15m"))
    assert report["calls"] == 1
    assert [row["destination_id"] for row in report["rows"]] == ["acme-east", "bolt-main"]
    assert report["rows"][1]["candidate"]["revenue_micros"] == 35_000_000
    nothing = seller_terminal.ok(*stored[:-1], "--last", "1m")
    assert "nobody would have been dialled" in nothing


def test_the_destinations_as_csv(seller_terminal: Terminal, folder: Path) -> None:
    seller_terminal.ok(*REPLAY, "--csv", "-o", "replay.csv")
    with (folder / "replay.csv").open(newline="") as lines:
        east, main = csv.DictReader(lines)
    assert (east["destination"], east["live_attempts"], east["live_calls"]) == (
        "acme-east",
        "2",
        "0",
    )
    assert (main["candidate_connected_s"], main["candidate_revenue_micros"]) == (
        "190.000",
        "70000000",
    )


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        pytest.param(("bolt.toml", "--csv", "--json"), 2, "two things", id="both"),
        pytest.param(("bolt.toml", "-o", "x"), 2, "--output goes with --csv", id="output"),
        pytest.param(("nobody",), 1, "no campaign 'nobody'", id="no-campaign"),
    ],
)
def test_a_replay_is_refused_for(
    seller_terminal: Terminal, folder: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    assert said in seller_terminal.refused("table", "replay", *words, code=code)
