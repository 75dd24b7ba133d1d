"""A buyer's month tied out, from two CSV files to the report, against a nearest join in polars."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from benchmarks.tie_out_run import PIECE_ROWS, put_aside
from benchmarks.tie_out_truth import (
    PLAIN,
    SCENARIOS,
    Accuracy,
    Scenario,
    Truth,
    compare,
    make_truth,
    write_files,
)

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
_MILLION = 1_000_000
_SIZES = (10_000, 100_000)


@dataclass(frozen=True, slots=True)
class Run:
    """What one process took, and how true what it found is."""

    wall_s: float
    peak_mib: float
    found: Accuracy


def measure_tie_out(folder: Path) -> list[tuple[str, str]]:
    """The whole way against `join_asof`, its growth, each scenario's accuracy, and by pieces."""
    return list(_measure_all(folder))


def _measure_all(folder: Path) -> Iterator[tuple[str, str]]:
    for calls in _SIZES:
        yield _measure_growth(folder, calls)
    yield from _measure_million(folder)
    for scenario in SCENARIOS:
        if scenario != PLAIN:
            yield _measure_scenario(folder, scenario)


def _measure_million(folder: Path) -> list[tuple[str, str]]:
    truth = make_truth(_MILLION, PLAIN)
    write_files(truth, folder)
    in_turn = [
        (_run("tie_out", folder, truth), _run("join_asof", folder, truth)) for _ in range(ROUNDS)
    ]
    (ours, bare), ratio = _median(in_turn)
    what = f"tie-out of 1M x 1M rows, from two CSV files to the report, {PLAIN.name}"
    came = (
        f"{ours.wall_s:.1f} s and {ours.peak_mib:.0f} MiB, {ratio:.1f} times polars' join_asof "
        f"alone (goal: 6, 2048 MiB): {bare.wall_s:.1f} s, {bare.peak_mib:.0f} MiB, "
        f"F1 {bare.found.f1:.6f}; {_say(ours.found)}"
    )
    return [(what, came), _measure_pieces(folder, truth)]


def _measure_pieces(folder: Path, truth: Truth) -> tuple[str, str]:
    put_aside(folder)
    run = _run("pieces", folder, truth)
    what = f"the same of sides on disk, {PIECE_ROWS:,} rows of both at once in memory"
    return what, f"{run.wall_s:.1f} s, {run.peak_mib:.0f} MiB; {_say(run.found)}"


def _measure_growth(folder: Path, calls: int) -> tuple[str, str]:
    truth = make_truth(calls, PLAIN)
    write_files(truth, folder)
    run = _run("tie_out", folder, truth)
    what = f"tie-out of {calls:,} x {calls:,} rows"
    return what, f"{run.wall_s:.2f} s, {run.peak_mib:.0f} MiB; {_say(run.found)}"


def _measure_scenario(folder: Path, scenario: Scenario) -> tuple[str, str]:
    truth = make_truth(_MILLION, scenario)
    write_files(truth, folder)
    run = _run("tie_out", folder, truth)
    return f"1M x 1M, {scenario.name}", f"{run.wall_s:.1f} s; {_say(run.found)}"


def _run(what: str, folder: Path, truth: Truth) -> Run:
    printed = subprocess.run(
        [sys.executable, "-m", "benchmarks.tie_out_run", what, str(folder)],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    told = json.loads(printed)
    found = pl.read_parquet(folder / "found.parquet").cast(pl.Int64)
    return Run(told["wall_s"], told["peak_mib"], compare(found, truth))


def _median(in_turn: list[tuple[Run, Run]]) -> tuple[tuple[Run, Run], float]:
    """The round whose ratio is the middle one, and that ratio."""
    ratios = sorted((ours.wall_s / bare.wall_s, i) for i, (ours, bare) in enumerate(in_turn))
    ratio, place = ratios[len(ratios) // 2]
    return in_turn[place], ratio


def _say(found: Accuracy) -> str:
    return (
        f"precision {found.precision:.6f}, recall {found.recall:.6f}, F1 {found.f1:.6f} "
        f"(goal: 0.9995), {found.wrong} wrong"
    )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="callrouter-bench-") as name:
        for row in _measure_all(Path(name)):
            sys.stdout.write(" | ".join(row) + "\n")
            sys.stdout.flush()
