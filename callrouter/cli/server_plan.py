"""How many processes and threads serve webhooks, and by which gunicorn settings.

`callrouter serve` and config/gunicorn.py both read it, so that they can't drift apart.
"""

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

GunicornValue: TypeAlias = str | int | bool | None

_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - gunicorn makes a nameless file there


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerPlan:
    """What suits a machine and its database, by gunicorn's own names for its settings.

    `workers` times `threads` is how many connections to PostgreSQL they may open.
    """

    bind: str
    workers: int
    threads: int
    worker_class: str = "gthread"
    timeout: int = 30
    """Seconds after which a worker that shows no sign of life is replaced."""
    graceful_timeout: int = 20
    """Seconds that requests in progress get when the server stops; the carrier gives up at 15."""
    keepalive: int = 75
    """Seconds that an idle connection is kept: longer than load balancers do, commonly 60."""
    limit_request_line: int = 8190
    """Bytes of a request line; a webhook sent by GET carries a passport of over a kilobyte."""
    preload_app: bool = False
    """Never: each worker has a thread that looks after it, and threads don't survive a fork."""
    control_socket_disable: bool = True
    """Two servers of one user would fight for the same socket."""
    worker_tmp_dir: str | None = None
    """Where workers show that they live: in memory, since a slow disk would look like death."""

    def settings(self) -> Mapping[str, GunicornValue]:
        """Every setting by its name."""
        return MappingProxyType(asdict(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """What a server is started with: the plan, a file that overrides it, then what was asked."""

    plan: ServerPlan
    config_file: str | None = None
    asked: Mapping[str, GunicornValue] = field(default_factory=lambda: MappingProxyType({}))


def plan_server(database_url: str, port: str = "") -> ServerPlan:
    """The plan for this machine: at every address where a platform gives a `port`.

    SQLite: one process with many threads, since writers of several processes would collide.
    PostgreSQL: two processes a core.
    """
    is_sqlite = uses_sqlite(database_url)
    return ServerPlan(
        bind=f"0.0.0.0:{port}" if port else "127.0.0.1:8000",
        workers=1 if is_sqlite else 2 * _count_cores(),
        threads=16 if is_sqlite else 4,
        worker_tmp_dir=str(_SHARED_MEMORY) if _SHARED_MEMORY.is_dir() else None,
    )


def uses_sqlite(database_url: str) -> bool:
    """Whether this is SQLite, which takes one serving process."""
    return database_url.startswith("sqlite")


def _count_cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
