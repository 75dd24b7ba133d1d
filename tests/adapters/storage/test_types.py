from datetime import UTC, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.tables import cdrs, job_leases
from callrouter.adapters.storage.types import make_storable
from callrouter.domain.cdr import Disposition
from tests.adapters.storage.builders import any_texts, instants, unhurried
from tests.domain.builders import T0

CHICAGO_IN_WINTER = timezone(timedelta(hours=-6))


def store(database: Database, name: str, instant: datetime) -> datetime:
    lease = {"name": name, "holder": "h", "expires_at": instant}
    with database.write() as connection:
        connection.execute(sa.insert(job_leases), lease)
    with database.read() as connection:
        stored = sa.select(job_leases.c.expires_at).where(job_leases.c.name == name)
        read: datetime = connection.execute(stored).scalar_one()
    with database.write() as connection:
        connection.execute(sa.delete(job_leases))
    return read


@unhurried
@given(instant=instants)
def test_an_instant_comes_back_to_the_microsecond_in_utc(
    database: Database, instant: datetime
) -> None:
    read = store(database, "x", instant)
    assert (read, read.tzinfo) == (instant, UTC)


def test_an_instant_of_another_zone_comes_back_in_utc(database: Database) -> None:
    read = store(database, "x", T0.astimezone(CHICAGO_IN_WINTER))
    assert (read, read.tzinfo) == (T0, UTC)


def test_a_naive_instant_is_refused(database: Database) -> None:
    with pytest.raises(sa.exc.StatementError, match="is naive"):
        store(database, "x", T0.replace(tzinfo=None))


@unhurried
@given(some=st.lists(instants, min_size=2, max_size=5, unique=True))
def test_stored_instants_sort_as_instants(database: Database, some: list[datetime]) -> None:
    rows = [{"name": str(n), "holder": "h", "expires_at": t} for n, t in enumerate(some)]
    with database.write() as connection:
        connection.execute(sa.insert(job_leases), rows)
        by_time = sa.select(job_leases.c.expires_at).order_by(job_leases.c.expires_at)
        assert connection.execute(by_time).scalars().all() == sorted(some)
        later = sa.select(sa.func.count()).where(job_leases.c.expires_at > min(some))
        assert connection.execute(later).scalar_one() == len(some) - 1
        connection.execute(sa.delete(job_leases))


def test_a_word_outside_the_closed_list_is_not_read_as_another(database: Database) -> None:
    unknown = sa.select(sa.literal_column("'teleported'", cdrs.c.disposition.type))
    known = sa.select(sa.literal_column("'busy'", cdrs.c.disposition.type))
    with database.read() as connection:
        assert connection.execute(known).scalar_one() is Disposition.BUSY
        with pytest.raises(ValueError, match="teleported"):
            connection.execute(unknown).scalar_one()


@given(text=any_texts)
def test_any_text_is_made_storable_once_and_for_all(text: str) -> None:
    stored = make_storable(text)
    assert "\x00" not in stored
    assert stored == stored.encode().decode()
    assert make_storable(stored) == stored
    assert len(stored) == len(text)


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        pytest.param("+14155550123", "+14155550123", id="plain"),
        pytest.param("a\x00b", "a\u2400b", id="NUL"),
        pytest.param("a\ud800é", "a\ufffdé", id="lone surrogate"),
        pytest.param("é😀", "é😀", id="other scripts"),
    ],
)
def test_only_what_cannot_be_stored_is_replaced(text: str, stored: str) -> None:
    assert make_storable(text) == stored
