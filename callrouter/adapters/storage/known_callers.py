"""What is known of one caller, read in one statement for a call; and whom callers talked to.

Costs the same however long the lists are and however many calls there were.
"""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from callrouter.adapters.storage.caller_tables import caller_contacts, caller_lists
from callrouter.adapters.storage.prepared import Prepared, Row
from callrouter.adapters.storage.statements import matches
from callrouter.adapters.storage.tables import SHOWS_NUMBER, calls
from callrouter.adapters.storage.types import UtcDateTime
from callrouter.domain.callers.caller_lists import (
    KnownCaller,
    ListEffect,
    ListEntry,
    ListScope,
    list_patterns,
)
from callrouter.domain.callers.duplicates import CLOCK_SKEW_S, PastCall, PastContact, condense
from callrouter.domain.numbers import Caller

MOST_CONTACTS = 50
"""So many of the newest are read; who has more of them needs an entry that allows the number."""

_Select: TypeAlias = "sa.Select[*tuple[Any, ...]]"
_NO_INSTANT = sa.cast(sa.null(), UtcDateTime)
_INSTANT = UtcDateTime()


def _select(
    what: str,
    *texts: sa.ColumnElement[Any],
    at: sa.ColumnElement[Any],
    until: sa.ColumnElement[Any] = _NO_INSTANT,
    flag: sa.ColumnElement[Any] | None = None,
) -> _Select:
    """One kind of rows with the columns that all kinds share; six texts, the last ones empty."""
    empty = (sa.literal_column("''", sa.Text) for _ in range(6 - len(texts)))
    return sa.select(
        sa.literal_column(f"'{what}'", sa.Text).label("what"),
        *(
            sa.cast(text, sa.Text).label(f"text_{place}")
            for place, text in enumerate((*texts, *empty), 1)
        ),
        at.label("at"),
        until.label("until"),
        (sa.false() if flag is None else flag).label("flag"),
    )


def _newest(rows: _Select, column: sa.ColumnElement[Any], most: int) -> _Select:
    """The newest of `rows` that had happened by the caller's instant."""
    limited = (
        rows.where(column < bindparam("latest", type_=_INSTANT))
        .order_by(column.desc())
        # Written out: for a limit that it can't see, PostgreSQL plans as if many were wanted.
        .limit(sa.literal_column(str(most)))
    )
    return sa.select(*limited.subquery().c)


def _read_statement(patterns: sa.ScalarSelect[Any]) -> _Select:
    parts = sa.union_all(
        _select_entries(patterns),
        _newest(_select_contacts(), caller_contacts.c.connected_at, MOST_CONTACTS),
        _newest(_select_calls(), calls.c.arrived_at, 1),
    )
    return sa.select(*parts.subquery("known").c)


def _select_entries(patterns: sa.ScalarSelect[Any]) -> _Select:
    entry = caller_lists.c
    return _select(
        "entry",
        *(entry.effect, entry.pattern, entry.scope, entry.scope_id, entry.note, entry.author),
        at=entry.added_at,
        until=entry.expires_at,
    ).where(
        matches(caller_lists, "seller_id"),
        entry.pattern.in_(patterns),
        sa.or_(entry.expires_at.is_(None), entry.expires_at > bindparam("at", type_=_INSTANT)),
    )


def _select_contacts() -> _Select:
    contact = caller_contacts.c
    return _select(
        "contact",
        *(contact.destination_id, contact.buyer_id, contact.campaign_id, contact.call_sid),
        at=contact.connected_at,
        flag=contact.payable,
    ).where(
        matches(caller_contacts, "seller_id", "number"),
        contact.call_sid != bindparam("call_sid"),
    )


def _select_calls() -> _Select:
    call = calls.c
    return _select("call", call.campaign_id, call.did, call.call_sid, at=call.arrived_at).where(
        matches(calls, "seller_id", "campaign_id"),
        call.ani == bindparam("number"),
        SHOWS_NUMBER,
        call.call_sid != bindparam("call_sid"),
    )


_PATTERNS = bindparam("patterns", type_=sa.Text)
_pattern_of_postgresql = sa.func.json_array_elements_text(
    sa.cast(_PATTERNS, postgresql.JSON)
).column_valued("fitting")
_READ = Prepared(
    {
        "postgresql": _read_statement(sa.select(_pattern_of_postgresql).scalar_subquery()),
        "sqlite": _read_statement(
            sa.select(sa.func.json_each(_PATTERNS).table_valued("value").c.value).scalar_subquery()
        ),
    }
)


def _note_statement(kind: type[postgresql.Insert] | type[sqlite.Insert]) -> sa.Insert:
    names = caller_contacts.c.keys()
    insert = kind(caller_contacts).values({name: bindparam(name) for name in names})
    key = caller_contacts.primary_key.columns.keys()
    return insert.on_conflict_do_update(
        index_elements=key, set_={name: insert.excluded[name] for name in names if name not in key}
    )


_NOTE = Prepared(
    {
        "postgresql": _note_statement(postgresql.Insert),
        "sqlite": _note_statement(sqlite.Insert),
    }
)
_FORGET = Prepared(
    sa.delete(caller_contacts).where(matches(caller_contacts, "seller_id", "call_sid"))
)


def read_caller(
    connection: Connection,
    seller_id: str,
    caller: Caller,
    country: str,
    *,
    campaign_id: str,
    call_sid: str,
    at: datetime,
) -> KnownCaller:
    """What was known of a caller at `at` for a call to a campaign, in one round trip.

    `country` is as `caller_lists.country_of` has it; `call_sid` is the call itself, which isn't its
    own past. A caller without a number has neither contacts nor a last call.
    """
    rows = _READ.all(
        connection,
        {
            "seller_id": seller_id,
            "number": caller.number or "",
            "campaign_id": campaign_id,
            "call_sid": call_sid,
            "patterns": json.dumps(list_patterns(caller, country)),
            "at": at,
            "latest": at + timedelta(seconds=CLOCK_SKEW_S),
        },
    )
    contacts = [
        PastContact(a, b, c, d, then, flag)
        for what, a, b, c, d, _, _, then, _, flag in rows
        if what == "contact"
    ]
    last_calls = (
        PastCall(a, b, c, then) for what, a, b, c, _, _, _, then, _, _ in rows if what == "call"
    )
    return KnownCaller(
        entries=tuple(_read_entry(row) for row in rows if row[0] == "entry"),
        contacts=condense(contacts, at),
        last_call=next(last_calls, None),
    )


def _read_entry(row: Row) -> ListEntry:
    _, effect, pattern, scope, scope_id, note, author, added_at, expires_at, _ = row
    return ListEntry(
        effect=ListEffect(effect),
        pattern=pattern,
        scope=ListScope(scope),
        scope_id=scope_id,
        expires_at=expires_at,
        note=note,
        author=author,
        added_at=added_at,
    )


def note_contacts(
    connection: Connection,
    seller_id: str,
    number: str,
    call_sid: str,
    contacts: Sequence[PastContact],
    *,
    is_first: bool,
) -> None:
    """Keep whom a call connected `number` with, in place of what was kept of that call before.

    Within the transaction that has locked the call and writes its CDR: the latest revision counts,
    in whatever order the calls end. `is_first` for the first revision: there is nothing to replace.
    """
    if not is_first:
        _FORGET.count(connection, {"seller_id": seller_id, "call_sid": call_sid})
    for contact in contacts:
        _NOTE.count(
            connection,
            {
                "seller_id": seller_id,
                "call_sid": call_sid,
                "destination_id": contact.destination_id,
                "number": number,
                "buyer_id": contact.buyer_id,
                "campaign_id": contact.campaign_id,
                "connected_at": contact.connected_at,
                "payable": contact.payable,
            },
        )
