"""Sellers and their carrier tokens, and the counter by which every process notices a change."""

import re
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.engine import Connection

from callrouter.adapters.storage.secret_box import SecretBox
from callrouter.adapters.storage.statements import insert_or_skip, matches
from callrouter.adapters.storage.tables import config_changes, sellers
from callrouter.domain.errors import NotFoundError, RefusedError

_SLUG = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Seller:
    """A tenant: its carrier account and the tokens that sign its webhooks, the primary first."""

    seller_id: str
    name: str
    account_sid: str
    tokens: tuple[str, ...] = field(repr=False)
    directory_version: int = 0


_ADD_SELLER = insert_or_skip(
    sellers,
    "seller_id",
    "name",
    "account_sid",
    "primary_token",
    "secondary_token",
    "directory_version",
    "created_at",
)
_LIST_SELLERS = sa.select(
    sellers.c.seller_id,
    sellers.c.name,
    sellers.c.account_sid,
    sellers.c.primary_token,
    sellers.c.secondary_token,
    sellers.c.directory_version,
).order_by(sellers.c.seller_id)
_SET_TOKENS = (
    sa.update(sellers)
    .where(matches(sellers, "seller_id", prefix="of_"))
    .values(primary_token=bindparam("primary"), secondary_token=bindparam("secondary"))
)
_CLASH = sa.select(sellers.c.seller_id).where(
    (sellers.c.seller_id == bindparam("seller_id"))
    | (sellers.c.account_sid == bindparam("account_sid"))
)
_BUMP_CONDITIONS = (
    sa.update(sellers)
    .where(matches(sellers, "seller_id", prefix="of_"))
    .values(conditions_version=sellers.c.conditions_version + 1)
    .returning(sellers.c.conditions_version)
)
_READ_COUNTER = sa.select(config_changes.c.counter)
_BUMP = sa.update(config_changes).values(counter=config_changes.c.counter + 1)


def add_seller(connection: Connection, box: SecretBox, seller: Seller, at: datetime) -> None:
    """Keep a new seller with one or two tokens; its directory begins empty.

    Raises RefusedError when the id is malformed, no token or more than two are given, or another
    seller has the id or the AccountSid.
    """
    if not _SLUG.fullmatch(seller.seller_id):
        raise RefusedError(
            f"{seller.seller_id!r} can't be a seller's id: use a-z, 0-9 and '-', at most 63"
        )
    primary, secondary = _seal(box, seller.tokens)
    bump_change_counter(connection)
    values = {
        "seller_id": seller.seller_id,
        "name": seller.name,
        "account_sid": seller.account_sid,
        "primary_token": primary,
        "secondary_token": secondary,
        "directory_version": 0,
        "created_at": at,
    }
    if connection.execute(_ADD_SELLER[connection.dialect.name], values).rowcount == 1:
        return
    taken = connection.execute(_CLASH, values).scalars().all()
    what = "id" if seller.seller_id in taken else f"AccountSid {seller.account_sid}"
    raise RefusedError(f"seller {seller.seller_id!r} can't be added: its {what} is taken")


def set_tokens(
    connection: Connection, box: SecretBox, seller_id: str, tokens: tuple[str, ...]
) -> None:
    """Replace the tokens, the primary first; with two, webhooks signed by either are accepted.

    Raises RefusedError for none or more than two, NotFoundError for an unknown seller.
    """
    primary, secondary = _seal(box, tokens)
    bump_change_counter(connection)
    parameters = {"of_seller_id": seller_id, "primary": primary, "secondary": secondary}
    if connection.execute(_SET_TOKENS, parameters).rowcount != 1:
        raise NotFoundError(f"there is no seller {seller_id!r}")


def list_sellers(connection: Connection, box: SecretBox) -> tuple[Seller, ...]:
    """All sellers by id. Raises SettingsError when the tokens were sealed with another key."""
    return tuple(
        Seller(
            seller_id=row.seller_id,
            name=row.name,
            account_sid=row.account_sid,
            tokens=open_tokens(box, row.primary_token, row.secondary_token),
            directory_version=row.directory_version,
        )
        for row in connection.execute(_LIST_SELLERS)
    )


def open_tokens(box: SecretBox, primary: str, secondary: str | None) -> tuple[str, ...]:
    """The tokens behind two sealed columns, the primary first."""
    return tuple(box.open(sealed) for sealed in (primary, secondary) if sealed is not None)


def read_change_counter(connection: Connection) -> int:
    """A number that every change of sellers, directories, tables and activations raises."""
    counter: int = connection.execute(_READ_COUNTER).scalar_one()
    return counter


def bump_change_counter(connection: Connection) -> None:
    """Raise the counter; first in each such transaction, so that one waits for the other."""
    connection.execute(_BUMP)


def bump_conditions(connection: Connection, seller_id: str) -> int:
    """Raise the number by which calls notice that something else than tables has changed.

    First in each such transaction: others that change something of this seller wait for it. The
    number that it is now. Raises NotFoundError for an unknown seller.
    """
    bump_change_counter(connection)
    version: int | None = connection.execute(
        _BUMP_CONDITIONS, {"of_seller_id": seller_id}
    ).scalar_one_or_none()
    if version is None:
        raise NotFoundError(f"there is no seller {seller_id!r}")
    return version


def _seal(box: SecretBox, tokens: tuple[str, ...]) -> tuple[str, str | None]:
    if not 1 <= len(tokens) <= 2 or not all(tokens):
        raise RefusedError(f"a seller has one or two tokens, the primary first; not {len(tokens)}")
    return box.seal(tokens[0]), box.seal(tokens[1]) if len(tokens) == 2 else None
