"""How much of a buyer's file is taken in, so that no file can fill the memory or the day."""

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a file may have at most; a file that has more is refused, and told which.

    `received_bytes` is the file as it came, `unpacked_bytes` all of its members together, or the
    text of one that isn't packed. `ratio` is how many times larger than received it may unpack,
    looked at beyond `MIB` bytes. `line_bytes` is between two line ends, `record_lines` how many
    lines one row may have within quotes. `problems` are rows that can't be read. The last two
    bound the process that opens workbooks.
    """

    received_bytes: int = 512 * MIB
    unpacked_bytes: int = 1024 * MIB
    ratio: int = 200
    members: int = 100
    rows: int = 5_000_000
    columns: int = 1_000
    cells: int = 100_000_000
    line_bytes: int = MIB
    record_lines: int = 100
    problems: int = 10_000
    workbook_memory_bytes: int = 3 * 1024 * MIB
    workbook_seconds: int = 180


LIMITS = Limits()
