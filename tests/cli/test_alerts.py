"""`callrouter alert`: what is wrong, who is told, and whether they would be."""

import json

import pytest

from callrouter.adapters.storage.engine import open_database
from callrouter.workflows.raise_alert import raise_alert, recover_alert
from tests.cli.terminal import Terminal, rows
from tests.post import FakePost
from tests.switchboards import OTHER_SELLER, T0, open_seller

HOOK = "https://hooks.example.com/T1/a-secret-path"


@pytest.fixture
def post(seller_terminal: Terminal) -> FakePost:
    """Takes whatever is sent."""
    taking = FakePost()
    seller_terminal.means = taking.means
    return taking


def subscribe(terminal: Terminal) -> None:
    terminal.ok("alert", "to", "add", "ops", "--email", "ops@example.com")
    terminal.ok("alert", "to", "add", "owner", "--sms", "+14155550123", "--from", "+18005550100")
    terminal.ok("alert", "to", "add", "chat", "--webhook", HOOK, "--secret", "shh")


def raise_in(terminal: Terminal, key: str, subject: str = "acme is\x1b[31m down") -> None:
    database = open_database(terminal.environ["DATABASE_URL"])
    with database.write() as connection:
        raise_alert(connection, "seller-a", key, subject, "5 of 6 failed", T0)
        if key == "over":
            recover_alert(connection, "seller-a", key, "", T0)
    database.dispose()


def test_places_are_added_listed_and_removed(seller_terminal: Terminal) -> None:
    assert seller_terminal.ok("alert", "to", "list") == "alerts are sent nowhere yet\n"
    subscribe(seller_terminal)

    listed = seller_terminal.ok("alert", "to", "list")
    assert rows(listed) == [
        ["chat", "webhook", "https://hooks.example.com/…", "yes"],
        ["ops", "email", "ops@example.com"],
        ["owner", "sms", "+14155550123", "+18005550100"],
    ]
    as_json = seller_terminal.ok("alert", "to", "list", "--json")
    assert json.loads(as_json)[0] == {
        "name": "chat",
        "kind": "webhook",
        "address": "https://hooks.example.com/…",
        "sender": "",
        "is_signed": True,
    }
    assert "secret-path" not in listed + as_json

    said = seller_terminal.ok("alert", "to", "remove", "ops")
    assert said == "nothing is sent to ops any more\n"
    assert "there is no channel 'ops'" in seller_terminal.refused("alert", "to", "remove", "ops")


def test_an_address_or_secret_is_never_readable_in_the_database(seller_terminal: Terminal) -> None:
    subscribe(seller_terminal)

    database = open_database(seller_terminal.environ["DATABASE_URL"])
    with database.read() as connection:
        kept = str(connection.exec_driver_sql("SELECT * FROM alert_channels").all())
    database.dispose()
    assert not [secret for secret in (HOOK, "shh", "ops@example.com") if secret in kept]


def test_a_secret_can_be_asked_for(seller_terminal: Terminal, post: FakePost) -> None:
    words = ("alert", "to", "add", "chat", "--webhook", HOOK, "--signed")
    result = seller_terminal.run(*words, typed="typed-secret\n")
    assert result.exit_code == 0
    assert "typed-secret" not in result.output

    seller_terminal.ok("alert", "test")
    assert [taken.secret for taken in post.taken] == ["typed-secret"]


def test_mail_without_a_mail_server_is_warned_of(seller_terminal: Terminal) -> None:
    words = ("alert", "to", "add", "ops", "--email", "ops@example.com")
    assert "warning: SMTP_URL is not set" in seller_terminal.run(*words).stderr

    seller_terminal.environ["SMTP_URL"] = "smtp://127.0.0.1:25?from=a@example.com&tls=off"
    words = ("alert", "to", "add", "ops-2", "--email", "ops@example.com")
    assert seller_terminal.run(*words).stderr == ""


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ([], 2, "exactly one of --email, --sms and --webhook"),
        (["--email", "a@b.example", "--webhook", HOOK], 2, "exactly one of"),
        (["--sms", "+14155550123"], 2, "--sms and --from belong together"),
        (["--email", "a@b.example", "--from", "+18005550100"], 2, "belong together"),
        (
            ["--email", "a@b.example", "--secret", "x"],
            2,
            "--secret and --signed belong to --webhook",
        ),
        (["--email", "nobody"], 1, "isn't a mail address"),
        (["--sms", "5550123", "--from", "+18005550100"], 1, "isn't E.164"),
        (["--webhook", "hooks.example.com"], 1, "isn't a URL"),
    ],
)
def test_a_place_that_makes_no_sense_is_refused(
    seller_terminal: Terminal, words: list[str], code: int, said: str
) -> None:
    assert said in seller_terminal.refused("alert", "to", "add", "ops", *words, code=code)
    assert seller_terminal.ok("alert", "to", "list") == "alerts are sent nowhere yet\n"


def test_a_name_is_given_once(seller_terminal: Terminal) -> None:
    subscribe(seller_terminal)
    words = ("alert", "to", "add", "ops", "--email", "other@example.com")
    assert "there is a channel 'ops' already" in seller_terminal.refused(*words)
    assert "other@" not in seller_terminal.ok("alert", "to", "list")


def test_each_seller_has_its_own_places(seller_terminal: Terminal, post: FakePost) -> None:
    subscribe(seller_terminal)
    database = open_database(seller_terminal.environ["DATABASE_URL"])
    open_seller(database, OTHER_SELLER, tables=())
    database.dispose()

    other = ("--seller", OTHER_SELLER.seller_id)
    assert seller_terminal.ok("alert", "to", "list", *other) == "alerts are sent nowhere yet\n"
    assert "no channel" in seller_terminal.refused("alert", "to", "remove", "ops", *other)
    assert "0 of 0 channels" in seller_terminal.refused("alert", "test", *other)
    assert post.taken == []
    assert "there are several sellers" in seller_terminal.refused("alert", "list", code=2)


def test_a_test_goes_to_every_place_and_says_what_came_of_it(
    seller_terminal: Terminal, post: FakePost
) -> None:
    subscribe(seller_terminal)

    listed = seller_terminal.ok("alert", "test")
    assert [row[-1] for row in rows(listed)] == ["sent"] * 3
    assert {taken.change for taken in post.taken} == {"test", ""}
    assert len({taken.notice_id for taken in post.taken if taken.notice_id}) == 1

    post.refuses = lambda address: "the webhook answered 500" if address == HOOK else ""
    result = seller_terminal.run("alert", "test")
    assert result.exit_code == 1
    assert [row[-1] for row in rows(result.stdout)] == ["the webhook answered 500", "sent", "sent"]
    assert result.stderr == "Error: 1 of 3 channels failed\n"
    as_json = json.loads(seller_terminal.run("alert", "test", "--json").stdout)
    assert as_json[0] == {
        "name": "chat",
        "kind": "webhook",
        "failure": "the webhook answered 500",
    }


def test_without_a_place_the_test_says_what_to_do(
    seller_terminal: Terminal, post: FakePost
) -> None:
    result = seller_terminal.run("alert", "test")
    assert result.exit_code == 1
    assert result.stdout == "there is no channel: add one with `callrouter alert to add`\n"


def test_what_is_wrong_is_listed_and_what_was_on_demand(seller_terminal: Terminal) -> None:
    assert seller_terminal.ok("alert", "list") == "nothing is wrong\n"
    assert seller_terminal.ok("alert", "list", "--all") == "nothing ever was\n"
    raise_in(seller_terminal, "breaker:acme-east")
    raise_in(seller_terminal, "over")
    seller_terminal.clock.set(3700)

    listed = seller_terminal.ok("alert", "list")
    assert rows(listed) == [
        [
            "2026-09-15 17:00:00Z",
            "1 h 1 min",
            "stands",
            "1",
            "breaker:acme-east",
            "acme is\\x1b[31m down",
            "5 of 6 failed",
        ]
    ]
    assert "\x1b" not in listed
    assert [row[4] for row in rows(seller_terminal.ok("alert", "list", "--all"))] == [
        "breaker:acme-east",
        "over",
    ]
    [standing] = json.loads(seller_terminal.ok("alert", "list", "--json"))
    assert (standing["key"], standing["times"], standing["recovered_at"]) == (
        "breaker:acme-east",
        1,
        None,
    )


def test_it_works_on_either_database(any_terminal: Terminal) -> None:
    database = open_database(any_terminal.environ["DATABASE_URL"])
    open_seller(database, tables=())
    database.dispose()
    subscribe(any_terminal)

    assert len(rows(any_terminal.ok("alert", "to", "list"))) == 3
    assert any_terminal.ok("alert", "list") == "nothing is wrong\n"
