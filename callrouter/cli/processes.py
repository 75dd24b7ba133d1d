"""`callrouter serve` and `callrouter clock`: the two processes that run for ever."""

from types import MappingProxyType

import click

from callrouter.cli.context import CliContext
from callrouter.cli.options import example, pass_cli
from callrouter.cli.server_plan import GunicornValue, Serving, plan_server, uses_sqlite
from callrouter.domain.errors import RefusedError, StorageUnavailableError


@click.command(
    epilog=example("callrouter serve --bind 0.0.0.0:8000", "callrouter serve --config gunicorn.py")
)
@click.option("--bind", metavar="ADDRESS", help="Where to listen.  [default: 127.0.0.1:8000]")
@click.option(
    "--port",
    envvar="PORT",
    show_envvar=True,
    type=click.IntRange(1, 65535),
    metavar="N",
    help="Listen at every address of this machine, as platforms want it.",
)
@click.option("--workers", type=click.IntRange(1), metavar="N", help="Processes.")
@click.option("--threads", type=click.IntRange(1), metavar="N", help="Threads of each process.")
@click.option("--config", "config_file", metavar="FILE", help="A gunicorn settings file.")
@pass_cli
def serve(
    context: CliContext,
    bind: str | None,
    port: int | None,
    workers: int | None,
    threads: int | None,
    config_file: str | None,
) -> None:
    """Serve the carrier's webhooks, until SIGTERM.

    With SQLite one process with 16 threads; with PostgreSQL two processes a core with 4 threads
    each. An option outranks the settings file, and that outranks these.
    """
    settings = context.settings
    settings.require_public_url()
    settings.require_secret_key()
    if uses_sqlite(settings.database_url) and workers not in (None, 1):
        raise RefusedError(
            "SQLite takes one serving process: leave --workers out, or use PostgreSQL"
        )
    _check_database(context)
    asked: dict[str, GunicornValue] = {"bind": bind, "workers": workers, "threads": threads}
    context.run_server(
        Serving(
            plan=plan_server(settings.database_url, str(port or "")),
            config_file=config_file,
            asked=MappingProxyType({k: v for k, v in asked.items() if v is not None}),
        )
    )


@click.command(epilog=example("callrouter clock"))
@pass_cli
def clock(context: CliContext) -> None:
    """Do what time asks for: sweep calls without an end, mend late CDRs. Until SIGTERM.

    Run one beside the web processes, or two on two machines: one of them leads, and the other
    takes over within seconds.
    """
    context.settings.require_secret_key()
    _check_database(context)
    context.run_clock(context.settings)


def _check_database(context: CliContext) -> None:
    """Refuse to start with an old schema; an absent database stops nobody, calls go on without."""
    try:
        context.database.dispose()
    except StorageUnavailableError as error:
        click.echo(f"warning: {error}; starting all the same", err=True)
