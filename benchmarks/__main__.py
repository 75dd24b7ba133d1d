"""`make bench`: webhooks against a bare Flask view in the same run, and the domain's own pace."""

import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.conditions import measure_conditions
from benchmarks.domain import measure_decide, measure_derive, measure_ruled_decide
from benchmarks.exposure import measure_exposure
from benchmarks.load import Measured, Webhook, send
from benchmarks.postgresql import running_postgresql
from benchmarks.rating import measure_rating
from benchmarks.replay import measure_replay
from benchmarks.servers import CAPPED, HOT, PLAIN, SELLER, Web, serving, set_up
from benchmarks.statements import measure_statements
from benchmarks.swaps import measure_swaps
from benchmarks.tie_out import measure_tie_out
from benchmarks.webhooks import make_arrivals, make_progress
from callrouter.adapters.clock import SystemClock

RESULTS = Path(__file__).parent / "RESULTS.md"
SECONDS = int(os.environ.get("BENCH_SECONDS", "6"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
CONNECTIONS = 8
POSTGRESQL_WEB = Web(workers=4, threads=2)
SQLITE_WEB = Web(workers=1, threads=8)
TOKEN = SELLER.tokens[0]
MANY = 9_000 * SECONDS


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: a figure of ours beside the bare view's of the same rounds."""

    what: str
    ours: list[Measured]
    bare: list[Measured]
    goal: str

    def cells(self) -> list[str]:
        """The line's cells; the ratios are medians of each round's own."""
        ours, bare = _median(self.ours), _median(self.bare)
        rates = [
            a.requests_per_s / b.requests_per_s for a, b in zip(self.ours, self.bare, strict=True)
        ]
        tails = [a.p99_ms / b.p99_ms for a, b in zip(self.ours, self.bare, strict=True)]
        return [
            self.what,
            f"{ours.requests_per_s:.0f}",
            f"{ours.p50_ms:.1f} / {ours.p99_ms:.1f}",
            f"{bare.requests_per_s:.0f}",
            f"{bare.p50_ms:.1f} / {bare.p99_ms:.1f}",
            f"{statistics.median(rates):.2f}",
            f"{statistics.median(tails):.1f}",
            self.goal,
        ]


def _median(runs: list[Measured]) -> Measured:
    return sorted(runs, key=lambda run: run.requests_per_s)[len(runs) // 2]


def measure(database_url: str, folder: Path, web: Web, name: str) -> list[Row]:
    """Arrivals and progress callbacks, in turn with the bare view, so that drift hits both."""
    set_up(database_url, PLAIN)
    progress: list[Measured] = []
    bare_legs: list[Measured] = []

    def more(url: str, run: str, arrived: Measured | None) -> None:
        if arrived is not None:
            # wrk sends from two ends, so that about half of the calls arrived in order.
            legs = list(make_progress(run, MANY, arrived.requests // 2))
            progress.append(_load(url, legs))
        else:
            bare_legs.append(_load(url, list(make_progress(run, MANY, 1_000))))

    arrivals = measure_arrivals(database_url, folder, web, name, ">= 0.20, p99 <= 4", more)
    return [arrivals, Row(f"leg callback, {name}", progress, bare_legs, ">= 0.33")]


def measure_arrivals(
    database_url: str,
    folder: Path,
    web: Web,
    name: str,
    goal: str,
    more: Callable[[str, str, Measured | None], None] = lambda *_: None,
) -> Row:
    """Arrivals alone; `more` is run after each, with what was measured, None at the bare view."""
    arrivals: list[Measured] = []
    bare: list[Measured] = []
    for turn in range(ROUNDS):
        run = f"{turn:06x}"
        calls = list(make_arrivals(run, MANY, PLAIN.numbers))
        with serving("callrouter.wsgi:app", folder, web, database_url=database_url) as url:
            arrivals.append(_load(url, calls))
            more(url, run, arrivals[-1])
        with serving("benchmarks.bare:app", folder, web) as url:
            bare.append(_load(url, calls))
            more(url, run, None)
    return Row(f"inbound webhook, {name}", arrivals, bare, goal)


def measure_caps(folder: Path) -> list[Row]:
    """Arrivals whose calls take room on caps: each destination's own, and one that all share."""
    rows = []
    for setup, name, goal in (
        (CAPPED, "PostgreSQL, a cap and concurrency on each destination", ">= 0.20"),
        (HOT, "PostgreSQL, one hot cap", ">= 0.12"),
    ):
        with running_postgresql() as url:
            set_up(url, setup)
            rows.append(measure_arrivals(url, folder, POSTGRESQL_WEB, name, goal))
    return rows


def _load(url: str, webhooks: list[Webhook]) -> Measured:
    return send(url, TOKEN, webhooks, seconds=SECONDS, connections=CONNECTIONS)


def main() -> None:
    """Measure, print the table, write it to RESULTS.md."""
    with tempfile.TemporaryDirectory(prefix="callrouter-bench-") as name:
        folder = Path(name)
        with running_postgresql() as url:
            rows = measure(url, folder, POSTGRESQL_WEB, "PostgreSQL")
        rows += measure_caps(folder)
        rows += measure(f"sqlite:///{folder}/calls.db", folder, SQLITE_WEB, "SQLite")
        with running_postgresql() as url:
            swaps = [measure_swaps(url, folder, POSTGRESQL_WEB, "PostgreSQL")]
        swaps.append(measure_swaps(f"sqlite:///{folder}/swaps.db", folder, SQLITE_WEB, "SQLite"))
        conditions = measure_conditions(folder)
        replays = measure_replay(folder)
        statements = measure_statements(folder)
        exposure = measure_exposure()
        tie_outs = measure_tie_out(folder)
    domain = [measure_decide(5), measure_decide(50), measure_ruled_decide(), measure_derive()]
    domain += measure_rating()
    text = _render(rows, swaps, [*domain, *conditions, *replays, *statements, *exposure, *tie_outs])
    RESULTS.write_text(text)
    sys.stdout.write(text)


def _render(rows: list[Row], swaps: list[tuple[str, str]], domain: list[tuple[str, str]]) -> str:
    headings = ["what", "req/s", "p50 / p99 ms", "bare req/s", "bare p50 / p99 ms"]
    headings += ["ratio", "p99 ratio", "goal"]
    lines = [
        "# What was measured",
        "",
        f"Made by `make bench` on {SystemClock().now():%Y-%m-%d}: {_machine()}. {ROUNDS} rounds of "
        f"{SECONDS} s in turn with a bare Flask view under the same gunicorn; the medians. wrk, "
        f"{CONNECTIONS} connections, on the same cores as the server and the database. Every "
        "webhook is signed and of another call.",
        "",
        "| " + " | ".join(headings) + " |",
        "|" + "---|" * len(headings),
        *("| " + " | ".join(row.cells()) + " |" for row in rows),
        "",
        "| swaps | what came of it (goal: 0 by an older table, 0 failed requests) |",
        "|---|---|",
        *(f"| {what} | {came} |" for what, came in swaps),
        "",
        "| domain | pace |",
        "|---|---|",
        *(f"| {what} | {pace} |" for what, pace in domain),
        "",
    ]
    return "\n".join(lines)


def _machine() -> str:
    gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    model = subprocess.run(
        ["sh", "-c", "grep -m1 'model name' /proc/cpuinfo | cut -d: -f2"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    python = platform.python_version()
    return f"{os.cpu_count()} cores ({model or platform.machine()}), {gib:.0f} GiB, Python {python}"


if __name__ == "__main__":
    main()
