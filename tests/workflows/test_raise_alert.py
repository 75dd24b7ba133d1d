"""One alert however often it is raised, told once to each channel, and once that it is over."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from callrouter.adapters.storage.alert_channels import add_channel, remove_channel
from callrouter.adapters.storage.alert_outbox import QueuedMessage, list_messages
from callrouter.adapters.storage.alerts import list_alerts
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.secret_box import SecretBox
from callrouter.domain.alerts.alert import Alert, ChannelKind
from callrouter.domain.alerts.alert_channels import AlertChannel
from callrouter.workflows.raise_alert import raise_alert, recover_alert
from tests.switchboards import SECRET_KEY, T0

KEY = "breaker:acme-east"
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _logs() -> Iterator[None]:
    with capture_logs():
        yield


def subscribe(database: Database, *names: str, seller_id: str = "seller-a") -> None:
    with database.write() as connection:
        for name in names:
            address = f"{name}@example.com"
            channel = AlertChannel(
                seller_id=seller_id, name=name, kind=ChannelKind.EMAIL, address=address
            )
            assert add_channel(connection, SecretBox(SECRET_KEY), channel, T0)


def raise_(database: Database, minutes: int = 0, *, seller_id: str = "seller-a") -> bool:
    with database.write() as connection:
        at = T0 + minutes * MINUTE
        return raise_alert(connection, seller_id, KEY, "acme-east is down", "5 of 6 failed", at)


def recover_(database: Database, minutes: int, *, seller_id: str = "seller-a") -> bool:
    with database.write() as connection:
        return recover_alert(connection, seller_id, KEY, "", T0 + minutes * MINUTE)


def queued(database: Database, seller_id: str = "seller-a") -> list[tuple[str, str]]:
    return [(m.change, m.channel) for m in messages(database, seller_id)]


def messages(database: Database, seller_id: str = "seller-a") -> tuple[QueuedMessage, ...]:
    with database.read() as connection:
        return list_messages(connection, seller_id)


def alerts(database: Database, *, standing_only: bool = False) -> tuple[Alert, ...]:
    with database.read() as connection:
        return list_alerts(connection, "seller-a", standing_only=standing_only)


def test_it_is_told_to_each_channel_once_and_then_only_counted(database: Database) -> None:
    subscribe(database, "ops", "owner")

    assert [raise_(database, minute) for minute in range(3)] == [True, False, False]

    assert queued(database) == [("raised", "ops"), ("raised", "owner")]
    [alert] = alerts(database)
    assert (alert.times, alert.since, alert.last_raised_at) == (3, T0, T0 + 2 * MINUTE)


def test_that_it_is_over_is_told_once_to_those_who_heard_of_it(database: Database) -> None:
    subscribe(database, "ops")
    raise_(database)
    subscribe(database, "latecomer")

    assert [recover_(database, 5), recover_(database, 6)] == [True, False]

    assert queued(database) == [("raised", "ops"), ("recovered", "ops")]
    assert messages(database)[1].text == "It lasted 5 min."
    assert alerts(database, standing_only=True) == ()


def test_what_was_never_raised_cannot_be_over(database: Database) -> None:
    subscribe(database, "ops")

    assert not recover_(database, 1)
    assert queued(database) == []


def test_it_may_begin_again(database: Database) -> None:
    subscribe(database, "ops")
    raise_(database)
    recover_(database, 1)

    assert raise_(database, 2)

    told = messages(database)
    assert [m.change for m in told] == ["raised", "recovered", "raised"]
    assert len({m.notice.notice_id for m in told}) == 3
    assert [a.sequence for a in alerts(database)] == [2]


def test_without_a_channel_it_stands_all_the_same(database: Database) -> None:
    with capture_logs() as logs:
        assert raise_(database)
        assert recover_(database, 1)

    assert [a.key for a in alerts(database)] == [KEY]
    assert [(line["event"], line["channels"]) for line in logs] == [
        ("alert_raised", 0),
        ("alert_recovered", 0),
    ]


def test_one_seller_s_alert_is_told_to_no_other(database: Database) -> None:
    subscribe(database, "ops")
    subscribe(database, "ops", seller_id="seller-b")

    raise_(database)
    assert not recover_(database, 1, seller_id="seller-b")
    assert raise_(database, seller_id="seller-b")
    recover_(database, 2)

    assert queued(database) == [("raised", "ops"), ("recovered", "ops")]
    assert queued(database, "seller-b") == [("raised", "ops")]
    assert [a.seller_id for a in alerts(database)] == ["seller-a"]


def test_a_channel_that_was_removed_hears_nothing_more(database: Database) -> None:
    subscribe(database, "ops", "owner")
    raise_(database)
    with database.write() as connection:
        assert remove_channel(connection, "seller-a", "ops")
        assert not remove_channel(connection, "seller-a", "ops")
        assert not remove_channel(connection, "seller-b", "owner")

    recover_(database, 1)

    assert queued(database)[2:] == [("recovered", "owner")]


def test_nothing_is_raised_by_a_transaction_that_is_rolled_back(database: Database) -> None:
    subscribe(database, "ops")

    def fail() -> None:
        with database.write() as connection:
            raise_alert(connection, "seller-a", KEY, "s", "t", T0)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert (alerts(database), queued(database)) == ((), [])
    assert raise_(database)


def test_of_many_that_raise_at_once_one_is_told_so(database: Database) -> None:
    subscribe(database, "ops")

    with ThreadPoolExecutor(8) as threads:
        for turn in range(3):
            news = list(threads.map(lambda _, at=2 * turn: raise_(database, at), range(16)))
            assert news.count(True) == 1
            over = list(threads.map(lambda _, at=2 * turn + 1: recover_(database, at), range(16)))
            assert over.count(True) == 1

    assert [change for change, _ in queued(database)] == ["raised", "recovered"] * 3
    [alert] = alerts(database)
    assert (alert.sequence, alert.times) == (3, 16)
