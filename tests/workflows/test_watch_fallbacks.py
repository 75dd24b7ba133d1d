"""A seller hears of it when Twilio can't use our answers, and when it can again."""

from datetime import datetime, timedelta

import pytest

from callrouter.adapters.storage.alerts import list_alerts
from callrouter.adapters.storage.calls import append_event
from callrouter.adapters.storage.engine import Database
from callrouter.domain.alerts.alert import Alert
from callrouter.domain.calls.events import FallbackAsked
from callrouter.workflows.watch_fallbacks import watch_fallbacks
from tests.switchboards import T0, FakeClock
from tests.twilio_side import CALL_SID

MINUTE = timedelta(minutes=1)
URL = "https://calls.example.com/twilio/attempts/1?d=acme-east"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def fall_back(
    database: Database, at: datetime, *, seller_id: str = "seller-a", url: str = URL, code: str = ""
) -> None:
    asked = FallbackAsked(
        call_sid=CALL_SID, received_at=at, error_code=code or f"{at:%H%M}", error_url=url
    )
    append_event(database, seller_id, asked, None)


def alerts(database: Database, seller_id: str = "seller-a") -> tuple[Alert, ...]:
    with database.read() as connection:
        return list_alerts(connection, seller_id, standing_only=False)


def watch(database: Database, clock: FakeClock, at: datetime) -> tuple[Alert, ...]:
    clock.at = at
    watch_fallbacks(database, clock)
    return alerts(database)


def test_three_within_an_hour_are_an_alert(database: Database, clock: FakeClock) -> None:
    for minute in (0, 20):
        fall_back(database, T0 + minute * MINUTE)
    assert watch(database, clock, T0 + 21 * MINUTE) == ()

    fall_back(database, T0 + 40 * MINUTE, code="11205")
    [alert] = watch(database, clock, T0 + 41 * MINUTE)

    assert (alert.key, alert.since, alert.stands) == ("fallback_asked", T0 + 40 * MINUTE, True)
    assert "could not use 3 of our answers" in alert.text
    assert "at 2026-09-15 17:40:00 UTC, error 11205 at /twilio/attempts/1." in alert.text
    assert alerts(database, "seller-b") == ()


def test_three_in_a_longer_time_are_none(database: Database, clock: FakeClock) -> None:
    for minute in (0, 40, 80):
        fall_back(database, T0 + minute * MINUTE)

    assert watch(database, clock, T0 + 81 * MINUTE) == ()


def test_it_is_counted_only_when_there_was_another(database: Database, clock: FakeClock) -> None:
    for minute in (0, 1, 2):
        fall_back(database, T0 + minute * MINUTE)
    for minute in (3, 4, 5):
        [alert] = watch(database, clock, T0 + minute * MINUTE)
        assert alert.times == 1

    fall_back(database, T0 + 6 * MINUTE)
    [alert] = watch(database, clock, T0 + 7 * MINUTE)
    assert (alert.times, alert.last_raised_at) == (2, T0 + 6 * MINUTE)


def test_it_is_over_after_an_hour_without_any(database: Database, clock: FakeClock) -> None:
    for minute in (0, 1, 2):
        fall_back(database, T0 + minute * MINUTE)
    watch(database, clock, T0 + 3 * MINUTE)

    [alert] = watch(database, clock, T0 + 62 * MINUTE)
    assert alert.stands
    [alert] = watch(database, clock, T0 + 63 * MINUTE)
    assert alert.recovered_at == T0 + 63 * MINUTE
    assert watch(database, clock, T0 + 64 * MINUTE) == (alert,)


def test_each_seller_has_its_own(database: Database, clock: FakeClock) -> None:
    for minute in (0, 1, 2):
        fall_back(database, T0 + minute * MINUTE, seller_id="seller-b")
    fall_back(database, T0)

    assert watch(database, clock, T0 + 3 * MINUTE) == ()
    assert [alert.seller_id for alert in alerts(database, "seller-b")] == ["seller-b"]


@pytest.mark.parametrize("url", ["", "https://[", "https://calls.example.com"])
def test_an_error_url_that_says_nothing_is_one_of_ours(
    database: Database, clock: FakeClock, url: str
) -> None:
    for minute in (0, 1, 2):
        fall_back(database, T0 + minute * MINUTE, url=url)

    assert "at a URL of ours." in watch(database, clock, T0 + 3 * MINUTE)[0].text
