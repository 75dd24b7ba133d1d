"""Audits: each comparison of a day with the carrier's records, and what it found."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from callrouter.adapters.storage.audit_tables import audit_findings, audit_runs
from callrouter.adapters.storage.statements import insert_or_skip, select_fields
from callrouter.domain.carrier.carrier_audit import AuditClass


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRun:
    """One comparison of a UTC day; `run` counts the day's from 1.

    `finished_at` is None while it goes on, `failure` says why it could not be finished. `classes`
    has the number of legs in each class; they add up to the legs of either side. `findings` counts
    a call that is missed once, whatever its legs.
    """

    day: date
    run: int
    author: str
    started_at: datetime
    finished_at: datetime | None = None
    failure: str = ""
    our_legs: int = 0
    their_legs: int = 0
    findings: int = 0
    classes: Mapping[AuditClass, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that a run found to be off; `outcome`: what was done about it at once, or ""."""

    day: date
    run: int
    number: int
    kind: AuditClass
    call_sid: str
    leg_sid: str
    our_ms: int | None
    their_ms: int | None
    text: str
    outcome: str


_RUN = audit_runs.c
_ADD_RUN = insert_or_skip(audit_runs)
_RUNS = select_fields(audit_runs, AuditRun)
_FINDINGS = select_fields(audit_findings, Finding)
_IS_WHOLE = _RUN.finished_at.is_not(None) & (_RUN.failure == "")


def begin_run(
    connection: Connection, seller_id: str, day: date, author: str, at: datetime
) -> AuditRun:
    """Note that a run begins; of two at once each gets a number of its own. In a transaction."""
    of_day = (_RUN.seller_id == seller_id) & (_RUN.day == day)
    while True:
        newest = connection.execute(sa.select(sa.func.max(_RUN.run)).where(of_day)).scalar()
        run = AuditRun(day=day, run=(newest or 0) + 1, author=author, started_at=at, classes={})
        values = _as_row(run) | {"seller_id": seller_id}
        if connection.execute(_ADD_RUN[connection.dialect.name], values).rowcount == 1:
            return run


def end_run(connection: Connection, seller_id: str, run: AuditRun) -> None:
    """Note what a run came to, or why it failed."""
    values = _as_row(run)
    of_run = (_RUN.seller_id == seller_id) & (_RUN.day == run.day) & (_RUN.run == run.run)
    names = ("finished_at", "failure", "our_legs", "their_legs", "findings", "classes")
    changed = {name: values[name] for name in names}
    connection.execute(sa.update(audit_runs).where(of_run).values(changed))


def add_findings(connection: Connection, seller_id: str, findings: Iterable[Finding]) -> None:
    """Keep what was found; nothing of it is ever changed."""
    rows = [
        {f.name: getattr(finding, f.name) for f in fields(Finding)} | {"seller_id": seller_id}
        for finding in findings
    ]
    if rows:
        connection.execute(sa.insert(audit_findings), rows)


def read_run(
    connection: Connection, seller_id: str, day: date | None = None, run: int | None = None
) -> AuditRun | None:
    """A run: of a day or of the latest that was audited; that number, or the last whole one."""
    statement = _RUNS.where(_RUN.seller_id == seller_id)
    if day is not None:
        statement = statement.where(_RUN.day == day)
    statement = statement.where(_IS_WHOLE if run is None else _RUN.run == run)
    newest_first = statement.order_by(_RUN.day.desc(), _RUN.run.desc()).limit(1)
    row = connection.execute(newest_first).first()
    return None if row is None else _read(row)


def list_runs(
    connection: Connection, seller_id: str, *, most: int, day: date | None = None
) -> tuple[AuditRun, ...]:
    """A seller's runs, those that failed included, the latest day and run first."""
    statement = _RUNS.where(_RUN.seller_id == seller_id)
    if day is not None:
        statement = statement.where(_RUN.day == day)
    ordered = statement.order_by(_RUN.day.desc(), _RUN.run.desc()).limit(most)
    return tuple(_read(row) for row in connection.execute(ordered))


def list_findings(
    connection: Connection,
    seller_id: str,
    run: AuditRun,
    *,
    after: int = 0,
    kinds: Sequence[AuditClass] = (),
    limit: int = 1000,
) -> tuple[Finding, ...]:
    """What a run found, in its order, from behind number `after` on; of some kinds, or of all."""
    found = audit_findings.c
    statement = _FINDINGS.where(
        found.seller_id == seller_id,
        found.day == run.day,
        found.run == run.run,
        found.number > after,
    )
    if kinds:
        statement = statement.where(found.kind.in_(kinds))
    rows = connection.execute(statement.order_by(found.number).limit(limit))
    return tuple(Finding(**row._mapping) for row in rows)


def _as_row(run: AuditRun) -> dict[str, object]:
    row: dict[str, object] = {f.name: getattr(run, f.name) for f in fields(AuditRun)}
    row["classes"] = json.dumps({str(kind): run.classes[kind] for kind in sorted(run.classes)})
    return row


def _read(row: "sa.Row[*tuple[object, ...]]") -> AuditRun:
    values = dict(row._mapping)
    counts: dict[str, int] = json.loads(str(values["classes"]))
    values["classes"] = {AuditClass(kind): count for kind, count in counts.items()}
    return AuditRun(**values)
