"""Everything that the call path needs, around a database of the test: one seller, its tables."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.known_good_file import KnownGoodFile
from callrouter.adapters.storage.secret_box import SecretBox
from callrouter.adapters.storage.sellers import Seller, bump_change_counter
from callrouter.adapters.storage.spool import Spool
from callrouter.adapters.storage.tables import campaigns, routing_tables
from callrouter.adapters.twilio.links import Links
from callrouter.workflows.activate_table import activate_file
from callrouter.workflows.add_seller import add_seller
from callrouter.workflows.apply_buyers import apply_buyers
from callrouter.workflows.compiled import Compiled
from callrouter.workflows.known_good import KnownGoodKeeper
from callrouter.workflows.ports import Clock
from callrouter.workflows.switchboard import Switchboard
from tests.taken_on import take_on_again

T0 = datetime(2026, 9, 15, 17, 0, tzinfo=UTC)
PUBLIC_URL = "https://calls.example.com"
SECRET_KEY = "a secret key of the tests alone"
SELLER = Seller("seller-a", "Seller A", "AC" + "a" * 32, ("a-primary-token-0123456789abcdef",))
OTHER_SELLER = Seller(
    "seller-b", "Seller B", "AC" + "b" * 32, ("b-primary-token-0123456789abcdef",)
)
DID = "+18005550100"
SCREENED_DID = "+18005550101"
OTHER_DID = "+18005550150"

BUYERS = """
[[buyers]]
id = "acme"
name = "Acme"
zone = "America/New_York"
[[buyers.destinations]]
id = "acme-east"
dial = "+12125550171"

[[buyers]]
id = "bolt"
name = "Bolt"
zone = "America/Los_Angeles"
[[buyers.destinations]]
id = "bolt-main"
dial = "+14155550174"
"""
TABLE = f"""
campaign = "flood-repair"
[[dids]]
number = "{DID}"
publisher = "radio-kx"
[[routes]]
destination = "acme-east"
priority = 1
ring_s = 20
[[routes]]
destination = "bolt-main"
priority = 2
ring_s = 20
[nobody_left]
say = "Nobody is left."
"""
SCREENED_TABLE = f"""
campaign = "solar-quotes"
[[dids]]
number = "{SCREENED_DID}"
[[routes]]
destination = "bolt-main"
whisper = "Solar quote."
screening = {{ prompt = "Press 5.", digit = "5" }}
[nobody_left]
say = "Leave a message."
voicemail = true
voicemail_max_s = 60
"""


@dataclass
class FakeClock:
    """Stands where it is set."""

    at: datetime = field(default=T0)

    def now(self) -> datetime:
        return self.at

    def set(self, seconds: float) -> None:
        """Stand at so many seconds after T0."""
        self.at = T0 + timedelta(seconds=seconds)


def open_seller(
    database: Database,
    seller: Seller = SELLER,
    *,
    buyers: str = BUYERS,
    tables: tuple[str, ...] = (TABLE, SCREENED_TABLE),
    at: datetime = T0,
) -> None:
    """Take on a new seller with its buyers and live tables."""

    def take_on() -> None:
        add_seller(database, SecretBox(SECRET_KEY), seller, at)
        apply_buyers(
            database, seller.seller_id, buyers, "buyers.toml", author="test", note="", at=at
        )
        for table in tables:
            activate(database, table, seller, at=at)

    take_on_again(database, seller.seller_id, (seller, buyers, tables, at), take_on)


def activate(database: Database, table: str, seller: Seller = SELLER, *, at: datetime = T0) -> int:
    """Make a table live; its version."""
    live = activate_file(
        database, seller.seller_id, table, "table.toml", author="test", note="", at=at
    )
    return live.table.version


def add_table_from_the_future(database: Database, campaign_id: str) -> None:
    """Make a table live, as a newer version of the program might, that ours can't understand."""
    key = (routing_tables.c.seller_id == SELLER.seller_id) & (
        routing_tables.c.campaign_id == campaign_id
    )
    newest_first = sa.select(routing_tables).where(key).order_by(routing_tables.c.version.desc())
    with database.write() as connection:
        newest = dict(connection.execute(newest_first).mappings().all()[0])
        version = newest["version"] + 1
        toml = newest["toml"] + "\n[from_the_future]\n"
        connection.execute(sa.insert(routing_tables), newest | {"version": version, "toml": toml})
        connection.execute(
            sa.update(campaigns)
            .where(campaigns.c.campaign_id == campaign_id)
            .values(active_version=version)
        )
        bump_change_counter(connection)


@contextmanager
def make_board(
    database: Database, folder: Path, clock: Clock | None = None, *, public_url: str = PUBLIC_URL
) -> Iterator[Switchboard]:
    """A process's switchboard that keeps its files in `folder`; it has not looked at anything."""
    spool = Spool(folder / "spool.db")
    keeper = KnownGoodKeeper(
        database, KnownGoodFile(folder / "last-known-good.json"), SecretBox(SECRET_KEY)
    )
    yield Switchboard(
        database=database,
        box=SecretBox(SECRET_KEY),
        spool=spool,
        known_good=keeper,
        compiled=Compiled(),
        clock=clock or FakeClock(),
        links=Links(public_url),
        sweep_after_s=180,
    )
    spool.close()
