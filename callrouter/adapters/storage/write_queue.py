"""First come, first served: the turns of one process's threads at SQLite's single writer.

SQLite's own busy handler polls, so that under load a thread may starve while others write.
"""

import threading
from collections import deque


class WriteQueue:
    """A lock that is handed over in the order in which threads asked for it.

    Not reentrant: a thread that asks again while it holds the turn gets a RuntimeError, since it
    would wait for itself.
    """

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._waiting: deque[tuple[threading.Lock, int]] = deque()
        self._holder: int | None = None

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return len(self._waiting)

    def enter(self, timeout_s: float) -> bool:
        """Wait for the turn; False when it didn't come within `timeout_s`."""
        me = threading.get_ident()
        with self._mutex:
            if self._holder is None:
                self._holder = me
                return True
            if self._holder == me:
                raise RuntimeError("this thread is writing already: one write() at a time")
            gate = threading.Lock()
            gate.acquire()
            self._waiting.append((gate, me))
        return gate.acquire(timeout=timeout_s) or not self._withdraw(gate, me)

    def leave(self) -> None:
        """Hand the turn to the thread that has waited longest."""
        with self._mutex:
            if self._waiting:
                gate, self._holder = self._waiting.popleft()
                gate.release()
            else:
                self._holder = None

    def _withdraw(self, gate: threading.Lock, waiter: int) -> bool:
        """Stop waiting; False when the turn was handed over in the meantime after all."""
        with self._mutex:
            if (gate, waiter) not in self._waiting:
                return False
            self._waiting.remove((gate, waiter))
            return True
