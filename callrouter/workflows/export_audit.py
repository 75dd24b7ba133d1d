"""Audits as rows for programs: runs, their classes, and what they found; durations in seconds."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from datetime import timedelta
from typing import TextIO

from sqlalchemy import Connection

from callrouter.adapters.storage.audits import AuditRun, Finding, list_findings
from callrouter.adapters.storage.carrier_costs import Cost, count_unpriced, sum_costs
from callrouter.domain.carrier.audit_schedule import start_of
from callrouter.domain.carrier.carrier_audit import AuditClass
from callrouter.domain.money import say_micros
from callrouter.workflows.export_calls import spell_cell, spell_instant

_PAGE = 1000


@dataclass(frozen=True, slots=True)
class DayCost:
    """What the carrier charged for a day's legs so far, and how many have no price yet."""

    costs: tuple[Cost, ...]
    unpriced: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """A run as programs read it; `failure` says why it was not finished, `finished_at` is "" then.

    Behind these come the classes, each with its number of legs.
    """

    day: str
    run: int
    author: str
    started_at: str
    finished_at: str
    failure: str
    our_legs: int
    their_legs: int
    findings: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingRow:
    """A finding as programs read it; "" for a duration that one side doesn't have."""

    day: str
    run: int
    number: int
    kind: str
    call_id: str
    leg_id: str
    our_s: str
    their_s: str
    text: str
    outcome: str


def read_day_cost(connection: Connection, seller_id: str, run: AuditRun) -> DayCost:
    """The cost of the day of a run, as far as it is known now."""
    since, until = start_of(run.day), start_of(run.day + timedelta(days=1))
    return DayCost(
        sum_costs(connection, seller_id, since, until),
        count_unpriced(connection, seller_id, since, until),
    )


def stream_findings(
    connection: Connection, seller_id: str, run: AuditRun, kinds: tuple[AuditClass, ...] = ()
) -> Iterator[Finding]:
    """All that a run found, in its order, in constant memory."""
    after = 0
    while True:
        page = list_findings(connection, seller_id, run, after=after, kinds=kinds, limit=_PAGE)
        yield from page
        if len(page) < _PAGE:
            return
        after = page[-1].number


def make_run_row(run: AuditRun) -> dict[str, str | int]:
    """A run by the names of its columns, then one for each class."""
    row = RunRow(
        day=str(run.day),
        run=run.run,
        author=run.author,
        started_at=spell_instant(run.started_at),
        finished_at=spell_instant(run.finished_at) if run.finished_at else "",
        failure=run.failure,
        our_legs=run.our_legs,
        their_legs=run.their_legs,
        findings=run.findings,
    )
    return asdict(row) | {kind.value: run.classes.get(kind, 0) for kind in AuditClass}


def make_finding_row(finding: Finding) -> FindingRow:
    """A finding by the names of its columns."""
    return FindingRow(
        day=str(finding.day),
        run=finding.run,
        number=finding.number,
        kind=finding.kind.value,
        call_id=finding.call_sid,
        leg_id=finding.leg_sid,
        our_s=_say_s(finding.our_ms),
        their_s=_say_s(finding.their_ms),
        text=finding.text,
        outcome=finding.outcome,
    )


def export_runs_csv(runs: Iterable[AuditRun], out: TextIO) -> None:
    """A header, and a line for each run."""
    writer = csv.writer(out)
    writer.writerow((*(f.name for f in fields(RunRow)), *(kind.value for kind in AuditClass)))
    for run in runs:
        writer.writerow([spell_cell(cell) for cell in make_run_row(run).values()])


def export_findings_csv(findings: Iterable[Finding], out: TextIO) -> None:
    """A header, and a line for each finding."""
    writer = csv.writer(out)
    names = [f.name for f in fields(FindingRow)]
    writer.writerow(names)
    for finding in findings:
        row = make_finding_row(finding)
        writer.writerow([spell_cell(getattr(row, name)) for name in names])


def say_costs(costs: Iterable[Cost]) -> str:
    """Costs for people, each currency by itself: `12.345 USD and 3.20 CAD`."""
    said = [f"{say_micros(cost.cost_micros)} {cost.currency}" for cost in costs]
    return " and ".join(said) or "nothing"


def _say_s(ms: int | None) -> str:
    return "" if ms is None else f"{ms / 1000:.3f}"
