import json
from pathlib import Path

import pytest

from tests.cli.played import call_sid, play_failover
from tests.cli.terminal import Terminal
from tests.goldens import check_golden
from tests.switchboards import DID, SCREENED_DID, TABLE

GOLDENS = Path(__file__).parent / "goldens"
EXPLAIN = ("route", "explain")
TO_FLOOD = (*EXPLAIN, "--did", DID, "--ani", "+14155550123")
REFUSING = TABLE.replace(
    "[[dids]]", 'withheld_callers = "refuse"\n[limits]\nattempts = 1\n[[dids]]'
)


@pytest.mark.parametrize(
    ("golden", "words"),
    [
        pytest.param("explain_failover", TO_FLOOD, id="failover"),
        pytest.param(
            "explain_voicemail",
            (*EXPLAIN, "--did", SCREENED_DID, "--ani", "anonymous"),
            id="withheld-caller-and-voicemail",
        ),
        pytest.param(
            "explain_unknown",
            (*EXPLAIN, "--did", "+18005550142", "--ani", "+14155550123"),
            id="unknown-did",
        ),
    ],
)
def test_an_explanation_matches_its_golden(
    seller_terminal: Terminal, golden: str, words: tuple[str, ...]
) -> None:
    check_golden(GOLDENS / f"{golden}.txt", seller_terminal.ok(*words))


def test_explaining_a_limit_matches_its_golden(seller_terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "refusing.toml"
    file.write_text(REFUSING)
    seller_terminal.ok("table", "activate", str(file))
    check_golden(GOLDENS / "explain_limit.txt", seller_terminal.ok(*TO_FLOOD))
    said = seller_terminal.ok(*EXPLAIN, "--did", DID, "--ani", "Anonymous")
    assert "skipped: withheld_caller (caller id 'Anonymous')" in said


def test_explaining_a_draw_matches_its_golden(seller_terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "shared.toml"
    file.write_text(TABLE.replace("priority = 2", "weight = 3"))
    seller_terminal.ok("table", "activate", str(file))
    check_golden(GOLDENS / "explain_draw.txt", seller_terminal.ok(*TO_FLOOD))


def test_what_was_decided_for_a_call_matches_its_golden(
    seller_terminal: Terminal, tmp_path: Path
) -> None:
    play_failover(seller_terminal, tmp_path, 1)
    file = tmp_path / "later.toml"
    file.write_text(TABLE.replace("priority = 1", "priority = 3"))
    seller_terminal.ok("table", "activate", str(file))
    check_golden(GOLDENS / "explain_call.txt", seller_terminal.ok(*EXPLAIN, "--call", call_sid(1)))


def test_an_explanation_as_json_has_each_decision(seller_terminal: Terminal) -> None:
    decisions = json.loads(seller_terminal.ok(*TO_FLOOD, "--json"))
    assert [(d["dial"] or {}).get("destination_id") for d in decisions] == [
        "acme-east",
        "bolt-main",
        None,
    ]
    assert decisions[0]["candidates"][1] == {
        "destination_id": "bolt-main",
        "buyer_id": "bolt",
        "priority": 2,
        "weight": 1,
        "skip": None,
        "overflow": False,
        "figure": "",
    }


def test_explaining_an_instant_uses_what_was_live_then(
    any_terminal: Terminal, tmp_path: Path
) -> None:
    """The table and the directory of that time, and no number before the first activation."""
    buyers, table = tmp_path / "buyers.toml", tmp_path / "table.toml"
    account = "AC" + "0" * 32
    any_terminal.ok(
        *("seller", "add", "demo", "--name", "Demo", "--account-sid", account),
        *("--auth-token", "x"),
    )
    for minute, zone in ((1, "UTC"), (3, "America/Chicago")):
        any_terminal.clock.set(60 * minute)
        buyers.write_text(
            f'[[buyers]]\nid = "acme"\nname = "Acme"\nzone = "{zone}"\n'
            '[[buyers.destinations]]\nid = "acme-east"\ndial = "+12125550171"\n'
        )
        any_terminal.ok("buyers", "apply", str(buyers))
    table.write_text(
        'campaign = "another"\n[[dids]]\nnumber = "+18005550143"\n'
        '[[routes]]\ndestination = "acme-east"\n'
    )
    any_terminal.clock.set(60)
    any_terminal.ok("table", "activate", str(table))
    draft = 'campaign = "draft"\n[[dids]]\nnumber = "+18005550142"\n[[routes]]\ndestination = "a"\n'
    table.write_text(draft)
    any_terminal.ok("table", "import", str(table))
    for minute, ring_s in ((2, 20), (4, 30)):
        any_terminal.clock.set(60 * minute)
        table.write_text(
            f'campaign = "flood"\n[[dids]]\nnumber = "{DID}"\n'
            f'[[routes]]\ndestination = "acme-east"\nring_s = {ring_s}\n'
        )
        any_terminal.ok("table", "activate", str(table))

    def versions(minute: int) -> tuple[str, int, int]:
        at = f"2026-09-15T17:{minute:02d}:30Z"
        first = json.loads(any_terminal.ok(*TO_FLOOD, "--at", at, "--json"))[0]
        return first["closing"] or "dialled", first["table_version"], first["directory_version"]

    assert [versions(minute) for minute in range(5)] == [
        ("not_in_service", 0, 0),
        ("not_in_service", 0, 1),
        ("dialled", 1, 1),
        ("dialled", 1, 2),
        ("dialled", 2, 2),
    ]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        pytest.param([], 2, "name a call to explain", id="nothing"),
        pytest.param(["--did", DID], 2, "name a call to explain", id="no-caller"),
        pytest.param(["--call", "CA1", "--did", DID], 2, "--call stands alone", id="both"),
        pytest.param(["--call", "CA1"], 1, "there is no call 'CA1'", id="an-unknown-call"),
        pytest.param(["--did", "800", "--ani", "x"], 1, "--did '800' isn't E.164", id="did"),
    ],
)
def test_an_explanation_is_refused_for(
    seller_terminal: Terminal, words: list[str], code: int, said: str
) -> None:
    assert said in seller_terminal.refused(*EXPLAIN, *words, code=code)
