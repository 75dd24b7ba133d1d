from dataclasses import replace
from types import MappingProxyType

import pytest

from callrouter.domain.clocks.periods import Period
from callrouter.domain.limits.caps import Cap, Measure
from callrouter.domain.tables.directory import Buyer, Destination, Directory
from callrouter.domain.tables.level_check import check_levels, check_shared_caps, warn_about_levels
from callrouter.domain.tables.routing_table import AdvertisedNumber, Group, Route, RoutingTable
from callrouter.domain.tables.rules import NO_RULES, Quota
from callrouter.domain.tables.table_check import KeyPath, TableProblem

MONEY = Quota((Cap(Measure.REVENUE, 500_000_000),))
PLAIN = RoutingTable(
    "flood-repair",
    (AdvertisedNumber("+18005550100", "radio-kx"),),
    (Route("acme-east", group_id="desks"), Route("bolt-main")),
)
DIRECTORY = Directory(
    1,
    {"acme": Buyer("acme", "Acme", "UTC"), "bolt": Buyer("bolt", "Bolt", "UTC")},
    {
        "acme-east": Destination("acme-east", "acme", "+12125550171"),
        "bolt-main": Destination("bolt-main", "bolt", "+14155550174"),
    },
)
PRICED = replace(PLAIN, routes=(replace(PLAIN.routes[0], price_micros=1), PLAIN.routes[1]))


def test_a_table_without_levels_is_fine() -> None:
    assert check_levels(PLAIN, DIRECTORY) == ()
    assert warn_about_levels(PLAIN, DIRECTORY) == ()


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        pytest.param(
            replace(PLAIN, buyer_rules=MappingProxyType({"acne": NO_RULES})),
            TableProblem(("buyers", 0, "id"), 'there is no buyer "acne"; did you mean acme?'),
            id="buyer",
        ),
        pytest.param(
            replace(PLAIN, publisher_quotas=MappingProxyType({"radio": Quota()})),
            TableProblem(
                ("publishers", 0, "id"),
                'no DID of this table has the publisher "radio"; did you mean radio-kx?',
            ),
            id="publisher",
        ),
        pytest.param(
            replace(PLAIN, publisher_quotas=MappingProxyType({"tv": Quota()})),
            TableProblem(("publishers", 0, "id"), 'no DID of this table has the publisher "tv"'),
            id="nothing-near",
        ),
    ],
)
def test_an_id_that_nobody_has_is_refused_with_the_names_that_are_near(
    table: RoutingTable, problem: TableProblem
) -> None:
    assert check_levels(table, DIRECTORY) == (problem,)


_LEVELS = [
    pytest.param({"quota": MONEY}, ("rules",), id="campaign"),
    pytest.param({"buyer_quotas": {"acme": MONEY}}, ("buyers", 0), id="buyer"),
    pytest.param({"groups": {"desks": Group("desks", quota=MONEY)}}, ("groups", 0), id="group"),
    pytest.param({"publisher_quotas": {"radio-kx": MONEY}}, ("publishers", 0), id="publisher"),
]


@pytest.mark.parametrize(("level", "path"), _LEVELS)
def test_a_cap_on_revenue_needs_a_price(level: dict[str, Quota], path: KeyPath) -> None:
    (problem,) = check_levels(replace(PLAIN, **level), DIRECTORY)  # type: ignore[arg-type]
    assert problem.key_path == (*path, "caps")
    assert "has a cap on revenue, but no route that it counts has a price" in problem.message
    assert check_levels(replace(PRICED, **level), DIRECTORY) == ()  # type: ignore[arg-type]


def test_so_does_a_route_of_its_own() -> None:
    table = replace(PRICED, routes=(PRICED.routes[0], replace(PRICED.routes[1], quota=MONEY)))
    assert [p.key_path for p in check_levels(table, DIRECTORY)] == [("routes", 1, "caps")]


def test_calls_that_a_cap_on_revenue_does_not_see_are_warned_of() -> None:
    (warning,) = warn_about_levels(replace(PRICED, quota=MONEY), DIRECTORY)
    assert warning == TableProblem(
        ("rules", "caps"),
        "counts revenue, and calls to bolt-main count as nothing: there is no price",
    )


def test_a_group_without_routes_is_warned_of() -> None:
    table = replace(PLAIN, groups={"desks": Group("desks"), "nobody": Group("nobody")})
    assert warn_about_levels(table, DIRECTORY) == (
        TableProblem(("groups", 1, "id"), "no route is of the group nobody"),
    )


def capped(cap: Cap, *, campaign: str = "flood-repair", zone: str = "UTC") -> RoutingTable:
    quotas = MappingProxyType({"tv": Quota(), "radio-kx": Quota((cap,))})
    return replace(PLAIN, campaign_id=campaign, zone=zone, publisher_quotas=quotas)


DAILY = Cap(Measure.CONNECTED, 250, Period.DAY, across_campaigns=True)
DAILY_MONEY = replace(DAILY, measure=Measure.REVENUE)
IN_OHIO = capped(replace(DAILY, limit=90), campaign="solar-quotes", zone="America/New_York")


def test_a_publishers_cap_over_tables_whose_days_begin_at_different_moments_is_refused() -> None:
    assert check_shared_caps(capped(DAILY), {"solar-quotes": IN_OHIO}) == (
        TableProblem(
            ("publishers", 1, "caps"),
            "caps connected per day across campaigns for radio-kx, as does solar-quotes, but "
            "flood-repair is in UTC and solar-quotes in America/New_York, where a day begins at "
            'another moment: give both tables one zone, or leave out "across campaigns"',
        ),
    )


@pytest.mark.parametrize(
    ("table", "other"),
    [
        pytest.param(capped(DAILY, zone="America/New_York"), IN_OHIO, id="one zone"),
        pytest.param(capped(replace(DAILY, across_campaigns=False)), IN_OHIO, id="its own counter"),
        pytest.param(capped(replace(DAILY, period=Period.EVER)), IN_OHIO, id="for ever"),
        pytest.param(capped(replace(DAILY, period=Period.WEEK)), IN_OHIO, id="another period"),
        pytest.param(
            capped(replace(DAILY, measure=Measure.PAYABLE)), IN_OHIO, id="another measure"
        ),
        pytest.param(capped(DAILY), replace(IN_OHIO, publisher_quotas={}), id="no cap there"),
        pytest.param(
            capped(DAILY), replace(IN_OHIO, campaign_id="flood-repair"), id="its own past"
        ),
        pytest.param(
            replace(capped(DAILY_MONEY), currency="CAD"),
            capped(DAILY_MONEY, campaign="solar-quotes", zone="America/New_York"),
            id="another currency",
        ),
    ],
)
def test_caps_that_share_no_counter_or_no_moment_are_fine(
    table: RoutingTable, other: RoutingTable
) -> None:
    assert check_shared_caps(table, {other.campaign_id: other}) == ()


def test_revenue_of_one_currency_is_counted_together() -> None:
    other = capped(DAILY_MONEY, campaign="solar-quotes", zone="America/New_York")
    [problem] = check_shared_caps(capped(DAILY_MONEY), {"solar-quotes": other})
    assert "caps revenue per day across campaigns for radio-kx" in problem.message
