"""Put a whole file of callers on the lists: CSV, or simply one number a line.

The file is looked through before anything is kept; then it is kept piece by piece, so that no call
waits for all of it. To import it again does no harm.
"""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from callrouter.adapters.storage.caller_lists import add_entries
from callrouter.adapters.storage.engine import Database
from callrouter.domain.callers.caller_lists import ListEffect, ListEntry, ListScope
from callrouter.domain.clocks.time_spans import read_span
from callrouter.domain.errors import FileProblem, PolicyFileError
from callrouter.workflows.list_callers import Scopes, check_entry, read_scopes

COLUMNS = ("callers", "effect", "campaign", "buyer", "until", "note")
"""What a file may have; only `callers` must be there. `for` may stand in place of `until`."""
MOST_PROBLEMS = 100
LONGEST_NOTE = 500
_ALL_COLUMNS = (*COLUMNS, "for")
_AT_ONCE = 500


def import_callers(
    database: Database,
    seller_id: str,
    entries: tuple[ListEntry, ...],
    on_progress: Callable[[int], None],
) -> None:
    """Keep entries that `read_caller_file` read, telling `on_progress` how many are kept so far."""
    for start in range(0, len(entries), _AT_ONCE):
        with database.write() as connection:
            add_entries(connection, seller_id, entries[start : start + _AT_ONCE])
        on_progress(min(start + _AT_ONCE, len(entries)))


def read_caller_file(
    database: Database,
    seller_id: str,
    lines: Iterable[str],
    file: str,
    defaults: ListEntry,
    at: datetime,
) -> tuple[ListEntry, ...]:
    """The entries of a file, the last of several for the same callers; nothing is kept yet.

    `defaults` has what a line doesn't say. Raises PolicyFileError with each problem and its line,
    the first hundred of them.
    """
    scopes = read_scopes(database, seller_id)
    entries: dict[tuple[str, ...], ListEntry] = {}
    problems: list[FileProblem] = []
    for line, row in _read_rows(lines, file):
        entry = _read_entry(row, defaults, scopes, at)
        if isinstance(entry, ListEntry):
            place = (entry.pattern, entry.scope, entry.scope_id, entry.effect)
            entries[place] = entry
            continue
        problems.append(FileProblem(file, line, *entry))
        if len(problems) == MOST_PROBLEMS:
            break
    if not entries and not problems:
        problems.append(FileProblem(file, 1, "(file)", "has no callers at all"))
    if problems:
        raise PolicyFileError(tuple(problems))
    return tuple(entries.values())


def _read_rows(lines: Iterable[str], file: str) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Each line's cells by column. Without a header the first cell is the caller, the rest void."""
    reader = csv.reader(lines, strict=True)
    columns: tuple[str, ...] = ()
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if not any(cells):
                continue
            if not columns and "callers" in (named := tuple(cell.lower() for cell in cells)):
                _check_header(named, file, reader.line_num)
                columns = named
                continue
            columns = columns or ("callers",)
            yield reader.line_num, dict(zip(columns, cells, strict=False))
    except csv.Error as error:
        message = f"can't be read as CSV: {error}"
        raise PolicyFileError((FileProblem(file, reader.line_num, "(line)", message),)) from error


def _check_header(named: tuple[str, ...], file: str, line: int) -> None:
    problems = tuple(
        FileProblem(file, line, name, f"isn't a column; known are {', '.join(_ALL_COLUMNS)}")
        for name in named
        if name not in _ALL_COLUMNS
    )
    if problems:
        raise PolicyFileError(problems)


def _read_entry(
    row: Mapping[str, str], defaults: ListEntry, scopes: Scopes, at: datetime
) -> ListEntry | tuple[str, str]:
    """The entry of a line, or the column that is wrong and why."""
    # Our own export writes it so that no spreadsheet runs +1900* as a formula.
    entry = replace(defaults, pattern=row["callers"].removeprefix("'"))
    effect, campaign, buyer = (row.get(name, "") for name in ("effect", "campaign", "buyer"))
    if effect:
        if effect not in tuple(ListEffect):
            return "effect", f"must be block or allow, found {effect!r}"
        entry = replace(entry, effect=ListEffect(effect))
    if campaign and buyer:
        return "buyer", "can't stand beside a campaign; an entry is for one of them"
    if campaign or buyer:
        scope = ListScope.CAMPAIGN if campaign else ListScope.BUYER
        entry = replace(entry, scope=scope, scope_id=campaign or buyer)
    note = row.get("note", "").removeprefix("'")
    if len(note) > LONGEST_NOTE:
        return "note", f"must have at most {LONGEST_NOTE} characters, found {len(note)}"
    ended = _read_end(row, replace(entry, note=note or entry.note), at)
    if not isinstance(ended, ListEntry):
        return ended
    problem = scopes.refuse(ended.scope, ended.scope_id)
    if problem is not None:
        return ended.scope.value, problem
    problem = check_entry(ended, at)
    return ended if problem is None else ("callers", problem)


def _read_end(
    row: Mapping[str, str], entry: ListEntry, at: datetime
) -> ListEntry | tuple[str, str]:
    until, span = row.get("until", ""), row.get("for", "")
    if until and span:
        return "for", "can't stand beside until; keep one of the two"
    if span:
        seconds = read_span(span)
        if seconds is None:
            return "for", f"must be a number with s, m, h, d or w, as in 30d; found {span!r}"
        return replace(entry, expires_at=at + timedelta(seconds=seconds))
    if until:
        try:
            end = datetime.fromisoformat(until)
            end = end.astimezone(UTC) if end.tzinfo else end.replace(tzinfo=UTC)
        except (ValueError, OverflowError):
            return "until", f"must be an instant such as 2026-11-21T15:04:05Z, found {until!r}"
        return replace(entry, expires_at=end)
    return entry
