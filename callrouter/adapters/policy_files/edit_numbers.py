"""Change where the numbers of a routing table's text point, and nothing else of that text.

By the line: libraries that write TOML move comments, and sections that stand in no usual order.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

from callrouter.adapters.policy_files.document import open_document
from callrouter.adapters.policy_files.routing_table_file import read_table
from callrouter.domain.errors import PolicyFileError, RefusedError
from callrouter.domain.tables.routing_table import RoutingTable

_TEXT = r"""(?:"(?:[^"\\\n]|\\.)*"|'[^'\n]*')"""
_TO = rf"""(?<![\w"'.-])(?:to|"to"|'to')[ \t]*=[ \t]*{_TEXT}"""
_NUMBER = rf"""(?:number|"number"|'number')[ \t]*=[ \t]*(?P<value>{_TEXT})"""
_OWN_LINE = re.compile(rf"(?P<indent>[ \t]*){_NUMBER}")
_INLINE_TO = re.compile(rf",[ \t]*{_TO}|{_TO}[ \t]*,?[ \t]*")
_BRACE = re.compile(rf"{_TEXT}|(?P<brace>[{{}}])|#.*")


def point_numbers(text: str, file: str, targets: Mapping[str, str]) -> str:
    """The table's text with each number of `targets` pointing at its destination, or at none ("").

    Comments, order and layout stay; a comment behind a `to` goes with it. Numbers that the table
    doesn't have are passed over. Raises PolicyFileError when `text` isn't a table, RefusedError
    when it is written in a way that can't be edited like this.
    """
    before = read_table(text, file)
    after = tuple(replace(n, to=targets.get(n.number, n.to)) for n in before.numbers)
    places = open_document(text, file).lines
    lines = text.split("\n")
    for index in range(len(after) - 1, -1, -1):
        if after[index] != before.numbers[index]:
            number_line = places[("dids", index, "number")] - 1
            to_line = places.get(("dids", index, "to"), 0) - 1
            _point(lines, number_line, to_line, after[index].number, after[index].to)
    edited = "\n".join(lines)
    if not _reads_as(edited, replace(before, numbers=after)):
        raise RefusedError(
            f"{file} is written in a way that can't be edited from here: export it, write `to` "
            "under its [[dids]] by hand, and activate that"
        )
    return edited


def _reads_as(text: str, table: RoutingTable) -> bool:
    try:
        return read_table(text, "") == table
    except PolicyFileError:
        return False


def _point(lines: list[str], number_line: int, to_line: int, number: str, to: str) -> None:
    """Edit one entry in place; its `to` stands on `to_line`, or nowhere when that is negative."""
    line = lines[number_line]
    own = _OWN_LINE.match(line)
    if own is None:
        lines[number_line] = _point_inline(line, number, to)
    elif to_line < 0:
        end = "\r" if line.endswith("\r") else ""
        lines.insert(number_line + 1, f'{own["indent"]}to = "{to}"{end}')
    elif to:
        lines[to_line] = re.sub(_TO, f'to = "{to}"', lines[to_line], count=1)
    else:
        del lines[to_line]


def _point_inline(line: str, number: str, to: str) -> str:
    """The line with the entry of `number` edited, which is one of `dids = [{ … }, { … }]`."""
    for start, end in _find_entries(line):
        entry = line[start:end]
        found = re.search(_NUMBER, entry)
        if found is not None and found["value"][1:-1] == number:
            bare = _INLINE_TO.sub("", entry, count=1)
            found = re.search(_NUMBER, bare)
            behind = found.end() if found else 0
            added = f', to = "{to}"' if to else ""
            return f"{line[:start]}{bare[:behind]}{added}{bare[behind:]}{line[end:]}"
    return line


def _find_entries(line: str) -> list[tuple[int, int]]:
    """Where each outermost pair of braces of a line begins and ends."""
    found: list[tuple[int, int]] = []
    depth = start = 0
    for match in _BRACE.finditer(line):
        if match["brace"] == "{":
            start = start if depth else match.start()
            depth += 1
        elif match["brace"] == "}":
            depth -= 1
            if not depth:
                found.append((start, match.end()))
    return found
