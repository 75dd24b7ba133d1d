"""What stands against making a table live: rules across it, the directory and the other tables."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from callrouter.adapters.policy_files.document import place_problems
from callrouter.domain.errors import FileProblem
from callrouter.domain.health.stops import StopsBySubject
from callrouter.domain.routing.plan import make_plan
from callrouter.domain.routing.reachability import check_reachable, warn_of_stops
from callrouter.domain.tables.directory import Directory
from callrouter.domain.tables.level_check import check_levels, check_shared_caps, warn_about_levels
from callrouter.domain.tables.routing_table import RoutingTable
from callrouter.domain.tables.table_check import check_own_numbers, check_table, warn_about_table


@dataclass(frozen=True, slots=True)
class Inspected:
    """What was found, each with its line.

    `problems` refuse the table for good. `gaps` are DIDs that nobody takes calls of at some hour of
    the coming week: a person may want that. `warnings` are only to be known.
    """

    problems: tuple[FileProblem, ...]
    gaps: tuple[FileProblem, ...]
    warnings: tuple[FileProblem, ...]


def inspect_table(
    table: RoutingTable,
    text: str,
    file: str,
    directory: Directory,
    others: Mapping[str, RoutingTable],
    stops: StopsBySubject,
    at: datetime,
    *,
    until: datetime | None = None,
) -> Inspected:
    """`table`, which was read from `text`, as if it were to go live at `at`.

    `others` are the live tables by campaign; its own campaign's may be among them. Gaps are looked
    for once there is no problem, up to `until` where it is to be live for less than a week.
    """
    problems = (
        *check_table(table, directory),
        *check_levels(table, directory),
        *check_own_numbers(table, others),
        *check_shared_caps(table, others),
    )
    warnings = (
        *warn_about_table(table, directory),
        *warn_about_levels(table, directory),
        *warn_of_stops(table, directory, stops, at),
    )
    gaps = () if problems else check_reachable(make_plan(table, directory), at, until)
    return Inspected(
        *(place_problems(found, text, file) for found in (problems, gaps, warnings)),
    )
