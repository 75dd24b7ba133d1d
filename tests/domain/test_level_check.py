from dataclasses import replace
from types import MappingProxyType

import pytest

from callrouter.domain.caps import Cap, Measure
from callrouter.domain.directory import Buyer, Destination, Directory
from callrouter.domain.level_check import check_levels, warn_about_levels
from callrouter.domain.routing_table import AdvertisedNumber, Group, Route, RoutingTable
from callrouter.domain.rules import NO_RULES, Quota
from callrouter.domain.table_check import KeyPath, TableProblem

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
