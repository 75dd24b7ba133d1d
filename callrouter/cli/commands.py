"""The `callrouter` command and its groups."""

import click

from callrouter.cli.alerts import alert
from callrouter.cli.audit import audit
from callrouter.cli.buyers import buyers
from callrouter.cli.callers import callers
from callrouter.cli.calls import calls
from callrouter.cli.database import db
from callrouter.cli.demo import demo
from callrouter.cli.doctor import doctor
from callrouter.cli.ledger import ledger
from callrouter.cli.payments import payment
from callrouter.cli.printing import make_visible
from callrouter.cli.processes import clock, serve
from callrouter.cli.rating import rate
from callrouter.cli.room import room
from callrouter.cli.routes import route
from callrouter.cli.sellers import seller
from callrouter.cli.simulate import simulate
from callrouter.cli.standing import standing
from callrouter.cli.statements import statement
from callrouter.cli.sweeping import sweep
from callrouter.cli.tables import table
from callrouter.cli.terms import terms
from callrouter.cli.traffic import traffic
from callrouter.domain.errors import CallrouterError, PolicyFileError


class CommandLine(click.Group):
    """A group that turns callrouter's own errors into a message and exit code 1."""

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; an unexpected error keeps its traceback, an expected one has none."""
        try:
            return super().invoke(ctx)
        except PolicyFileError as error:
            # One problem a line that begins with its file, as editors and people expect it.
            count = len(error.problems)
            click.echo(str(error), err=True)
            raise click.ClickException(
                f"{count} problem{'s' if count > 1 else ''}; nothing was changed"
            ) from error
        except CallrouterError as error:
            lines = str(error).split("\n")
            raise click.ClickException("\n".join(map(make_visible, lines))) from error


@click.group(cls=CommandLine, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="callrouter")
def cli() -> None:
    """Route pay-per-call traffic: Twilio webhooks in, the right buyer out, CDRs that tie out.

    Settings come from the environment; config/example.env describes each of them.
    """


_COMMANDS = (
    demo,
    serve,
    clock,
    db,
    seller,
    buyers,
    table,
    callers,
    traffic,
    room,
    calls,
    route,
    ledger,
    payment,
    terms,
    rate,
    statement,
    standing,
    alert,
    sweep,
    audit,
    doctor,
    simulate,
)

for command in _COMMANDS:
    cli.add_command(command)
