"""What is open of statements, by days overdue; on its due day a statement is still in time."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callrouter.domain.billing.ageing import Ageing, OpenStatement, age_statements

TODAY = date(2026, 11, 26)


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        pytest.param(-15, Ageing(not_due_micros=5), id="in-two-weeks"),
        pytest.param(0, Ageing(not_due_micros=5), id="today"),
        pytest.param(1, Ageing(to_30_days_micros=5), id="yesterday"),
        pytest.param(30, Ageing(to_30_days_micros=5), id="30"),
        pytest.param(31, Ageing(to_60_days_micros=5), id="31"),
        pytest.param(60, Ageing(to_60_days_micros=5), id="60"),
        pytest.param(61, Ageing(to_90_days_micros=5), id="61"),
        pytest.param(90, Ageing(to_90_days_micros=5), id="90"),
        pytest.param(91, Ageing(over_90_days_micros=5), id="91"),
    ],
)
def test_the_bucket_follows_from_the_due_day(days: int, expected: Ageing) -> None:
    assert age_statements([OpenStatement(5, TODAY - timedelta(days=days))], TODAY) == expected


@given(st.lists(st.tuples(st.integers(0, 10**12), st.integers(-100, 200))))
def test_the_buckets_are_all_that_is_open(statements: list[tuple[int, int]]) -> None:
    opened = [OpenStatement(micros, TODAY - timedelta(days=days)) for micros, days in statements]
    ageing = age_statements(opened, TODAY)
    assert ageing.open_micros == sum(micros for micros, _ in statements)
    assert ageing.overdue_micros == sum(micros for micros, days in statements if days > 0)
