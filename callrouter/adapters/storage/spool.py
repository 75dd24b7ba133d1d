"""Events of the time while the database is away, in a file of this machine.

What was appended is on disk when append() returns. Several processes and threads may use the same
file; one at a time drains it. A broken file is set aside and never stops a call.
"""

import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import structlog

from callrouter.adapters.storage.event_codec import decode, encode
from callrouter.adapters.storage.spool_file import SpoolFile, hold_lock
from callrouter.adapters.storage.types import make_storable
from callrouter.domain.errors import StorageUnavailableError
from callrouter.domain.events import CallEvent, RouteDecided

_log = structlog.get_logger()

_LOOK_AGAIN_S = 0.5
_Row: TypeAlias = tuple[int, str, str, str, str | None, str, str]
_INSERT = """
INSERT INTO spooled_events (seller_id, call_sid, key, kind, body, raw, did, ani)
VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
"""
_SELECT_CALL = """
SELECT kind, body FROM spooled_events WHERE seller_id = ? AND call_sid = ? ORDER BY id
"""
_SELECT_BATCH = """
SELECT id, seller_id, kind, body, raw, did, ani FROM spooled_events
WHERE id > ? ORDER BY id LIMIT ?
"""


@dataclass(frozen=True, slots=True)
class SpooledEvent:
    """An event on its way to the database, with the numbers that its webhook named."""

    seller_id: str
    event: CallEvent
    raw: str | None
    did: str = ""
    ani: str = ""


@dataclass(frozen=True, slots=True)
class Drained:
    """How many events went over, and how many were refused and stay in the file."""

    applied: int = 0
    refused: int = 0


class Spool:
    """The spool in the file `path`, whose folder must exist; opened at its first use."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = SpoolFile(path)
        self._is_empty = False
        self._look_at = 0.0

    @property
    def path(self) -> Path:
        """Where the file is."""
        return self._path

    def append(self, entries: Sequence[SpooledEvent]) -> tuple[bool, ...]:
        """Keep all entries, on disk once this has returned; which of them were new.

        An event that is there already (the same seller, call and key) stays as it is. Raises
        StorageUnavailableError when even this file can't be written.
        """
        rows = [_row(entry) for entry in entries]

        def add(connection: sqlite3.Connection) -> tuple[bool, ...]:
            with connection:
                connection.execute("BEGIN IMMEDIATE")
                return tuple(connection.execute(_INSERT, row).rowcount == 1 for row in rows)

        added = self._file.run(add)
        self._is_empty, self._look_at = False, 0.0
        return added

    def find_decided(
        self, seller_id: str, call_sid: str, attempt: int | None
    ) -> RouteDecided | None:
        """What was decided as attempt `attempt`, or last of all for None; None when not here."""
        decided = [
            event
            for event in self.events_of(seller_id, call_sid)
            if isinstance(event, RouteDecided) and attempt in (None, event.decision.attempt)
        ]
        return max(decided, key=lambda event: event.decision.attempt, default=None)

    def events_of(self, seller_id: str, call_sid: str) -> tuple[CallEvent, ...]:
        """The call's events that are still here, in the order in which they were appended."""
        of_call = (seller_id, make_storable(call_sid))
        rows = self._file.run(lambda file: file.execute(_SELECT_CALL, of_call).fetchall())
        return tuple(decode(kind, body) for kind, body in rows)

    def depth(self) -> int:
        """How many events wait here."""
        if not self._path.exists():
            return 0
        count = "SELECT count(*) FROM spooled_events"
        return int(self._file.run(lambda file: file.execute(count).fetchone()[0]))

    def is_empty(self) -> bool:
        """Whether nothing waits here; at most half a second old, so that it costs nothing.

        What this process appended itself is seen at once. A file that can't be read counts as
        empty: it is of no use to a caller.
        """
        now = time.monotonic()
        if now >= self._look_at:
            try:
                self._is_empty = self.depth() == 0
            except StorageUnavailableError as error:
                _log.error("spool_unreadable", path=str(self._path), error=str(error))
                self._is_empty = True
            self._look_at = now + _LOOK_AGAIN_S
        return self._is_empty

    def drain(
        self, apply: Callable[[Sequence[SpooledEvent]], None], *, batch: int = 200
    ) -> Drained:
        """Hand all events to `apply` in order, and forget each batch once it has returned.

        A crash in between hands a batch over again: `apply` must keep an event once however
        often it comes. Its StorageUnavailableError ends the drain and is raised; what it refuses
        with another exception is logged and stays, and doesn't hold up the rest. One drainer at a
        time on this machine: a second one does nothing.
        """
        if not self._path.exists():
            return Drained()
        with hold_lock(self._path.with_name(self._path.name + ".drain")) as is_held:
            return self._drain(apply, batch) if is_held else Drained()

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        self._file.close()

    def _drain(self, apply: Callable[[Sequence[SpooledEvent]], None], batch: int) -> Drained:
        applied = refused = last = 0
        while rows := self._read_batch(last, batch):
            done = _apply_batch(apply, rows)
            self._file.run(lambda file, ids=done: _forget(file, ids))  # type: ignore[misc]
            applied, refused = applied + len(done), refused + len(rows) - len(done)
            last = rows[-1][0]
        self._look_at = 0.0
        return Drained(applied, refused)

    def _read_batch(self, after: int, batch: int) -> list[_Row]:
        return self._file.run(lambda file: file.execute(_SELECT_BATCH, (after, batch)).fetchall())


def _apply_batch(
    apply: Callable[[Sequence[SpooledEvent]], None], rows: Sequence[_Row]
) -> list[int]:
    """Apply all rows together, or each alone when that fails; the ids of those that went over."""
    try:
        apply([_read(row) for row in rows])
    except StorageUnavailableError:
        raise
    except Exception as error:  # one event must not keep all others from the database
        if len(rows) > 1:
            return [row_id for row in rows for row_id in _apply_batch(apply, [row])]
        _log.exception("spooled_event_refused", id=rows[0][0], body=rows[0][3], error=str(error))
        return []
    return [row[0] for row in rows]


def _forget(connection: sqlite3.Connection, ids: Sequence[int]) -> None:
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("DELETE FROM spooled_events WHERE id = ?", [(i,) for i in ids])


def _row(entry: SpooledEvent) -> tuple[str | None, ...]:
    event = entry.event
    texts = (entry.seller_id, event.call_sid, event.key, event.kind, encode(event))
    raw = None if entry.raw is None else make_storable(entry.raw)
    numbers = (make_storable(entry.did), make_storable(entry.ani))
    return (*(make_storable(text) for text in texts), raw, *numbers)


def _read(row: _Row) -> SpooledEvent:
    _, seller_id, kind, body, raw, did, ani = row
    return SpooledEvent(seller_id, decode(kind, body), raw, did, ani)
