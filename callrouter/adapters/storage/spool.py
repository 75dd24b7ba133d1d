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
from callrouter.adapters.storage.spool_file import FileState, SpoolFile, hold_lock
from callrouter.adapters.storage.types import make_storable
from callrouter.domain.calls.events import CallEvent, RouteDecided
from callrouter.domain.errors import StorageUnavailableError

_log = structlog.get_logger()

PATIENCE_S = 0.2
"""Longest wait of a caller for others that use the file."""
_DRAIN_PATIENCE_S = 2.0
_TICK_S = 0.02  # file systems stamp what is written with a clock that ticks every 1 to 10 ms
_LOOK_AGAIN_S = 0.5
_Row: TypeAlias = tuple[int, str, str, str, str | None, str, str]
_INSERT = """
INSERT INTO spooled_events (seller_id, call_sid, key, kind, body, raw, did, ani)
VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
"""
_ANY = "SELECT EXISTS (SELECT 1 FROM spooled_events)"
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


@dataclass(frozen=True, slots=True)
class _Look:
    """What a look into the file has shown, and until when that is true of an unchanged file."""

    state: FileState
    state_seen_at: float
    is_empty: bool
    good_until: float


class Spool:
    """The spool in the file `path`, whose folder must exist; opened at its first use.

    `patience_s` is the longest wait for others that use the file, of everything here but drain()
    and depth(): those wait longer, on a connection of their own that is in no caller's way.
    """

    def __init__(self, path: Path, *, patience_s: float = PATIENCE_S) -> None:
        self._path = path
        self._file = SpoolFile(path, patience_s)
        self._unhurried = SpoolFile(path, max(patience_s, _DRAIN_PATIENCE_S))
        self._last_look: _Look | None = None
        self._unreadable_until = 0.0

    @property
    def path(self) -> Path:
        """Where the file is."""
        return self._path

    def append(self, entries: Sequence[SpooledEvent]) -> tuple[bool, ...]:
        """Keep all entries, on disk once this has returned; which of them were new.

        An event that is there already (the same seller, call and key) stays as it is. Raises
        StorageUnavailableError when even this file can't be written, or not within `patience_s`.
        """
        rows = [_row(entry) for entry in entries]

        def add(connection: sqlite3.Connection) -> tuple[bool, ...]:
            return tuple(connection.execute(_INSERT, row).rowcount == 1 for row in rows)

        added = self._file.write(add)
        self._last_look, self._unreadable_until = None, 0.0
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
        """How many events wait here; takes the longer the more there are."""
        if not self._path.exists():
            return 0
        count = "SELECT count(*) FROM spooled_events"
        return int(self._unhurried.run(lambda file: file.execute(count).fetchone()[0]))

    def is_empty(self) -> bool:
        """Whether nothing waits here, whichever process of this machine appended or drained.

        Costs microseconds while the file stays as it is. A file that can't be read counts as
        empty: it is of no use to a caller.
        """
        now = time.monotonic()
        if now < self._unreadable_until:
            return True
        try:
            state, last = self._file.state(), self._last_look
            if last is not None and state == last.state and now < last.good_until:
                return last.is_empty
            return self._look(state)
        except StorageUnavailableError as error:
            _log.error("spool_unreadable", path=str(self._path), error=str(error))
            self._unreadable_until = time.monotonic() + _LOOK_AGAIN_S
            return True

    def _look(self, state: FileState) -> bool:
        """Look into the file, whose state was `state` a moment ago."""
        now, last = time.monotonic(), self._last_look
        seen_at = last.state_seen_at if last is not None and last.state == state else now
        is_empty = state is None or not self._file.run(
            lambda file: file.execute(_ANY).fetchone()[0]
        )
        # A write within the tick in which this state arose would leave it as it is.
        is_sure = state is None or now - seen_at > _TICK_S
        self._last_look = _Look(state, seen_at, is_empty, now + _LOOK_AGAIN_S if is_sure else 0.0)
        return is_empty

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
        self._unhurried.close()

    def _drain(self, apply: Callable[[Sequence[SpooledEvent]], None], batch: int) -> Drained:
        applied = refused = last = 0
        while rows := self._read_batch(last, batch):
            done = _apply_batch(apply, rows)
            self._unhurried.write(lambda file, ids=done: _forget(file, ids))  # type: ignore[misc]
            applied, refused = applied + len(done), refused + len(rows) - len(done)
            last = rows[-1][0]
        self._last_look = None
        return Drained(applied, refused)

    def _read_batch(self, after: int, batch: int) -> list[_Row]:
        batch_behind = (after, batch)
        return self._unhurried.run(
            lambda file: file.execute(_SELECT_BATCH, batch_behind).fetchall()
        )


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
