"""`callrouter serve` as its own process, as an operator starts it."""

import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.cli.terminal import make_terminal


@pytest.mark.slow
def test_it_answers_and_ends_cleanly(sqlite_url: str, tmp_path: Path) -> None:
    environ = make_terminal(sqlite_url, str(tmp_path)).environ
    process = subprocess.Popen(
        [sys.executable, "-m", "callrouter", "serve", "--bind", "127.0.0.1:0", "--threads", "2"],
        env={**os.environ, **environ},
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        lines = iter(process.stderr.readline, "")
        listening = (re.search(r"Listening at: (http://\S+)", line) for line in lines)
        url = next(match[1] for match in listening if match)
        with urllib.request.urlopen(f"{url}/health", timeout=30) as answer:  # noqa: S310 - ours
            assert answer.status == 200
    finally:
        process.send_signal(signal.SIGTERM)
        _, rest = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "Traceback" not in rest
