"""What strangers send stays within its log line and can't steer the terminal that shows it.

In a process of its own, since a process sets up its logs once.
"""

import json
import subprocess
import sys

import pytest

LOG_ONE_EVENT = """
import json, sys, structlog
from callrouter.adapters.logs import configure_logs
configure_logs("INFO")
structlog.get_logger().warning("webhook_refused", **json.loads(sys.argv[1]))
"""
LOG_A_FAILURE = """
import structlog
from callrouter.adapters.logs import configure_logs
configure_logs("INFO")
try:
    raise ValueError("one\\ntwo\\r\\x1b[2J")
except ValueError:
    structlog.get_logger().exception("request_broke")
"""


def write(script: str, *words: str) -> str:
    """What a process writes to its log, line ends untouched."""
    command = [sys.executable, "-X", "utf8", "-c", script, *words]
    done = subprocess.run(command, check=True, capture_output=True)
    return done.stderr.decode("utf-8")


def log_path(path: str) -> str:
    return write(LOG_ONE_EVENT, json.dumps({"path": path}))


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        pytest.param(
            "/twilio/legs/\r\x1b[2Jlevel=info", r'"/twilio/legs/\\r\\x1b[2Jlevel=info"', id="return"
        ),
        pytest.param("/twilio/\x85forged", r"/twilio/\x85forged", id="next-line"),
        pytest.param("/twilio/\nforged", r"/twilio/\nforged", id="line-feed"),
        pytest.param("/twilio/\u2028forged", r"/twilio/\u2028forged", id="line-separator"),
        pytest.param("/twilio/\u202egnp", r"/twilio/\u202egnp", id="right-to-left"),
        pytest.param("/twilio/\ud800", r"/twilio/\ud800", id="half-a-character"),
        pytest.param("/twilio/größe/日本/ñ", "/twilio/größe/日本/ñ", id="letters"),
    ],
)
def test_a_path_from_outside_stays_within_one_printable_line(path: str, shown: str) -> None:
    written = log_path(path)

    line = written.removesuffix("\n")
    assert line.isprintable()
    assert line.endswith(f"level=warning event=webhook_refused path={shown}")


def test_a_traceback_is_one_printable_line() -> None:
    line = write(LOG_A_FAILURE).removesuffix("\n")

    assert line.isprintable()
    assert r"Traceback (most recent call last):\n" in line
    assert r"one\ntwo\\r\\x1b[2J" in line
