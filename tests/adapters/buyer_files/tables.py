"""Tables as buyers' systems would write them, for what looks at them."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from callrouter.adapters.buyer_files.raw_table import RawTable, to_cells

FIRST_CALL = datetime(2026, 10, 1, 8, 0, 3)  # noqa: DTZ001 (a wall clock)


def make_table(*columns: Sequence[str], header: tuple[str, ...] | None = None) -> RawTable:
    """One table of columns of the same length."""
    rows = list(zip(*columns, strict=True))
    lines = list(range(2, len(rows) + 2))
    return RawTable(cells=to_cells(rows, lines, len(columns)), header=header, header_line=1)


def starts(count: int, every_s: int = 1811) -> list[datetime]:
    """The starts of that many calls, one after the other."""
    return [FIRST_CALL + timedelta(seconds=every_s * at) for at in range(count)]


def talk_seconds(count: int) -> list[int]:
    """How long each one talked: from nothing to some minutes, without a pattern."""
    return [(at * 7919) % 601 if at % 5 else 0 for at in range(count)]


def waits(count: int) -> list[int]:
    """How long each one rang and waited."""
    return [4 + (at * 31) % 23 for at in range(count)]


def callers(count: int) -> list[str]:
    """Callers that differ, but for a few."""
    return [f"415555{100 + (at * 37) % 100:04}" for at in range(count)]


def clock(seconds: float) -> str:
    """HH:MM:SS."""
    whole = int(seconds)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"


def write(instants: Sequence[datetime | None], pattern: str) -> list[str]:
    """Instants in a pattern, "" for those that never came."""
    return [instant.strftime(pattern) if instant else "" for instant in instants]
