"""Months tied out in any order, and again: each call and record counts once among all of them.

Law 9, over several tie-outs. The files are what buyers send: late rows, the next month's first
call, repeats, adjustments, parts of a month, amended files, one of two months.
"""

import csv
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.kept_files import list_files
from callrouter.adapters.storage.tie_out_lines import stream_lines
from callrouter.domain.errors import RefusedError
from callrouter.workflows.read_buyer_file import Told, open_buyer_file, read_understood, understand
from callrouter.workflows.tie_out_period import Wanted, tie_out_period
from callrouter.workflows.view_tie_out import KeptTieOut, view_tie_outs
from tests.accounts import open_accounts
from tests.buyer_files import Call, keep_calls
from tests.switchboards import SELLER, T0

A = SELLER.seller_id
MONTHS = {
    9: (date(2026, 9, 1), date(2026, 9, 30)),
    10: (date(2026, 10, 1), date(2026, 10, 31)),
    11: (date(2026, 11, 1), date(2026, 11, 30)),
}
_ENDS = {
    9: datetime(2026, 10, 1, 3, 40, tzinfo=UTC),
    10: datetime(2026, 11, 1, 3, 40, tzinfo=UTC),
    11: datetime(2026, 12, 1, 4, 40, tzinfo=UTC),
}
LEFT = "are left to the tie-out of their own period"


@dataclass(frozen=True)
class Said:
    """A row of a file: a call, how much longer it was by their words, and the money beside it."""

    call: Call
    more_s: int = 0
    money: str = "75.00"
    corrects: str = ""


@dataclass(frozen=True)
class Sent:
    """A file and the month that it is tied out for."""

    path: Path
    month: int


def make_calls() -> dict[int, list[Call]]:
    """Seven calls a month, the first and the last close to midnight in New York."""
    calls: dict[int, list[Call]] = {}
    for month in MONTHS:
        begins = datetime(2026, month, 1, 4, 10, tzinfo=UTC)
        starts = [begins + timedelta(days=4 * n + 2, hours=3 * n, seconds=7 * n) for n in range(5)]
        calls[month] = [
            Call(month * 20 + n, at, 60 + 10 * n)
            for n, at in enumerate([begins, *starts, _ENDS[month]])
        ]
    return calls


def write(path: Path, rows: Sequence[Said]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["Call ID", "Start Time", "Caller ID", "Duration", "Amount", "Corrects ID"])
        for row in rows:
            call, takes_back = row.call, row.money.startswith("-")
            writer.writerow(
                [
                    f"{'ADJ' if takes_back else 'A'}-{call.number}",
                    f"{call.at:%Y-%m-%d %H:%M:%S}",
                    call.caller,
                    "" if takes_back else call.connected_s + row.more_s,
                    row.money,
                    row.corrects,
                ]
            )
    return path


def make_rows(chance: random.Random, calls: dict[int, list[Call]], month: int) -> list[Said]:
    """What a buyer says of a month: most of it, and what else may be in such a file."""
    rows = [Said(call) for call in calls[month] if chance.random() < 0.85]
    if month + 1 in calls and chance.random() < 0.5:
        rows.append(Said(calls[month + 1][0]))
    if month - 1 in calls and chance.random() < 0.5:
        rows.insert(0, Said(chance.choice(calls[month - 1])))
    if chance.random() < 0.4:
        rows.append(chance.choice(rows))
    if month - 1 in calls and chance.random() < 0.3:
        back = chance.choice(calls[month - 1])
        rows.append(Said(back, money="-75.00", corrects=f"A-{back.number}"))
    if chance.random() < 0.4:
        rows.append(Said(Call(700 + month, calls[month][2].at + timedelta(minutes=17), 75)))
    return rows


def send_files(folder: Path, chance: random.Random, calls: dict[int, list[Call]]) -> Iterator[Sent]:
    for month in MONTHS:
        rows = make_rows(chance, calls, month)
        cut = len(rows) // 2 if chance.random() < 0.25 else len(rows)
        for part, some in enumerate((rows[:cut], rows[cut:])):
            if some:
                yield Sent(write(folder / f"{month}-{part}.csv", some), month)
        if chance.random() < 0.4:
            amended = [replace(row, more_s=5 * (chance.random() < 0.2)) for row in rows]
            amended.pop(chance.randrange(len(amended)))
            yield Sent(write(folder / f"{month}-amended.csv", amended), month)
    if chance.random() < 0.3:
        both = [Said(call) for call in (*calls[9][4:], *calls[10][:5])]
        path = write(folder / "both.csv", both)
        yield from (Sent(path, 9), Sent(path, 10))


def tie_out(database: Database, sent: Sent) -> None:
    read = read_understood(sent.path, understand(open_buyer_file(sent.path), Told()))
    wanted = Wanted(buyer_id="acme", days=MONTHS[sent.month], again=True, anyway=True)
    try:
        tie_out_period(database, A, replace(read, zone_told="UTC"), wanted, "ann", T0)
    except RefusedError as refused:
        assert "counts in other tie-outs already" in str(refused)  # noqa: PT017 - or it isn't raised


def find_faults(database: Database, calls: dict[int, list[Call]]) -> list[str]:
    """What the tie-outs that stand have twice, or not at all."""
    standing = view_tie_outs(database, A, only_standing=True)
    lines = pl.concat(page for each in standing for page in stream_lines(database, A, each.number))
    repeats = pl.col("class") == "duplicate"
    records = lines.filter(~repeats & pl.col("line").is_not_null()).select("file", "line").rows()
    sids = lines.filter(~repeats & (pl.col("call_sid") != ""))["call_sid"].to_list()
    faults = [f"{what} counts {times} times" for what, times in Counter([*records, *sids]).items()
              if times > 1]  # fmt: skip
    tied_out = [call for each in standing for call in calls[each.since.month]]
    faults += [
        f"call {call.number} is nowhere"
        for call in tied_out
        if f"CAacme{call.number}" not in set(sids)
    ]
    return faults + list(find_lost(database, standing, lines))


def find_lost(
    database: Database, standing: Sequence[KeptTieOut], lines: pl.DataFrame
) -> Iterator[str]:
    """Files of months that have fewer rows in all lines than they have.

    But for those that say that they are left to another month, which wasn't tied out since.
    """
    with database.read() as connection:
        known = list_files(connection, A, "acme")
    there = lines.filter(pl.col("line").is_not_null()).group_by("file").agg(pl.col("rows").sum())
    rows = dict(there.iter_rows())
    amended = {kept.amends for kept in known}
    left = {n for each in standing if LEFT in str(each.notices) for n in each.files}
    for kept in known:
        months = {each.since.month for each in standing if kept.number in each.files}
        is_whole = rows.get(kept.number, 0) >= kept.rows
        if int(kept.name.split("-")[0].replace("both.csv", "10")) in months and not (
            is_whole or kept.number in left or kept.number in amended
        ):
            yield f"{kept.name} has {kept.rows} rows, and {rows.get(kept.number, 0)} in lines"


@pytest.mark.parametrize("seed", [20, 26, 52])
def test_whatever_order_months_are_tied_out_in_all_counts_once(
    database: Database, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret
    open_accounts(database)
    calls = make_calls()
    keep_calls(database, [call for month in MONTHS for call in calls[month]])
    files = list(send_files(tmp_path, chance, calls))

    for sent in chance.choices(files, k=7):
        tie_out(database, sent)
        assert find_faults(database, calls) == [], sent
