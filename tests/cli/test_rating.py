import csv
import json
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest

from callrouter.adapters.storage.engine import open_database
from callrouter.adapters.storage.ledger import post
from callrouter.domain.billing.ledger import EntryKind, Posting
from tests.cli.terminal import Terminal
from tests.domain.billing.builders import ACME, USD, cdr_of
from tests.switchboards import SELLER, T0
from tests.workflows.rated_calls import attempt_of, end_call, keep_cdr

TERMS = (
    """\
buyer = "acme"
zone = "America/New_York"
[[terms]]
from = 2026-09-01
threshold_s = 120
rounding = "nearest"
price = "75.00"
duplicate_window = "30d"
[[terms]]
from = 2026-09-01
campaign = "solar-quotes"
price = "10.00"
""",
    """\
publisher = "radio-kx"
zone = "UTC"
[[terms]]
from = 2026-09-01
share = "40 %"
""",
)


@pytest.fixture
def rated(seller_terminal: Terminal, tmp_path: Path) -> Terminal:
    """Acme and Radio KX have terms, and two calls are over."""
    for number, text in enumerate(TERMS):
        file = tmp_path / f"{number}.toml"
        file.write_text(text)
        seller_terminal.ok("terms", "apply", str(file))
    database = open_database(seller_terminal.environ["DATABASE_URL"])
    end_call(database, "CA1", attempt_of("acme-east", 119_600, answered_ms=131_600))
    end_call(database, "CA2", attempt_of("acme-east", None))
    with database.write() as connection:
        posting = Posting(
            party=ACME,
            kind=EntryKind.CHARGE,
            amount_micros=70 * USD,
            currency="USD",
            reference="call:CA1",
            booked_at=T0,
            reason="as agreed before",
            author="test",
            call_sid="CA1",
            call_started_at=T0,
        )
        post(connection, SELLER.seller_id, [posting], T0)
    database.dispose()
    return seller_terminal


def test_a_call_is_explained_on_both_sides_with_what_is_booked(rated: Terminal) -> None:
    assert rated.ok("rate", "explain", "CA1").splitlines() == [
        "CA1, 2026-09-15 17:00:00Z, flood-repair, from +14155550123 to +18005550100: connected, "
        "CDR revision 1",
        "buyer acme: connected 119.6 s, answered 131.6 s, total 600 s, 1 attempt at acme-east",
        "  > terms 1, any call, from 2026-09-01: connected, rounded to seconds, >= 120 s: "
        "75.00 USD",
        "  x terms 2, solar-quotes, from 2026-09-01: for campaign solar-quotes",
        "  = 75.00 USD: connected 119.6 s (120 s rounded) >= 120 s: 1 x 75.00 USD",
        "publisher radio-kx: connected 119.6 s, answered 131.6 s, total 600 s, 1 attempt at "
        "acme-east",
        "  > terms 1, any call, from 2026-09-01: 40 % of what buyers pay",
        "  = 30.00 USD: 40 % of 75.00 USD that buyers pay: 30.00 USD",
        "booked:",
        "  2026-09-15 17:00:00Z  buyer acme  1 charge  70.00 USD  as agreed before",
    ]


def test_a_call_that_nobody_took_comes_to_nothing(rated: Terminal) -> None:
    said = rated.ok("rate", "explain", "CA2").splitlines()

    assert said[1] == "buyer acme: never connected, total 600 s, 1 attempt at acme-east"
    assert said[4] == "  = 0.00 USD: not payable: never connected"
    assert said[-1] == "nothing is booked"


def test_a_call_that_nobody_has_a_part_in_is_told_of(rated: Terminal) -> None:
    database = open_database(rated.environ["DATABASE_URL"])
    nobody = replace(cdr_of(attempt_of("-", None)), call_sid="CA3", publisher="", attempts=())
    keep_cdr(database, nobody, T0)
    database.dispose()

    assert rated.ok("rate", "explain", "CA3").splitlines()[1:] == [
        "nobody has a part in it: no buyer was dialled, and no publisher has the number",
        "nothing is booked",
    ]


def test_an_explanation_is_json_too(rated: Terminal) -> None:
    told = json.loads(rated.ok("rate", "explain", "CA1", "--json"))

    assert (told["call_id"], told["revision"], len(told["entries"])) == ("CA1", 1, 1)
    acme, radio = told["talks"]
    assert (acme["side"], acme["party"], acme["connected_ms"]) == ("buyer", "acme", 119_600)
    assert acme["terms"][1]["why_not"] == "for campaign solar-quotes"
    assert acme["charge"] == {
        "amount": "75.00",
        "currency": "USD",
        "payable": True,
        "reason": "connected 119.6 s (120 s rounded) >= 120 s: 1 x 75.00 USD",
    }
    assert radio["charge"]["amount"] == "30.00"


def last_line(terminal: Terminal, *words: str) -> str:
    return terminal.ok("rate", "explain", *words).splitlines()[-1]


def test_a_call_can_be_imagined(rated: Terminal) -> None:
    acme = ("--buyer", "acme", "--campaign", "flood-repair")

    assert last_line(rated, *acme, "--connected", "119.4s") == (
        "  = 0.00 USD: not payable: connected 119.4 s (119 s rounded) < 120 s"
    )
    assert last_line(rated, *acme, "--connected", "2m").startswith("  = 75.00 USD: connected 120 s")
    assert last_line(
        rated, "--buyer", "acme", "--campaign", "solar-quotes", "--connected", "1s"
    ) == ("  = 10.00 USD: connected 1 s >= 0 s: 1 x 10.00 USD")
    assert last_line(rated, *acme, "--publisher", "radio-kx", "--connected", "121s") == (
        "  = 30.00 USD: 40 % of 75.00 USD that buyers pay: 30.00 USD"
    )
    assert last_line(rated, *acme) == "  = 0.00 USD: not payable: never connected"
    assert last_line(rated, *acme, "--connected", "5m", "--at", "2026-08-31") == (
        "  = not rated: there are no terms for it"
    )
    told = json.loads(rated.ok("rate", "explain", *acme, "--connected", "2m", "--json"))
    assert told[0]["charge"]["amount"] == "75.00"


def test_who_has_no_terms_is_told_so(rated: Terminal) -> None:
    said = rated.ok("rate", "explain", "--buyer", "bolt", "--connected", "5m").splitlines()

    assert said == [
        "buyer bolt: connected 300 s, answered 300 s, total 300 s, 1 attempt",
        "  it has agreed to no terms",
        "  = not rated: there are no terms for it",
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "name a CALL, or imagine one"),
        (["CA1", "--buyer", "acme"], "name a CALL, or imagine one"),
        (["--buyer", "acme", "--connected", "long"], "'long' isn't a time: write it like 121s"),
        (["--buyer", "acme", "--connected", "5m", "--answered", "4m"], "for longer than answered"),
    ],
)
def test_what_cannot_be_meant_is_refused(rated: Terminal, words: list[str], said: str) -> None:
    assert said in rated.refused("rate", "explain", *words, code=2)


def test_a_call_that_is_not_known_is_not_explained(rated: Terminal) -> None:
    assert "has no CDR" in rated.refused("rate", "explain", "CA9")


def test_the_calls_close_to_a_threshold_are_listed_with_the_money(rated: Terminal) -> None:
    said = rated.ok("rate", "borderline", "--buyer", "acme", "--period", "2026-09")

    assert said.splitlines() == [
        "call  started               party       destination  counted            line      "
        "off       comes to   else",
        "CA1   2026-09-15 17:00:00Z  buyer acme  acme-east    connected 119.6 s  >= 120 s  "
        "-0.400 s  75.00 USD  0.00 USD",
        "buyer acme: 1 just reached the line (75.00 USD depends on it), "
        "0 just missed it (0.00 USD more otherwise)",
    ]
    for period in ("2026-W38", "2026-09-15"):
        assert "CA1" in rated.ok("rate", "borderline", "--buyer", "acme", "--period", period)
    assert rated.ok("rate", "borderline", "--period", "2026-08") == (
        "no call from 2026-08-01 00:00:00Z to 2026-09-01 00:00:00Z ended within 3 s of a "
        "threshold\n"
    )


def test_the_close_calls_are_csv_and_json_too(rated: Terminal) -> None:
    since = ("--since", "2026-09-15", "--until", "2026-09-16")

    [line] = csv.DictReader(StringIO(rated.ok("rate", "borderline", *since, "--csv")))
    told = json.loads(rated.ok("rate", "borderline", *since, "--json"))

    assert (line["call_id"], line["off_s"], line["at_stake"]) == ("CA1", "-0.400", "75.00")
    assert told["calls"][0]["at_stake"] == "75.00"
    assert told["totals"] == [
        {
            "side": "buyer",
            "party": "acme",
            "currency": "USD",
            "reached": 1,
            "at_risk": "75.00",
            "short": 0,
            "missed": "0.00",
        }
    ]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--csv", "--json"], 2, "choose one"),
        (["--period", "2026-09", "--since", "2026-09-01"], 2, "--period stands alone"),
        (["--period", "September"], 2, "'September' isn't a period: write it like 2026-11"),
        (["--period", "2026-13"], 2, "isn't a period"),
        (["--since", "2026-09-02", "--until", "2026-09-01"], 2, "ends before it begins"),
        (["--buyer", "bolt"], 1, "buyer bolt has agreed to no terms"),
    ],
)
def test_a_period_that_cannot_be_meant_is_refused(
    rated: Terminal, words: list[str], code: int, said: str
) -> None:
    assert said in rated.refused("rate", "borderline", *words, code=code)
