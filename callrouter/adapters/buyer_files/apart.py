"""Runs what opens a file that may ask for any amount of memory or time, in a process of its own."""

import json
import subprocess
from collections.abc import Sequence
from typing import Any

from callrouter.adapters.buyer_files.assembly import Source
from callrouter.adapters.buyer_files.limits import Limits


def run_apart(command: Sequence[str], kind: str, source: Source, limits: Limits) -> dict[str, Any]:
    """What the process says as JSON, having got the bounds of memory and cells as last arguments.

    Raises UnreadableFileError where it takes too long or doesn't end well; `kind` says of what.
    """
    bounds = (str(limits.workbook_memory_bytes), str(limits.cells))
    try:
        done = subprocess.run(  # noqa: S603 — our own module, by paths that we made
            [*command, *bounds], capture_output=True, timeout=limits.workbook_seconds, check=False
        )
    except subprocess.TimeoutExpired as error:
        message = f"is {kind} that takes longer than {limits.workbook_seconds} s to open"
        raise source.refuse(f"{message}; save it as CSV") from error
    if done.returncode:
        raise source.refuse(f"is {kind} that is damaged or needs too much memory; save it as CSV")
    said: dict[str, Any] = json.loads(done.stdout)
    return said
