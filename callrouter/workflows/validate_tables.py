"""Say everything that is wrong with routing table files, by themselves and against each other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from callrouter.adapters.policy_files.document import open_document, place_problems
from callrouter.adapters.policy_files.routing_table_file import read_table
from callrouter.domain.directory import Directory
from callrouter.domain.errors import FileProblem, PolicyFileError
from callrouter.domain.routing_table import RoutingTable
from callrouter.domain.table_check import check_own_numbers, check_table, warn_about_table


@dataclass(frozen=True, slots=True)
class Validated:
    """One file: its table, None when it can't be read as one, and what was found in it."""

    file: str
    table: RoutingTable | None
    problems: tuple[FileProblem, ...] = ()
    warnings: tuple[FileProblem, ...] = ()


def validate_tables(
    files: Sequence[tuple[str, str]], directory: Directory, live: Mapping[str, RoutingTable]
) -> tuple[Validated, ...]:
    """Each of `files` (name and text) as if all of them were to be activated with `directory`.

    `live` are the live tables by campaign; those of the files' own campaigns would be replaced.
    """
    read = [_read(file, text) for file, text in files]
    tables = [each.table for each in read if each.table is not None]
    together = {**live, **{table.campaign_id: table for table in tables}}
    return tuple(
        _check(each, text, directory, together, read)
        for each, (_, text) in zip(read, files, strict=True)
    )


def _read(file: str, text: str) -> Validated:
    try:
        return Validated(file, read_table(text, file))
    except PolicyFileError as error:
        return Validated(file, None, error.problems)


def _check(
    each: Validated,
    text: str,
    directory: Directory,
    together: Mapping[str, RoutingTable],
    files: Sequence[Validated],
) -> Validated:
    table = each.table
    if table is None:
        return each
    others = {name: other for name, other in together.items() if name != table.campaign_id}
    problems = (*check_table(table, directory), *check_own_numbers(table, others))
    placed = place_problems(problems, text, each.file)
    twin = next(
        (f for f in files if f is not each and f.table and _same_campaign(f.table, table)), None
    )
    if twin is not None:
        message = f"{twin.file} is a table of {table.campaign_id} too; a campaign has one table"
        placed = (*placed, open_document(text, each.file).problem(("campaign",), message))
    warnings = place_problems(warn_about_table(table, directory), text, each.file)
    problems_in_order = tuple(sorted(placed, key=lambda problem: problem.line))
    return Validated(each.file, table, problems_in_order, warnings)


def _same_campaign(table: RoutingTable, other: RoutingTable) -> bool:
    return table.campaign_id == other.campaign_id
