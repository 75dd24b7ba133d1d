from pathlib import Path

import pytest

from callrouter.adapters.storage.engine import open_database
from tests.cli.terminal import Terminal, make_terminal
from tests.switchboards import open_seller


@pytest.fixture
def terminal(sqlite_url: str, tmp_path: Path) -> Terminal:
    """At an empty SQLite database."""
    return make_terminal(sqlite_url, str(tmp_path))


@pytest.fixture
def any_terminal(database_url: str, tmp_path: Path) -> Terminal:
    """At an empty database: the test runs once on either kind."""
    return make_terminal(database_url, str(tmp_path))


@pytest.fixture
def seller_terminal(terminal: Terminal) -> Terminal:
    """At a SQLite database with one seller, its buyers and two live tables."""
    database = open_database(terminal.environ["DATABASE_URL"])
    open_seller(database)
    database.dispose()
    return terminal
