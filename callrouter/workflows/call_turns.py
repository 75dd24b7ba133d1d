"""One request of this process at a time is answered about a call.

So a repeat that comes while the first is still answered finds what that one was told, wherever it
was written down: the database had no time for the first, and has it for the repeat.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Turn:
    lock: threading.Lock = field(default_factory=threading.Lock)
    wanted_by: int = 0


class CallTurns:
    """The turns of one process's threads at the calls that they answer about."""

    def __init__(self, patience_s: float = 2.0) -> None:
        """`patience_s` is more than an answer takes by the database or without it."""
        self._patience_s = patience_s
        self._mutex = threading.Lock()
        self._turns: dict[tuple[str, str], _Turn] = {}

    @contextmanager
    def take(self, seller_id: str, call_sid: str) -> Iterator[None]:
        """Be the only one who answers about this call; not reentrant.

        Who has waited for `patience_s` goes on all the same: a caller listens.
        """
        key = (seller_id, call_sid)
        with self._mutex:
            turn = self._turns.setdefault(key, _Turn())
            turn.wanted_by += 1
        has_it = turn.lock.acquire(timeout=self._patience_s)
        try:
            yield
        finally:
            if has_it:
                turn.lock.release()
            with self._mutex:
                turn.wanted_by -= 1
                if not turn.wanted_by:
                    del self._turns[key]
