"""The `callrouter` command, and where its commands and groups are."""

import click

from callrouter.cli.lazy_group import LazyGroup, Place
from callrouter.cli.printing import make_visible
from callrouter.domain.errors import CallrouterError, PolicyFileError

_PLACES = {
    "alert": Place("alerts", "What is wrong now, and who is told of it."),
    "audit": Place(
        "audit",
        "Our calls against the carrier's own records: what is off, what they cost and earned.",
    ),
    "buyers": Place("buyers", "Who pays for calls, and where each of them answers."),
    "callers": Place(
        "callers",
        "Which callers are blocked, and which are always let in; calls obey at once.",
    ),
    "calls": Place(
        "calls",
        "What calls were: lists, single calls with everything that happened, exports.",
    ),
    "clock": Place(
        "processes",
        "Do what time asks for: sweep calls without an end, mend late CDRs.",
    ),
    "db": Place("database", "The database's schema."),
    "demo": Place("demo", "Watch simulated calls being routed, failed over and recorded."),
    "doctor": Place(
        "doctor",
        "Check settings, database, schema, disk, clock, alerts, each DID's URLs at the carrier.",
    ),
    "ledger": Place(
        "ledger",
        "What buyers owe and publishers are owed, entry by entry; nothing is ever changed there.",
    ),
    "payment": Place(
        "payments",
        "What buyers paid and publishers were paid: taken once, and allocated to statements.",
    ),
    "rate": Place("rating", "What calls come to by the terms, and why."),
    "room": Place(
        "room",
        "Show who can take calls right now: hours, stops, breakers, caps and calls at once.",
    ),
    "route": Place("routes", "Where a call would go, and why."),
    "seller": Place("sellers", "Who owns numbers, and their accounts at the carrier."),
    "serve": Place("processes", "Serve the carrier's webhooks, until SIGTERM."),
    "simulate": Place(
        "simulate",
        "Let a simulated carrier call a whole callrouter, and compare its CDRs with the truth.",
    ),
    "standing": Place(
        "standing",
        "How buyers' accounts stand: who pays, who is late, and what that means for their calls.",
    ),
    "statement": Place(
        "statements",
        "Statements: what was charged or paid out in a period, call by call.",
    ),
    "sweep": Place(
        "sweeping",
        "Ask the carrier about calls whose end was never reported, and write their CDRs.",
    ),
    "table": Place(
        "tables",
        "Routing tables: who gets a campaign's calls. docs/routing-table.md explains the files.",
    ),
    "terms": Place(
        "terms", "What buyers have agreed to pay for calls, and what publishers are paid."
    ),
    "tie-out": Place(
        "tie_out", "Our calls against a buyer's own records, whatever file they send."
    ),
    "traffic": Place(
        "traffic",
        "Who gets no calls now, whatever the tables say: destinations, buyers, publishers.",
    ),
}


class CommandLine(LazyGroup):
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


@click.group(
    cls=CommandLine, places=_PLACES, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(package_name="callrouter")
def cli() -> None:
    """Route pay-per-call traffic: Twilio webhooks in, the right buyer out, CDRs that tie out.

    Settings come from the environment; config/example.env describes each of them.
    """
