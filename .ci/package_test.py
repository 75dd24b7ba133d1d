"""Build the wheel, install it into an empty venv, run its demo elsewhere, and end it by Ctrl-C."""

import json
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SHOWS_CALLS_WITHIN_S = 60


def run(*command: str, cwd: Path = ROOT) -> None:
    """Run a command; a failure ends everything."""
    subprocess.run(command, check=True, cwd=cwd)


def build_and_install(folder: Path) -> Path:
    """The `callrouter` command of a venv that has nothing but the wheel and what it needs."""
    run(sys.executable, "-m", "build", "--wheel", "--outdir", str(folder / "dist"))
    (wheel,) = (folder / "dist").glob("*.whl")
    run(sys.executable, "-m", "venv", str(folder / "venv"))
    run(str(folder / "venv/bin/pip"), "install", "--quiet", str(wheel))
    return folder / "venv/bin/callrouter"


def fetch(url: str) -> str:
    """The body of a page."""
    with urllib.request.urlopen(url, timeout=5) as answer:
        text: str = answer.read().decode()
    return text


def wait_for_calls(base: str) -> int:
    """How many calls the page shows, once it shows any."""
    deadline = time.monotonic() + SHOWS_CALLS_WITHIN_S
    while time.monotonic() < deadline:
        try:
            calls = json.loads(fetch(f"{base}/calls.json"))
        except urllib.error.URLError:
            calls = []
        if calls:
            return len(calls)
        time.sleep(0.5)
    raise SystemExit("the demo shows no call")


def main() -> None:
    """The whole test."""
    with tempfile.TemporaryDirectory(prefix="callrouter-package-") as name:
        folder = Path(name)
        callrouter = build_and_install(folder)
        elsewhere = folder / "elsewhere"
        elsewhere.mkdir()
        demo = subprocess.Popen(
            [str(callrouter), "demo", "--port", "8470", "--cps", "3"],
            cwd=elsewhere,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert demo.stdout is not None
            line = next(line for line in demo.stdout if "/calls" in line)
            page = re.search(r"http://\S+/calls", line)
            assert page is not None
            base = page[0].removesuffix("/calls")
            shown = wait_for_calls(base)
            for path in ("/calls", "/room", "/static/pages.css", "/static/refresh.js", "/health"):
                fetch(base + path)
            demo.send_signal(signal.SIGINT)
            code = demo.wait(30)
        finally:
            demo.kill()
            demo.wait()
        if code != 0 or any(elsewhere.iterdir()):
            raise SystemExit(f"the demo ended with {code} and left {list(elsewhere.iterdir())}")
        try:
            fetch(base + "/health")
        except urllib.error.URLError:
            print(f"the wheel's demo showed {shown} calls and ended cleanly")
        else:
            raise SystemExit("the demo's server still runs")


main()
