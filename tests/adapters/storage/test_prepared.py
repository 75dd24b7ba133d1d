from datetime import datetime, timedelta, timezone

import pytest
import sqlalchemy as sa

from callrouter.adapters.storage.engine import Database, open_database
from callrouter.adapters.storage.prepared import Prepared, Value
from callrouter.adapters.storage.statements import insert_or_skip
from callrouter.adapters.storage.tables import calls, config_changes, job_leases
from tests.domain.builders import T0, at
from tests.postgresql import PostgresqlServer

ADD = Prepared(insert_or_skip(job_leases))
FIND = Prepared(
    sa.select(job_leases.c.holder, job_leases.c.expires_at, job_leases.c.expires_at > T0)
    .where(job_leases.c.name == sa.bindparam("name"))
    .limit(1)
)
DELETE = Prepared(sa.delete(job_leases))


def lease(name: str, holder: str = "one", expires_at: datetime = T0) -> dict[str, Value]:
    return {"name": name, "holder": holder, "expires_at": expires_at}


def test_values_come_back_as_from_sqlalchemy(database: Database) -> None:
    chicago = timezone(timedelta(hours=-6))
    with database.write() as connection:
        assert ADD.count(connection, lease("a", "é\x00", at(1).astimezone(chicago))) == 1
        assert ADD.count(connection, lease("a", "two")) == 0
        row = FIND.first(connection, {"name": "a"})
        assert row == ("é\u2400", at(1), True)
        assert connection.execute(sa.select(job_leases)).one() == ("a", "é\u2400", at(1))
        assert FIND.first(connection, {"name": "b"}) is None
        assert DELETE.count(connection, {}) == 1


def test_a_naive_instant_is_refused(database: Database) -> None:
    with pytest.raises(ValueError, match="is naive"), database.single() as connection:
        ADD.count(connection, lease("a", expires_at=T0.replace(tzinfo=None)))


def test_a_parameter_that_is_missing_is_named(database: Database) -> None:
    with pytest.raises(KeyError, match="name"), database.read() as connection:
        FIND.first(connection, {})


def test_null_is_neither_zero_nor_empty(database: Database) -> None:
    nothing = Prepared(sa.select(sa.null().label("n").cast(sa.Text), sa.literal(7)))
    with database.read() as connection:
        assert nothing.all(connection, {}) == [(None, 7)]


def test_a_type_that_is_not_known_is_refused_at_the_first_use(database: Database) -> None:
    unknown = Prepared(sa.select(sa.literal(1.5, sa.Float)))
    with pytest.raises(KeyError, match="float"), database.read() as connection:
        unknown.all(connection, {})


def test_it_takes_part_in_the_transaction(database: Database) -> None:
    def add_and_fail() -> None:
        with database.write() as connection:
            ADD.count(connection, lease("a"))
            raise ValueError("ours")

    with pytest.raises(ValueError, match="ours"):
        add_and_fail()
    with database.read() as connection:
        assert FIND.all(connection, {"name": "a"}) == []


def test_a_broken_rule_of_the_schema_passes_through(database: Database) -> None:
    second_row = Prepared(sa.insert(config_changes).values(id=2, counter=0))
    with pytest.raises(Exception, match="config_changes_one_row"), database.write() as connection:
        second_row.count(connection, {})
    with database.write() as connection:
        assert ADD.count(connection, lease("a")) == 1


def test_each_connection_prepares_for_itself(postgresql_server: PostgresqlServer) -> None:
    count = Prepared(sa.select(sa.func.count()).select_from(calls))
    database = open_database(postgresql_server.url)
    with database.read() as one, database.read() as two:
        assert count.all(one, {}) == count.all(two, {}) == [(0,)]
    postgresql_server.restart()
    with database.read() as three:
        assert count.all(three, {}) == [(0,)]
    database.dispose()


def test_it_outlasts_a_table_that_is_changed_on_its_connection(
    postgresql_server: PostgresqlServer,
) -> None:
    database = open_database(postgresql_server.url)
    listed = sa.select(job_leases).where(job_leases.c.name == sa.bindparam("name"))
    with database.write() as connection:
        assert FIND.first(connection, {"name": "a"}) is None
        for _ in range(6):  # as often as psycopg would take to prepare it by itself
            connection.execute(listed, {"name": "a"})
        connection.execute(sa.text("CREATE TEMPORARY TABLE passing (id int)"))
        connection.execute(sa.text("DROP TABLE passing"))
        assert FIND.first(connection, {"name": "a"}) is None
    database.dispose()
