"""The last known good configuration on disk: written whole or not at all, read after a restart."""

import os
import tempfile
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from callrouter.adapters.storage.known_good import KnownGoodRows
from callrouter.domain.errors import CallrouterError

_ADAPTER = TypeAdapter(KnownGoodRows)


class KnownGoodFileError(CallrouterError):
    """The file can't be read, or isn't what was written; calls go on without it."""


class KnownGoodFile:
    """One file; several processes may write it, the last one counts."""

    def __init__(self, path: Path) -> None:
        """The file need not exist."""
        self._path = path

    def save(self, rows: KnownGoodRows) -> None:
        """Replace the file's content; after a power failure it is the old one or the new one."""
        handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=f"{self._path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(_ADAPTER.dump_json(rows))
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(self._path)
            _sync_folder(self._path.parent)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    def load(self) -> KnownGoodRows | None:
        """What was saved last, or None when nothing was.

        Raises KnownGoodFileError when the file is damaged or can't be read.
        """
        try:
            return _ADAPTER.validate_json(self._path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValidationError) as error:
            raise KnownGoodFileError(
                f"{self._path} can't be used: {error}; remove it, it is written again"
            ) from error


def _sync_folder(folder: Path) -> None:
    """Else the new name itself may be lost with the power."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
