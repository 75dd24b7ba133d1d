"""`callrouter traffic` as an operator types it."""

import json

import pytest

from tests.cli.terminal import Terminal, rows

MARIA = ("--author", "maria")


def test_a_pause_is_listed_until_it_is_resumed(seller_terminal: Terminal) -> None:
    assert seller_terminal.ok("traffic", "list") == "calls come to everybody\n"

    said = seller_terminal.ok("traffic", "pause", "buyer", "acme", "--note", "unpaid", *MARIA)

    assert said == "buyer acme: paused by maria since 13:00 America/New_York: unpaid\n"
    assert rows(seller_terminal.ok("traffic", "list")) == [
        ["buyer", "acme", "paused", "2026-09-15 17:00:00Z", "maria", "unpaid"]
    ]
    assert seller_terminal.ok("traffic", "resume", "buyer", "acme", *MARIA) == (
        "buyer acme: lifted: paused by maria since 13:00 America/New_York: unpaid\n"
    )
    assert seller_terminal.ok("traffic", "list") == "calls come to everybody\n"
    assert "nothing keeps calls from buyer 'acme'" in seller_terminal.refused(
        "traffic", "resume", "buyer", "acme"
    )


@pytest.mark.parametrize(
    ("until", "shown"),
    [
        ("2h", "2026-09-15 19:00:00Z"),
        ("18:00", "2026-09-15 22:00:00Z"),
        ("18:00@America/Chicago", "2026-09-15 23:00:00Z"),
        ("2026-09-16 08:00", "2026-09-16 12:00:00Z"),
    ],
)
def test_down_ends_by_itself(seller_terminal: Terminal, until: str, shown: str) -> None:
    down = ("traffic", "down", "destination", "acme-east", "--until", until)
    seller_terminal.ok(*down, "--note", "storm", *MARIA)

    [row] = rows(seller_terminal.ok("traffic", "list"))
    assert row[4] == shown
    seller_terminal.clock.set(3 * 86_400)
    assert seller_terminal.ok("traffic", "list") == "calls come to everybody\n"


def test_an_end_that_is_past_or_makes_no_sense_is_refused(seller_terminal: Terminal) -> None:
    down = ("traffic", "down", "buyer", "acme", "--until")

    past = seller_terminal.refused(*down, "2026-09-15 08:00")
    assert "2026-09-15 12:00 UTC is past: nothing would be stopped" in past
    assert "isn't a moment" in seller_terminal.refused(*down, "soon", code=2)
    assert seller_terminal.ok("traffic", "history") == "nothing was ever changed\n"


@pytest.mark.parametrize(
    ("kind", "subject", "hint"),
    [
        ("buyer", "acne", "there is no buyer 'acne'; there is acme"),
        ("destination", "acme-eats", "there is no destination 'acme-eats'; there is acme-east"),
        ("publisher", "tv", "there is no publisher 'tv'; there is radio-kx"),
    ],
)
def test_somebody_who_doesnt_exist_is_named_with_who_does(
    seller_terminal: Terminal, kind: str, subject: str, hint: str
) -> None:
    assert hint in seller_terminal.refused("traffic", "pause", kind, subject)


def test_that_nobody_is_left_is_told(seller_terminal: Terminal) -> None:
    warned = seller_terminal.run("traffic", "pause", "buyer", "bolt")
    assert warned.exit_code == 0
    assert warned.stderr == "warning: nobody else of campaign solar-quotes takes calls now\n"

    warned = seller_terminal.run("traffic", "down", "destination", "acme-east")
    assert warned.stderr == "warning: nobody else of campaign flood-repair takes calls now\n"
    assert seller_terminal.run("traffic", "pause", "publisher", "radio-kx").stderr == ""


def test_the_history_has_every_change(seller_terminal: Terminal) -> None:
    seller_terminal.ok("traffic", "pause", "buyer", "acme", "--note", "unpaid", *MARIA)
    seller_terminal.ok("traffic", "pause", "buyer", "acme", "--note", "still unpaid", *MARIA)
    seller_terminal.ok("traffic", "down", "destination", "bolt-main", *MARIA)
    seller_terminal.ok("traffic", "resume", "buyer", "acme", "--note", "paid", *MARIA)

    history = rows(seller_terminal.ok("traffic", "history"))
    assert [row[1:] for row in history] == [
        ["buyer", "acme", "paused", "calls come", "maria", "paid"],
        ["destination", "bolt-main", "calls come", "down", "maria"],
        ["buyer", "acme", "paused", "paused", "maria", "still unpaid"],
        ["buyer", "acme", "calls come", "paused", "maria", "unpaid"],
    ]
    [only] = json.loads(seller_terminal.ok("traffic", "history", "destination", "--json"))
    assert (only["old"], only["new"], only["subject_id"]) == (None, "down", "bolt-main")
    assert rows(seller_terminal.ok("traffic", "history", "buyer", "acme", "--limit", "1")) == [
        history[0]
    ]


def test_programs_read_what_stands_as_json(seller_terminal: Terminal) -> None:
    seller_terminal.ok("traffic", "down", "buyer", "acme", "--until", "2h", *MARIA)

    [stop] = json.loads(seller_terminal.ok("traffic", "list", "--json"))

    assert stop["until"] == "2026-09-15T19:00:00.000Z"
    assert (stop["kind"], stop["cause"], stop["author"]) == ("buyer", "down", "maria")


def test_what_strangers_wrote_doesnt_steer_the_terminal(seller_terminal: Terminal) -> None:
    said = seller_terminal.ok("traffic", "pause", "buyer", "acme", "--note", "\x1b[31mred")

    assert "\x1b" not in said + seller_terminal.ok("traffic", "list")
