import json

import pytest

from callrouter.adapters.storage.engine import open_database
from callrouter.adapters.storage.secret_box import SecretBox
from callrouter.adapters.storage.sellers import list_sellers
from tests.cli.terminal import Terminal, rows
from tests.switchboards import SECRET_KEY

ACCOUNT = "AC" + "0" * 31 + "1"
ADD = ("seller", "add", "demo", "--name", "Demo Seller")


def tokens(terminal: Terminal) -> dict[str, tuple[str, ...]]:
    database = open_database(terminal.environ["DATABASE_URL"])
    with database.read() as connection:
        found = list_sellers(connection, SecretBox(SECRET_KEY))
    database.dispose()
    return {seller.seller_id: seller.tokens for seller in found}


def test_a_token_that_is_asked_for_is_kept_and_never_shown(any_terminal: Terminal) -> None:
    result = any_terminal.run(*ADD, "--account-sid", ACCOUNT, typed="the-token\n")
    assert result.exit_code == 0
    assert result.stdout == f"seller demo added with account {ACCOUNT}\n"
    assert result.stderr.rstrip() == "Auth token:"
    assert tokens(any_terminal) == {"demo": ("the-token",)}


@pytest.mark.parametrize("typed", ["AC" + "A" * 31 + "1", "ac" + "a" * 31 + "1"])
def test_an_account_sid_is_kept_as_webhooks_carry_it(terminal: Terminal, typed: str) -> None:
    said = terminal.ok(*ADD, "--account-sid", typed, "--auth-token", "the-token")
    assert said == f"seller demo added with account AC{'a' * 31}1\n"
    (listed,) = json.loads(terminal.ok("seller", "list", "--json"))
    assert listed["account_sid"] == f"AC{'a' * 31}1"


def test_the_first_seller_may_come_from_the_environment(terminal: Terminal) -> None:
    terminal.environ["TWILIO_ACCOUNT_SID"] = ACCOUNT
    terminal.environ["TWILIO_AUTH_TOKEN"] = "from-the-environment"
    terminal.ok(*ADD)
    assert tokens(terminal) == {"demo": ("from-the-environment",)}


def test_another_seller_never_gets_the_first_ones_account(seller_terminal: Terminal) -> None:
    seller_terminal.environ["TWILIO_ACCOUNT_SID"] = ACCOUNT
    seller_terminal.environ["TWILIO_AUTH_TOKEN"] = "from-the-environment"
    assert "--account-sid is missing" in seller_terminal.refused(*ADD, code=2)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(["Demo", "--account-sid", ACCOUNT], "use a-z, 0-9 and '-'", id="id"),
        pytest.param(["demo", "--account-sid", "AC12"], "AC and 32 hexadecimal", id="account"),
        pytest.param(
            ["seller-a", "--account-sid", ACCOUNT], "its id is taken", id="an-id-that-is-taken"
        ),
        pytest.param(
            ["demo", "--account-sid", "AC" + "a" * 32],
            "is taken",
            id="an-account-that-is-taken",
        ),
        pytest.param(
            ["demo", "--account-sid", ACCOUNT, "--secondary-token", " "],
            "a token may not be empty",
            id="empty-token",
        ),
    ],
)
def test_a_seller_is_refused_for_its(
    seller_terminal: Terminal, words: list[str], said: str
) -> None:
    message = seller_terminal.refused(
        "seller", "add", *words, "--name", "Demo", "--auth-token", "secret-word"
    )
    assert said in message
    assert "secret-word" not in message


def test_sellers_are_listed_without_tokens_or_a_key_for_them(seller_terminal: Terminal) -> None:
    seller_terminal.ok(
        "seller", "set-token", "seller-a", "--auth-token", "new", "--secondary-token", "old"
    )
    assert tokens(seller_terminal) == {"seller-a": ("new", "old")}
    del seller_terminal.environ["SECRET_KEY"]
    assert rows(seller_terminal.ok("seller", "list")) == [
        [
            "seller-a",
            "Seller A",
            "AC" + "a" * 32,
            "primary and secondary",
            "1",
            "2026-09-15 17:00:00Z",
        ]
    ]
    (seller,) = json.loads(seller_terminal.ok("seller", "list", "--json"))
    assert seller == {
        "seller_id": "seller-a",
        "name": "Seller A",
        "account_sid": "AC" + "a" * 32,
        "has_secondary_token": True,
        "directory_version": 1,
        "created_at": "2026-09-15T17:00:00.000Z",
    }


def test_the_tokens_of_nobody_cannot_be_set(seller_terminal: Terminal) -> None:
    said = seller_terminal.refused("seller", "set-token", "nobody", "--auth-token", "new")
    assert said == "Error: there is no seller 'nobody'\n"


def test_no_seller_is_said_in_words(terminal: Terminal) -> None:
    assert terminal.ok("seller", "list") == "there is no seller yet\n"
    assert "add one with `callrouter seller add`" in terminal.refused("table", "list")


def test_with_two_sellers_one_must_be_named(seller_terminal: Terminal) -> None:
    seller_terminal.ok(*ADD, "--account-sid", ACCOUNT, "--auth-token", "x")
    assert "there are several sellers (demo, seller-a): use --seller" in seller_terminal.refused(
        "table", "list", code=2
    )
    assert seller_terminal.ok("table", "list", "--seller", "demo") == "there is no campaign yet\n"
    assert seller_terminal.refused("table", "list", "--seller", "x") == (
        "Error: there is no seller 'x'; there is demo, seller-a\n"
    )
