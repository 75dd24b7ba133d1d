"""One run over two CSV files, in a process of its own so that its memory can be told.

`python -m benchmarks.tie_out_run tie_out|join_asof|pieces FOLDER` prints what it took as JSON.
"""

import json
import re
import resource
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import polars as pl

from benchmarks.tie_out_truth import (
    DAYS,
    INSTANT,
    PAYABLE_MS,
    PRICE_MICROS,
    SINCE,
    STAMP,
    read_ours_csv,
)
from callrouter.adapters.buyer_files.normalise import normalise
from callrouter.adapters.buyer_files.propose import propose
from callrouter.adapters.buyer_files.reader import read_file
from callrouter.adapters.documents.tie_out_html import write_tie_out_html
from callrouter.adapters.frames_aside import open_memory
from callrouter.domain.billing.terms import Band, Terms
from callrouter.domain.tie_out.mapping import LegRule
from callrouter.domain.tie_out.measures import say_measure
from callrouter.domain.tie_out.report import TieOutReport
from callrouter.domain.tie_out.rules import TieOutRules
from callrouter.domain.tie_out.tie_out import TieOut, tie_out

PIECE_ROWS = 400_000
"""So many rows of both sides are looked at at once by `run_pieces`."""


class Stages:
    """Wall and processor seconds of each stage of a run."""

    def __init__(self) -> None:
        self.began = self.last = (time.perf_counter(), _cpu_s())
        self.took: dict[str, tuple[float, float]] = {}

    def done(self, stage: str) -> None:
        """A stage has ended."""
        now = time.perf_counter(), _cpu_s()
        self.took[stage] = now[0] - self.last[0], now[1] - self.last[1]
        self.last = now

    def tell(self, folder: Path, pairs: pl.DataFrame, words: str) -> str:
        """All figures as JSON; the pairs go to a file."""
        pairs.select("our", "their").write_parquet(folder / "found.parquet")
        return json.dumps(
            {
                "wall_s": self.last[0] - self.began[0],
                "cpu_s": self.last[1] - self.began[1],
                "peak_mib": _read_peak_mib(),
                "stages": self.took,
                "words": words,
            }
        )


def _read_peak_mib() -> float:
    """The most memory that this process had; what rusage says counts its parent's before exec."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    [peak] = re.findall(r"VmHWM:\s+(\d+) kB", status.read_text())
    return int(peak) / 1024


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def run_tie_out(folder: Path) -> str:
    """From two CSV files to the finished report, told nothing of either."""
    stages = Stages()
    (raw,) = read_file(folder / "theirs.csv")
    stages.done("read")
    mapping = propose(raw).mapping
    stages.done("propose")
    theirs = normalise(raw, mapping).rows
    del raw
    stages.done("normalise")
    ours = read_ours_csv(folder / "ours.csv")
    stages.done("read ours")
    rules = _make_rules()
    came = tie_out(ours.lazy(), theirs.lazy(), rules, legs=mapping.legs, zone=mapping.zone)
    if not isinstance(came, TieOut):
        raise SystemExit(came.words)
    stages.done("tie out")
    report, count = _make_report(came, rules), came.totals.whole.lines
    write_tie_out_html(report, (), count, folder / "report.html")
    stages.done("report")
    is_pair = pl.col("our").is_not_null() & pl.col("their").is_not_null()
    pairs = came.lines.filter(is_pair).collect()
    return stages.tell(folder, pairs, came.clock.words)


def put_aside(folder: Path) -> None:
    """Both sides of the two CSV files as the frames that a tie-out is of, for `run_pieces`."""
    (raw,) = read_file(folder / "theirs.csv")
    mapping = propose(raw).mapping
    normalise(raw, mapping).rows.write_parquet(folder / "theirs.parquet")
    read_ours_csv(folder / "ours.csv").write_parquet(folder / "ours.parquet")
    (folder / "legs.txt").write_text(mapping.legs)


def run_pieces(folder: Path) -> str:
    """The tie-out of sides that wait on disk, a fifth of both in memory at once."""
    stages = Stages()
    ours, theirs = (pl.scan_parquet(folder / f"{name}.parquet") for name in ("ours", "theirs"))
    legs = LegRule((folder / "legs.txt").read_text())
    with open_memory(PIECE_ROWS) as memory:
        came = tie_out(ours, theirs, _make_rules(), legs=legs, memory=memory)
        if not isinstance(came, TieOut):
            raise SystemExit(came.words)
        stages.done("tie out")
        is_pair = pl.col("our").is_not_null() & pl.col("their").is_not_null()
        pairs = came.lines.filter(is_pair).select("our", "their").collect()
    return stages.tell(folder, pairs, came.clock.words)


def run_join_asof(folder: Path) -> str:
    """The nearest call of the same caller, the clock told: what polars does in a few lines."""
    stages = Stages()
    started = pl.col("dialed_at").str.to_datetime(INSTANT, time_unit="ms")
    ours = (
        pl.scan_csv(folder / "ours.csv", schema_overrides={"ani": pl.String})
        .with_row_index("our")
        .select("our", caller="ani", at=started)
        .collect()
    )
    wall = pl.col("TIMESTAMP").str.to_datetime(STAMP, time_unit="ms")
    theirs = (
        pl.scan_csv(folder / "theirs.csv", schema_overrides={"ANI": pl.String})
        .with_row_index("their")
        .select("their", caller="+1" + pl.col("ANI"), at=wall + pl.duration(seconds=5 * 3600 - 37))
        .collect()
    )
    stages.done("read")
    found = ours.sort("at").join_asof(
        theirs.sort("at"),
        on="at",
        by="caller",
        strategy="nearest",
        tolerance="15s",
        check_sortedness=False,
    )
    stages.done("join")
    return stages.tell(folder, found.drop_nulls("their"), "")


def _make_rules() -> TieOutRules:
    terms = Terms(
        starts_at=SINCE,
        ends_at=None,
        currency="USD",
        bands=(Band(after_s=PAYABLE_MS // 1000, price_micros=PRICE_MICROS),),
    )
    until = SINCE + timedelta(days=DAYS)
    return TieOutRules(since=SINCE, until=until, currency="USD", terms=(terms,))


def _make_report(came: TieOut, rules: TieOutRules) -> TieOutReport:
    return TieOutReport(
        seller="Seller",
        buyer="acme",
        number=0,
        since=rules.since,
        until=rules.until,
        zone="UTC",
        currency="USD",
        made_at=rules.until,
        files=("theirs.csv",),
        reading="",
        clock=came.clock.words,
        measure="" if came.measure is None else say_measure(came.measure),
        notices=came.notices,
        totals=came.totals,
    )


RUNS: dict[str, Callable[[Path], str]] = {
    "tie_out": run_tie_out,
    "join_asof": run_join_asof,
    "pieces": run_pieces,
}

if __name__ == "__main__":
    sys.stdout.write(RUNS[sys.argv[1]](Path(sys.argv[2])) + "\n")
