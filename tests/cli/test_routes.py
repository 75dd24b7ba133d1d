import json
from pathlib import Path

import pytest

from callrouter.adapters.storage.engine import open_database
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
    assert "skipped: withheld caller (caller id 'Anonymous')" in said


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


NIGHT = TABLE.replace(
    'destination = "acme-east"', 'destination = "acme-east"\nhours = { weekdays = "08:00-13:30" }'
).replace('destination = "bolt-main"', 'destination = "bolt-main"\nfilters = ["state == TX"]')
TRY = ("table", "try", "night.toml", "--did", DID, "--ani", "+14155550123")


@pytest.fixture
def night(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which night.toml lies."""
    monkeypatch.chdir(tmp_path)
    Path("night.toml").write_text(NIGHT)
    return tmp_path


def test_trying_a_file_matches_its_golden(seller_terminal: Terminal, night: Path) -> None:
    golden = GOLDENS / "table_try.txt"
    check_golden(golden, seller_terminal.ok(*TRY, "--at", "14:00 America/New_York"))
    history = json.loads(seller_terminal.ok("table", "history", "flood-repair", "--json"))
    assert len(history["activations"]) == 1


def test_what_the_carrier_would_send_decides_filters(
    seller_terminal: Terminal, night: Path
) -> None:
    """Of a stored version, too; it is now one o'clock in New York."""
    seller_terminal.ok("table", "import", "night.toml")
    from_texas = ("--state", "TX", "--zip", "77002", "--country", "US", "--json")
    stored = ("table", "try", "flood-repair", "--version", "2", *TRY[3:])
    for words in (TRY, stored):
        decisions = json.loads(seller_terminal.ok(*words, *from_texas))
        assert [(d["dial"] or {}).get("destination_id") for d in decisions] == [
            "acme-east",
            "bolt-main",
            None,
        ]
        (first, last) = json.loads(seller_terminal.ok(*words, "--json"))
        assert first["candidates"][1]["skip"]["saw"] == "state == TX: state was not sent"
        assert last["closing"] == "message"


def test_trying_goes_by_what_stands_now(seller_terminal: Terminal, night: Path) -> None:
    seller_terminal.ok("traffic", "pause", "buyer", "acme", "--note", "unpaid")
    said = seller_terminal.ok(*TRY)
    assert "skipped: stopped (paused by" in said
    assert said.endswith(
        "By what is live, flood-repair version 1: dial bolt-main of bolt at "
        '+14155550174 for up to 20 s, then say "Nobody is left." and hang up\n'
    )


def test_a_number_that_is_not_live_yet_can_be_tried(seller_terminal: Terminal, night: Path) -> None:
    Path("night.toml").write_text(NIGHT.replace(DID, "+18005550142"))
    said = seller_terminal.ok(*TRY[:4], "+18005550142", "--ani", "+14155550123")
    assert said.endswith("By what is live the number is in no table.\n")
    refused = seller_terminal.refused(*TRY, code=1)
    assert f"{DID} isn't a DID of this table of flood-repair; it has +18005550142" in refused


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        pytest.param(("flood-repair",), 2, "name a call: --did and --ani", id="no-call"),
        pytest.param(("flood-repair", *TRY[3:5]), 2, "--did and --ani", id="no-caller"),
        pytest.param(("nobody", *TRY[3:]), 1, "no campaign 'nobody'", id="no-campaign"),
        pytest.param(("none.toml", *TRY[3:]), 1, "can't be read", id="no-file"),
    ],
)
def test_a_try_is_refused_for(
    seller_terminal: Terminal, words: tuple[str, ...], code: int, said: str
) -> None:
    assert said in seller_terminal.refused("table", "try", *words, code=code)


def test_an_instant_to_come_is_explained_by_what_is_live(
    seller_terminal: Terminal, night: Path
) -> None:
    seller_terminal.ok("table", "activate", "night.toml", "--force")
    said = seller_terminal.ok(*TO_FLOOD, "--at", "2026-09-15T18:00:00Z")
    assert "skipped: closed (closed until Wed 08:00 America/New_York)" in said


def test_the_country_is_that_of_the_number_if_left_out(
    seller_terminal: Terminal, night: Path
) -> None:
    abroad = NIGHT.replace("state == TX", "country == CA")
    Path("night.toml").write_text(abroad)
    assert abroad != NIGHT
    for more, saw in (((), "US"), (("--country", "GB"), "GB")):
        first, *_ = json.loads(seller_terminal.ok(*TRY, *more, "--json"))
        assert first["candidates"][1]["skip"]["saw"] == f"country == CA: country is {saw}"


def test_an_explanation_shows_what_the_strategy_saw_and_what_the_call_pays(
    seller_terminal: Terminal, night: Path
) -> None:
    paying = TABLE.replace(
        'campaign = "flood-repair"', 'campaign = "flood-repair"\nstrategy = "best_paying"'
    )
    paying = paying.replace(
        "priority = 2", 'price = "35.00"\npayable_after_s = 90\nrecovery = { under_s = 20 }'
    )
    Path("night.toml").write_text(paying)
    said = seller_terminal.ok(*TRY)
    assert (
        "attempt 1: dial bolt-main of bolt at +14155550174 for up to 20 s and be paid 35.00 after "
        "90 s of talk and go on to the next if it hangs up within 20 s"
    ) in said
    assert "destination  buyer  priority  figure" in said
    assert "1  bolt-main    bolt   1         pays 35.00 USD  dialled" in said
    assert "2  acme-east    acme   1         no price        could have been dialled" in said


def test_a_decision_that_comes_out_otherwise_today_is_shown(
    seller_terminal: Terminal, tmp_path: Path
) -> None:
    """As after a release that decides differently: here what was recorded is changed."""
    play_failover(seller_terminal, tmp_path, 1)
    database = open_database(seller_terminal.environ["DATABASE_URL"])
    with database.write() as connection:
        connection.exec_driver_sql("DROP TRIGGER call_events_refuse_update")
        connection.exec_driver_sql(
            "UPDATE call_events SET body = replace(body, '\"ring_s\":20', '\"ring_s\":21')"
            " WHERE key = 'decided:1'"
        )
    database.dispose()
    said = seller_terminal.ok(*EXPLAIN, "--call", call_sid(1))
    assert "Decided again, attempt 1 comes out otherwise:" in said
    assert "  attempt 1: dial acme-east of acme at +12125550171 for up to 20 s" in said
