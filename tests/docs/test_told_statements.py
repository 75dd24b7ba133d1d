"""docs/statements.md shows what is really said: its commands are typed, its TOML is read."""

import os
import shlex
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from callrouter.adapters.policy_files.letterhead_file import read_letterheads
from callrouter.adapters.storage.engine import open_database
from callrouter.domain.billing.ledger import EntryKind
from callrouter.domain.billing.terms import Cycle
from callrouter.workflows.export_statement import COLUMNS
from tests.cli.terminal import Terminal, make_terminal
from tests.docs.pages import Code, page, strip_code
from tests.switchboards import open_seller
from tests.workflows.accounts import MONDAY, WEEK, agree, book, charge, other

PAGE = "docs/statements.md"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def terminal(sqlite_url: str, tmp_path: Path) -> Terminal:
    """At the week of which the page tells, when it is over."""
    database = open_database(sqlite_url)
    open_seller(database)
    agree(database)
    reason = "dispute 12: the caller wanted somebody else"
    book(
        database,
        [
            charge(1, MONDAY + 9 * HOUR),
            charge(2, MONDAY + 10 * HOUR, 0, connected_s=119.6),
            charge(3, MONDAY + 2 * DAY, 50, destination="acme-west"),
            other(EntryKind.PAYMENT, -40, MONDAY + 2 * DAY, "wire 4711"),
            other(EntryKind.CREDIT, -12.5, MONDAY + 3 * DAY, reason),
        ],
        MONDAY + 3 * DAY,
    )
    database.dispose()
    typed = make_terminal(sqlite_url, str(tmp_path))
    typed.clock.at = MONDAY + WEEK + 7 * HOUR
    return typed


def told() -> list[tuple[Code, Code]]:
    """Each shell block that what it says stands behind."""
    blocks = page(PAGE).blocks
    return [
        (typed, said)
        for typed, said in pairwise(blocks)
        if typed.language == "sh" and said.language == "text"
    ]


def test_the_page_shows_what_the_commands_say_golden(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGNAME", "ann")
    text = page(PAGE).text
    for typed, said in told():
        lines = [shlex.split(line)[1:] for line in typed.text.splitlines()]
        really = "".join(terminal.ok(*words) for words in lines)
        if os.environ.get("UPDATE_GOLDENS"):
            text = text.replace(said.text, really)
            page(PAGE).path.write_text(text, "utf-8")
        else:
            assert said.text == really
    assert len(told()) == 3


def test_the_columns_of_the_csv_are_explained_in_their_order() -> None:
    rows = page(PAGE).table("The columns of the CSV")

    assert [strip_code(row[0]) for row in rows] == list(COLUMNS)


def test_every_cycle_is_explained() -> None:
    rows = page(PAGE).table("Periods")

    assert [strip_code(row[0]) for row in rows if row[0]] == list(Cycle)


def test_the_letterhead_can_be_read() -> None:
    (block,) = (block for block in page(PAGE).blocks if block.language == "toml")

    assert read_letterheads(block.text, "letterhead.toml")["demo"].name == "Northbound Calls LLC"
