import json
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal
from tests.switchboards import T0

ACME = """\
buyer = "acme"
name = "Acme Restoration"
zone = "America/New_York"
[[terms]]
from = 2026-09-01
campaign = "flood-repair"
threshold_s = 120
price = "75.00"
"""


def write(folder: Path, text: str, name: str = "acme.toml") -> str:
    file = folder / name
    file.write_text(text)
    return str(file)


@pytest.fixture
def applied(seller_terminal: Terminal, tmp_path: Path) -> Terminal:
    """Acme has agreed to two versions."""
    seller_terminal.ok("terms", "apply", write(tmp_path, ACME), "--author", "ann")
    second = write(tmp_path, ACME.replace("75.00", "80.00"))
    seller_terminal.ok("terms", "apply", second, "--author", "bob", "--note", "dearer")
    return seller_terminal


def test_applying_says_what_changed_and_which_calls_it_is_about(
    seller_terminal: Terminal, tmp_path: Path
) -> None:
    first = seller_terminal.run("terms", "apply", write(tmp_path, ACME))
    assert first.stdout.splitlines() == [
        "terms of buyer acme: version none -> 1",
        "  + zone: America/New_York",
        "  + cycle: month",
        "  + net_days: 30",
        '  + name: "Acme Restoration"',
        '  + terms[flood-repair, from 2026-09-01]: clock connected, operator ">=", rounding exact,'
        " bands [after_s 120 price 75.00]",
    ]
    assert first.stderr == (
        "note: calls since 2026-09-01 04:00:00Z may be rated already; see what would change: "
        "callrouter rate again --since 2026-09-01T04:00:00Z --buyer acme\n"
    )
    text = ACME.replace("price", "# agreed\nprice")
    assert seller_terminal.ok("terms", "apply", write(tmp_path, text)) == (
        "nothing changes: the terms of buyer acme stay at version 1\n"
    )
    coming = ACME.replace("2026-09-01", "2026-09-01\nuntil = 2026-10-01")
    second = seller_terminal.run("terms", "apply", write(tmp_path, coming))
    assert second.stdout.splitlines() == [
        "terms of buyer acme: version 1 -> 2",
        "  + terms[flood-repair, from 2026-09-01].until: 2026-10-01",
    ]
    assert second.stderr == ""


def test_a_file_with_anything_wrong_is_refused_by_line(
    seller_terminal: Terminal, tmp_path: Path
) -> None:
    file = write(tmp_path, ACME.replace('"75.00"', '"75.001"').replace("120", "-1"))

    said = seller_terminal.refused("terms", "apply", file)

    assert said.splitlines() == [
        f"{file}:7: terms[1].threshold_s: must be a whole number of seconds from 0 to 86400, "
        "found -1",
        f"{file}:8: terms[1].price: '75.001' has more decimals than USD, which has 2",
        "Error: 2 problems; nothing was changed",
    ]


def test_a_publisher_that_no_live_number_has_is_warned_of(
    seller_terminal: Terminal, tmp_path: Path
) -> None:
    file = write(tmp_path, ACME.replace('buyer = "acme"', 'publisher = "radio"'))

    said = seller_terminal.run("terms", "apply", file).stderr

    assert said.splitlines()[-1] == (
        'warning: no live number has the publisher "radio"; did you mean radio-kx?'
    )


def test_parties_are_listed_and_one_is_shown(applied: Terminal) -> None:
    assert applied.ok("terms", "show").splitlines() == [
        "side   party  version  in force  zone              statements  net days",
        "buyer  acme         2         1  America/New_York  month             30",
    ]
    assert applied.ok("terms", "show", "--buyer", "acme").splitlines() == [
        "buyer acme: Acme Restoration (version 2, America/New_York)",
        "  a statement each month, due in 30 days; no limit",
        "  flood-repair, from 2026-09-01",
        "    connected, to the millisecond, >= 120 s: 80.00 USD",
    ]
    assert applied.ok("terms", "show", "--buyer", "acme", "--version", "1", "--toml") == ACME
    told = json.loads(applied.ok("terms", "show", "--buyer", "acme", "--json"))
    assert (told["version"], told["terms"][0]["bands"]) == (
        2,
        [{"after_s": 120, "price_micros": 80_000_000}],
    )
    assert json.loads(applied.ok("terms", "show", "--json")) == [told]


def test_lists_are_csv_too(applied: Terminal) -> None:
    said = applied.ok("terms", "show", "--csv").splitlines()
    assert said == [
        "side,party,version,in force,zone,statements,net days",
        "buyer,acme,2,1,America/New_York,month,30",
    ]
    assert applied.ok("terms", "history", "--buyer", "acme", "--csv").splitlines()[0] == (
        "version,at,author,note"
    )
    checked = applied.run("terms", "check", "--csv").stdout.splitlines()
    assert checked[1].startswith("no terms,buyer bolt,flood-repair,bolt-main,it has agreed to")
    refusal = applied.refused("terms", "show", "--buyer", "acme", "--csv", code=2)
    assert "--csv is for the list of all parties" in refusal


def test_what_is_not_there_cannot_be_shown(applied: Terminal) -> None:
    for words in (("show",), ("diff", "newest", "1")):
        said = applied.refused("terms", *words, "--publisher", "acme")
        assert said == "Error: publisher acme has no terms yet\n"
    assert "no terms of version 9" in applied.refused(
        "terms", "show", "--buyer", "acme", "--version", "9"
    )
    assert "whose?" in applied.refused("terms", "show", "--toml", code=2)
    assert "whose?" in applied.refused("terms", "history", code=2)
    assert "choose one" in applied.refused(
        "terms", "show", "--buyer", "acme", "--publisher", "acme", code=2
    )


def test_the_history_says_who_changed_what_and_why(applied: Terminal) -> None:
    at = f"{T0:%Y-%m-%d %H:%M:%S}Z"
    assert applied.ok("terms", "history", "--buyer", "acme").splitlines() == [
        "version  at                    author  note",
        f"      2  {at}  bob     dearer",
        f"      1  {at}  ann",
    ]
    changed = "terms[flood-repair, from 2026-09-01].bands"
    said = applied.ok("terms", "history", "--buyer", "acme", "--diff").splitlines()
    assert said[:3] == [
        f"2  {at}  bob  dearer",
        f"  ~ {changed}: [after_s 120 price 75.00] -> [after_s 120 price 80.00]",
        f"1  {at}  ann",
    ]
    told = json.loads(applied.ok("terms", "history", "--buyer", "acme", "--diff", "--json"))
    assert [each["version"] for each in told] == [2, 1]
    assert told[0]["diff"][0]["key"] == changed


def test_versions_and_files_are_compared(applied: Terminal, tmp_path: Path) -> None:
    signed = write(tmp_path, ACME.replace("75.00", "85.00"), "signed.toml")
    by_number = applied.ok("terms", "diff", "--buyer", "acme", "1", "2").splitlines()
    by_file = applied.ok("terms", "diff", "--buyer", "acme", "newest", signed).splitlines()

    assert by_number[:2] == ["--- version 1", "+++ version 2"]
    assert by_number[-2:] == ['-price = "75.00"', '+price = "80.00"']
    assert by_file[:2] == ["--- version 2", f"+++ {signed}"]
    assert by_file[-2:] == ['-price = "80.00"', '+price = "85.00"']
    told = json.loads(applied.ok("terms", "diff", "--buyer", "acme", "1", "newest", "--json"))
    assert [each["after"] for each in told] == ["[after_s 120 price 80.00]"]


def test_the_check_tells_what_differs_and_fails_for_it(applied: Terminal, tmp_path: Path) -> None:
    result = applied.run("terms", "check")
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "what              party               campaign      destination  seen",
        "no terms          buyer bolt          flood-repair  bolt-main    it has agreed to no terms"
        " at all",
        "no terms          buyer bolt          solar-quotes  bolt-main    it has agreed to no terms"
        " at all",
        "unpaid publisher  publisher radio-kx  flood-repair  -            no terms, so that it is "
        "paid nothing",
    ]
    assert result.stderr == "Error: 2 problems\n"
    told = json.loads(applied.run("terms", "check", "--json").stdout)
    assert [each["is_problem"] for each in told] == [True, True, False]

    bolt = ACME.replace('"acme"', '"bolt"').replace('campaign = "flood-repair"\n', "")
    applied.ok("terms", "apply", write(tmp_path, bolt))
    radio = bolt.replace('buyer = "bolt"', 'publisher = "radio-kx"')
    applied.ok("terms", "apply", write(tmp_path, radio))
    assert applied.ok("terms", "check") == "tables and terms agree\n"
    assert applied.refused("terms", "check", "--at", "2026-08-01") == "Error: 3 problems\n"
