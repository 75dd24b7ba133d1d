import json
import sqlite3
import stat
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from callrouter.adapters.clock import SystemClock
from callrouter.adapters.storage.engine import open_database
from callrouter.adapters.storage.secret_box import SecretBox
from callrouter.adapters.storage.spool import Spool, SpooledEvent
from callrouter.adapters.twilio.links import Links
from callrouter.domain.calls.events import CallArrived
from callrouter.domain.carrier.carrier_records import NumberSetup
from callrouter.domain.errors import CarrierUnavailableError
from callrouter.workflows.raise_alert import raise_alert
from callrouter.workflows.send_alerts import send_alerts
from tests.cli.terminal import Terminal
from tests.post import FakePost
from tests.switchboards import DID, PUBLIC_URL, SCREENED_DID, SECRET_KEY, SELLER, T0

LINKS = Links(PUBLIC_URL)


def set_up(number: str, **changes: str) -> NumberSetup:
    """A number with the URLs that it should have, but for `changes`."""
    right = NumberSetup(
        number=number,
        voice_url=LINKS.voice(),
        fallback_url=LINKS.fallback(),
        status_url=LINKS.status(),
    )
    return replace(right, **changes)


@pytest.fixture
def healthy(seller_terminal: Terminal) -> Terminal:
    """Everything as it should be."""
    words = ("alert", "to", "add", "chat", "--webhook", "https://hooks.example.com/alerts")
    seller_terminal.ok(*words)
    seller_terminal.carriers[SELLER.seller_id].numbers = (set_up(DID), set_up(SCREENED_DID))
    return seller_terminal


def examine(terminal: Terminal, *words: str) -> tuple[int, dict[str, tuple[str, str, str]]]:
    """The exit code, and each check's verdict, what it saw and what it advises."""
    result = terminal.run("doctor", "--json", *words)
    found = json.loads(result.stdout)
    return result.exit_code, {f["check"]: (f["verdict"], f["saw"], f["advice"]) for f in found}


def test_a_healthy_installation_passes_every_check(healthy: Terminal) -> None:
    code, found = examine(healthy)
    assert code == 0
    assert {check: verdict for check, (verdict, _, _) in found.items()} == {
        "settings": "ok",
        "PUBLIC_URL": "ok",
        "SECRET_KEY": "ok",
        "database": "ok",
        "schema": "ok",
        "state folder": "ok",
        "disk": "ok",
        "spool": "ok",
        "clock": "not_checked",
        "alerts of seller-a": "ok",
        "numbers of seller-a": "ok",
    }
    assert found["alerts of seller-a"][1] == "they go to chat"
    assert found["numbers of seller-a"][1] == "2 of 2 DIDs are set up as they should be"


def test_each_line_for_people_says_what_was_seen(healthy: Terminal) -> None:
    said = healthy.ok("doctor").splitlines()
    assert said[0] == "ok          settings: all are known and readable"
    assert said[-1] == ("ok          numbers of seller-a: 2 of 2 DIDs are set up as they should be")


@pytest.mark.parametrize(
    ("public_url", "verdict", "said"),
    [
        pytest.param("", "failed", "set it to the address that the carrier calls", id="missing"),
        pytest.param("http://calls.example.com", "warning", "use https", id="http"),
        pytest.param("http://127.0.0.1:8000", "warning", "only a simulator", id="this-machine"),
    ],
)
def test_a_public_url_is_judged(
    healthy: Terminal, public_url: str, verdict: str, said: str
) -> None:
    healthy.environ["PUBLIC_URL"] = public_url
    _, found = examine(healthy, "--offline")
    assert found["PUBLIC_URL"][0] == verdict
    assert said in found["PUBLIC_URL"][2]


def test_a_misspelt_setting_is_the_only_thing_told(healthy: Terminal) -> None:
    healthy.environ["CALLROUTER_SWEEP_AFTERS"] = "60"
    code, found = examine(healthy)
    assert (code, list(found)) == (1, ["settings"])
    assert found["settings"][1].startswith("CALLROUTER_SWEEP_AFTERS is not a setting")


def test_without_a_secret_key_the_numbers_are_not_asked_about(healthy: Terminal) -> None:
    del healthy.environ["SECRET_KEY"]
    code, found = examine(healthy)
    assert (code, found["SECRET_KEY"][0]) == (1, "failed")
    assert found["numbers"][:2] == (
        "not_checked",
        "needs the database, PUBLIC_URL and SECRET_KEY first",
    )


def test_an_absent_database_is_told_with_what_goes_on(healthy: Terminal) -> None:
    healthy.environ["DATABASE_URL"] = "postgresql://nobody:secret@127.0.0.1:1/callrouter"
    result = healthy.run("doctor")
    assert result.exit_code == 1
    assert "secret" not in result.output
    assert "calls go on by last known good" in result.stdout
    assert result.stderr == "Error: 1 of 9 checks failed\n"


def test_an_old_schema_is_told_with_what_to_do(healthy: Terminal, tmp_path: Path) -> None:
    healthy.environ["DATABASE_URL"] = f"sqlite:///{tmp_path}/empty.db"
    code, found = examine(healthy)
    assert (code, found["schema"][0], found["schema"][2]) == (
        1,
        "failed",
        "run `callrouter db upgrade`",
    )


def test_a_newer_schema_is_only_pointed_out(healthy: Terminal) -> None:
    """A migration leaves the version before it working, so that commands go on as well."""
    file = healthy.environ["DATABASE_URL"].removeprefix("sqlite:///")
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    code, found = examine(healthy)
    assert (code, found["schema"][0]) == (0, "warning")
    assert healthy.ok("calls", "list") == "no call matches\n"


def test_a_spool_that_cannot_be_read_fails(healthy: Terminal, tmp_path: Path) -> None:
    (tmp_path / "spool.db").mkdir()
    code, found = examine(healthy)
    assert (code, found["spool"][0], found["spool"][2]) == (
        1,
        "failed",
        f"look at {tmp_path}/spool.db",
    )


def test_a_state_folder_that_is_not_there_yet_is_no_failure(
    healthy: Terminal, tmp_path: Path
) -> None:
    healthy.environ["CALLROUTER_STATE_DIR"] = str(tmp_path / "later")
    code, found = examine(healthy)
    assert (code, found["state folder"][0]) == (0, "warning")
    assert not (tmp_path / "later").exists()


def test_a_state_folder_that_is_a_file_fails(healthy: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    healthy.environ["CALLROUTER_STATE_DIR"] = str(file)
    code, found = examine(healthy)
    assert (code, found["state folder"][0]) == (1, "failed")
    assert found["state folder"][1] == f"{file}: Not a directory"


def test_events_that_wait_for_the_database_are_counted(healthy: Terminal, tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.db")
    arrived = CallArrived(call_sid="CA1", received_at=T0, did=DID, ani="+14155550123")
    spool.append([SpooledEvent(SELLER.seller_id, arrived, "")])
    spool.close()
    _, found = examine(healthy)
    assert found["spool"][:2] == ("warning", "1 events wait for the database")


def test_an_empty_spool_is_fine(healthy: Terminal, tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.db")
    spool.depth()
    spool.close()
    _, found = examine(healthy)
    assert found["spool"][:2] == ("ok", "empty")


@pytest.mark.parametrize(
    ("ahead_s", "verdict"),
    [
        pytest.param(0, "ok", id="right"),
        pytest.param(30, "failed", id="ahead"),
        pytest.param(-30, "failed", id="behind"),
    ],
)
def test_the_clock_is_compared_with_the_database_servers(
    any_terminal: Terminal, ahead_s: int, verdict: str
) -> None:
    any_terminal.clock.at = SystemClock().now() + timedelta(seconds=ahead_s)
    _, found = examine(any_terminal, "--offline")
    if "sqlite" in any_terminal.environ["DATABASE_URL"]:
        assert found["clock"][:2] == ("not_checked", "there is no other clock to compare with")
    else:
        assert found["clock"][0] == verdict
        assert ("behind" in found["clock"][1]) is (ahead_s < 0) or ahead_s == 0


def test_a_rehearsals_clock_is_not_compared(healthy: Terminal) -> None:
    healthy.environ["CALLROUTER_CLOCK_ORIGIN"] = str(datetime(2026, 1, 1, tzinfo=UTC).timestamp())
    healthy.environ["CALLROUTER_CLOCK_SCALE"] = "20"
    _, found = examine(healthy, "--offline")
    assert found["clock"][1].startswith("a rehearsal's, 20 times as fast")


@pytest.mark.parametrize(
    ("changes", "verdict", "saw"),
    [
        pytest.param({"voice_url": ""}, "failed", "voice URL isn't set", id="missing"),
        pytest.param(
            {"voice_url": "https://old.example.com/twilio/voice"},
            "failed",
            "voice URL points to old.example.com, not here",
            id="another-host",
        ),
        pytest.param(
            {"voice_url": LINKS.voice().replace("https", "http")},
            "failed",
            "voice URL uses http, so that its signature doesn't match PUBLIC_URL",
            id="another-scheme",
        ),
        pytest.param(
            {"voice_url": "https://calls.example.com/twilio/voice/"},
            "failed",
            "voice URL ends in a slash, which is another address",
            id="a-slash-too-many",
        ),
        pytest.param(
            {"voice_url": "https://calls.example.com/voice.xml"},
            "failed",
            "voice URL is https://calls.example.com/voice.xml",
            id="another-path",
        ),
        pytest.param(
            {"voice_url": "http://["}, "failed", "voice URL isn't a URL: http://[", id="no-url"
        ),
        pytest.param(
            {"status_url": "https://calls.example.com/twilio/status"},
            "warning",
            "status callback URL has no connection overrides instead of #rc=3&rp=all",
            id="without-overrides",
        ),
        pytest.param(
            {"fallback_url": "https://calls.example.com/twilio/fallback#rc=1"},
            "warning",
            "fallback URL has #rc=1 instead of no connection overrides",
            id="other-overrides",
        ),
    ],
)
def test_a_did_is_told_by_how_its_urls_differ(
    healthy: Terminal, changes: dict[str, str], verdict: str, saw: str
) -> None:
    healthy.carriers[SELLER.seller_id].numbers = (set_up(DID, **changes), set_up(SCREENED_DID))
    code, found = examine(healthy)
    assert code == (1 if verdict == "failed" else 0)
    assert found[f"DID {DID}"][:2] == (verdict, saw)
    assert "set it to https://calls.example.com/twilio/" in found[f"DID {DID}"][2]
    assert found["numbers of seller-a"][:2] == (
        "warning",
        "1 of 2 DIDs are set up as they should be",
    )


@pytest.mark.parametrize(
    ("changes", "taken_by"),
    [
        pytest.param({"trunk_sid": "TK1"}, "SIP trunk TK1", id="trunk"),
        pytest.param({"voice_application_sid": "AP1"}, "TwiML application AP1", id="application"),
        pytest.param(
            {"trunk_sid": "TK1", "voice_application_sid": "AP1"}, "SIP trunk TK1", id="both"
        ),
    ],
)
def test_a_did_whose_urls_the_carrier_ignores_fails(
    healthy: Terminal, changes: dict[str, str], taken_by: str
) -> None:
    stray = set_up("+18005550188", **changes)
    healthy.carriers[SELLER.seller_id].numbers = (
        set_up(DID, **changes),
        set_up(SCREENED_DID),
        stray,
    )
    code, found = examine(healthy)
    assert code == 1
    assert found[f"DID {DID}"] == (
        "failed",
        f"{taken_by} takes its calls: the carrier ignores the number's own URLs",
        "at the carrier, take it off the number: configure the voice calls with webhooks",
    )
    assert found["numbers of seller-a"][0] == "warning"
    assert "DID +18005550188" not in found  # its calls don't come here


def test_a_did_that_the_account_does_not_have_fails(healthy: Terminal) -> None:
    healthy.carriers[SELLER.seller_id].numbers = (set_up(DID),)
    code, found = examine(healthy)
    assert (code, found[f"DID {SCREENED_DID}"][:2]) == (
        1,
        (
            "failed",
            "campaign solar-quotes advertises it, but the carrier account doesn't have it",
        ),
    )


def test_a_number_that_comes_here_without_a_campaign_is_pointed_out(healthy: Terminal) -> None:
    stray, elsewhere = set_up("+18005550188"), set_up("+18005550189", voice_url="https://x.example")
    healthy.carriers[SELLER.seller_id].numbers += (stray, elsewhere)
    code, found = examine(healthy)
    assert (code, found["DID +18005550188"][0]) == (0, "warning")
    assert "DID +18005550189" not in found


def test_a_carrier_that_does_not_answer_fails_the_check(healthy: Terminal) -> None:
    healthy.carriers[SELLER.seller_id].error = CarrierUnavailableError("refused: check the token")
    code, found = examine(healthy)
    assert (code, found["numbers of seller-a"][:2]) == (1, ("failed", "refused: check the token"))
    assert examine(healthy, "--offline")[0] == 0


def test_a_seller_without_credentials_fails_the_check(healthy: Terminal) -> None:
    healthy.carriers.clear()
    code, found = examine(healthy)
    assert (code, found["numbers of seller-a"][1]) == (1, "no seller 'seller-a'")


def test_an_installation_without_sellers_or_tables_is_told_what_comes_next(
    terminal: Terminal,
) -> None:
    _, found = examine(terminal)
    assert found["sellers"] == (
        "warning",
        "there is no seller yet",
        "add one with `callrouter seller add`",
    )
    account = "AC" + "0" * 32
    terminal.ok("seller", "add", "demo", "--name=D", "--account-sid", account, "--auth-token=x")
    terminal.carriers["demo"] = terminal.carriers[SELLER.seller_id]
    _, found = examine(terminal)
    assert found["numbers of demo"] == ("warning", "no live table has a DID", "activate a table")


def test_a_read_only_state_folder_fails(healthy: Terminal, tmp_path: Path) -> None:
    folder = Path("/proc")  # nobody can write there, not even root
    healthy.environ["CALLROUTER_STATE_DIR"] = str(folder)
    assert stat.S_ISDIR(folder.stat().st_mode)
    code, found = examine(healthy)
    assert (code, found["state folder"][0]) == (1, "failed")


def test_a_seller_whom_nobody_would_alert_is_warned_of(healthy: Terminal) -> None:
    healthy.ok("alert", "to", "remove", "chat")
    code, found = examine(healthy)
    assert (code, found["alerts of seller-a"]) == (
        0,
        (
            "warning",
            "nobody would hear of any",
            "add a place with `callrouter alert to add`",
        ),
    )


def test_mail_without_a_mail_server_fails(healthy: Terminal) -> None:
    healthy.ok("alert", "to", "add", "ops", "--email", "ops@example.com")
    code, found = examine(healthy)
    assert code == 1
    assert found["alerts of seller-a"][:2] == (
        "failed",
        "ops would get mail, and SMTP_URL is not set",
    )

    healthy.environ["SMTP_URL"] = "smtp://127.0.0.1:25?from=alerts@example.com&tls=off"
    code, found = examine(healthy)
    assert (code, found["alerts of seller-a"][1]) == (0, "they go to chat, ops")


def test_a_place_that_takes_no_alerts_is_named_with_what_was_tried_most(healthy: Terminal) -> None:
    post = FakePost(refuses=lambda _: "the webhook answered 500")
    database, box = open_database(healthy.environ["DATABASE_URL"]), SecretBox(SECRET_KEY)
    for key in ("a", "b"):
        with database.write() as connection:
            raise_alert(connection, SELLER.seller_id, key, "subject", "text", T0)
        for _ in range(2):
            healthy.clock.at += timedelta(minutes=10)
            send_alerts(database, box, post.means, healthy.clock)
    database.dispose()

    code, found = examine(healthy)

    assert code == 1
    assert found["alerts of seller-a"][:2] == (
        "failed",
        "chat has not taken one in 4 tries: the webhook answered 500",
    )


def test_places_that_another_key_sealed_fail(healthy: Terminal) -> None:
    healthy.environ["SECRET_KEY"] = "another key of sixteen"
    code, found = examine(healthy)
    assert (code, found["alerts of seller-a"][0]) == (1, "failed")
    assert "SECRET_KEY isn't the one" in found["alerts of seller-a"][1]
