import json
from pathlib import Path

from tests.cli.terminal import Terminal
from tests.switchboards import BUYERS

CREST = """
[[buyers]]
id = "crest"
name = "Crestline"
zone = "America/Chicago"
[[buyers.destinations]]
id = "crest-desk"
dial = "+13125550172"
"""
ACME_OFF = """
[[buyers]]
id = "acme"
name = "Acme"
zone = "America/Chicago"
[[buyers.destinations]]
id = "acme-east"
dial = "+12125550171"
enabled = false
note = "stocktaking"
"""
BOLT_GONE = """
[[buyers]]
id = "bolt"
name = "Bolt"
zone = "America/Los_Angeles"
"""


def write(folder: Path, text: str) -> str:
    file = folder / "buyers.toml"
    file.write_text(text)
    return str(file)


def test_applying_says_what_changed_and_leaves_other_buyers_alone(
    seller_terminal: Terminal, tmp_path: Path
) -> None:
    said = seller_terminal.ok("buyers", "apply", write(tmp_path, CREST + ACME_OFF))
    assert said.splitlines() == [
        "directory: version 1 -> 2",
        "  ~ buyers[acme].zone: America/New_York -> America/Chicago",
        "  ~ destinations[acme-east].enabled: true -> false",
        "  + destinations[acme-east].note: stocktaking",
        "  + buyers[crest]: name Crestline, zone America/Chicago",
        "  + destinations[crest-desk]: buyer crest, dial +13125550172, enabled true",
    ]


def test_applying_the_same_file_again_changes_nothing(
    seller_terminal: Terminal, tmp_path: Path
) -> None:
    file = write(tmp_path, BUYERS)
    assert seller_terminal.ok("buyers", "apply", file) == (
        "nothing changes: the directory stays at version 1\n"
    )


def test_a_destination_that_live_tables_name_may_not_vanish(
    seller_terminal: Terminal, tmp_path: Path
) -> None:
    said = seller_terminal.refused("buyers", "apply", write(tmp_path, BOLT_GONE))
    assert said.splitlines() == [
        "Error: bolt-main would vanish, but campaign flood-repair routes to it (live table "
        "version 1): keep it with enabled = false, or activate a table without it first",
        "bolt-main would vanish, but campaign solar-quotes routes to it (live table "
        "version 1): keep it with enabled = false, or activate a table without it first",
    ]
    assert len(json.loads(seller_terminal.ok("buyers", "history", "--json"))) == 1


def test_a_table_that_nobody_answers_any_more_is_a_warning(
    seller_terminal: Terminal, tmp_path: Path
) -> None:
    all_off = BUYERS.replace('dial = "', 'enabled = false\ndial = "')
    warned = seller_terminal.run("buyers", "apply", write(tmp_path, all_off)).stderr
    assert "warning: campaign flood-repair (table version 1): every destination of this" in warned
    assert "solar-quotes" not in warned  # it has a voicemail


def test_a_file_with_mistakes_is_refused_by_line(seller_terminal: Terminal, tmp_path: Path) -> None:
    file = write(tmp_path, CREST.replace("+13125550172", "555-0172") + 'colour = "red"\n')
    said = seller_terminal.refused("buyers", "apply", file).splitlines()
    assert [line.partition(": ")[0] for line in said[:2]] == [f"{file}:8", f"{file}:9"]
    assert said[2] == "Error: 2 problems; nothing was changed"


def test_a_destination_of_another_buyer_is_refused_by_line(
    seller_terminal: Terminal, tmp_path: Path
) -> None:
    file = write(tmp_path, CREST.replace("crest-desk", "acme-east"))
    assert seller_terminal.refused("buyers", "apply", file).splitlines() == [
        f'{file}:7: buyers[1].destinations[1].id: "acme-east" is already a destination of acme; '
        "destination ids are unique over all buyers",
        "Error: 1 problem; nothing was changed",
    ]


def test_a_file_that_is_not_there_is_named(seller_terminal: Terminal) -> None:
    said = seller_terminal.refused("buyers", "apply", "nowhere.toml")
    assert said.startswith("nowhere.toml:1: (file): can't be read: No such file")


def test_an_export_can_be_applied_again(seller_terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "exported.toml"
    seller_terminal.ok("buyers", "apply", write(tmp_path, CREST))
    seller_terminal.ok("buyers", "export", "-o", str(file))
    assert "nothing changes" in seller_terminal.ok("buyers", "apply", str(file))
    assert "crest" not in seller_terminal.ok("buyers", "export", "--version", "1")


def test_the_history_says_who_changed_the_buyers_and_why(
    seller_terminal: Terminal, tmp_path: Path
) -> None:
    file = write(tmp_path, CREST)
    seller_terminal.clock.set(60)
    seller_terminal.ok("buyers", "apply", file, "--author", "ada", "--note", "crest signed")
    assert seller_terminal.ok("buyers", "history").splitlines() == [
        "version  at                    author  note",
        "      2  2026-09-15 17:01:00Z  ada     crest signed",
        "      1  2026-09-15 17:00:00Z  test",
    ]
