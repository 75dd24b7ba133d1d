"""Events and attempts as JSON text for storage, and back."""

from dataclasses import fields, is_dataclass, replace
from functools import cache
from typing import TypeVar, get_args

from pydantic import TypeAdapter
from pydantic_core import PydanticSerializationError

from callrouter.adapters.storage.types import make_storable
from callrouter.domain.calls.events import CallEvent
from callrouter.domain.cdr import AttemptRecord
from callrouter.domain.errors import CallrouterError

_Value = TypeVar("_Value")
_ATTEMPTS: TypeAdapter[tuple[AttemptRecord, ...]] = TypeAdapter(tuple[AttemptRecord, ...])


@cache
def _adapters() -> dict[str, TypeAdapter[CallEvent]]:
    """One adapter a kind: naming it spares the search through the union."""
    return {
        event_type.__dataclass_fields__["kind"].default: TypeAdapter(event_type)
        for event_type in get_args(CallEvent)
    }


def encode(event: CallEvent) -> str:
    """`event` as one line of JSON that any database keeps.

    NUL is kept (JSON escapes it); lone surrogates, which UTF-8 cannot say, become U+FFFD.
    """
    adapter = _adapters()[event.kind]
    try:
        return adapter.dump_json(event).decode()
    except PydanticSerializationError:
        return adapter.dump_json(_replace_surrogates(event)).decode()


def decode(kind: str, body: str) -> CallEvent:
    """The event that `encode` wrote. Raises CallrouterError for what it can't have written."""
    adapter = _adapters().get(kind)
    if adapter is None:
        known = ", ".join(_adapters())
        raise CallrouterError(f"a stored event is of kind {kind!r}; this version knows {known}")
    try:
        return adapter.validate_json(body)
    except ValueError as error:
        raise CallrouterError(f"a stored event of kind {kind!r} can't be read: {error}") from error


def encode_attempts(attempts: tuple[AttemptRecord, ...]) -> str:
    """A CDR's attempts as one line of JSON."""
    try:
        return _ATTEMPTS.dump_json(attempts).decode()
    except PydanticSerializationError:
        return _ATTEMPTS.dump_json(_replace_surrogates(attempts)).decode()


def decode_attempts(body: str) -> tuple[AttemptRecord, ...]:
    """The attempts that `encode_attempts` wrote."""
    return _ATTEMPTS.validate_json(body)


def _replace_surrogates(value: _Value) -> _Value:
    """`value` with every text in it made storable but for NUL; rare, so that it may be slow."""
    if isinstance(value, str):
        parts = [make_storable(part) for part in value.split("\x00")]
        return type(value)("\x00".join(parts))
    if isinstance(value, tuple):
        return tuple(_replace_surrogates(item) for item in value)  # type: ignore[return-value]
    if isinstance(value, dict):
        items = value.items()
        return {_replace_surrogates(k): _replace_surrogates(v) for k, v in items}  # type: ignore[return-value]
    if is_dataclass(value) and not isinstance(value, type):
        changes = {f.name: _replace_surrogates(getattr(value, f.name)) for f in fields(value)}
        return replace(value, **changes)
    return value
