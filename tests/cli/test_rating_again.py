"""`callrouter rate again` and `missing` as finance types them."""

import csv
import io
import json

import pytest

from callrouter.adapters.storage.calls import ensure_and_lock_call
from callrouter.adapters.storage.cdrs import save_cdr
from callrouter.adapters.storage.engine import open_database
from callrouter.workflows.apply_terms import apply_terms
from tests.cli.terminal import Terminal, rows
from tests.domain.billing.builders import AT, cdr_of
from tests.domain.billing.test_call_entries import attempt_of
from tests.switchboards import SELLER

SINCE = ("--since", "2026-11-26")
AGAIN = ("rate", "again", *SINCE, "--until", "2026-11-27")
TERMS = """
buyer = "acme"
zone = "America/New_York"
[[terms]]
from = 2026-09-01
threshold_s = 60
price = "75.00"
"""


@pytest.fixture
def terminal(seller_terminal: Terminal) -> Terminal:
    """At a seller with one talk of 121 s of which nobody knows what it is worth."""
    database = open_database(seller_terminal.environ["DATABASE_URL"])
    cdr = cdr_of(attempt_of())
    with database.write() as connection:
        ensure_and_lock_call(connection, SELLER.seller_id, cdr.call_sid, AT, cdr.did, cdr.ani, AT)
        save_cdr(connection, SELLER.seller_id, cdr, 5, AT, is_rated=True)
    database.dispose()
    seller_terminal.clock.at = AT
    return seller_terminal


def agree(terminal: Terminal) -> None:
    database = open_database(terminal.environ["DATABASE_URL"])
    apply_terms(database, SELLER.seller_id, TERMS, "acme.toml", author="ann", note="", at=AT)
    database.dispose()


def test_a_talk_without_terms_is_found_and_made_good(terminal: Terminal) -> None:
    missing = ("rate", "missing", *SINCE, "--until", "2026-11-27")
    [row] = rows(terminal.ok(*missing))
    assert row[:3] == ["buyer acme", "flood-repair", "1"]
    assert row[-1] == "none at all"
    agree(terminal)
    assert terminal.ok(*missing) == "there are terms for every talk\n"

    shown = terminal.run(*AGAIN)
    assert rows(shown.stdout) == [
        [
            "CA1",
            "2026-11-26 18:00:00Z",
            "buyer acme",
            "-",
            "75.00 USD",
            "-",
            "connected 121 s >= 60 s: 1 x 75.00 USD",
        ]
    ]
    assert shown.stderr == (
        "1 call rated again, 1 would change; buyers 75.00 USD;"
        " nothing was written: --post does it\n"
    )
    assert terminal.ok("ledger", "balance") == "no account has any entry\n"
    done = terminal.run(*AGAIN, "--buyer", "acme", "--post", "--author", "ann")
    assert done.stderr == "1 call rated again, 1 changed; buyers 75.00 USD\n"
    assert rows(terminal.ok("ledger", "ageing"))[0][3] == "0.00"
    assert terminal.ok(*AGAIN) == "nothing changes\n"


def test_changes_are_told_as_csv_and_json(terminal: Terminal) -> None:
    agree(terminal)
    [row] = csv.DictReader(io.StringIO(terminal.ok(*AGAIN, "--csv")))
    [record] = json.loads(terminal.ok(*AGAIN, "--json"))
    assert (row["call_id"], row["amount"], row["amount_before"]) == ("CA1", "75.00", "")
    assert (record["amount"], record["amount_before"]) == ("75.00", None)
    assert "choose one" in terminal.refused(*AGAIN, "--csv", "--json", code=2)
    assert json.loads(terminal.ok("rate", "missing", *SINCE, "--json")) == []
