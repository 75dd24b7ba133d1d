"""The servers under load: callrouter, and the bare view, under the same gunicorn."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from callrouter.adapters.clock import SystemClock
from callrouter.adapters.storage.engine import open_database
from callrouter.adapters.storage.migrations import upgrade
from callrouter.adapters.storage.secret_box import SecretBox
from callrouter.adapters.storage.sellers import Seller
from callrouter.workflows.activate_table import activate_file
from callrouter.workflows.add_seller import add_seller
from callrouter.workflows.apply_buyers import apply_buyers

SELLER = Seller("bench", "Bench", "AC" + "0" * 32, ("benchmark-token",))
SECRET_KEY = "only-for-measurements-0123456789"
DESTINATIONS = 50


@dataclass(frozen=True, slots=True)
class Setup:
    """How many numbers there are, how many routes each campaign's table has, and their rules.

    `rules` stand on each route, `top` above all of a table's sections.
    """

    numbers: int = 1_000
    campaigns: int = 10
    routes: int = 5
    rules: str = ""
    top: str = ""


PLAIN = Setup()
CAPPED = Setup(rules='caps = ["1000000 connected per day"]\nconcurrency = 100000\n')
"""Two counters for each of the 50 destinations: what a seller has who promises buyers so many."""
HOT = Setup(top='[rules]\ncaps = ["1000000 attempts per day"]\n', campaigns=1)
"""One counter that every call takes from."""


@dataclass(frozen=True, slots=True)
class Web:
    """How many worker processes gunicorn runs, and threads in each."""

    workers: int
    threads: int


def number_of(index: int) -> str:
    """The index-th DID: fictional, +1 800 555 0100 and on."""
    return f"+1{8_005_550_100 + index}"


def set_up(database_url: str, setup: Setup) -> None:
    """A seller with 50 destinations, and campaigns whose tables spread over all of them."""
    upgrade(database_url)
    database = open_database(database_url)
    at = SystemClock().now()
    add_seller(database, SecretBox(SECRET_KEY), SELLER, at)
    destinations = "".join(
        f'[[buyers.destinations]]\nid = "d{i}"\ndial = "+1312555{i + 100:04d}"\n'
        for i in range(DESTINATIONS)
    )
    buyers = f'[[buyers]]\nid = "acme"\nname = "Acme"\nzone = "America/Chicago"\n{destinations}'
    apply_buyers(database, "bench", buyers, "buyers.toml", author="bench", note="", at=at)
    for campaign in range(setup.campaigns):
        dids = "".join(
            f'[[dids]]\nnumber = "{number_of(i)}"\npublisher = "p{i % 7}"\n'
            for i in range(campaign, setup.numbers, setup.campaigns)
        )
        routes = "".join(
            f'[[routes]]\ndestination = "d{(campaign * setup.routes + r) % DESTINATIONS}"\n'
            f"weight = {r % 3 + 1}\n{setup.rules}"
            for r in range(setup.routes)
        )
        text = f'campaign = "c{campaign}"\n{setup.top}{dids}{routes}'
        activate_file(database, "bench", text, f"c{campaign}", author="bench", note="", at=at)
    database.dispose()


@contextmanager
def serving(app: str, folder: Path, web: Web, *, database_url: str = "") -> Iterator[str]:
    """The base URL of `app` under gunicorn, until the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "gunicorn", app, "--bind", f"127.0.0.1:{port}"]
    command += ["--worker-class", "gthread", "--workers", str(web.workers)]
    command += ["--threads", str(web.threads), "--keep-alive", "30", "--log-level", "error"]
    environment = os.environ | {
        "DATABASE_URL": database_url,
        "PUBLIC_URL": url,
        "SECRET_KEY": SECRET_KEY,
        "CALLROUTER_STATE_DIR": str(folder / "state"),
        "CALLROUTER_LOG_LEVEL": "INFO",
    }
    with (folder / "server.log").open("a") as log:
        server = subprocess.Popen(command, env=environment, stderr=log)
        try:
            _wait_for(url, server)
            yield url
        finally:
            server.terminate()
            server.wait(20)


def _wait_for(url: str, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError("the server didn't come up")
