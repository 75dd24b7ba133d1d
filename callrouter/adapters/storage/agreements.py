"""What parties have agreed to, every version whole; the newest is the one in force."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import bindparam
from sqlalchemy.engine import Connection

from callrouter.adapters.storage.agreement_tables import agreements
from callrouter.adapters.storage.prepared import Prepared
from callrouter.adapters.storage.sellers import bump_conditions
from callrouter.adapters.storage.statements import matches
from callrouter.domain.billing.party import Party, Side
from callrouter.domain.billing.terms import Agreement
from callrouter.domain.errors import ChangedUnderneathError, NotFoundError, RefusedError


@dataclass(frozen=True, slots=True)
class AgreementVersion:
    """One entry of the history of a party's terms."""

    party: Party
    version: int
    author: str
    note: str
    created_at: datetime


_BODY = TypeAdapter(Agreement)
_OF_PARTY = ("seller_id", "side", "party_id")
_OF_VERSION = (*_OF_PARTY, "version")
_CURRENT = sa.select(sa.func.coalesce(sa.func.max(agreements.c.version), 0)).where(
    matches(agreements, *_OF_PARTY)
)
_BODY_OF_VERSION = sa.select(agreements.c.body).where(matches(agreements, *_OF_VERSION))
_NEWEST_BODY = (
    sa.select(agreements.c.body)
    .where(matches(agreements, *_OF_PARTY))
    .order_by(agreements.c.version.desc())
    .limit(1)
)
_TEXT_OF_VERSION = sa.select(agreements.c.toml).where(matches(agreements, *_OF_VERSION))
_newer = agreements.alias("newer")
_IS_NEWEST = ~sa.exists().where(
    _newer.c.seller_id == agreements.c.seller_id,
    _newer.c.side == agreements.c.side,
    _newer.c.party_id == agreements.c.party_id,
    _newer.c.version > agreements.c.version,
)
_LIST = (
    sa.select(agreements.c.body)
    .where(matches(agreements, "seller_id"), _IS_NEWEST)
    .order_by(agreements.c.side, agreements.c.party_id)
)
_HISTORY = (
    sa.select(
        *(agreements.c[name] for name in ("side", "party_id", "version", "author", "note")),
        agreements.c.created_at,
    )
    .where(matches(agreements, *_OF_PARTY))
    .order_by(agreements.c.version.desc())
)


def _newest_versions() -> Mapping[str, "sa.Select[*tuple[Any, ...]]"]:
    """The newest version of each of the parties in the parameter of that name, a JSON text."""
    asked = bindparam("parties", type_=sa.Text)
    names = ("side", "party_id")
    rows = sa.func.json_to_recordset(sa.cast(asked, sa.JSON)).table_valued(
        *(sa.column(name, sa.Text) for name in names)
    )
    each = sa.func.json_each(asked).table_valued("value").c.value
    of_sqlite = sa.select(*(sa.func.json_extract(each, f"$.{name}").label(name) for name in names))
    selects = {}
    for dialect, wanted in (
        ("postgresql", rows.render_derived("wanted", with_types=True)),
        ("sqlite", of_sqlite.subquery("wanted")),
    ):
        newest = sa.select(sa.func.max(agreements.c.version)).where(
            matches(agreements, "seller_id"),
            *(agreements.c[name] == sa.type_coerce(wanted.c[name], sa.Text) for name in names),
        )
        selects[dialect] = sa.select(
            *(sa.type_coerce(wanted.c[name], sa.Text) for name in names), newest.scalar_subquery()
        )
    return selects


_NEWEST_VERSIONS = Prepared(_newest_versions())


def save_agreement(
    connection: Connection,
    seller_id: str,
    agreement: Agreement,
    toml: str,
    author: str,
    note: str,
    at: datetime,
) -> None:
    """Make `agreement` the party's newest; its version must follow that of the newest.

    `toml` is what it was read from. Raises ChangedUnderneathError when the version doesn't follow,
    NotFoundError for an unknown seller.
    """
    bump_conditions(connection, seller_id)
    current = current_agreement_version(connection, seller_id, agreement.party)
    if agreement.version != current + 1:
        raise ChangedUnderneathError(
            f"the terms of {agreement.party} are at version {current}, so {agreement.version} "
            "can't follow them: look at them again and repeat the change"
        )
    connection.execute(
        sa.insert(agreements),
        {
            **_name(seller_id, agreement.party),
            "version": agreement.version,
            "toml": toml,
            "body": _BODY.dump_json(agreement).decode(),
            "author": author,
            "note": note,
            "created_at": at,
        },
    )


def current_agreement_version(connection: Connection, seller_id: str, party: Party) -> int:
    """The newest version of the party's terms, 0 when it has none."""
    version: int = connection.execute(_CURRENT, _name(seller_id, party)).scalar_one()
    return version


def find_newest_versions(
    connection: Connection, seller_id: str, parties: Iterable[Party]
) -> Mapping[Party, int]:
    """The newest version of each party's terms, without those who have none; one quick read."""
    asked = [{"side": party.side, "party_id": party.party_id} for party in parties]
    parameters = {"seller_id": seller_id, "parties": json.dumps(asked)}
    return {
        Party(Side(side), party_id): version
        for side, party_id, version in _NEWEST_VERSIONS.all(connection, parameters)
        if version is not None
    }


def read_agreement(
    connection: Connection, seller_id: str, party: Party, version: int | None = None
) -> Agreement | None:
    """One version of what the party has agreed to, the newest for None; None when there is none.

    Raises RefusedError for one that a newer version of this program wrote in words of its own.
    """
    named = _name(seller_id, party)
    if version is None:
        body = connection.execute(_NEWEST_BODY, named).scalar_one_or_none()
    else:
        body = connection.execute(_BODY_OF_VERSION, {**named, "version": version}).scalar()
    return None if body is None else _decode(body, f"the terms of {party}")


def read_agreement_version(
    connection: Connection, seller_id: str, party: Party, version: int
) -> Agreement:
    """What a party agreed to as of a version. Raises NotFoundError when there is none."""
    agreement = read_agreement(connection, seller_id, party, version)
    if agreement is None:
        raise _say_missing(party, version)
    return agreement


def read_agreement_text(connection: Connection, seller_id: str, party: Party, version: int) -> str:
    """A version's TOML as it was written. Raises NotFoundError when there is none."""
    named = {**_name(seller_id, party), "version": version}
    text: str | None = connection.execute(_TEXT_OF_VERSION, named).scalar_one_or_none()
    if text is None:
        raise _say_missing(party, version)
    return text


def _say_missing(party: Party, version: int) -> NotFoundError:
    """Version 0 is the newest of who has agreed to nothing."""
    return NotFoundError(
        f"{party} has no terms" + (f" of version {version}" if version else " yet")
    )


def list_agreements(connection: Connection, seller_id: str) -> tuple[Agreement, ...]:
    """The newest version of each party that has agreed to any; buyers first, each side by id.

    Raises RefusedError for one that a newer version of this program wrote in words of its own.
    """
    rows = connection.execute(_LIST, {"seller_id": seller_id}).scalars()
    return tuple(_decode(body, "the terms of a party") for body in rows)


def list_agreement_versions(
    connection: Connection, seller_id: str, party: Party
) -> tuple[AgreementVersion, ...]:
    """Who changed the party's terms when and why, the newest first."""
    rows = connection.execute(_HISTORY, _name(seller_id, party))
    return tuple(AgreementVersion(Party(side, party_id), *rest) for side, party_id, *rest in rows)


def _decode(body: str, whose: str) -> Agreement:
    try:
        return _BODY.validate_json(body)
    except ValidationError as error:
        raise RefusedError(
            f"{whose} can't be read by this version of callrouter: finish the roll-out of the"
            f" newer one that wrote them ({error.error_count()} values are unknown here)"
        ) from error


def _name(seller_id: str, party: Party) -> dict[str, object]:
    return {"seller_id": seller_id, "side": party.side, "party_id": party.party_id}
