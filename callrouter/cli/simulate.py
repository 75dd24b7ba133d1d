"""`callrouter simulate`: a simulated carrier calls a whole callrouter, and its CDRs are checked."""

import asyncio
import contextlib
import csv
import json
import secrets
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from io import StringIO
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from callrouter.adapters.clock import SystemClock
from callrouter.adapters.storage.audits import AuditRun
from callrouter.adapters.storage.cdrs import list_open_calls
from callrouter.adapters.storage.engine import open_database
from callrouter.adapters.storage.migrations import upgrade
from callrouter.cli.options import example
from callrouter.cli.rehearsal import (
    SELLER,
    Stage,
    find_free_port,
    make_account,
    name_destinations,
    running_processes,
    set_up_seller,
)
from callrouter.cli.rehearsal_audit import audit_rehearsal, check_rehearsal
from callrouter.domain.carrier.carrier_audit import AuditClass
from callrouter.simulator.call_log import CallLog
from callrouter.simulator.cast import Cast, PhoneProfile
from callrouter.simulator.clock import VirtualClock
from callrouter.simulator.compare import FIELDS, Difference, compare
from callrouter.simulator.faults import parse_faults
from callrouter.simulator.rest import RestApi
from callrouter.simulator.traffic import Progress as TrafficProgress
from callrouter.simulator.traffic import TrafficPlan, run_traffic
from callrouter.simulator.truth import CallTruth
from callrouter.workflows.check_accounts import Checked
from callrouter.workflows.export_audit import make_run_row
from callrouter.workflows.export_calls import export_calls_csv

CAST: Mapping[str, PhoneProfile] = {
    "+12125550171": PhoneProfile(declines=0.0, drops_early=0.05),
    "+14045550172": PhoneProfile(busy=0.25, no_answer=0.15),
    "+14155550173": PhoneProfile(declines=0.15, voicemail=0.1, no_answer=0.1),
    "sip:intake@pbx.example.com": PhoneProfile(fails=0.25, sip_code=503),
    "+13125550171": PhoneProfile(declines=0.2, busy=0.1),
    "+13125550175": PhoneProfile(no_answer=0.2, drops_early=0.2),
    "+13125550174": PhoneProfile(busy=0.3, no_answer=0.3),
}
"""How the demo buyers' phones behave: most answer, each has a weakness of its own."""

_CLOSE_WITHIN_S = 120.0
_ONE_SIDED = frozenset(kind for kind in AuditClass if kind.is_off) - {AuditClass.DIFFERS}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to: what happened, what the CDRs say, and where they differ."""

    truths: tuple[CallTruth, ...]
    rows: tuple[dict[str, str], ...]
    differences: tuple[Difference, ...]
    left_open: int
    audits: tuple[AuditRun, ...]
    money: Checked

    @property
    def violations(self) -> tuple[tuple[str, str], ...]:
        """Every answer that the carrier could not accept, with its call."""
        return tuple((t.call_sid, str(v)) for t in self.truths for v in t.violations)

    @property
    def errors_heard(self) -> int:
        """How many callers heard an application error."""
        return sum(truth.caller_heard_error for truth in self.truths)

    @property
    def missed(self) -> Counter[AuditClass]:
        """The legs that one side alone has, when the carrier's records are audited afterwards."""
        found: Counter[AuditClass] = Counter()
        for run in self.audits:
            found.update({kind: legs for kind, legs in run.classes.items() if kind in _ONE_SIDED})
        return found

    @property
    def is_clean(self) -> bool:
        """Whether nothing at all is wrong.

        Durations that differ from the carrier's records don't count: in a time that runs faster,
        the milliseconds until we are told of a call are seconds. Nor does a leg that nothing told
        us of, since every callback of it was lost: its call ended all the same.
        """
        money = self.money.problems
        wrong = (self.differences, self.violations, self.errors_heard, self.left_open, money)
        return not any(wrong) and not self.missed.keys() - {AuditClass.WE_MISS_LEG}


@click.command(epilog=example("callrouter simulate --calls 2000 --cps 50 --faults all --check"))
@click.option(
    "--calls",
    default=200,
    show_default=True,
    type=click.IntRange(1, 1_000_000),
    help="How many are placed.",
)
@click.option("--cps", default=20.0, show_default=True, help="Calls placed a second (real).")
@click.option("--faults", default="none", show_default=True, help="all, none, or repeat,shuffle,…")
@click.option("--seed", default="1", show_default=True, help="The same seed, the same calls.")
@click.option("--speed", default=20.0, show_default=True, help="How much faster time runs.")
@click.option(
    "--check",
    is_flag=True,
    help="Exit 1 unless every CDR agrees with the truth, the carrier's list and the accounts.",
)
@click.option(
    "--database", default="", help="URL of an empty database; default: a new SQLite file."
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def simulate(
    *,
    calls: int,
    cps: float,
    faults: str,
    seed: str,
    speed: float,
    check: bool,
    database: str,
    as_json: bool,
) -> None:
    """Let a simulated carrier call a whole callrouter, and compare its CDRs with the truth.

    A server and a clock process are started for it, on a database of their own; nothing that you
    run is touched.
    """
    try:
        plan = TrafficPlan(calls, cps, seed, run=secrets.token_hex(8), faults=parse_faults(faults))
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    with tempfile.TemporaryDirectory(prefix="callrouter-simulate-") as folder:
        stage = Stage(
            folder=Path(folder),
            database_url=database or f"sqlite:///{folder}/calls.db",
            port=find_free_port(8700),
            origin_s=float(int(SystemClock().now().timestamp())),  # both clocks start here
            speed=speed,
            sweep_after_s=240,
            sweep_every_s=1.0,
        )
        outcome = rehearse(stage, plan)
    (_print_json if as_json else _print_table)(outcome)
    if check and not outcome.is_clean:
        sys.exit(1)


def rehearse(stage: Stage, plan: TrafficPlan) -> Outcome:
    """Run the plan against a callrouter of its own on `stage`, and compare."""
    upgrade(stage.database_url)
    account = make_account(stage, set_up_seller(stage))
    clock = VirtualClock(stage.origin_s, stage.speed)
    log = CallLog()

    async def run() -> Outcome:
        async with RestApi(account, log) as carrier_url:
            processes = running_processes(stage, carrier_url)
            await asyncio.to_thread(processes.__enter__)
            try:
                with _progress_bar(plan.calls) as on_progress:
                    truths = await run_traffic(
                        account, Cast(CAST), plan, clock, on_progress, log=log
                    )
                left_open = await asyncio.to_thread(_wait_until_closed, stage)
            finally:
                await asyncio.to_thread(processes.__exit__, None, None, None)
            looked_up = log.looked_up  # by the sweep; the audit looks everything up
            rows, money = _read_rows(stage), check_rehearsal(stage)
            audits = await asyncio.to_thread(audit_rehearsal, stage, carrier_url)
        found = compare(truths, rows, name_destinations(), looked_up)
        return Outcome(truths, rows, tuple(found), left_open, audits, money)

    return asyncio.run(run())


def _wait_until_closed(stage: Stage) -> int:
    """Wait for the sweep to close what lost its callbacks; the number of calls still open."""
    database = open_database(stage.database_url)
    try:
        deadline = time.monotonic() + _CLOSE_WITHIN_S
        while True:
            with database.read() as connection:
                left = len(list_open_calls(connection, SELLER, 1_000_000))
            if not left or time.monotonic() > deadline:
                return left
            time.sleep(0.5)
    finally:
        database.dispose()


def _read_rows(stage: Stage) -> tuple[dict[str, str], ...]:
    database = open_database(stage.database_url)
    try:
        text = StringIO()
        export_calls_csv(database, SELLER, text)
        text.seek(0)
        return tuple(csv.DictReader(text))
    finally:
        database.dispose()


@contextlib.contextmanager
def _progress_bar(calls: int) -> Iterator[Callable[[TrafficProgress], None]]:
    """A bar on stderr that fills as calls are over; the rest of the terminal stays as it is."""
    columns = (
        TextColumn("calls"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[live]} live"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("calls", total=calls, live=0)
        yield lambda now: bar.update(task, completed=now.closed, live=now.in_progress)


def _print_table(outcome: Outcome) -> None:
    """One line a compared column: how many CDRs agree with the truth; then every difference."""
    console = Console(width=None if sys.stdout.isatty() else 120)
    differing = Counter(difference.field for difference in outcome.differences)
    table = Table(title=f"{len(outcome.truths)} calls, {len(outcome.rows)} CDRs")
    table.add_column("what")
    for heading in ("agree", "differ"):
        table.add_column(heading, justify="right")
    for field in ("cdr", *FIELDS):
        table.add_row(field, str(len(outcome.truths) - differing[field]), str(differing[field]))
    console.print(table)
    dispositions = Table(title="How they ended")
    for heading in ("disposition", "truth", "CDRs"):
        dispositions.add_column(heading, justify="left" if heading == "disposition" else "right")
    told = Counter(row["disposition"] for row in outcome.rows)
    true = Counter(str(truth.disposition) for truth in outcome.truths)
    for name in sorted(told.keys() | true.keys()):
        dispositions.add_row(name, str(true[name]), str(told[name]))
    console.print(dispositions)
    for difference in outcome.differences[:50]:
        console.print(
            f"{difference.call_sid} {difference.field}: "
            f"truth {difference.truth}, CDR {difference.cdr}"
        )
    for call_sid, violation in outcome.violations[:50]:
        console.print(f"{call_sid} refused by the carrier: {violation}")
    legs = sum(run.their_legs for run in outcome.audits)
    missed = "".join(f", {n} {kind}" for kind, n in sorted(outcome.missed.items()))
    console.print(f"{legs} legs of the carrier audited{missed or ', each on both sides'}")
    for problem in outcome.money.problems[:50]:
        console.print(problem)
    wrong = len(outcome.money.problems)
    console.print(f"{outcome.money.entries} entries in accounts checked, {wrong} problems")
    console.print(
        f"{len(outcome.differences)} differences, {len(outcome.violations)} answers refused by the "
        f"carrier, {outcome.errors_heard} callers heard an error, {outcome.left_open} calls open"
    )


def _print_json(outcome: Outcome) -> None:
    click.echo(
        json.dumps(
            {
                "calls": len(outcome.truths),
                "cdrs": len(outcome.rows),
                "differences": [asdict(difference) for difference in outcome.differences],
                "violations": [
                    {"call_id": call_sid, "problem": problem}
                    for call_sid, problem in outcome.violations
                ],
                "errors_heard": outcome.errors_heard,
                "left_open": outcome.left_open,
                "audits": [make_run_row(run) for run in outcome.audits],
                "legs_missed": dict(outcome.missed),
                "ledger_entries": outcome.money.entries,
                "ledger_problems": outcome.money.problems,
            },
            indent=2,
        )
    )
