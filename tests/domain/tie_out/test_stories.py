"""Whole tie-outs as small tables of text: our calls, their records, and what must come of it.

A call and a record are named by their places, from 1. `-` is what isn't there. `*` is any words.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from callrouter.domain.money import read_signed_amount, say_micros
from callrouter.domain.tie_out.buyer_clock import BuyerClock, StampPrecision
from callrouter.domain.tie_out.clock_setting import tell_clock
from callrouter.domain.tie_out.mapping import LegRule
from callrouter.domain.tie_out.memory import AMPLE, Memory
from callrouter.domain.tie_out.rules import TieOutRules
from callrouter.domain.tie_out.said_before import TAKEN
from callrouter.domain.tie_out.tie_out import TieOut, tie_out
from tests.domain.billing.builders import terms_of
from tests.domain.tie_out.sides import Cell, Row, ours_of, s, theirs_of

STORIES = sorted((Path(__file__).parent / "stories").glob("*.txt"))
OCTOBER = "2026-10-01 04:00:00 to 2026-11-01 04:00:00"
TABLES = ("ours", "theirs", "comes to")


@dataclass(frozen=True)
class Story:
    """What a file says: settings by name, tables of cells by their headings, words to be said."""

    settings: Mapping[str, str]
    tables: Mapping[str, Sequence[Mapping[str, str]]]
    says: Sequence[str]


def read_story(text: str) -> Story:
    settings: dict[str, str] = {}
    tables: dict[str, list[dict[str, str]]] = {}
    says: list[str] = []
    for block in text.strip().split("\n\n")[1:]:
        first, *lines = block.split("\n")
        if first in TABLES:
            names = re.split(r" {2,}", lines[0])
            starts = [re.search(rf"(?<!\S){name}(?!\S)", lines[0]).start() for name in names]  # type: ignore[union-attr]
            tables[first] = [_cut(line, names, starts) for line in lines[1:]]
        elif first == "says":
            says = lines
        else:
            settings |= dict(re.split(r" {2,}", line) for line in (first, *lines))
    return Story(settings, tables, says)


def _cut(line: str, names: Sequence[str], starts: Sequence[int]) -> dict[str, str]:
    ends = [*starts[1:], None]
    return {
        name: line[start:end].strip() for name, start, end in zip(names, starts, ends, strict=True)
    }


def as_ms(text: str) -> int | None:
    return None if text == "-" else s(float(text.removesuffix(" s")))


def as_instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def as_micros(text: str) -> int:
    amount = read_signed_amount(text, "USD")
    assert isinstance(amount, int), amount
    return amount


def as_number(text: str) -> str:
    return "" if text == "-" else text.replace(" ", "")


def read_ours(row: Mapping[str, str]) -> Row:
    return {
        "caller": as_number(row["caller"]),
        "started_at_ms": s(as_instant(row["start"]).timestamp()),
        "connected_ms": as_ms(row["connected"]),
        "charged_micros": as_micros(row["charged"]),
        "reason": row.get("reason", ""),
        "outcome": row.get("outcome", "connected"),
    }


def read_taken(rows: Sequence[Mapping[str, str]]) -> pl.DataFrame:
    """Calls that count in another tie-out, as in "line 7 of 1", with their id and time, if any."""
    taken = []
    for number, row in enumerate(rows):
        if row.get("taken", "-") != "-":
            _, line, _, tie_out = row["taken"].split()
            their_id, has_record = as_number(row["as"]), row["as"] != "-"
            ms = as_ms(row["connected"]) if has_record else None
            taken.append((number, int(tie_out), int(line), their_id, ms, has_record))
    return pl.DataFrame(taken, schema=TAKEN, orient="row")


def read_theirs(row: Mapping[str, str]) -> Row:
    caller = as_number(row["caller"])
    kind = "withheld" if not caller else "partly" if "?" in caller else "number"
    cells: dict[str, Cell] = {
        "caller": caller if kind == "number" else "",
        "caller_kind": kind,
        "caller_pattern": caller if kind == "partly" else "",
        "stamp_ms": s(as_instant(row["start"]).timestamp()),
        "total_ms": as_ms(row["total"]),
        "price_micros": as_micros(row["price"]) if row.get("price") else None,
        "call_ids": row.get("id", ""),
        "corrects_id": row.get("corrects", "").removeprefix("-"),
    }
    return cells


def make_clock(settings: Mapping[str, str], rules: TieOutRules) -> BuyerClock:
    return tell_clock(
        settings["zone"],
        rules.since,
        rules.until,
        ahead_ms=as_ms(settings.get("ahead", "0 s")) or 0,
        precision=StampPrecision(settings.get("precision", "second")),
    )


def play(story: Story, memory: Memory) -> TieOut:
    since, until = story.settings.get("period", OCTOBER).split(" to ")
    rules = TieOutRules(
        since=as_instant(since),
        until=as_instant(until),
        currency="USD",
        terms=(terms_of(starts_at=datetime(2026, 1, 1, tzinfo=UTC)),),
        zone="America/New_York",
    )
    played = tie_out(
        ours_of(read_ours(row) for row in story.tables["ours"]).drop("at_ms").lazy(),
        theirs_of(read_theirs(row) for row in story.tables["theirs"]).lazy(),
        rules,
        legs=LegRule(story.settings.get("legs", "one_row")),
        clock=make_clock(story.settings, rules),
        taken=read_taken(story.tables["ours"]),
        memory=memory,
    )
    assert isinstance(played, TieOut)
    return played


def say(value: int | None, add: int = 0) -> str:
    return "-" if value is None else str(value + add)


@pytest.mark.parametrize("memory", [AMPLE, Memory(most_rows=2)], ids=["at once", "in pieces"])
@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_what_a_story_says_comes_of_it(path: Path, memory: Memory) -> None:
    story = read_story(path.read_text())

    played = play(story, memory)

    told = []
    for line, expected in zip(
        played.lines.collect().iter_rows(named=True), story.tables["comes to"], strict=True
    ):
        found = {
            "class": line["class"],
            "call": say(line["our"], 1),
            "record": say(line["their"], 1),
            "rows": str(line["rows"]),
            "of": say(line["of_call"], 1),
            "ours": "-" if line["our_micros"] is None else say_micros(line["our_micros"]),
            "theirs": "-" if line["their_micros"] is None else say_micros(line["their_micros"]),
            "why": "*" if expected["why"] == "*" else line["why"],
        }
        told.append({name: found[name] for name in expected})
    assert told == list(story.tables["comes to"])
    for words in story.says:
        assert any(words in notice for notice in played.notices), played.notices
