"""What reads markup in a process of its own, within bounded memory.

It says on its output, as JSON, which tables there are: a page of any size can stand in a few bytes.
"""

import json
import resource
import sys
from collections.abc import Sequence
from pathlib import Path
from xml.parsers import expat

from callrouter.adapters.buyer_files.markup.page import Page
from callrouter.adapters.buyer_files.markup.spreadsheet import Spreadsheet
from callrouter.adapters.buyer_files.markup.table_files import TableFiles, TooMuchError


def write_tables(path: Path, folder: Path, most_cells: int) -> dict[str, object]:
    """Writes each table to N.csv; says what there is.

    `tables` has the name, line, rows, width, filled cells of each, in order, and whether it is
    hidden; `error` is what there is too much of, or "damaged", where it can't be read.
    """
    tables = TableFiles(folder, most_cells)
    try:
        if path.suffix == ".xml":
            Spreadsheet(tables).read(path.read_bytes())
        else:
            Page(tables).read(path.read_text(encoding="utf-8", errors="replace"))
    except TooMuchError as error:
        return {"error": str(error)}
    except (expat.ExpatError, AssertionError, ValueError):
        return {"error": "damaged"}
    return tables.say()


def main(arguments: Sequence[str]) -> None:
    """What the process does."""
    path, folder, memory, most_cells = arguments
    for limit in (resource.RLIMIT_AS, resource.RLIMIT_FSIZE):
        resource.setrlimit(limit, (int(memory), int(memory)))
    sys.stdout.write(json.dumps(write_tables(Path(path), Path(folder), int(most_cells))))
