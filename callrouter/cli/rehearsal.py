"""A whole callrouter for the simulated carrier to call: database, seller, web and clock processes.

Demo and simulate run it; it speaks to its server as any operator would, through the workflows.
"""

import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

import click

from callrouter.adapters.clock import SystemClock
from callrouter.adapters.policy_files.buyers_file import read_buyers
from callrouter.adapters.storage.engine import Database, open_database
from callrouter.adapters.storage.secret_box import SecretBox
from callrouter.adapters.storage.sellers import Seller, list_sellers
from callrouter.domain.errors import CallrouterError, RefusedError
from callrouter.simulator.account import Account, Did
from callrouter.workflows.activate_table import activate_file
from callrouter.workflows.add_seller import add_seller
from callrouter.workflows.apply_buyers import apply_buyers
from callrouter.workflows.apply_terms import apply_terms

SELLER = "demo-seller"
TABLES = ("flood-repair.toml", "solar-quotes.toml")
TERMS = tuple(
    f"terms-{party}.toml"
    for party in ("acme", "bolt", "crest", "radio-kx", "search-ads", "solar-blog", "tv-spot")
)
UNASSIGNED_NUMBER = "+18005550199"
"""A number that the account has and no campaign does: its callers hear that it isn't in service."""

_START_WITHIN_S = 30.0
_STOP_WITHIN_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where a rehearsal plays: its folder, database, address, secrets, and the clock's speed."""

    folder: Path
    database_url: str
    port: int
    origin_s: float
    speed: float
    sweep_after_s: int
    sweep_every_s: float
    shows_calls_page: bool = False
    log_level: str = "WARNING"
    secret_key: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    auth_token: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)
    account_sid: str = field(default_factory=lambda: "AC" + secrets.token_hex(16))

    @property
    def public_url(self) -> str:
        """The address that the simulated carrier calls."""
        return f"http://127.0.0.1:{self.port}"

    def environment(self, carrier_url: str) -> dict[str, str]:
        """The environment of the web and clock processes."""
        ours = ("CALLROUTER_", "TWILIO_", "DATABASE_URL", "PUBLIC_URL", "SECRET_KEY")
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
        return inherited | {
            "DATABASE_URL": self.database_url,
            "PUBLIC_URL": self.public_url,
            "SECRET_KEY": self.secret_key,
            "TWILIO_API_URL": carrier_url,
            "CALLROUTER_STATE_DIR": str(self.folder / "state"),
            "CALLROUTER_CLOCK_ORIGIN": repr(self.origin_s),
            "CALLROUTER_CLOCK_SCALE": repr(self.speed),
            "CALLROUTER_SWEEP_AFTER_S": str(self.sweep_after_s),
            "CALLROUTER_SWEEP_EVERY_S": str(self.sweep_every_s),
            "CALLROUTER_CALLS_PAGE": "open" if self.shows_calls_page else "",
            "CALLROUTER_LOG_LEVEL": self.log_level,
        }


def find_free_port(wanted: int) -> int:
    """`wanted`, or the next port that nobody listens on. Raises RefusedError after a hundred."""
    for port in range(wanted, min(wanted + 100, 65_536)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RefusedError(f"no free port from {wanted} on: name another with --port")


def read_demo_file(name: str) -> str:
    """A TOML file of the demo's seller, from the package."""
    return (resources.files("callrouter.cli") / "demo_seller" / name).read_text("utf-8")


def name_destinations() -> dict[str, str]:
    """The name of each destination of the demo's buyers, by what is dialled to reach it."""
    _, destinations = read_buyers(read_demo_file("buyers.toml"), "buyers.toml")
    return {d.dial: d.destination_id for d in destinations.values()}


def set_up_seller(stage: Stage) -> tuple[str, ...]:
    """Make the demo's seller with its buyers, live tables and terms in an empty database; DIDs.

    Raises RefusedError when the database has sellers already: simulated calls have no place there.
    """
    database = open_database(stage.database_url)
    at = SystemClock().now()
    try:
        _refuse_used(database, stage)
        box = SecretBox(stage.secret_key)
        seller = Seller(SELLER, "Demo Seller", stage.account_sid, (stage.auth_token,))
        add_seller(database, box, seller, at)
        buyers = read_demo_file("buyers.toml")
        apply_buyers(database, SELLER, buyers, "buyers.toml", author="demo", note="", at=at)
        numbers: list[str] = []
        for name in TABLES:
            text = read_demo_file(name)
            live = activate_file(database, SELLER, text, name, author="demo", note="", at=at)
            numbers.extend(entry.number for entry in live.table.numbers)
        for name in TERMS:
            text = read_demo_file(name)
            apply_terms(database, SELLER, text, name, author="demo", note="", at=at)
        return tuple(numbers)
    finally:
        database.dispose()


def _refuse_used(database: Database, stage: Stage) -> None:
    with database.read() as connection:
        others = list_sellers(connection, SecretBox(stage.secret_key))
    if others:
        raise RefusedError("the database has sellers already; rehearse against an empty one")


def make_account(stage: Stage, numbers: tuple[str, ...]) -> Account:
    """The carrier's side of it: every DID with its URLs, and one number that nobody configured."""

    def set_up(number: str, *, in_service: bool = True, method: str = "POST") -> Did:
        return Did(
            number,
            voice_url=f"{stage.public_url}/twilio/voice#ct=2000&rt=4000&rc=2&rp=ct,rt,5xx&tt=10000",
            voice_method="GET" if method == "GET" else "POST",
            fallback_url=f"{stage.public_url}/twilio/fallback",
            status_url=f"{stage.public_url}/twilio/status#rc=3&rp=all",
            in_service=in_service,
        )

    by_get = set_up(numbers[0], method="GET")
    rest = [set_up(number) for number in numbers[1:]]
    nobodys = set_up(UNASSIGNED_NUMBER, in_service=False)
    return Account(stage.account_sid, stage.auth_token, (by_get, *rest, nobodys))


@contextmanager
def running_processes(stage: Stage, carrier_url: str) -> Iterator[None]:
    """The web and the clock process, up and healthy within; ended at the end, however it ends."""
    environment = stage.environment(carrier_url)
    processes: list[subprocess.Popen[bytes]] = []
    try:
        processes.append(_start(("serve", "--bind", f"127.0.0.1:{stage.port}"), environment))
        processes.append(_start(("clock",), environment))
        _wait_until_healthy(stage, processes[0])
        yield
    finally:
        for process in reversed(processes):
            _end(process)


def _start(command: tuple[str, ...], environment: dict[str, str]) -> "subprocess.Popen[bytes]":
    """One of our own commands, in a group of its own: Ctrl-C reaches us alone, and we end it."""
    return subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-m", "callrouter", *command], env=environment, start_new_session=True
    )


def _wait_until_healthy(stage: Stage, web: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _START_WITHIN_S
    while time.monotonic() < deadline:
        if web.poll() is not None:
            raise CallrouterError(f"the web process ended with code {web.returncode}; see above")
        try:
            with urllib.request.urlopen(f"{stage.public_url}/health", timeout=2):  # noqa: S310
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise CallrouterError(f"the web process isn't healthy after {_START_WITHIN_S:.0f} s")


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(_STOP_WITHIN_S)
    except subprocess.TimeoutExpired:
        click.echo(f"process {process.pid} doesn't stop; killing it", err=True)
        process.kill()
        process.wait()
