"""Events of any kind for hypothesis, and sellers for the database."""

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from sqlalchemy.engine import Connection

from callrouter.adapters.storage.secret_box import SecretBox
from callrouter.adapters.storage.sellers import Seller, add_seller
from callrouter.domain.calls.events import CallEvent
from callrouter.domain.cdr import AttemptRecord, Cdr
from tests.domain.builders import T0

BOX = SecretBox("a key for tests only")
unhurried = settings(
    deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
"""For properties of a database: its examples share it, each with a call of its own."""

ACME = Seller("acme", "Acme Roofing", "AC" + "1" * 32, ("primary", "secondary"))
BOLT = Seller("bolt", "Bolt Legal", "AC" + "2" * 32, ("other",))

instants = st.datetimes(
    min_value=T0.replace(year=1900, tzinfo=None),
    max_value=T0.replace(year=2200, tzinfo=None),
    timezones=st.just(UTC),
)
storable_texts = st.text(max_size=40)
"""Any text that has a UTF-8 form; NUL is in it."""
any_texts = st.text(st.characters(exclude_categories=()), max_size=40)
"""Any text that Python has: lone surrogates as well."""


def values_of(hint: Any, texts: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    """Any value that a field with this type may have, every text in it out of `texts`."""
    if hint is str:
        return texts
    if hint is datetime:
        return instants
    if hint is int:
        return st.integers(-(2**63), 2**63 - 1)
    if hint is bool or hint is type(None):
        return st.booleans() if hint is bool else st.none()
    arguments = get_args(hint)
    if get_origin(hint) is Literal:
        return st.sampled_from(arguments)
    if get_origin(hint) in (Union, types.UnionType):
        return st.one_of([values_of(argument, texts) for argument in arguments])
    if get_origin(hint) is tuple:
        return st.lists(values_of(arguments[0], texts), max_size=3).map(tuple)
    if get_origin(hint) is Mapping:
        return st.dictionaries(*(values_of(each, texts) for each in arguments), max_size=2)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return st.sampled_from(list(hint))
    assert isinstance(hint, type), f"no strategy for {hint}"
    assert is_dataclass(hint), f"no strategy for {hint}"
    hints = get_type_hints(hint)
    return st.builds(
        hint, **{field.name: values_of(hints[field.name], texts) for field in fields(hint)}
    )


def events(texts: st.SearchStrategy[str] = storable_texts) -> st.SearchStrategy[CallEvent]:
    """An event of any kind with anything in it."""
    return st.one_of([values_of(kind, texts) for kind in get_args(CallEvent)])


def attempt_records(
    texts: st.SearchStrategy[str] = storable_texts,
) -> st.SearchStrategy[AttemptRecord]:
    return values_of(AttemptRecord, texts)


def cdrs(texts: st.SearchStrategy[str] = storable_texts) -> st.SearchStrategy[Cdr]:
    """Any CDR, plausible or not."""
    small = {name: st.integers(-(2**31), 2**31 - 1) for name in ("table_version",)}
    hints = get_type_hints(Cdr)
    anything = {f.name: values_of(hints[f.name], texts) for f in fields(Cdr)}
    return st.builds(Cdr, **(anything | small))


def add_sellers(connection: Connection, *sellers: Seller) -> None:
    for seller in sellers:
        add_seller(connection, BOX, seller, T0)
