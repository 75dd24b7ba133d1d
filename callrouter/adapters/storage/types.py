"""Column types: instants that stay aware UTC, words of a closed list, text from anywhere."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.types import TypeDecorator, TypeEngine

_Word = TypeVar("_Word", bound=StrEnum)

_SHOWN_NUL = "\u2400"
_REPLACEMENT = "\ufffd"


class UtcDateTime(TypeDecorator[datetime]):
    """An instant to the microsecond: aware in, aware UTC out, on both databases.

    SQLite has no such type: there it is text in UTC that sorts as the instants do. A naive
    datetime is refused with a ValueError.
    """

    impl = sa.DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> TypeEngine[datetime]:
        """PostgreSQL's timestamp with time zone, or SQLAlchemy's text for SQLite."""
        return dialect.type_descriptor(sa.DateTime(timezone=dialect.name == "postgresql"))

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """The same instant in UTC, without its zone where the column has none."""
        if value is None:
            return None
        value = to_utc(value)
        return value if dialect.name == "postgresql" else value.replace(tzinfo=None)

    def process_result_value(
        self,
        value: datetime | None,
        dialect: sa.Dialect,  # noqa: ARG002 - SQLAlchemy's
    ) -> datetime | None:
        """The instant as aware UTC."""
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


class Word(TypeDecorator[_Word]):
    """A member of a StrEnum, kept as its value."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, words: type[_Word]) -> None:
        super().__init__()
        self.words = words

    def process_bind_param(self, value: _Word | None, dialect: sa.Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's
        """The word as plain text."""
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> _Word | None:  # noqa: ARG002 - SQLAlchemy's
        """The member; ValueError for a word that this version doesn't know."""
        return None if value is None else self.words(value)


class ForeignText(TypeDecorator[str]):
    """Text that strangers wrote: what no database can keep is made visible (`make_storable`)."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's
        """The text as it can be kept."""
        return None if value is None else make_storable(value)


def to_utc(instant: datetime) -> datetime:
    """`instant` in UTC. Raises ValueError for a naive one."""
    if instant.tzinfo is None:
        raise ValueError(f"{instant!r} is naive: an instant needs its time zone")
    return instant.astimezone(UTC)


def make_storable(text: str) -> str:
    """`text` with NUL as its picture U+2400 and lone surrogates as U+FFFD; mostly unchanged.

    PostgreSQL keeps neither in text, and UTF-8 has no form for the latter.
    """
    if "\x00" in text:
        text = text.replace("\x00", _SHOWN_NUL)
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return "".join(_REPLACEMENT if "\ud800" <= c <= "\udfff" else c for c in text)
    return text
