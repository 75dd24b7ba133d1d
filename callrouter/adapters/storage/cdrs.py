"""CDRs: revisions written once each, and lists of the latest ones, newest call first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.engine import Connection

from callrouter.adapters.storage.calls import CallRow
from callrouter.adapters.storage.event_codec import decode_attempts, encode_attempts
from callrouter.adapters.storage.prepared import Prepared
from callrouter.adapters.storage.statements import matches, select_fields
from callrouter.adapters.storage.tables import calls, cdrs
from callrouter.adapters.storage.types import make_storable
from callrouter.domain.cdr import Cdr, CdrFlag, Disposition
from callrouter.domain.errors import NotFoundError

_PAGE = 1000


@dataclass(frozen=True, slots=True)
class StoredCdr:
    """A CDR with its revision (1 is the first) and the instant of its derivation."""

    cdr: Cdr
    revision: int
    derived_at: datetime


@dataclass(frozen=True, slots=True)
class SavedCdr:
    """A CDR as it is kept now, whether this made a new revision, and whether that is rated."""

    cdr: Cdr
    revision: int
    is_new: bool
    is_rated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CdrFilter:
    """Which CDRs are wanted; None wants all. `since` is included, `until` isn't (`started_at`)."""

    since: datetime | None = None
    until: datetime | None = None
    campaign: str | None = None
    buyer: str | None = None
    disposition: Disposition | None = None
    did: str | None = None
    ani: str | None = None


@dataclass(frozen=True, slots=True)
class CdrCursor:
    """The last row of a page; the next page begins behind it."""

    started_at: datetime
    call_sid: str

    @classmethod
    def behind(cls, stored: StoredCdr) -> "CdrCursor":
        """The place right behind `stored`."""
        return cls(stored.cdr.started_at, stored.cdr.call_sid)


_FIELDS = tuple(f.name for f in fields(Cdr))
_COLUMNS = tuple(cdrs.c[name] for name in _FIELDS)
_OF_CALL = ("seller_id", "call_sid")
_SELECT = sa.select(*_COLUMNS, cdrs.c.revision, cdrs.c.derived_at)
_SELECT_LATEST = Prepared(
    _SELECT.where(matches(cdrs, *_OF_CALL)).order_by(cdrs.c.revision.desc()).limit(1)
)
_SELECT_REVISION = Prepared(_SELECT.where(matches(cdrs, *_OF_CALL, "revision")))
_INSERT = Prepared(sa.insert(cdrs).values({c.name: bindparam(c.name) for c in cdrs.c}))
_CLOSE_CALL = Prepared(
    sa.update(calls)
    .where(matches(calls, *_OF_CALL, prefix="of_"))
    .values(
        closed_at=sa.func.coalesce(
            calls.c.closed_at, bindparam("at", type_=calls.c.closed_at.type)
        ),
        cdr_revision=bindparam("revision"),
        derived_events=bindparam("derived"),
        next_sweep_at=sa.null(),
        rated_revision=sa.func.coalesce(
            bindparam("rated", type_=calls.c.rated_revision.type), calls.c.rated_revision
        ),
    )
    .returning(calls.c.rated_revision)
)
_newer = cdrs.alias("newer")
_IS_LATEST = ~sa.exists().where(
    _newer.c.seller_id == cdrs.c.seller_id,
    _newer.c.call_sid == cdrs.c.call_sid,
    _newer.c.revision > cdrs.c.revision,
)
_OPEN_CALLS = (
    select_fields(calls, CallRow)
    .where(matches(calls, "seller_id"), calls.c.closed_at.is_(None))
    .order_by(calls.c.arrived_at.desc(), calls.c.call_sid.desc())
    .limit(bindparam("limit"))
)


def save_cdr(
    connection: Connection,
    seller_id: str,
    cdr: Cdr,
    derived_events: int,
    at: datetime,
    *,
    is_rated: bool = False,
) -> SavedCdr:
    """Keep a CDR and close its call.

    The same content as the latest revision is that revision. `derived_events` is how many events
    it was derived from; a new revision counts as rated if `is_rated`, since the same transaction
    sees to that, else it is due for it. Within a transaction that has locked the call
    (`ensure_and_lock_call`); raises NotFoundError when there is no such call.
    """
    cdr = _as_stored(cdr)
    latest = read_cdr(connection, seller_id, cdr.call_sid)
    is_new = latest is None or latest.cdr != cdr
    revision = (latest.revision if latest else 0) + is_new
    if is_new:
        _INSERT.count(connection, _as_row(seller_id, cdr, revision, at))
    rated = (revision if is_rated else 0) if is_new else None
    closed = _CLOSE_CALL.first(
        connection,
        {
            "of_seller_id": seller_id,
            "of_call_sid": cdr.call_sid,
            "at": at,
            "revision": revision,
            "derived": derived_events,
            "rated": rated,
        },
    )
    if closed is None:
        raise NotFoundError(f"call {cdr.call_sid} isn't known: it must be there to get a CDR")
    return SavedCdr(cdr, revision, is_new, is_rated=(closed[0] or 0) >= revision)


def _as_row(seller_id: str, cdr: Cdr, revision: int, at: datetime) -> dict[str, Any]:
    values = {name: getattr(cdr, name) for name in _FIELDS}
    values["attempts"] = encode_attempts(cdr.attempts)
    values["flags"] = " ".join(cdr.flags)
    return values | {"seller_id": seller_id, "revision": revision, "derived_at": at}


def read_cdr(
    connection: Connection, seller_id: str, call_sid: str, revision: int | None = None
) -> StoredCdr | None:
    """One revision of a call's CDR, the latest for None; None when there is none."""
    statement = _SELECT_LATEST if revision is None else _SELECT_REVISION
    parameters = {"seller_id": seller_id, "call_sid": call_sid, "revision": revision}
    row = statement.first(connection, parameters)
    return None if row is None else _read(row)


def read_latest_cdrs(
    connection: Connection, seller_id: str, call_sids: Sequence[str]
) -> dict[str, StoredCdr]:
    """The latest CDR of each of these calls that has one, by call."""
    rows = connection.execute(
        _SELECT.where(cdrs.c.seller_id == seller_id, cdrs.c.call_sid.in_(call_sids), _IS_LATEST)
    )
    return {stored.cdr.call_sid: stored for stored in map(_read, rows)}


def list_cdrs(
    connection: Connection,
    seller_id: str,
    wanted: CdrFilter,
    after: CdrCursor | None,
    limit: int,
) -> tuple[StoredCdr, ...]:
    """At most `limit` of the latest revisions, newest call first, from behind `after` on."""
    statement = _SELECT.where(cdrs.c.seller_id == seller_id, _IS_LATEST, *_conditions(wanted))
    if after is not None:
        place = sa.tuple_(cdrs.c.started_at, cdrs.c.call_sid)
        statement = statement.where(
            place < sa.tuple_(after.started_at, after.call_sid, types=_PLACE_TYPES)
        )
    newest_first = (cdrs.c.started_at.desc(), cdrs.c.call_sid.desc())
    rows = connection.execute(statement.order_by(*newest_first).limit(limit))
    return tuple(_read(row) for row in rows)


def list_oldest_first(
    connection: Connection,
    seller_id: str,
    wanted: CdrFilter,
    after: CdrCursor | None,
    limit: int = _PAGE,
) -> tuple[StoredCdr, ...]:
    """The same the other way round: the oldest call first, later than `after`."""
    statement = _SELECT.where(cdrs.c.seller_id == seller_id, _IS_LATEST, *_conditions(wanted))
    if after is not None:
        place = sa.tuple_(cdrs.c.started_at, cdrs.c.call_sid)
        statement = statement.where(
            place > sa.tuple_(after.started_at, after.call_sid, types=_PLACE_TYPES)
        )
    rows = connection.execute(statement.order_by(cdrs.c.started_at, cdrs.c.call_sid).limit(limit))
    return tuple(_read(row) for row in rows)


def count_cdrs(connection: Connection, seller_id: str, wanted: CdrFilter) -> int:
    """How many calls there are with such a CDR."""
    every = sa.select(sa.func.count()).select_from(cdrs)
    count: int = connection.execute(
        every.where(cdrs.c.seller_id == seller_id, _IS_LATEST, *_conditions(wanted))
    ).scalar_one()
    return count


_PLACE_TYPES = (cdrs.c.started_at.type, cdrs.c.call_sid.type)


def stream_cdrs(
    connection: Connection, seller_id: str, wanted: CdrFilter, *, page: int = _PAGE
) -> Iterator[StoredCdr]:
    """All of the latest revisions, newest call first, in constant memory.

    Read page by page, so that no transaction stays open while a slow reader takes its time.
    """
    after: CdrCursor | None = None
    while True:
        rows = list_cdrs(connection, seller_id, wanted, after, page)
        yield from rows
        if len(rows) < page:
            return
        after = CdrCursor.behind(rows[-1])


def list_open_calls(connection: Connection, seller_id: str, limit: int) -> tuple[CallRow, ...]:
    """Calls that have no CDR yet, newest first."""
    rows = connection.execute(_OPEN_CALLS, {"seller_id": seller_id, "limit": limit})
    return tuple(CallRow(*row) for row in rows)


def _conditions(wanted: CdrFilter) -> Iterator[sa.ColumnElement[bool]]:
    if wanted.since is not None:
        yield cdrs.c.started_at >= wanted.since
    if wanted.until is not None:
        yield cdrs.c.started_at < wanted.until
    for column, value in (
        (cdrs.c.campaign_id, wanted.campaign),
        (cdrs.c.buyer_id, wanted.buyer),
        (cdrs.c.disposition, wanted.disposition),
        (cdrs.c.did, wanted.did),
        (cdrs.c.ani, wanted.ani),
    ):
        if value is not None:
            yield column == value


def _as_stored(cdr: Cdr) -> Cdr:
    """`cdr` as it will be read again, so that comparing tells whether it changed."""
    return replace(
        cdr,
        call_sid=make_storable(cdr.call_sid),
        publisher=make_storable(cdr.publisher),
        did=make_storable(cdr.did),
        ani=make_storable(cdr.ani),
        buyer_id=make_storable(cdr.buyer_id),
        destination_id=make_storable(cdr.destination_id),
        attempts=decode_attempts(encode_attempts(cdr.attempts)),
    )


def _read(row: Sequence[Any]) -> StoredCdr:
    *columns, revision, derived_at = row
    values = dict(zip(_FIELDS, columns, strict=True))
    values["attempts"] = decode_attempts(str(values["attempts"]))
    values["flags"] = tuple(CdrFlag(word) for word in str(values["flags"]).split())
    return StoredCdr(Cdr(**values), revision, derived_at)
