import csv
import io
import json
from pathlib import Path

import pytest

from callrouter.domain.calls.events import LegStatus
from callrouter.workflows.export_calls import COLUMNS
from tests.cli.played import call_sid, play_failover, play_open, receiving
from tests.cli.terminal import Terminal, rows
from tests.goldens import check_golden

GOLDENS = Path(__file__).parent / "goldens"


@pytest.fixture
def played(seller_terminal: Terminal, tmp_path: Path) -> Terminal:
    """Two calls that failed over, ten minutes apart, then one that is still open."""
    play_failover(seller_terminal, tmp_path, 1)
    seller_terminal.clock.set(600)
    play_failover(seller_terminal, tmp_path, 2, ani="+13125550188")
    seller_terminal.clock.set(900)
    play_open(seller_terminal, tmp_path, 3)
    seller_terminal.clock.set(960)
    return seller_terminal


def test_calls_show_matches_its_golden(played: Terminal) -> None:
    check_golden(GOLDENS / "calls_show.txt", played.ok("calls", "show", call_sid(1)))


def test_calls_show_of_an_open_call_matches_its_golden(played: Terminal) -> None:
    check_golden(GOLDENS / "calls_show_open.txt", played.ok("calls", "show", call_sid(3)))


def test_a_call_that_was_derived_again_shows_what_changed(
    seller_terminal: Terminal, tmp_path: Path
) -> None:
    with receiving(seller_terminal, tmp_path, 1) as call:
        call.leg(1, 2.0, LegStatus.FAILED, 0)
        call.dial_ended(1, 2.5, LegStatus.FAILED)
        call.leg(2, 20.0, LegStatus.NO_ANSWER, 0)
        call.dial_ended(2, 20.5, LegStatus.NO_ANSWER)
        call.ended(26.0, 5)
        call.fallback_asked(26.5)
    shown = seller_terminal.ok("calls", "show", call_sid(1)).splitlines()
    assert [line for line in shown if "revision" in line] == [
        "CDR, revision 2, derived 2026-09-15 17:00:26Z",
        "revision 1 -> 2: flags - -> fallback",
    ]


def test_calls_show_as_json_has_events_decisions_and_revisions(played: Terminal) -> None:
    shown = json.loads(played.ok("calls", "show", call_sid(1), "--json"))
    assert list(shown) == ["call", "events", "revisions", "attempts", "carrier"]
    assert shown["call"]["call_sid"] == call_sid(1)
    assert shown["events"][0]["event"]["kind"] == "call_arrived"
    assert shown["events"][0]["raw"] == f"CallSid={call_sid(1)}"
    (decided, *_) = [e["event"] for e in shown["events"] if e["event"]["kind"] == "route_decided"]
    assert [c["destination_id"] for c in decided["decision"]["candidates"]] == [
        "acme-east",
        "bolt-main",
    ]
    assert [r["connected_s"] for r in shown["revisions"]] == [95.0]
    assert [a["outcome"] for a in shown["attempts"]] == ["busy", "connected"]


def test_a_call_that_nobody_made_is_said_to_be_unknown(seller_terminal: Terminal) -> None:
    assert seller_terminal.refused("calls", "show", "CA404") == (
        "Error: there is no call 'CA404'\n"
    )


def test_calls_are_listed_newest_first_with_both_durations(played: Terminal) -> None:
    assert played.ok("calls", "list").splitlines() == [
        "started               call                                campaign      did           ani"
        "           destination  disposition  total_s  connected_s",
        f"2026-09-15 17:10:00Z  {call_sid(2)}  flood-repair  +18005550100  +13125550188"
        "  bolt-main    connected    105.000       95.000",
        f"2026-09-15 17:00:00Z  {call_sid(1)}  flood-repair  +18005550100  +14155550123"
        "  bolt-main    connected    105.000       95.000",
    ]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        pytest.param(["--since", "2026-09-15T17:05:00Z"], [2], id="since"),
        pytest.param(["--since", "2026-09-15T13:05:00-04:00"], [2], id="since-with-an-offset"),
        pytest.param(["--until", "2026-09-15T17:10:00"], [1], id="until-is-not-included"),
        pytest.param(["--since", "2026-09-16"], [], id="a-day"),
        pytest.param(["--campaign", "flood-repair"], [2, 1], id="campaign"),
        pytest.param(["--campaign", "solar-quotes"], [], id="another-campaign"),
        pytest.param(["--buyer", "bolt"], [2, 1], id="buyer"),
        pytest.param(["--disposition", "connected"], [2, 1], id="disposition"),
        pytest.param(["--disposition", "busy"], [], id="another-disposition"),
        pytest.param(["--did", "+18005550100", "--ani", "+14155550123"], [1], id="did-and-ani"),
        pytest.param(["--limit", "1"], [2], id="limit"),
    ],
)
def test_calls_are_selected_by(played: Terminal, words: list[str], found: list[int]) -> None:
    listed = json.loads(played.ok("calls", "list", "--json", *words))
    assert [call["call_id"] for call in listed] == [call_sid(number) for number in found]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(["--since", "yesterday"], "'yesterday' isn't an instant", id="instant"),
        pytest.param(["--disposition", "answered"], "'answered' is not one of", id="disposition"),
        pytest.param(["--limit", "0"], "0 is not in the range", id="limit"),
        pytest.param(["--open", "--buyer", "acme"], "an open call has no buyer", id="open-buyer"),
    ],
)
def test_what_selects_nothing_is_a_usage_error(
    seller_terminal: Terminal, words: list[str], said: str
) -> None:
    assert said in seller_terminal.refused("calls", "list", *words, code=2)


def test_a_list_that_was_cut_says_so(played: Terminal) -> None:
    assert "the newest 1; see more with --limit" in played.run("calls", "list", "--limit=1").stderr


def test_open_calls_are_listed_with_their_age(played: Terminal) -> None:
    (row,) = rows(played.ok("calls", "list", "--open"))
    assert row == [
        "2026-09-15 17:15:00Z",
        call_sid(3),
        "flood-repair",
        "+18005550100",
        "+14155550123",
        "60",
    ]


@pytest.mark.parametrize(
    ("words", "count"),
    [
        pytest.param([], 1, id="all"),
        pytest.param(["--campaign", "flood-repair", "--ani", "+14155550123"], 1, id="matching"),
        pytest.param(["--campaign", "solar-quotes"], 0, id="another-campaign"),
        pytest.param(["--since", "2026-09-15T17:15:01"], 0, id="too-early"),
        pytest.param(["--until", "2026-09-15T17:15:00"], 0, id="too-late"),
    ],
)
def test_open_calls_are_selected_by(played: Terminal, words: list[str], count: int) -> None:
    assert len(json.loads(played.ok("calls", "list", "--open", "--json", *words))) == count


def test_no_calls_are_said_in_words(seller_terminal: Terminal) -> None:
    assert seller_terminal.ok("calls", "list") == "no call matches\n"
    assert seller_terminal.ok("calls", "list", "--open") == "no call is open\n"


def test_an_export_has_every_column_of_every_call(played: Terminal) -> None:
    exported = list(csv.DictReader(io.StringIO(played.ok("calls", "export"))))
    assert tuple(exported[0]) == COLUMNS
    assert exported[1] == {
        "call_id": call_sid(1),
        "started_at": "2026-09-15T17:00:00.000Z",
        "ended_at": "2026-09-15T17:01:45.000Z",
        "campaign": "flood-repair",
        "publisher": "radio-kx",
        "did": "+18005550100",
        "ani": "+14155550123",
        "buyer": "bolt",
        "destination": "bolt-main",
        "attempts": "2",
        "attempt_outcomes": "acme-east:busy bolt-main:connected",
        "disposition": "connected",
        "hangup_party": "callee",
        "total_s": "105.000",
        "ring_s": "8.750",
        "answered_s": "95.000",
        "connected_s": "95.000",
        "connected_source": "carrier_leg",
        "table_version": "1",
        "revision": "1",
        "flags": "",
    }


def test_an_export_as_json_is_one_object_a_line(played: Terminal) -> None:
    lines = played.ok("calls", "export", "--json", "--until", "2026-09-15T17:05:00Z").splitlines()
    (call,) = [json.loads(line) for line in lines]
    assert tuple(call) == COLUMNS
    assert (call["total_s"], call["attempts"], call["flags"]) == (105.0, 2, [])


def test_an_export_into_a_file_replaces_it_only_when_it_is_whole(
    played: Terminal, tmp_path: Path
) -> None:
    file = tmp_path / "calls.csv"
    file.write_text("old")
    result = played.run("calls", "export", "-o", str(file))
    assert (result.stdout, result.stderr) == ("", f"2 calls written to {file}\n")
    assert len(file.read_text().splitlines()) == 3
    assert [path.name for path in tmp_path.glob(".calls*")] == []


def test_an_export_that_cannot_be_written_says_where(played: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "missing" / "calls.csv"
    assert played.refused("calls", "export", "-o", str(file)) == (
        f"Error: {file} can't be written: No such file or directory\n"
    )


def test_a_caller_cannot_steer_the_terminal(seller_terminal: Terminal, tmp_path: Path) -> None:
    with receiving(seller_terminal, tmp_path, 1, ani="\x1b[2Jgone"):
        pass
    for words in (["show", call_sid(1)], ["list", "--open"]):
        shown = seller_terminal.ok("calls", *words)
        assert "\x1b" not in shown
        assert "\\x1b[2Jgone" in shown
