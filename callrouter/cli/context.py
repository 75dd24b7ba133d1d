"""What every command works with; wired by bootstrap, opened only when a command needs it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import click

from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.revisions import current_revision, head_revision
from callrouter.adapters.storage.secret_box import SecretBox
from callrouter.adapters.storage.seller_summaries import summarize_sellers
from callrouter.cli.gunicorn_server import run_gunicorn
from callrouter.cli.server_plan import Serving
from callrouter.config import Settings
from callrouter.domain.errors import NotFoundError, RefusedError
from callrouter.workflows.deliver_notice import Means
from callrouter.workflows.ports import Carrier, CarrierBooks, Clock


@dataclass(frozen=True)
class CliContext:
    """Readers of the settings, openers of the rest, and the two processes that run for ever.

    `read_settings` raises SettingsError; a command that needs no setting never calls it.
    """

    read_settings: Callable[[], Settings]
    open_database: Callable[[Settings], Database]
    make_clock: Callable[[Settings], Clock]
    make_carrier_of: Callable[[Settings, Database], Callable[[str], Carrier]]
    make_books_of: Callable[[Settings, Database], Callable[[str], CarrierBooks]]
    make_means: Callable[[Settings, Database], Means]
    run_clock: Callable[[Settings], None]
    run_server: Callable[[Serving], None] = run_gunicorn

    @cached_property
    def settings(self) -> Settings:
        """The settings of this process's environment."""
        return self.read_settings()

    @cached_property
    def any_database(self) -> Database:
        """The database of the settings, whatever its schema."""
        return self.open_database(self.settings)

    @cached_property
    def database(self) -> Database:
        """The same, ready for use. Raises RefusedError when its schema is behind this version's.

        A schema that is ahead is fine: a migration leaves the version before it working.
        """
        current, head = current_revision(self.any_database), head_revision()
        if current is None or current < head:
            raise RefusedError(
                f"the database {self.any_database.shown_url} is at schema {current or 'none'} and "
                f"this version needs {head}: run `callrouter db upgrade`"
            )
        return self.any_database

    @cached_property
    def clock(self) -> Clock:
        """The clock of the settings."""
        return self.make_clock(self.settings)

    @cached_property
    def secret_box(self) -> SecretBox:
        """What seals the sellers' tokens. Raises SettingsError without a SECRET_KEY."""
        return SecretBox(self.settings.require_secret_key())

    @cached_property
    def means(self) -> Means:
        """What alerts are sent by. Raises SettingsError without a SECRET_KEY."""
        return self.make_means(self.settings, self.database)

    def carrier_of(self, seller_id: str) -> Carrier:
        """A seller's carrier. Raises NotFoundError for a seller that doesn't exist."""
        return self.make_carrier_of(self.settings, self.database)(seller_id)

    def books_of(self, seller_id: str) -> CarrierBooks:
        """The carrier's list of a seller's calls. Raises NotFoundError for an unknown seller."""
        return self.make_books_of(self.settings, self.database)(seller_id)

    def find_seller(self, named: str | None) -> str:
        """The seller of a `--seller` option, which may be left out when there is only one.

        Raises NotFoundError for one that doesn't exist, click.UsageError when one must be named.
        """
        with self.database.read() as connection:
            known = [seller.seller_id for seller in summarize_sellers(connection)]
        if not known:
            raise NotFoundError("there is no seller yet: add one with `callrouter seller add`")
        if named is None and len(known) > 1:
            raise click.UsageError(f"there are several sellers ({', '.join(known)}): use --seller")
        if named is not None and named not in known:
            raise NotFoundError(f"there is no seller {named!r}; there is {', '.join(known)}")
        return named or known[0]
