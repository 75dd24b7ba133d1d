import pytest

from callrouter.adapters.policy_files.routing_table_file import read_table
from callrouter.domain.callers.duplicates import (
    NO_CALLER_RULES,
    CallerRules,
    DuplicateAfter,
    DuplicateRule,
    DuplicateScope,
    DuplicateThen,
    RepeatRule,
    RepeatThen,
)
from callrouter.domain.errors import PolicyFileError
from callrouter.domain.tables.routing_table import RoutingTable

DAY_S = 86_400


def read(rules: str = "", route: str = "") -> RoutingTable:
    return read_table(
        f"""campaign = "flood-repair"
{rules}
[[dids]]
number = "+18005550100"
[[routes]]
destination = "acme-east"
{route}
""",
        "t.toml",
    )


def test_a_table_that_says_nothing_of_callers_has_no_such_rules() -> None:
    table = read()
    assert table.callers == NO_CALLER_RULES
    assert table.rules.duplicates is table.routes[0].rules.duplicates is None


def test_the_rules_of_a_campaigns_callers_are_read() -> None:
    text = '[callers]\nmin_gap_s = 2\n[callers.repeats]\nwindow = "10m"\nthen = "same_buyer"'
    assert read(text).callers == CallerRules(2, RepeatRule(600, RepeatThen.SAME_BUYER))
    assert read('[callers.repeats]\nwindow = "90s"').callers == CallerRules(0, RepeatRule(90))


def test_duplicates_stand_at_each_level() -> None:
    table = read(
        'rules.duplicates = { window = "30d" }\n'
        '[[buyers]]\nid = "acme"\nduplicates = { window = "2h", after = "connected" }',
        'duplicates = { window = "4w", scope = "destination", then = "refuse", '
        "any_campaign = true }",
    )
    assert table.rules.duplicates == DuplicateRule(30 * DAY_S)
    assert table.buyer_rules["acme"].duplicates == DuplicateRule(
        7200, after=DuplicateAfter.CONNECTED
    )
    assert table.routes[0].rules.duplicates == DuplicateRule(
        28 * DAY_S, DuplicateScope.DESTINATION, then=DuplicateThen.REFUSE, any_campaign=True
    )


def test_what_is_not_said_is_a_campaigns_payable_calls_and_another_buyer() -> None:
    assert DuplicateRule(60) == DuplicateRule(
        window_s=60,
        scope=DuplicateScope.BUYER,
        after=DuplicateAfter.PAYABLE,
        then=DuplicateThen.ANOTHER_BUYER,
        any_campaign=False,
    )


@pytest.mark.parametrize(
    ("route", "problem"),
    [
        (
            "duplicates = {}",
            't.toml:7: routes[1].duplicates.window: is missing; write for example window = "30d"',
        ),
        (
            "duplicates = { window = 30 }",
            "t.toml:7: routes[1].duplicates.window: must be a number with s, m, h, d or w, from "
            '"1s" to "366d", found 30; put it in quotes',
        ),
        (
            'duplicates = { window = "30 days" }',
            "t.toml:7: routes[1].duplicates.window: must be a number with s, m, h, d or w, from "
            '"1s" to "366d", found "30 days"',
        ),
        (
            'duplicates = { window = "367d" }',
            "t.toml:7: routes[1].duplicates.window: must be a number with s, m, h, d or w, from "
            '"1s" to "366d", found "367d"',
        ),
        (
            'duplicates = { window = "1d", then = "other_buyer" }',
            't.toml:7: routes[1].duplicates.then: must be "normal" or "same_buyer" or '
            '"another_buyer" or "refuse", found "other_buyer"',
        ),
        (
            'duplicates = "30d"',
            't.toml:7: routes[1].duplicates: must be a table { window = "30d", scope = "buyer", '
            'after = "payable", then = "another_buyer" }, found "30d"',
        ),
    ],
)
def test_a_rule_with_a_mistake_is_refused_with_what_would_be_right(
    route: str, problem: str
) -> None:
    with pytest.raises(PolicyFileError) as refused:
        read(route=route)
    assert [str(each) for each in refused.value.problems] == [problem]
