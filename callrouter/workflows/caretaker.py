"""Looks after a web process's last known good configuration and its spool, from one thread."""

import threading
from contextlib import suppress

import structlog

from callrouter.domain.errors import CallrouterError, StorageUnavailableError
from callrouter.workflows.drain_spool import drain_spool
from callrouter.workflows.switchboard import Switchboard

log = structlog.get_logger()

_EVERY_S = 1.0


class Caretaker:
    """Refreshes and drains once a second until stopped; a failure waits for the next second."""

    def __init__(self, board: Switchboard) -> None:
        """Prepare; nothing runs before `start`."""
        self._board = board
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="caretaker", daemon=True)

    def start(self) -> None:
        """Look once at once, so that the first call finds everything, then go on in a thread.

        Raises SettingsError when the sellers' tokens were sealed with another key than ours.
        """
        with suppress(StorageUnavailableError):
            self._board.known_good.refresh()
        self.look_after()
        self._thread.start()

    def stop(self) -> None:
        """Stop and wait for the thread."""
        self._stopped.set()
        self._thread.join()

    def look_after(self) -> None:
        """Refresh the last known good configuration and drain the spool, where either is needed."""
        try:
            self._board.known_good.refresh()
            if not self._board.spool.is_empty():
                drain_spool(self._board)
        except CallrouterError as error:
            log.warning("caretaker_waits", reason=str(error))
        except Exception:
            log.exception("caretaker_failed")

    def _run(self) -> None:
        while not self._stopped.wait(_EVERY_S):
            self.look_after()
