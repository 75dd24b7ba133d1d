"""Zones as courses: how far ahead of UTC, from when to when; those that go alike are one."""

from datetime import UTC, datetime

import numpy as np
import pytest

from callrouter.domain.tie_out.clock_zone import (
    COMMON_ZONES,
    OTHER_ZONES,
    follow_zone,
    list_courses,
    name_fixed,
)

HOUR_MS = 3_600_000


def ms(*date: int) -> int:
    """An instant in UTC."""
    return int(datetime(*date, tzinfo=UTC).timestamp()) * 1000  # type: ignore[misc, arg-type]


AUTUMN = ms(2026, 10, 1), ms(2026, 11, 15)


def test_a_zone_changes_at_the_very_instant() -> None:
    course = follow_zone("America/Chicago", *AUTUMN)
    assert course is not None
    assert course.changes_ms == (ms(2026, 11, 1, 7),)
    at = np.array([ms(2026, 11, 1, 7) - 1, ms(2026, 11, 1, 7)])
    assert course.ahead_ms(at).tolist() == [-5 * HOUR_MS, -6 * HOUR_MS]


@pytest.mark.parametrize(
    ("name", "hours"), [("UTC", 0), ("UTC-05:00", -5), ("UTC+05:30", 5.5), ("UTC-12:00", -12)]
)
def test_hours_from_utc_are_a_zone(name: str, hours: float) -> None:
    course = follow_zone(name, *AUTUMN)
    assert course is not None
    assert (course.changes_ms, course.offsets_ms) == ((), (hours * HOUR_MS,))
    assert name_fixed(int(hours * HOUR_MS)) == name


@pytest.mark.parametrize("name", ["", "Chicago", "UTC+5", "UTC-ab:cd", "../etc/passwd", "America"])
def test_what_is_no_zone_has_no_course(name: str) -> None:
    assert follow_zone(name, *AUTUMN) is None


def test_every_zone_that_is_listed_exists_and_is_listed_once() -> None:
    names = (*COMMON_ZONES, *OTHER_ZONES)
    assert len(set(names)) == len(names)
    assert all(follow_zone(name, *AUTUMN) for name in names)


def test_zones_that_go_alike_are_one_course_with_the_preferred_name_first() -> None:
    courses = list_courses(*AUTUMN, first=("America/Winnipeg", "No/Where"))
    assert courses[0].zones == ("America/Winnipeg", "America/Chicago")
    goes = [(course.changes_ms, course.offsets_ms) for course in courses]
    assert len(set(goes)) == len(goes)


def test_hours_from_utc_are_named_only_where_no_zone_is() -> None:
    names = {name for course in list_courses(*AUTUMN, first=()) for name in course.zones}
    assert {name for name in names if name.startswith("UTC")} == {"UTC", "UTC-12:00"}


def test_a_course_comes_near_an_offset_that_it_has_at_any_time() -> None:
    course = follow_zone("America/Chicago", *AUTUMN)
    assert course is not None
    assert course.comes_near(-6 * HOUR_MS + 60_000, 60_000)
    assert not course.comes_near(-7 * HOUR_MS, 60_000)
