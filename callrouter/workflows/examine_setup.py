"""Look over a machine's set-up, as far as it shows from here: settings, database, disk, clock."""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.revisions import current_revision, head_revision
from callrouter.adapters.storage.server_time import read_server_time, wait_for_answer
from callrouter.adapters.storage.spool import Spool
from callrouter.config import Settings
from callrouter.domain.errors import CallrouterError, StorageUnavailableError
from callrouter.workflows.findings import Finding, Verdict
from callrouter.workflows.ports import Clock

_SLOW_MS = 50
_LEAST_FREE_MB = 100
_LITTLE_FREE_MB = 1000
_LARGEST_SKEW = timedelta(seconds=1)
"""A CDR is flagged beyond this: the carrier stamps in whole seconds."""


def examine_setup(settings: Settings, database: Database, clock: Clock) -> Iterator[Finding]:
    """Every check of this machine, the quick ones first; nothing is changed."""
    yield _examine_public_url(settings.public_url)
    yield _examine_secret_key(settings)
    reached = _examine_database(database)
    yield reached
    if reached.verdict is not Verdict.FAILED:
        yield _examine_schema(database)
    folder = _examine_folder(settings.state_dir)
    yield folder
    if folder.verdict is Verdict.OK:
        yield _examine_disk(settings.state_dir)
        yield _examine_spool(settings.state_dir / "spool.db")
    yield _examine_clock(settings, database, clock)


def _examine_public_url(public_url: str) -> Finding:
    check = "PUBLIC_URL"
    if not public_url:
        advice = "set it to the address that the carrier calls, as in https://calls.example.com"
        return Finding(check, Verdict.FAILED, "not set", advice)
    parts = urlsplit(public_url)
    if parts.hostname in ("localhost", "127.0.0.1", "::1"):
        advice = "only a simulator on this machine can call it; real calls need a public address"
        return Finding(check, Verdict.WARNING, public_url, advice)
    if parts.scheme != "https":
        advice = "use https: callers' numbers travel in these requests"
        return Finding(check, Verdict.WARNING, public_url, advice)
    return Finding(check, Verdict.OK, public_url)


def _examine_secret_key(settings: Settings) -> Finding:
    if settings.secret_key:
        return Finding("SECRET_KEY", Verdict.OK, "set")
    advice = "make one: python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"
    return Finding("SECRET_KEY", Verdict.FAILED, "not set", advice)


def _examine_database(database: Database) -> Finding:
    check = "database"
    started_s = time.monotonic()
    try:
        with database.read() as connection:
            connected_s = time.monotonic()
            wait_for_answer(connection)
            answered_s = time.monotonic()
    except StorageUnavailableError as error:
        advice = "check DATABASE_URL and that the server runs; calls go on by last known good"
        return Finding(check, Verdict.FAILED, f"{database.shown_url}: {error}", advice)
    answer_ms = (answered_s - connected_s) * 1000
    saw = (
        f"{database.shown_url}, connected in {(connected_s - started_s) * 1000:.1f} ms, "
        f"answers in {answer_ms:.1f} ms"
    )
    if answer_ms > _SLOW_MS:
        advice = "each call waits for several answers: put the database nearer"
        return Finding(check, Verdict.WARNING, saw, advice)
    return Finding(check, Verdict.OK, saw)


def _examine_schema(database: Database) -> Finding:
    current, head = current_revision(database), head_revision()
    if current == head:
        return Finding("schema", Verdict.OK, current)
    if current is None or current < head:
        saw = f"{current or 'none'}; this version needs {head}"
        return Finding("schema", Verdict.FAILED, saw, "run `callrouter db upgrade`")
    saw = f"{current}, newer than this version's {head}"
    return Finding("schema", Verdict.WARNING, saw, "bring this machine up to the newer version")


def _examine_folder(folder: Path) -> Finding:
    check = "state folder"
    if not folder.exists():
        parent = next(p for p in folder.absolute().parents if p.exists())
        if os.access(parent, os.W_OK):
            saw = f"{folder} isn't there yet; `callrouter serve` makes it"
            return Finding(check, Verdict.WARNING, saw, "nothing to do before the first start")
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"callrouter")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        advice = "let this user write there, or set CALLROUTER_STATE_DIR to another folder"
        return Finding(check, Verdict.FAILED, f"{folder}: {error.strerror}", advice)
    return Finding(check, Verdict.OK, f"{folder} can be written")


def _examine_disk(folder: Path) -> Finding:
    free_mb = shutil.disk_usage(folder).free // 1_000_000
    saw = f"{free_mb} MB free in {folder}"
    advice = "make room: while the database is away, events are kept there"
    if free_mb < _LEAST_FREE_MB:
        return Finding("disk", Verdict.FAILED, saw, advice)
    if free_mb < _LITTLE_FREE_MB:
        return Finding("disk", Verdict.WARNING, saw, advice)
    return Finding("disk", Verdict.OK, saw)


def _examine_spool(path: Path) -> Finding:
    check = "spool"
    try:
        spool = Spool(path)
        try:
            waiting = spool.depth()
        finally:
            spool.close()
    except CallrouterError as error:
        return Finding(check, Verdict.FAILED, str(error), f"look at {path}")
    if waiting:
        advice = "they are drained by `callrouter serve` once the database is reached"
        return Finding(check, Verdict.WARNING, f"{waiting} events wait for the database", advice)
    return Finding(check, Verdict.OK, "empty")


def _examine_clock(settings: Settings, database: Database, clock: Clock) -> Finding:
    check = "clock"
    if settings.clock_origin is not None:
        saw = f"a rehearsal's, {settings.clock_scale:g} times as fast (CALLROUTER_CLOCK_ORIGIN)"
        return Finding(check, Verdict.NOT_CHECKED, saw, "unset it for real calls")
    try:
        with database.read() as connection:
            before = clock.now()
            server = read_server_time(connection)
            after = clock.now()
    except CallrouterError:
        return Finding(check, Verdict.NOT_CHECKED, "the database can't be asked for the time")
    if server is None:
        advice = "see to it that a time service (NTP) keeps this machine's clock"
        return Finding(
            check, Verdict.NOT_CHECKED, "there is no other clock to compare with", advice
        )
    ahead = before + (after - before) / 2 - server
    saw = f"{abs(ahead.total_seconds()):.3f} s {'ahead of' if ahead > timedelta() else 'behind'}"
    saw = f"{saw} the database server's; the carrier's was not asked"
    if abs(ahead) > _LARGEST_SKEW:
        advice = "let a time service (NTP) set both: durations are measured by this clock"
        return Finding(check, Verdict.FAILED, saw, advice)
    return Finding(check, Verdict.OK, saw)
