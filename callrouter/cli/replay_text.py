"""A replay's report in a person's words, and as CSV."""

import csv
from collections.abc import Iterator
from typing import TextIO

from callrouter.cli.printing import show_instant
from callrouter.domain.money import say_amount
from callrouter.domain.replay.report import DestinationRow, Figures
from callrouter.workflows.export_calls import spell_cell
from callrouter.workflows.replay_table import Replayed

COLUMNS = (
    "buyer",
    "destination",
    "attempts",
    "calls",
    "talk",
    "revenue",
    "new attempts",
    "new calls",
    "new talk",
    "new revenue",
    "more calls",
)
CSV_COLUMNS = (
    "buyer",
    "destination",
    "live_attempts",
    "live_calls",
    "live_connected_s",
    "live_revenue_micros",
    "live_estimated",
    "candidate_attempts",
    "candidate_calls",
    "candidate_connected_s",
    "candidate_revenue_micros",
    "candidate_estimated",
)
MOVE_COLUMNS = ("from", "to", "calls")
CAP_COLUMNS = ("limit of", "limit", "turned away", "new turned away", "worst", "over by")
_MOST_MOVES = 30


def say_heading(replayed: Replayed, name: str) -> str:
    """What was compared."""
    period = f"{show_instant(replayed.since)} to {show_instant(replayed.until)}"
    report = replayed.report
    return (
        f"{report.calls} calls of {replayed.candidate.campaign_id}, {period}, by version "
        f"{replayed.live.version} (live) and by {name} (new)"
    )


def list_rows(replayed: Replayed) -> list[tuple[str, ...]]:
    """Each destination's cells, and those of all."""
    rows = [
        (row.buyer_id or "-", row.destination_id, *_cells(replayed, row))
        for row in replayed.report.rows
    ]
    if rows:
        live = sum_figures([row.live for row in replayed.report.rows])
        candidate = sum_figures([row.candidate for row in replayed.report.rows])
        total = DestinationRow("", "", live, candidate)
        rows.append(("all", "", *_cells(replayed, total)))
    return rows


def list_moves(replayed: Replayed) -> list[tuple[str, ...]]:
    """What moves where, the most first."""
    moves = replayed.report.moves
    rows: list[tuple[str, ...]] = [(m.came_from, m.to, str(m.calls)) for m in moves[:_MOST_MOVES]]
    if len(moves) > _MOST_MOVES:
        rest = sum(move.calls for move in moves[_MOST_MOVES:])
        rows.append(("other moves", "", str(rest)))
    return rows


def list_caps(replayed: Replayed) -> list[tuple[str, ...]]:
    """Each limit that sent calls elsewhere."""
    return [
        (
            burst.subject,
            burst.limit,
            str(burst.live),
            str(burst.candidate),
            burst.worst_period,
            str(burst.worst),
        )
        for burst in replayed.report.bursts
    ]


def list_notes(replayed: Replayed) -> Iterator[str]:
    """What stands below the tables."""
    report = replayed.report
    yield f"left with nobody: {report.live_left} live, {report.candidate_left} new"
    if report.candidate_unknown:
        yield f"  {report.candidate_unknown} of the new ones called a DID that the new table lacks"
    estimated = sum(row.candidate.estimated for row in report.rows)
    attempts = sum(row.candidate.attempts for row in report.rows)
    if estimated:
        yield f"{estimated} of {attempts} new attempts were never made: they are estimates"
    if replayed.unmeasured:
        names = ", ".join(replayed.unmeasured)
        yield f"without an attempt of their own, estimated by all the others': {names}"


def write_csv(replayed: Replayed, out: TextIO) -> None:
    """One line for each destination; money in micro-units of each table's currency."""
    writer = csv.writer(out)
    writer.writerow(CSV_COLUMNS)
    for row in replayed.report.rows:
        writer.writerow(
            [
                spell_cell(row.buyer_id),
                spell_cell(row.destination_id),
                *_raw(row.live),
                *_raw(row.candidate),
            ]
        )


def sum_figures(figures: list[Figures]) -> Figures:
    """All of them together."""
    return Figures(
        sum(each.attempts for each in figures),
        sum(each.connected for each in figures),
        sum(each.connected_ms for each in figures),
        sum(each.revenue_micros for each in figures),
        sum(each.estimated for each in figures),
    )


def _cells(replayed: Replayed, row: DestinationRow) -> Iterator[str]:
    for figures, currency in (
        (row.live, replayed.live.currency),
        (row.candidate, replayed.candidate.currency),
    ):
        yield str(figures.attempts)
        yield str(figures.connected)
        yield _say_talk(figures.connected_ms)
        yield say_amount(figures.revenue_micros, currency)
    yield f"{row.candidate.connected - row.live.connected:+d}"


def _say_talk(ms: int) -> str:
    minutes, seconds = divmod(ms // 1000, 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"


def _raw(figures: Figures) -> tuple[str, ...]:
    return (
        str(figures.attempts),
        str(figures.connected),
        f"{figures.connected_ms / 1000:.3f}",
        str(figures.revenue_micros),
        str(figures.estimated),
    )
