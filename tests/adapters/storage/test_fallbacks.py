"""Requests to the fallback URL are found by an index of their own, never by reading all events."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from callrouter.adapters.storage.engine import Database, open_database
from callrouter.adapters.storage.fallbacks import count_fallbacks, read_fallback
from tests.switchboards import T0


@pytest.fixture
def sqlite(sqlite_url: str) -> Database:
    return open_database(sqlite_url)


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda connection: count_fallbacks(connection, T0), id="count"),
        pytest.param(lambda connection: read_fallback(connection, "seller-a", T0), id="read"),
    ],
)
def test_sqlite_finds_them_by_their_index(
    sqlite: Database, ask: Callable[[Connection], object]
) -> None:
    asked: list[tuple[str, object]] = []
    with sqlite.read() as connection:
        sa.event.listen(
            connection,
            "before_cursor_execute",
            lambda _connection, _cursor, sql, parameters, *_: asked.append((sql, parameters)),
        )
        ask(connection)
        [(sql, parameters)] = asked
        plan = str(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", parameters).all())  # type: ignore[arg-type]
    sqlite.dispose()

    assert "USING INDEX call_events_fallbacks_received_at_idx" in plan
    assert "autoindex" not in plan
