import json
from pathlib import Path

import pytest

from callrouter.adapters.storage.calls import ensure_and_lock_call
from callrouter.adapters.storage.engine import open_database
from callrouter.adapters.storage.known_callers import note_contacts
from callrouter.domain.callers.duplicates import PastContact
from tests.cli.terminal import Terminal
from tests.domain.builders import at
from tests.switchboards import DID, SELLER

NUMBER = "+14155550123"
OTHER = "+14155550124"


def listed(terminal: Terminal) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(terminal.ok("callers", "list", "--json"))
    return found


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["block", NUMBER], f"blocked: {NUMBER}\n"),
        (
            ["block", NUMBER, "--campaign", "flood-repair", "--for", "30d"],
            f"blocked: {NUMBER} (campaign flood-repair) until 2026-10-15 17:00:00Z\n",
        ),
        (
            ["allow", NUMBER, "--until", "2026-09-16"],
            f"allowed: {NUMBER} until 2026-09-16 00:00:00Z\n",
        ),
        (["block", "--prefix", "+1900"], "blocked: +1900*\n"),
        (
            ["block", "--country", "CA", "--country", "MX"],
            "blocked: country:CA\nblocked: country:MX\n",
        ),
        (["block", "--withheld", "--buyer", "acme"], "blocked: withheld (buyer acme)\n"),
        (["allow", "--everyone"], "allowed: everyone\n"),
        (["block", NUMBER, OTHER, NUMBER], f"blocked: {NUMBER}\nblocked: {OTHER}\n"),
    ],
)
def test_callers_are_put_on_the_lists(
    seller_terminal: Terminal, words: list[str], said: str
) -> None:
    assert seller_terminal.ok("callers", *words) == said
    assert len(listed(seller_terminal)) == said.count("\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["block", "4155550123"], "'4155550123' isn't E.164: write it like +14155550123"),
        (["block", "--prefix", "1900"], "'1900' isn't how numbers begin: write a plus and digits"),
        (["block", "--country", "XX"], "'XX' isn't a country: write its two letters, as in CA"),
        (["block", "+266696687"], "is how carriers spell a withheld number: use withheld"),
        (["allow", NUMBER, "--campaign", "floods"], "there is no campaign 'floods'; there is flo"),
        (["allow", NUMBER, "--buyer", "crest"], "there is no buyer 'crest'; there is acme, bolt"),
        (["block", NUMBER, "--until", "2026-09-15"], "would end at 2026-09-15 00:00:00Z, in the p"),
        (["remove", NUMBER], f"no entry speaks of {NUMBER}; see what there is"),
    ],
)
def test_what_can_not_be_is_refused(seller_terminal: Terminal, words: list[str], said: str) -> None:
    assert said in seller_terminal.refused("callers", *words)
    assert listed(seller_terminal) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["block"], "say which callers: a number, --prefix, --country, --withheld or --everyone"),
        (["block", NUMBER, "--campaign", "a", "--buyer", "b"], "can't stand together"),
        (["block", NUMBER, "--for", "1d", "--until", "2026-12-01"], "can't stand together"),
        (["block", NUMBER, "--for", "a month"], "'a month' isn't a span of time: write it like"),
        (["remove"], "say either which callers, or --expired"),
        (["remove", NUMBER, "--expired"], "say either which callers, or --expired"),
        (["remove", "--expired", "--buyer", "acme"], "--expired is of all scopes"),
    ],
)
def test_what_contradicts_itself_is_a_usage_error(
    seller_terminal: Terminal, words: list[str], said: str
) -> None:
    assert said in seller_terminal.refused("callers", *words, code=2)


def test_callers_are_taken_off_again(seller_terminal: Terminal) -> None:
    for word in ("block", "allow"):
        seller_terminal.ok("callers", word, NUMBER, "--buyer", "acme")
        seller_terminal.ok("callers", word, NUMBER)
    said = seller_terminal.ok("callers", "remove", NUMBER, "--buyer", "acme")
    assert (
        said
        == f"no longer blocked: {NUMBER} (buyer acme)\nno longer allowed: {NUMBER} (buyer acme)\n"
    )
    assert {entry["scope"] for entry in listed(seller_terminal)} == {"seller"}


def test_expired_entries_are_marked_and_can_be_removed(seller_terminal: Terminal) -> None:
    seller_terminal.ok("callers", "block", NUMBER, "--for", "60s", "--author", "ada")
    seller_terminal.ok("callers", "allow", "--withheld", "--author", "ada", "--note", "radio")
    seller_terminal.clock.set(60)
    assert seller_terminal.ok("callers", "list").splitlines() == [
        "callers       effect  where   until                           added                 author"
        "  note",
        f"{NUMBER}  block   seller  2026-09-15 17:01:00Z (expired)  2026-09-15 17:00:00Z  ada",
        "withheld      allow   seller                                  2026-09-15 17:00:00Z  ada   "
        "  radio",
    ]
    assert seller_terminal.ok("callers", "remove", "--expired") == "1 expired entry removed\n"
    assert seller_terminal.ok("callers", "remove", "--expired") == "0 expired entries removed\n"
    assert [entry["pattern"] for entry in listed(seller_terminal)] == ["withheld"]


def test_an_empty_list_says_so(seller_terminal: Terminal) -> None:
    assert seller_terminal.ok("callers", "list") == "the lists are empty\n"


def test_a_long_list_says_that_there_is_more(seller_terminal: Terminal) -> None:
    seller_terminal.ok("callers", "block", NUMBER, OTHER)
    result = seller_terminal.run("callers", "list", "--limit", "1")
    assert len(result.stdout.splitlines()) == 2
    assert result.stderr == "the first 1; see more with --limit, all with `callers export`\n"


def test_what_a_person_wrote_can_not_steer_the_terminal(seller_terminal: Terminal) -> None:
    seller_terminal.ok("callers", "block", NUMBER, "--note", "\x1b[2Jgone")
    assert "\\x1b[2Jgone" in seller_terminal.ok("callers", "list")


def test_a_file_is_imported_exported_and_imported_again(
    seller_terminal: Terminal, tmp_path: Path
) -> None:
    file, copy = tmp_path / "pranks.csv", tmp_path / "copy.csv"
    file.write_text(f"\ufeffcallers,effect,note\n{NUMBER},,prank\n'+1900*,,\n{OTHER},allow,\n")
    said = seller_terminal.ok("callers", "import", str(file), "--for", "90d", "--author", "ada")
    assert said == "3 entries kept: 2 block, 1 allow\n"
    before = listed(seller_terminal)
    assert {entry["expires_at"] for entry in before} == {"2026-12-14T17:00:00.000Z"}
    result = seller_terminal.run("callers", "export", "-o", str(copy))
    assert result.stderr == f"3 entries written to {copy}\n"
    seller_terminal.ok("callers", "remove", NUMBER, OTHER, "--prefix", "+1900")
    seller_terminal.ok("callers", "import", str(copy), "--author", "ada")
    assert listed(seller_terminal) == before
    assert seller_terminal.ok("callers", "export").startswith("callers,effect,campaign,buyer,")


def test_the_options_say_what_the_lines_of_a_file_do_not(
    seller_terminal: Terminal, tmp_path: Path
) -> None:
    file = tmp_path / "partners.csv"
    file.write_text(NUMBER)
    seller_terminal.ok(
        "callers", "import", str(file), "--as", "allow", "--campaign", "solar-quotes"
    )
    (entry,) = listed(seller_terminal)
    assert (entry["effect"], entry["scope"], entry["scope_id"]) == (
        "allow",
        "campaign",
        "solar-quotes",
    )


def test_a_file_with_mistakes_is_refused_by_line(seller_terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "pranks.csv"
    file.write_text(f"{NUMBER}\n4155550123\n")
    assert seller_terminal.refused("callers", "import", str(file)).splitlines() == [
        f"{file}:2: callers: '4155550123' isn't E.164: write it like +14155550123",
        "Error: 1 problem; nothing was changed",
    ]
    assert listed(seller_terminal) == []


def test_a_file_that_can_not_be_read_is_a_message(
    seller_terminal: Terminal, tmp_path: Path
) -> None:
    file = tmp_path / "pranks.csv"
    assert "can't be read: No such file" in seller_terminal.refused("callers", "import", str(file))
    file.write_bytes(b"\xff\xfe1")
    assert "isn't UTF-8 text" in seller_terminal.refused("callers", "import", str(file))


CALL = "CA" + "1" * 32


def call_before(terminal: Terminal) -> None:
    """NUMBER was connected with acme-east an hour before now."""
    database = open_database(terminal.environ["DATABASE_URL"])
    contact = PastContact("acme-east", "acme", "flood-repair", CALL, at(-3600), payable=True)
    with database.write() as connection:
        ensure_and_lock_call(
            connection, SELLER.seller_id, CALL, at(-3600), DID, NUMBER, at(0),
            campaign_id="flood-repair",
        )  # fmt: skip
        note_contacts(connection, SELLER.seller_id, NUMBER, CALL, (contact,), is_first=True)
    database.dispose()


def test_what_is_known_of_a_caller_is_shown(seller_terminal: Terminal) -> None:
    call_before(seller_terminal)
    seller_terminal.ok("callers", "allow", "--prefix", "+1415")
    words = ["block", NUMBER, "--campaign", "flood-repair", "--note", "prank"]
    seller_terminal.ok("callers", *words)
    shown = seller_terminal.ok("callers", "show", NUMBER, "--campaign", "flood-repair")
    assert shown.splitlines() == [
        f"{NUMBER}, country US",
        f"blocked: {NUMBER} in campaign flood-repair (prank)",
        "  has no say: allowed: +1415*",
        f"last call to flood-repair: 2026-09-15 16:00:00Z in {CALL}",
        "connected             destination  buyer  campaign      payable  call",
        f"2026-09-15 16:00:00Z  acme-east    acme   flood-repair  yes      {CALL}",
    ]
    as_json = json.loads(seller_terminal.ok("callers", "show", NUMBER, "--json"))
    assert as_json["decisive"]["pattern"] == "+1415*"
    assert as_json["known"]["contacts"][0]["payable"] is True


@pytest.mark.parametrize(
    ("words", "who"),
    [
        ((OTHER,), f"{OTHER}, country US"),
        (("anonymous", "--country", "gb"), "anonymous (withheld), country GB"),
        (("client:ann\x1b",), "client:ann\\x1b, country unknown"),
    ],
)
def test_of_who_never_called_nothing_is_known(
    seller_terminal: Terminal, words: tuple[str, ...], who: str
) -> None:
    assert seller_terminal.ok("callers", "show", *words).splitlines() == [
        who,
        "not on the lists",
        "never connected with anybody",
    ]


def test_an_entry_for_a_buyer_has_the_say_for_that_buyer_alone(seller_terminal: Terminal) -> None:
    seller_terminal.ok("callers", "block", "--withheld", "--buyer", "acme")
    for words, said in (
        ((), "no entry has a say here\n  has no say: blocked: withheld for buyer acme\n"),
        (("--buyer", "acme"), "(withheld), country unknown\nblocked: withheld for buyer acme\n"),
    ):
        assert said in seller_terminal.ok("callers", "show", "anonymous", *words)
