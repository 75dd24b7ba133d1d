"""What a table counts: read from `caps` and `concurrency`, or refused with line and key."""

import pytest

from callrouter.adapters.policy_files.routing_table_file import read_table
from callrouter.domain.clocks.periods import Period
from callrouter.domain.errors import PolicyFileError
from callrouter.domain.limits.caps import Cap, Measure
from callrouter.domain.tables.rules import Quota

HEAD = 'campaign = "c"\n[[dids]]\nnumber = "+18005550100"\n[[routes]]\ndestination = "acme-east"\n'


@pytest.mark.parametrize(
    ("text", "cap"),
    [
        ("50 connected per day", Cap(Measure.CONNECTED, 50, Period.DAY)),
        ("1 payable ever", Cap(Measure.PAYABLE, 1, Period.EVER)),
        ("500.50 revenue per week", Cap(Measure.REVENUE, 500_500_000, Period.WEEK)),
        (" 9  attempts per hour across campaigns", Cap(Measure.ATTEMPTS, 9, Period.HOUR, True)),
        ("1000000000 connected per month", Cap(Measure.CONNECTED, 10**9, Period.MONTH)),
    ],
)
def test_a_cap_is_a_limit_a_measure_and_a_period(text: str, cap: Cap) -> None:
    table = read_table(f'{HEAD}caps = ["{text}"]\n', "t.toml")

    assert table.routes[0].quota == Quota((cap,))


def test_every_level_counts_for_itself() -> None:
    text = (
        HEAD
        + """concurrency = 1
    [rules]
    concurrency = 2
    [[buyers]]
    id = "acme"
    concurrency = 3
    [[groups]]
    id = "desks"
    concurrency = 4
    [[publishers]]
    id = "radio"
    caps = ["5 attempts ever"]
    """
    )
    table = read_table(text, "t.toml")

    assert table.routes[0].quota == Quota((), 1)
    assert table.quota == Quota((), 2)
    assert table.buyer_quotas == {"acme": Quota((), 3)}
    assert table.groups["desks"].quota == Quota((), 4)
    assert table.publisher_quotas == {"radio": Quota((Cap(Measure.ATTEMPTS, 5, Period.EVER),))}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "0 connected per day",
            "is a cap of zero, by which nobody would ever be dialled; leave the route out instead",
        ),
        (
            "0.00 revenue per day",
            "is a cap of zero, by which nobody would ever be dialled; leave the route out instead",
        ),
        (
            "fifty a day",
            'must be a limit, a measure and a period, as in "50 connected per day", found '
            '"fifty a day"',
        ),
        (
            "50 calls per day",
            "counts 'calls'; what can be counted is attempts, connected, payable, revenue",
        ),
        (
            "50 concurrent per day",
            "counts 'concurrent'; what can be counted is attempts, connected, payable, revenue",
        ),
        (
            "50 connected per year",
            "has the period 'year'; write per hour, per day, per week, per month, or ever",
        ),
        (
            "-5 connected per day",
            "has the limit '-5'; write a whole number of calls up to 1000000000",
        ),
        (
            "1000000001 connected per day",
            "has the limit '1000000001'; write a whole number of calls up to 1000000000",
        ),
        (
            "1.005 revenue per day",
            "'1.005' has more decimals than USD, which has 2",
        ),
    ],
)
def test_a_cap_that_can_not_be_is_refused_with_its_line_and_key(text: str, problem: str) -> None:
    with pytest.raises(PolicyFileError) as refused:
        read_table(f'{HEAD}caps = ["3 attempts ever",\n"{text}"]\n', "t.toml")

    assert str(refused.value) == f"t.toml:7: routes[1].caps[2]: {problem}"


def test_no_calls_at_once_is_refused() -> None:
    with pytest.raises(PolicyFileError) as refused:
        read_table(f"{HEAD}concurrency = 0\n", "t.toml")

    assert str(refused.value) == (
        "t.toml:6: routes[1].concurrency: must be a whole number of calls from 1 to 100000, found 0"
    )


def test_a_publisher_stands_once() -> None:
    twice = '[[publishers]]\nid = "radio"\n' * 2
    with pytest.raises(PolicyFileError) as refused:
        read_table(HEAD + twice, "t.toml")

    assert str(refused.value) == (
        "t.toml:9: publishers[2].id: the same as on line 7; each may stand only once"
    )
