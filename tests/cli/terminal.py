"""A terminal at which the tests type commands: the real command line around a database."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from click.testing import CliRunner, Result
from structlog.testing import capture_logs

from callrouter.adapters.storage.engine import Database, open_database
from callrouter.cli.commands import cli
from callrouter.cli.context import CliContext
from callrouter.cli.server_plan import Serving
from callrouter.config import Settings, read_settings
from callrouter.domain.carrier.carrier_records import CarrierCall, NumberSetup
from callrouter.domain.errors import NotFoundError
from callrouter.workflows.deliver_notice import Means
from callrouter.workflows.ports import Carrier
from tests.books import FakeBooks
from tests.post import FakePost
from tests.switchboards import PUBLIC_URL, SECRET_KEY, SELLER, FakeClock


@dataclass
class FakeCarrier:
    """One account at the carrier, with the calls and numbers that a test puts there."""

    calls: dict[str, CarrierCall] = field(default_factory=dict)
    numbers: tuple[NumberSetup, ...] = ()
    error: Exception | None = None
    asked: list[str] = field(default_factory=list)

    def fetch_call(self, call_sid: str) -> CarrierCall | None:
        self.asked.append(call_sid)
        if self.error is not None:
            raise self.error
        return self.calls.get(call_sid)

    def list_numbers(self) -> tuple[NumberSetup, ...]:
        if self.error is not None:
            raise self.error
        return self.numbers


@dataclass
class Terminal:
    """Types commands in one environment; `started` and `clocks` are the processes that ran."""

    environ: dict[str, str]
    clock: FakeClock = field(default_factory=FakeClock)
    carriers: dict[str, FakeCarrier] = field(
        default_factory=lambda: {SELLER.seller_id: FakeCarrier()}
    )
    books: FakeBooks = field(default_factory=FakeBooks)
    started: list[Serving] = field(default_factory=list)
    clocks: list[Settings] = field(default_factory=list)
    means: Means = field(default_factory=lambda: FakePost().means)

    def run(self, *words: str, typed: str = "", environ: dict[str, str] | None = None) -> Result:
        """A command with what is typed at its prompts; an unexpected exception is the test's."""
        context = self._make_context()
        try:
            with capture_logs():  # they go to another place than what a command writes
                result = CliRunner().invoke(cli, words, obj=context, input=typed, env=environ)
        finally:
            if "any_database" in vars(context):
                context.any_database.dispose()
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    def ok(self, *words: str, typed: str = "") -> str:
        """What a command writes that succeeds."""
        result = self.run(*words, typed=typed)
        assert result.exit_code == 0, result.output
        return result.stdout

    def refused(self, *words: str, code: int = 1) -> str:
        """The message of a command that fails."""
        result = self.run(*words)
        assert result.exit_code == code, result.output
        return result.stderr

    def _make_context(self) -> CliContext:
        def carrier_of(seller_id: str) -> Carrier:
            if seller_id not in self.carriers:
                raise NotFoundError(f"no seller {seller_id!r}")
            return self.carriers[seller_id]

        def make_carrier_of(settings: Settings, database: Database) -> Callable[[str], Carrier]:
            return carrier_of

        def make_clock(settings: Settings) -> FakeClock:
            return self.clock

        return CliContext(
            read_settings=lambda: read_settings(self.environ),
            open_database=lambda settings: open_database(settings.database_url),
            make_clock=make_clock,
            make_carrier_of=make_carrier_of,
            make_books_of=lambda _settings, _database: lambda _seller_id: self.books,
            make_means=lambda _settings, _database: self.means,
            run_clock=self.clocks.append,
            run_server=self.started.append,
        )


def make_terminal(database_url: str, state_dir: str) -> Terminal:
    """A terminal with every setting that a command may need."""
    return Terminal(
        {
            "DATABASE_URL": database_url,
            "PUBLIC_URL": PUBLIC_URL,
            "SECRET_KEY": SECRET_KEY,
            "CALLROUTER_STATE_DIR": state_dir,
        }
    )


def rows(listing: str) -> list[list[str]]:
    """The cells of a plain listing without its header; empty cells are left out."""
    return [re.split(r" {2,}", line) for line in listing.splitlines()[1:]]
