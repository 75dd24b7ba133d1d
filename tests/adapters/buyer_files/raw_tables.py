"""Raw tables written as text, for tests that need no file."""

from callrouter.adapters.buyer_files.raw_table import RawTable, to_cells


def table(text: str, *, headed: bool = True) -> RawTable:
    """A table of lines with `|` between cells; blanks around cells don't count."""
    lines = [line for line in text.strip().splitlines() if line.strip()]
    rows = [[cell.strip() for cell in line.split("|")] for line in lines]
    header = tuple(rows.pop(0)) if headed else None
    width = len(header) if header is not None else max(len(row) for row in rows)
    first = 2 if headed else 1
    return RawTable(
        cells=to_cells(rows, range(first, first + len(rows)), width),
        header=header,
        header_line=1 if headed else 0,
        delimiter="|",
        encoding="utf-8",
        file="calls.csv",
    )
