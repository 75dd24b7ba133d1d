"""When which day is audited."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callrouter.domain.carrier.audit_schedule import (
    AuditSchedule,
    latest_due_day,
    list_due_days,
    start_of,
)

CHICAGO = AuditSchedule(time(5), "America/Chicago")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("schedule", "now", "day"),
    [
        pytest.param(AuditSchedule(), "2026-11-26 05:59:59", "2026-11-24", id="before the hour"),
        pytest.param(AuditSchedule(), "2026-11-26 06:00", "2026-11-25", id="at the hour"),
        pytest.param(CHICAGO, "2026-11-26 10:59", "2026-11-24", id="before it in Chicago"),
        pytest.param(CHICAGO, "2026-11-26 11:00", "2026-11-25", id="at the hour in Chicago"),
        pytest.param(CHICAGO, "2026-07-01 10:00", "2026-06-30", id="in summer"),
        pytest.param(
            AuditSchedule(time(19), "America/Chicago"),
            "2026-11-26 01:00",
            "2026-11-25",
            id="an evening hour, an hour after the day ended in UTC",
        ),
        pytest.param(
            AuditSchedule(time(0, 30)), "2026-11-26 00:30", "2026-11-24", id="too soon after it"
        ),
    ],
)
def test_the_last_day_that_is_over_at_the_hour_is_due(
    schedule: AuditSchedule, now: str, day: str
) -> None:
    assert latest_due_day(schedule, utc(now)) == date.fromisoformat(day)


@pytest.mark.parametrize(
    ("last", "days"),
    [
        pytest.param(None, ["2026-11-25"], id="never: the latest alone"),
        pytest.param("2026-11-25", [], id="done"),
        pytest.param("2026-11-26", [], id="a later one was done"),
        pytest.param("2026-11-24", ["2026-11-25"], id="the next one"),
        pytest.param("2026-11-23", ["2026-11-24", "2026-11-25"], id="one was left out"),
        pytest.param("2026-10-01", ["2026-11-23", "2026-11-24", "2026-11-25"], id="three at most"),
    ],
)
def test_days_that_were_left_out_are_made_good(last: str | None, days: list[str]) -> None:
    found = list_due_days(
        AuditSchedule(), utc("2026-11-26 12:00"), date.fromisoformat(last) if last else None
    )

    assert [str(day) for day in found] == days


@given(
    now=st.integers(0, 5 * 366 * 86_400).map(lambda s: utc("2024-01-01") + timedelta(seconds=s)),
    at=st.times().map(lambda each: each.replace(second=0, microsecond=0, fold=0)),
    zone=st.sampled_from(["UTC", "America/Chicago", "Asia/Kolkata", "Pacific/Apia"]),
)
def test_a_day_that_is_due_has_been_over_for_an_hour(now: datetime, at: time, zone: str) -> None:
    day = latest_due_day(AuditSchedule(at, zone), now)

    settled_for = now - start_of(day + timedelta(days=1))
    assert timedelta(hours=1) <= settled_for <= timedelta(days=2, hours=2)
