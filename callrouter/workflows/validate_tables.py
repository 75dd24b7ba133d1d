"""Say everything that is wrong with routing table files, by themselves and against each other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from callrouter.adapters.policy_files.document import open_document
from callrouter.adapters.policy_files.routing_table_file import read_table
from callrouter.domain.errors import FileProblem, PolicyFileError
from callrouter.domain.health.stops import StopsBySubject
from callrouter.domain.tables.directory import Directory
from callrouter.domain.tables.routing_table import RoutingTable
from callrouter.workflows.inspect_table import inspect_table


@dataclass(frozen=True, slots=True)
class Validated:
    """One file: its table, None when it can't be read as one, and what was found in it.

    `problems` are also the gaps that `table activate --force` would pass over.
    """

    file: str
    table: RoutingTable | None
    problems: tuple[FileProblem, ...] = ()
    warnings: tuple[FileProblem, ...] = ()


def validate_tables(
    files: Sequence[tuple[str, str]],
    directory: Directory,
    live: Mapping[str, RoutingTable],
    stops: StopsBySubject,
    at: datetime,
) -> tuple[Validated, ...]:
    """Each of `files` (name and text) as if all were to be activated with `directory` at `at`.

    `live` are the live tables by campaign; those of the files' own campaigns would be replaced.
    """
    read = [_read(file, text) for file, text in files]
    tables = [each.table for each in read if each.table is not None]
    together = {**live, **{table.campaign_id: table for table in tables}}

    def check(each: Validated, text: str) -> Validated:
        if each.table is None:
            return each
        campaign_id = each.table.campaign_id
        others = {name: other for name, other in together.items() if name != campaign_id}
        found = inspect_table(each.table, text, each.file, directory, others, stops, at)
        twins = _find_twin(each, text, read)
        problems = sorted((*found.problems, *found.gaps, *twins), key=lambda problem: problem.line)
        return Validated(each.file, each.table, tuple(problems), found.warnings)

    return tuple(check(each, text) for each, (_, text) in zip(read, files, strict=True))


def _read(file: str, text: str) -> Validated:
    try:
        return Validated(file, read_table(text, file))
    except PolicyFileError as error:
        return Validated(file, None, error.problems)


def _find_twin(each: Validated, text: str, files: Sequence[Validated]) -> tuple[FileProblem, ...]:
    """Another of the files that is a table of the same campaign, as a problem."""
    table = each.table
    twin = next(
        (
            f
            for f in files
            if f is not each and f.table and table and _same_campaign(f.table, table)
        ),
        None,
    )
    if twin is None or table is None:
        return ()
    message = f"{twin.file} is a table of {table.campaign_id} too; a campaign has one table"
    return (open_document(text, each.file).problem(("campaign",), message),)


def _same_campaign(table: RoutingTable, other: RoutingTable) -> bool:
    return table.campaign_id == other.campaign_id
