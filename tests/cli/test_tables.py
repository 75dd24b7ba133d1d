import json
import re
import shlex
import sys
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal
from tests.goldens import check_golden
from tests.switchboards import BUYERS, DID, SCREENED_TABLE, TABLE

GOLDENS = Path(__file__).parent / "goldens"
ADA = ("--author=ada", "--note=more to bolt")
HEAVIER = TABLE.replace("priority = 2", "priority = 1\nweight = 3")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which the commands are typed, with the files that they name."""
    monkeypatch.chdir(tmp_path)
    for name, text in (("flood", TABLE), ("heavier", HEAVIER), ("solar", SCREENED_TABLE)):
        Path(f"{name}.toml").write_text(text)
    Path("buyers.toml").write_text(BUYERS)
    return tmp_path


def test_activating_says_what_went_live_and_what_it_changed(
    seller_terminal: Terminal, folder: Path
) -> None:
    assert seller_terminal.ok("table", "activate", "heavier.toml").splitlines() == [
        "flood-repair: version 1 -> version 2, 1 DID, 2 routes, then a message",
        "  ~ routes[bolt-main].priority: 2 -> 1",
        "  ~ routes[bolt-main].weight: 1 -> 3",
    ]


def test_activating_what_is_live_already_changes_nothing(
    seller_terminal: Terminal, folder: Path
) -> None:
    assert seller_terminal.ok("table", "activate", "flood.toml") == (
        "flood-repair: version 1 is live already, nothing changes\n"
    )
    history = json.loads(seller_terminal.ok("table", "history", "flood-repair", "--json"))
    assert len(history["activations"]) == 1


def test_a_first_table_replaces_nothing(any_terminal: Terminal, folder: Path) -> None:
    account = "AC" + "0" * 32
    any_terminal.ok(
        *("seller", "add", "demo", "--name", "Demo", "--account-sid", account),
        *("--auth-token", "x"),
    )
    any_terminal.ok("buyers", "apply", "buyers.toml")
    assert any_terminal.ok("table", "activate", "flood.toml", "--expect", "0") == (
        "flood-repair: nothing -> version 1, 1 DID, 2 routes, then a message\n"
    )


def test_every_problem_of_a_refused_table_is_one_line_and_the_old_one_stays(
    seller_terminal: Terminal, folder: Path
) -> None:
    wrong = TABLE.replace("bolt-main", "bolt-mian").replace(DID, "+18005550101")
    Path("wrong.toml").write_text(wrong)
    assert seller_terminal.refused("table", "activate", "wrong.toml").splitlines() == [
        "wrong.toml:4: dids[1].number: +18005550101 belongs to flood-repair and solar-quotes; "
        "a number has one campaign",
        'wrong.toml:11: routes[2].destination: no buyer has a destination "bolt-mian"; '
        "did you mean bolt-main?",
        "Error: 2 problems; nothing was changed",
    ]
    history = json.loads(seller_terminal.ok("table", "history", "flood-repair", "--json"))
    assert (history["live"], len(history["versions"])) == (1, 1)


def test_a_table_that_was_changed_in_the_meantime_is_not_replaced(
    seller_terminal: Terminal, folder: Path
) -> None:
    seller_terminal.ok("table", "activate", "heavier.toml", "--expect=1", *ADA)
    said = seller_terminal.refused("table", "activate", "flood.toml", "--expect", "1")
    assert said.splitlines() == [
        "Error: campaign flood-repair has version 2 live, not 1: ada changed it at "
        "2026-09-15 17:00:00Z (more to bolt); nothing was overwritten",
        "version 2 against version 1:",
        "  ~ routes[bolt-main].priority: 2 -> 1",
        "  ~ routes[bolt-main].weight: 1 -> 3",
        "put your change into what is live, as `callrouter table export flood-repair` gives it, "
        "and repeat; or, to replace that all the same, say --expect 2",
    ]
    assert seller_terminal.ok("table", "activate", "flood.toml", "--expect", "2")


@pytest.mark.parametrize(
    ("campaign", "expect", "said"),
    [
        pytest.param("flood-repair", "9", "has version 1 live, not 9", id="a-version-never-there"),
        pytest.param("flood-repair", "0", "has version 1 live, not none", id="none"),
        pytest.param("gutters", "1", "has version none live, not 1", id="a-campaign-never-there"),
    ],
)
def test_a_version_that_never_was_is_not_what_is_live(
    seller_terminal: Terminal, folder: Path, campaign: str, expect: str, said: str
) -> None:
    Path("t.toml").write_text(HEAVIER.replace("flood-repair", campaign))
    assert said in seller_terminal.refused("table", "activate", "t.toml", "--expect", expect)


def test_a_destination_that_is_switched_off_is_pointed_out(
    seller_terminal: Terminal, folder: Path
) -> None:
    off = BUYERS.replace('dial = "+14155550174"', 'dial = "+14155550174"\nenabled = false')
    Path("off.toml").write_text(off)
    seller_terminal.ok("buyers", "apply", "off.toml")
    result = seller_terminal.run("table", "activate", "heavier.toml")
    assert result.exit_code == 0
    assert result.stderr == (
        "warning: heavier.toml:11: routes[2].destination: bolt-main is switched off\n"
    )


def test_a_rollback_goes_to_the_table_before_and_a_second_one_back(
    seller_terminal: Terminal, folder: Path
) -> None:
    seller_terminal.ok("table", "activate", "heavier.toml")
    said = seller_terminal.ok("table", "rollback", "flood-repair")
    assert said.startswith("flood-repair: version 2 -> version 1,")
    said = seller_terminal.ok("table", "rollback", "flood-repair")
    assert said.startswith("flood-repair: version 1 -> version 2,")
    said = seller_terminal.ok("table", "rollback", "flood-repair", "--to", "1")
    assert said.startswith("flood-repair: version 2 -> version 1,")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(
            ["flood-repair"],
            "campaign flood-repair has nothing to go back to: version 1 is the first that went",
            id="a-first-table",
        ),
        pytest.param(["nobody"], "there is no campaign 'nobody'", id="an-unknown-campaign"),
        pytest.param(
            ["flood-repair", "--to", "9"],
            "campaign 'flood-repair' has no routing table version 9",
            id="an-unknown-version",
        ),
    ],
)
def test_a_rollback_is_refused_for(seller_terminal: Terminal, words: list[str], said: str) -> None:
    assert said in seller_terminal.refused("table", "rollback", *words)


def test_a_rollback_to_a_table_that_todays_directory_does_not_allow_is_refused(
    seller_terminal: Terminal, folder: Path
) -> None:
    without_acme = TABLE.replace("acme-east", "bolt-main", 1).rpartition("[[routes]]")[0]
    Path("bolt.toml").write_text(without_acme)
    seller_terminal.ok("table", "activate", "bolt.toml")
    Path("buyers.toml").write_text('[[buyers]]\nid = "acme"\nname = "Acme"\nzone = "UTC"\n')
    seller_terminal.ok("buyers", "apply", "buyers.toml")
    assert seller_terminal.refused("table", "rollback", "flood-repair").splitlines() == [
        "flood-repair version 1:7: routes[1].destination: no buyer has a destination "
        '"acme-east"; add it to a buyers file and apply that first',
        "Error: 1 problem; nothing was changed",
    ]


def test_an_imported_table_is_live_only_when_it_is_activated(
    seller_terminal: Terminal, folder: Path
) -> None:
    assert seller_terminal.ok("table", "import", "heavier.toml") == (
        "flood-repair: stored as version 2, not live\n"
    )
    assert seller_terminal.ok("table", "list").splitlines()[1] == "flood-repair     1       2"
    history = seller_terminal.ok("table", "history", "flood-repair").splitlines()
    assert history[-1].startswith("version 2 was never live (stored 2026-09-15 17:00:00Z by ")
    said = seller_terminal.ok("table", "activate", "flood-repair", "--version", "2")
    assert said.startswith("flood-repair: version 1 -> version 2,")


def test_the_history_of_a_table_matches_its_golden(seller_terminal: Terminal, folder: Path) -> None:
    seller_terminal.clock.set(60)
    seller_terminal.ok("table", "activate", "heavier.toml", "--author=ada", "--note=more to bolt")
    seller_terminal.clock.set(120)
    seller_terminal.ok("table", "rollback", "flood-repair", "--author=bob", "--note=too much")
    check_golden(
        GOLDENS / "table_history.txt", seller_terminal.ok("table", "history", "flood-repair")
    )


def test_the_history_with_what_each_table_changed(seller_terminal: Terminal, folder: Path) -> None:
    seller_terminal.clock.set(60)
    seller_terminal.ok("table", "activate", "heavier.toml", *ADA)
    said = seller_terminal.ok("table", "history", "flood-repair", "--diff").splitlines()
    assert said == [
        "2026-09-15 17:01:00Z  activate  1  2  ada  more to bolt",
        "  ~ routes[bolt-main].priority: 2 -> 1",
        "  ~ routes[bolt-main].weight: 1 -> 3",
        "2026-09-15 17:00:00Z  activate  -  1  test",
    ]
    told = json.loads(seller_terminal.ok("table", "history", "flood-repair", "--diff", "--json"))
    assert [len(activation["diff"]) for activation in told["activations"]] == [2, 0]
    assert told["activations"][0]["diff"][0] == {
        "key": "routes[bolt-main].priority", "before": "2", "after": "1"
    }  # fmt: skip


def edit_with(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """An editor that does with the text `t` what Python `code` says."""
    lines = f"import sys; p = sys.argv[1]; t = open(p).read(); {code}; open(p, 'w').write(t)"
    # Its time stamp tells click whether the file was saved.
    lines += "; import os; os.utime(p, (2e9, 2e9))"
    monkeypatch.setenv("EDITOR", f"{shlex.quote(sys.executable)} -c {shlex.quote(lines)}")


def test_a_table_is_edited_and_goes_live(
    seller_terminal: Terminal, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit_with(monkeypatch, "t = t.replace('priority = 1', 'weight = 9')")
    said = seller_terminal.ok("table", "edit", "flood-repair", *ADA).splitlines()
    assert said[0].startswith("flood-repair: version 1 -> version 2,")
    assert "  ~ routes[acme-east].weight: 1 -> 9" in said
    assert sorted(folder.glob("*.edited.toml")) == []


def test_an_edit_that_changes_nothing_activates_nothing(
    seller_terminal: Terminal, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit_with(monkeypatch, "pass")
    said = seller_terminal.ok("table", "edit", "flood-repair")
    assert said == "flood-repair: nothing was edited, version 1 stays live\n"


def test_an_edit_that_is_refused_is_kept(
    seller_terminal: Terminal, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit_with(monkeypatch, "t = t.replace('bolt-main', 'bolt-mian')")
    said = seller_terminal.refused("table", "edit", "flood-repair").splitlines()
    assert said[0] == "what you wrote is kept in flood-repair.edited.toml"
    assert said[1].startswith("flood-repair.edited.toml:12: routes[2].destination: no buyer")
    kept = Path("flood-repair.edited.toml").read_text()
    assert kept == "# flood-repair version 1\n" + TABLE.replace("bolt-main", "bolt-mian")
    result = seller_terminal.run("table", "edit", "flood-repair")
    assert "flood-repair.edited.toml can't be written: File exists" in result.stderr
    assert result.stdout == kept


def test_an_edit_of_what_somebody_else_changed_meanwhile_overwrites_nothing(
    seller_terminal: Terminal, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit_with(monkeypatch, "t = t.replace('version 1', 'version 7')")
    said = seller_terminal.refused("table", "edit", "flood-repair")
    assert "has version 1 live, not 7" in said


def test_a_shown_overflow_matches_its_golden(seller_terminal: Terminal, folder: Path) -> None:
    Path("overflow.toml").write_text(f'{TABLE}overflow = "bolt-main"\noverflow_ring_s = 40\n')
    seller_terminal.ok("table", "activate", "overflow.toml")
    shown = seller_terminal.ok("table", "show", "flood-repair")
    check_golden(GOLDENS / "table_overflow.txt", shown)


@pytest.mark.parametrize("campaign", ["flood-repair", "solar-quotes"])
def test_a_shown_table_matches_its_golden(seller_terminal: Terminal, campaign: str) -> None:
    check_golden(GOLDENS / f"table_{campaign}.txt", seller_terminal.ok("table", "show", campaign))


def test_whatever_else_a_table_says_is_shown_by_its_keys(
    seller_terminal: Terminal, folder: Path
) -> None:
    text = TABLE.replace("ring_s = 20", 'ring_s = 20\nprice = "35.00"', 1)
    text = text.replace("[[routes]]", 'to = "bolt-main"\n[rules]\nspacing_s = 30\n[[routes]]', 1)
    Path("more.toml").write_text(f'zone = "America/Chicago"\n{text}')
    seller_terminal.ok("table", "activate", "more.toml")
    shown = seller_terminal.ok("table", "show", "flood-repair").splitlines()
    assert shown[-5:] == [
        "",
        "zone: America/Chicago",
        f"dids[{DID}].to: bolt-main",
        "routes[acme-east].price: 35.00",
        "rules.spacing_s: 30",
    ]


def test_a_table_is_shown_as_json_too(seller_terminal: Terminal) -> None:
    shown = json.loads(seller_terminal.ok("table", "show", "flood-repair", "--json"))
    assert shown["numbers"] == [{"number": DID, "publisher": "radio-kx", "to": "", "tags": {}}]
    assert [route["destination_id"] for route in shown["routes"]] == ["acme-east", "bolt-main"]


def test_an_exported_table_is_the_file_that_was_activated_below_a_line_that_says_which(
    seller_terminal: Terminal, folder: Path
) -> None:
    first = f"# flood-repair version 1\n{TABLE}"
    assert seller_terminal.ok("table", "export", "flood-repair") == first
    seller_terminal.ok("table", "activate", "heavier.toml")
    seller_terminal.ok("table", "export", "flood-repair", "--version=1", "-o", "exported.toml")
    assert Path("exported.toml").read_text() == first


def test_of_two_who_export_and_edit_the_second_overwrites_nothing(
    seller_terminal: Terminal, folder: Path
) -> None:
    for name, weight in (("ada", 5), ("bob", 7)):
        seller_terminal.ok("table", "export", "flood-repair", "-o", f"{name}.toml")
        text = Path(f"{name}.toml").read_text()
        Path(f"{name}.toml").write_text(text.replace("priority = 1", f"weight = {weight}"))
    first = seller_terminal.ok("table", "activate", "ada.toml", "--author", "ada").splitlines()
    assert first[-1] == "ada.toml: its first line says version 2 now"
    said = seller_terminal.refused("table", "activate", "bob.toml", "--author", "bob")
    assert "has version 2 live, not 1: ada changed it at" in said
    assert "  ~ routes[acme-east].weight: 1 -> 5" in said
    assert Path("bob.toml").read_text().startswith("# flood-repair version 1\n")
    stored = seller_terminal.ok("table", "export", "flood-repair")
    assert stored == Path("ada.toml").read_text()
    assert stored.count("# flood-repair version") == 1


def test_who_exports_once_can_edit_and_activate_that_file_again_and_again(
    seller_terminal: Terminal, folder: Path
) -> None:
    seller_terminal.ok("table", "export", "flood-repair", "-o", "mine.toml")
    assert "is live already" in seller_terminal.ok("table", "activate", "mine.toml")
    for weight in (5, 6):
        text = Path("mine.toml").read_text()
        Path("mine.toml").write_text(re.sub(r"priority = 1|weight = 5", f"weight = {weight}", text))
        seller_terminal.ok("table", "activate", "mine.toml")
    assert Path("mine.toml").read_text().startswith("# flood-repair version 3\n")


def test_a_line_about_another_campaign_is_a_comment_as_any(
    seller_terminal: Terminal, folder: Path
) -> None:
    text = f"# flood-repair version 9\n{TABLE}".replace('"flood-repair"', '"gutters"')
    Path("gutters.toml").write_text(text.replace(DID, "+18005550142"))
    seller_terminal.ok("table", "activate", "gutters.toml")
    exported = seller_terminal.ok("table", "export", "gutters").splitlines()
    assert exported[:2] == ["# gutters version 1", "# flood-repair version 9"]


def test_an_imported_file_is_kept_without_the_line_that_says_what_it_was_taken_from(
    seller_terminal: Terminal, folder: Path
) -> None:
    seller_terminal.ok("table", "export", "flood-repair", "-o", "mine.toml")
    said = seller_terminal.ok("table", "import", "mine.toml")
    assert said == "flood-repair: stored as version 1, not live\n"
    assert seller_terminal.ok("table", "diff", "flood-repair", "live", "mine.toml") == ""


@pytest.mark.parametrize("after", ["2", "live", "heavier.toml"])
def test_the_difference_of_two_tables_is_one_of_lines(
    seller_terminal: Terminal, folder: Path, after: str
) -> None:
    seller_terminal.ok("table", "activate", "heavier.toml")
    said = seller_terminal.ok("table", "diff", "flood-repair", "1", after)
    name = "heavier.toml" if after == "heavier.toml" else "flood-repair version 2"
    assert said.splitlines() == [
        "--- flood-repair version 1",
        f"+++ {name}",
        "@@ -9,7 +9,8 @@",
        " ring_s = 20",
        " [[routes]]",
        ' destination = "bolt-main"',
        "-priority = 2",
        "+priority = 1",
        "+weight = 3",
        " ring_s = 20",
        " [nobody_left]",
        ' say = "Nobody is left."',
    ]


def test_the_difference_of_two_tables_as_json_is_one_of_keys(
    seller_terminal: Terminal, folder: Path
) -> None:
    said = seller_terminal.ok("table", "diff", "flood-repair", "live", "heavier.toml", "--json")
    assert json.loads(said) == [
        {"key": "routes[bolt-main].priority", "before": "2", "after": "1"},
        {"key": "routes[bolt-main].weight", "before": "1", "after": "3"},
    ]


def test_a_campaign_that_was_never_live_says_so(seller_terminal: Terminal, folder: Path) -> None:
    draft = TABLE.replace("flood-repair", "gutters").replace(DID, "+18005550142")
    Path("draft.toml").write_text(draft)
    seller_terminal.ok("table", "import", "draft.toml", "--author=ada", "--note=for the autumn")
    assert seller_terminal.ok("table", "history", "gutters").splitlines() == [
        "gutters was never live",
        "version 1 was never live (stored 2026-09-15 17:00:00Z by ada) for the autumn",
    ]
    assert "has no live table; name one" in seller_terminal.refused("table", "show", "gutters")
    assert "it was never live" in seller_terminal.refused("table", "rollback", "gutters")
    listed = json.loads(seller_terminal.ok("table", "list", "--json"))
    assert [(c["campaign_id"], c["active_version"]) for c in listed] == [
        ("flood-repair", 1),
        ("gutters", None),
        ("solar-quotes", 1),
    ]


def test_tables_are_validated_without_any_database(folder: Path, tmp_path: Path) -> None:
    nowhere = Terminal({"DATABASE_URL": f"sqlite:///{tmp_path}/missing.db"})
    said = nowhere.ok("table", "validate", "--buyers=buyers.toml", "flood.toml", "solar.toml")
    assert said.splitlines() == [
        "flood.toml: fine, 1 DID, 2 routes, then a message",
        "solar.toml: fine, 1 DID, 1 route, then voicemail",
    ]
    assert not (tmp_path / "missing.db").exists()


def test_validating_shows_the_problems_of_all_files_and_between_them(
    seller_terminal: Terminal, folder: Path
) -> None:
    Path("twin.toml").write_text(TABLE)
    Path("taken.toml").write_text(TABLE.replace("flood-repair", "gutters"))
    Path("typo.toml").write_text(SCREENED_TABLE.replace("whisper", "wisper"))
    files = ("flood.toml", "twin.toml", "taken.toml", "typo.toml")
    said = seller_terminal.run("table", "validate", *files)
    assert (said.exit_code, said.stdout) == (1, "")
    clash = f"dids[1].number: {DID} belongs to gutters and flood-repair; a number has one campaign"
    twin = "is a table of flood-repair too; a campaign has one table"
    assert said.stderr.splitlines() == [
        f"flood.toml:2: campaign: twin.toml {twin}",
        f"flood.toml:4: {clash}",
        f"twin.toml:2: campaign: flood.toml {twin}",
        f"twin.toml:4: {clash}",
        f"taken.toml:4: dids[1].number: {DID} belongs to flood-repair and gutters; "
        "a number has one campaign",
        'typo.toml:7: routes[1].wisper: isn\'t a key of [[routes]]; did you mean "whisper"?',
        "Error: 6 problems; nothing was changed",
    ]


def test_validating_warns_of_destinations_that_are_off(folder: Path) -> None:
    off = BUYERS.replace('dial = "+14155550174"', 'dial = "+14155550174"\nenabled = false')
    Path("off.toml").write_text(off)
    result = Terminal({}).run("table", "validate", "--buyers=off.toml", "flood.toml")
    assert result.exit_code == 0
    assert result.stderr == (
        "warning: flood.toml:11: routes[2].destination: bolt-main is switched off\n"
    )
