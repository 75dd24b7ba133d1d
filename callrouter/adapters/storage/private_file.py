"""Files that only their owner may read: callers' numbers are nobody else's business."""

import os
from contextlib import suppress
from pathlib import Path


def create_private(path: Path) -> None:
    """Create an empty file with mode 0600; one that is there already stays as it is.

    SQLite gives the files beside it (-wal, -shm) the same mode. Raises OSError when it can't be
    created.
    """
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
