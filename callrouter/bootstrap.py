"""Wiring only: settings in, the running parts out.

What one kind of process needs and a command at a terminal doesn't is imported by the function that
makes it: all of it takes a second to import.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from callrouter.adapters.clock import ScaledClock, SystemClock
from callrouter.adapters.logs import configure_logs
from callrouter.adapters.storage.engine import Database, open_database
from callrouter.adapters.storage.secret_box import SecretBox
from callrouter.adapters.storage.sellers import Seller, list_sellers
from callrouter.cli.context import CliContext
from callrouter.config import Settings, read_settings
from callrouter.domain.errors import NotFoundError
from callrouter.workflows.deliver_notice import Means
from callrouter.workflows.ports import Carrier, CarrierBooks, Clock, Texter

if TYPE_CHECKING:
    from flask import Flask

    from callrouter.adapters.twilio.carrier import TwilioCarrier
    from callrouter.workflows.switchboard import Switchboard

WEB_PATIENCE_S = 0.7
"""Longest wait for the database while a caller listens: the answer is due within a second."""


def make_clock(settings: Settings) -> Clock:
    """The system's clock, or a faster one for rehearsals."""
    if settings.clock_origin is None:
        return SystemClock()
    return ScaledClock(settings.clock_origin, settings.clock_scale)


def make_carrier_of(settings: Settings, database: Database) -> Callable[[str], Carrier]:
    """A function from a seller's id to that seller's account at the carrier."""
    return _make_twilio_of(settings, database)


def make_books_of(settings: Settings, database: Database) -> Callable[[str], CarrierBooks]:
    """A function from a seller's id to the carrier's own list of that seller's calls."""
    return _make_twilio_of(settings, database)


def _make_twilio_of(settings: Settings, database: Database) -> "Callable[[str], TwilioCarrier]":
    from callrouter.adapters.twilio.carrier import TwilioCarrier

    box = SecretBox(settings.require_secret_key())

    def twilio_of(seller_id: str) -> "TwilioCarrier":
        seller = _find_seller(database, box, seller_id)
        return TwilioCarrier(
            seller.account_sid, seller.tokens[0], api_url=settings.twilio_api_url or None
        )

    return twilio_of


def make_means(settings: Settings, database: Database) -> Means:
    """What alerts are sent by: the mail server, each seller's carrier account, HTTP."""
    from callrouter.adapters.alert_webhook import WebhookPoster
    from callrouter.adapters.mail import SmtpMailer
    from callrouter.adapters.twilio.texter import TwilioTexter

    box = SecretBox(settings.require_secret_key())

    def texter_of(seller_id: str) -> Texter:
        seller = _find_seller(database, box, seller_id)
        return TwilioTexter(
            seller.account_sid, seller.tokens[0], api_url=settings.twilio_api_url or None
        )

    mailer = SmtpMailer(settings.mail_server) if settings.mail_server else None
    poster = WebhookPoster(allows_private=settings.allows_private_urls)
    return Means(mailer=mailer, texter_of=texter_of, poster=poster)


def _find_seller(database: Database, box: SecretBox, seller_id: str) -> Seller:
    with database.read() as connection:
        sellers = {seller.seller_id: seller for seller in list_sellers(connection, box)}
    seller = sellers.get(seller_id)
    if seller is None:
        raise NotFoundError(f"no seller {seller_id!r}; there are: {', '.join(sellers)}")
    return seller


def make_switchboard(settings: Settings) -> "Switchboard":
    """Everything that the call path needs, with patience for a caller only."""
    from callrouter.adapters.storage.known_good_file import KnownGoodFile
    from callrouter.adapters.storage.spool import Spool
    from callrouter.adapters.twilio.links import Links
    from callrouter.workflows.compiled import Compiled
    from callrouter.workflows.known_good import KnownGoodKeeper
    from callrouter.workflows.switchboard import Switchboard

    settings.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    database = open_database(settings.database_url, patience_s=WEB_PATIENCE_S)
    box = SecretBox(settings.require_secret_key())
    clock = make_clock(settings)
    known_good_file = KnownGoodFile(settings.state_dir / "last-known-good.json")
    return Switchboard(
        database=database,
        box=box,
        spool=Spool(settings.state_dir / "spool.db"),
        known_good=KnownGoodKeeper(database, known_good_file, box),
        compiled=Compiled(),
        clock=clock,
        links=Links(settings.require_public_url()),
        sweep_after_s=settings.sweep_after_s,
    )


def make_app(environ: Mapping[str, str]) -> "Flask":
    """The web process: its switchboard, the thread that looks after it, the Flask application."""
    from callrouter.web.app import create_app
    from callrouter.workflows.caretaker import Caretaker

    settings = read_settings(environ)
    configure_logs(settings.log_level)
    board = make_switchboard(settings)
    Caretaker(board).start()
    return create_app(board, shows_calls_page=settings.shows_calls_page)


def run_clock(settings: Settings) -> None:
    """The clock process, until it is told to stop; it lets the web process write first."""
    from callrouter.adapters.health_probe import HttpHealthProbe
    from callrouter.jobs.run import run_jobs
    from callrouter.jobs.schedule import make_schedule

    database = open_database(settings.database_url, gives_way=True)
    schedule = make_schedule(
        database,
        make_carrier_of(settings, database),
        make_clock(settings),
        box=SecretBox(settings.require_secret_key()),
        means=make_means(settings, database),
        probe=HttpHealthProbe(allows_private=settings.allows_private_urls),
        books_of=make_books_of(settings, database),
        sweep_every=timedelta(seconds=settings.sweep_every_s),
        sweep_retry_after=timedelta(seconds=settings.sweep_after_s),
        statement_grace=timedelta(seconds=settings.statement_grace_s),
    )
    run_jobs(schedule, database)


def make_cli_context(environ: Mapping[str, str]) -> CliContext:
    """What the commands work with; nothing is read or opened before a command asks for it."""

    def read() -> Settings:
        settings = read_settings(environ)
        configure_logs(settings.log_level)
        return settings

    return CliContext(
        read_settings=read,
        open_database=lambda settings: open_database(settings.database_url),
        make_clock=make_clock,
        make_carrier_of=make_carrier_of,
        make_books_of=make_books_of,
        make_means=make_means,
        run_clock=run_clock,
    )
