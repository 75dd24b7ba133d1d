"""Run as a process of its own: writes a workbook's sheets as CSV files, within bounded memory.

`python sheet_writer.py WORKBOOK FOLDER MEMORY_BYTES CELLS` says on its output, as JSON, which
sheets there are. A few hundred bytes of a workbook can ask for any amount of memory; then only this
process ends. It needs nothing of callrouter's.
"""

import csv
import json
import re
import resource
import sys
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

_SIGNIFICANT = 15
"""How many digits of a figure workbooks keep; what is beyond them is noise of binary fractions."""
_LONG_DURATION = re.compile(r"PT(\d{1,6})H(\d{1,2})M(\d{1,2}(?:[.,]\d+)?)S")
Cell = int | float | str | bool | time | date | datetime | timedelta


def write_sheets(workbook: Path, folder: Path, most_cells: int) -> dict[str, object]:
    """Writes each visible sheet to N.csv, each row with its number in front; says what there is.

    `sheets` has the names of those written, in order; `hidden` those that weren't. `error` is
    "password", "size" (a sheet of too many cells) or what is wrong, where it can't be read.
    """
    try:
        with CalamineWorkbook.from_path(workbook) as opened:
            listed = [s for s in opened.sheets_metadata if s.typ is SheetTypeEnum.WorkSheet]
            shown = [s.name for s in listed if s.visible is SheetVisibleEnum.Visible]
            for index, name in enumerate(shown):
                sheet = opened.get_sheet_by_name(name)
                if sheet.width * sheet.height > most_cells:
                    return {"error": "size"}
                _write_sheet(sheet, folder / f"{index}.csv")
    except PasswordError:
        return {"error": "password"}
    except (CalamineError, OSError, ValueError) as error:
        return {"error": str(error)}
    return {"sheets": shown, "hidden": [s.name for s in listed if s.name not in shown]}


def _write_sheet(sheet: CalamineSheet, path: Path) -> None:
    """One sheet as CSV: UTF-8, each cell in quotes, each row's number in front."""
    first = (sheet.start or (0, 0))[0] + 1
    with path.open("w", encoding="utf-8", errors="replace", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
        for number, row in enumerate(sheet.iter_rows(), first):
            writer.writerow([number, *(write_cell(cell) for cell in row)])


def write_cell(cell: Cell) -> str:
    """A cell as text, as RawTable says; what it shows in the workbook may be less."""
    match cell:
        case str():
            return _write_text(cell)
        case bool():
            return str(cell).upper()
        case int() | float():
            return _write_figure(cell)
        case datetime():
            return _write_instant(cell)
        case timedelta():
            return _write_duration(cell)
        case time():
            since = timedelta(hours=cell.hour, minutes=cell.minute, seconds=cell.second)
            return _write_duration(since + timedelta(microseconds=cell.microsecond)).zfill(8)
    return cell.isoformat()


def _write_text(text: str) -> str:
    """A text as it stands; ODS's durations of more than a day come as texts: PT25H00M03S."""
    long = _LONG_DURATION.fullmatch(text)
    if long:
        hours, minutes, seconds = (float(part.replace(",", ".")) for part in long.groups())
        return _write_duration(timedelta(hours=hours, minutes=minutes, seconds=seconds))
    return text.replace("\x00", "")


def _write_figure(figure: float) -> str:
    """A figure in plain decimals, without the noise of binary fractions."""
    if isinstance(figure, int) or (figure.is_integer() and abs(figure) < 10**_SIGNIFICANT):
        return str(int(figure))
    text = format(Decimal(f"{figure:.{_SIGNIFICANT}g}"), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _write_instant(instant: datetime) -> str:
    """An instant to the millisecond, with fractions only where it has some."""
    try:
        rounded = instant + timedelta(microseconds=500)
    except OverflowError:  # the calendar's last millisecond
        rounded = instant
    whole = rounded.replace(microsecond=rounded.microsecond // 1000 * 1000)
    return whole.isoformat(" ", "milliseconds" if whole.microsecond else "seconds")


def _write_duration(duration: timedelta) -> str:
    """A duration as H:MM:SS, as many hours as there are; .mmm behind it where it has fractions."""
    total = round(duration / timedelta(milliseconds=1))
    sign, total = ("-", -total) if total < 0 else ("", total)
    seconds, ms = divmod(total, 1000)
    text = f"{sign}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{text}.{ms:03}" if ms else text


def main(arguments: Sequence[str]) -> None:
    """What the process does."""
    workbook, folder, memory, most_cells = arguments
    for limit in (resource.RLIMIT_AS, resource.RLIMIT_FSIZE):
        resource.setrlimit(limit, (int(memory), int(memory)))
    sys.stdout.write(json.dumps(write_sheets(Path(workbook), Path(folder), int(most_cells))))


if __name__ == "__main__":
    main(sys.argv[1:])
