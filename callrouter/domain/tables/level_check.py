"""What is wrong with the levels of a table: ids that nobody has, caps on money that nobody pays.

Goes with `table_check`, which looks at routes and destinations.
"""

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches

from callrouter.domain.clocks.periods import Period
from callrouter.domain.limits.caps import Cap, Measure
from callrouter.domain.tables.directory import Directory
from callrouter.domain.tables.routing_table import Route, RoutingTable
from callrouter.domain.tables.rules import NO_QUOTA, Quota
from callrouter.domain.tables.table_check import KeyPath, TableProblem


def check_levels(table: RoutingTable, directory: Directory) -> tuple[TableProblem, ...]:
    """Why `table` may not be activated with `directory`: all reasons, or none.

    Refused is a section for a buyer that the directory doesn't have or a publisher that advertises
    no DID, and a cap on revenue where no route that it counts has a price.
    """
    return (*_unknown_ids(table, directory), *_moneyless_caps(table, directory))


def check_shared_caps(
    table: RoutingTable, others: Mapping[str, RoutingTable]
) -> tuple[TableProblem, ...]:
    """Caps of `table` that count on one counter with those of a table of another zone.

    Only publishers have such: the days of a buyer begin in the buyer's own zone whatever table says
    it. `others` are the live tables by campaign; its own campaign's may be among them.
    """
    return tuple(
        TableProblem(("publishers", index, "caps"), _say_torn(table, publisher, cap, other))
        for index, (publisher, quota) in enumerate(table.publisher_quotas.items())
        for other in others.values()
        if other.campaign_id != table.campaign_id and other.zone != table.zone
        for cap in quota.caps
        if _shares_period(cap)
        and _counter_of(table, cap)
        in {
            _counter_of(other, theirs)
            for theirs in other.publisher_quotas.get(publisher, NO_QUOTA).caps
            if _shares_period(theirs)
        }
    )


def warn_about_levels(table: RoutingTable, directory: Directory) -> tuple[TableProblem, ...]:
    """What an operator should know of them: a group without routes, calls that a cap won't see."""
    empty = (
        TableProblem(("groups", index, "id"), f"no route is of the group {group_id}")
        for index, group_id in enumerate(table.groups)
        if not any(route.group_id == group_id for route in table.routes)
    )
    unseen = (
        TableProblem((*path, "caps"), _say_unseen(unpriced))
        for path, quota, routes in _list_levels(table, directory)
        if _caps_money(quota)
        and any(route.price_micros is not None for route in routes)
        and (unpriced := [route for route in routes if route.price_micros is None])
    )
    return (*empty, *unseen)


def _unknown_ids(table: RoutingTable, directory: Directory) -> Iterator[TableProblem]:
    for index, buyer_id in enumerate({**table.buyer_rules, **table.buyer_quotas}):
        if buyer_id not in directory.buyers:
            message = f'there is no buyer "{buyer_id}"{_say_near(buyer_id, directory.buyers)}'
            yield TableProblem(("buyers", index, "id"), message)
    publishers = {number.publisher for number in table.numbers if number.publisher}
    for index, publisher in enumerate(table.publisher_quotas):
        if publisher not in publishers:
            message = f'no DID of this table has the publisher "{publisher}"'
            message += _say_near(publisher, publishers)
            yield TableProblem(("publishers", index, "id"), message)


def _say_near(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, sorted(known), n=3)
    return f"; did you mean {' or '.join(near)}?" if near else ""


def _moneyless_caps(table: RoutingTable, directory: Directory) -> Iterator[TableProblem]:
    for path, quota, routes in _list_levels(table, directory):
        if _caps_money(quota) and all(route.price_micros is None for route in routes):
            message = "has a cap on revenue, but no route that it counts has a price: write one"
            yield TableProblem((*path, "caps"), message)


def _list_levels(
    table: RoutingTable, directory: Directory
) -> Iterator[tuple[KeyPath, Quota, tuple[Route, ...]]]:
    """Every section that may have caps, with the routes whose calls they count."""
    yield ("rules",), table.quota, table.routes
    for index, route in enumerate(table.routes):
        yield ("routes", index), route.quota, (route,)
    for index, (buyer_id, quota) in enumerate(table.buyer_quotas.items()):
        own = directory.destinations_of(buyer_id)
        yield ("buyers", index), quota, tuple(r for r in table.routes if r.destination_id in own)
    for index, (group_id, group) in enumerate(table.groups.items()):
        of_group = tuple(r for r in table.routes if r.group_id == group_id)
        yield ("groups", index), group.quota, of_group
    for index, quota in enumerate(table.publisher_quotas.values()):
        yield ("publishers", index), quota, table.routes


def _shares_period(cap: Cap) -> bool:
    """Whether a cap counts over all campaigns, and anew in each period."""
    return cap.across_campaigns and cap.period is not Period.EVER


def _counter_of(table: RoutingTable, cap: Cap) -> tuple[Measure, Period, str]:
    """What tells the counters of one subject apart; revenue is counted by currency."""
    return cap.measure, cap.period, table.currency if cap.measure is Measure.REVENUE else ""


def _say_torn(table: RoutingTable, publisher: str, cap: Cap, other: RoutingTable) -> str:
    return (
        f"caps {cap.measure} per {cap.period} across campaigns for {publisher}, as does "
        f"{other.campaign_id}, but {table.campaign_id} is in {table.zone} and {other.campaign_id} "
        f"in {other.zone}, where a {cap.period} begins at another moment: give both tables one "
        'zone, or leave out "across campaigns"'
    )


def _caps_money(quota: Quota) -> bool:
    return any(cap.measure is Measure.REVENUE for cap in quota.caps)


def _say_unseen(unpriced: list[Route]) -> str:
    names = ", ".join(route.destination_id for route in unpriced)
    return f"counts revenue, and calls to {names} count as nothing: there is no price"
