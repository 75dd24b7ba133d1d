"""The locator against texts that are written together with the lines that they have."""

import json
import tomllib
from collections.abc import Iterator
from datetime import date, datetime, time
from random import Random
from typing import TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callrouter.adapters.policy_files.locate import last_statement_line, locate_keys
from callrouter.domain.tables.table_check import KeyPath

Value: TypeAlias = "int | float | bool | str | date | time | list[Value] | dict[str, Value]"

_NASTY = st.text(alphabet="ab\"'#[]=,{}.\n\\é ", max_size=12)
_KEYS = st.one_of(st.text(alphabet="ab0_-", min_size=1, max_size=4), _NASTY)
_LEAVES: st.SearchStrategy[Value] = st.one_of(
    st.integers(-99, 99),
    st.booleans(),
    _NASTY,
    st.sampled_from([1.5e3, float("inf")]),
    st.sampled_from([date(2026, 5, 1), datetime(2026, 5, 1, 7, 30), time(7, 30)]),  # noqa: DTZ001 - TOML's local times have no zone
)
_VALUES: st.SearchStrategy[Value] = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(_KEYS, inner, max_size=3),
        st.lists(st.dictionaries(_KEYS, inner, max_size=3), min_size=1, max_size=3),
    ),
    max_leaves=12,
)


class Writer:
    """Writes values as TOML in every style there is, and notes the line of each key."""

    def __init__(self, style: Random) -> None:
        self.text = ""
        self.lines: dict[KeyPath, int] = {}
        self._style = style

    def write_table(self, names: tuple[str, ...], path: KeyPath, table: dict[str, Value]) -> None:
        headed: dict[str, Value] = {}
        for name, value in table.items():
            if self._could_be_headed(value) and self._style.random() < 0.6:
                headed[name] = value
            else:
                self._write_pair((name,), (*path, name), value)
                self._end_line()
        for name, value in headed.items():
            inner, place = (*names, name), (*path, name)
            if isinstance(value, list):
                for index, element in enumerate(value):
                    self._write_header(f"[[{self._spell(inner)}]]", (*place, index))
                    assert isinstance(element, dict)
                    self.write_table(inner, (*place, index), element)
            else:
                assert isinstance(value, dict)
                self._write_header(f"[{self._spell(inner)}]", place)
                self.write_table(inner, place, value)

    def _could_be_headed(self, value: Value) -> bool:
        if isinstance(value, list):
            return bool(value) and all(isinstance(element, dict) for element in value)
        return isinstance(value, dict)

    def _write_header(self, header: str, path: KeyPath) -> None:
        self._note(path)
        self.text += header
        self._end_line()

    def _write_pair(self, names: tuple[str, ...], path: KeyPath, value: Value) -> None:
        if isinstance(value, dict) and value and self._style.random() < 0.4:
            for index, (name, inner) in enumerate(value.items()):
                if index:
                    self._end_line()
                self._write_pair((*names, name), (*path, name), inner)
            return
        self._note(path)
        self.text += f"{self._spell(names)} ={self._style.choice(['', ' '])}"
        self._write_value(path, value)

    def _write_value(self, path: KeyPath, value: Value) -> None:
        if isinstance(value, dict):
            self.text += "{ "
            for index, (name, inner) in enumerate(value.items()):
                self.text += ", " if index else ""
                self._note((*path, name))
                self.text += f"{self._spell((name,))} = "
                self._write_value((*path, name), inner)
            self.text += " }"
        elif isinstance(value, list):
            self.text += "["
            for index, inner in enumerate(value):
                self.text += self._style.choice(["", "\n", " # a ] comment\n\n"])
                self._note((*path, index))
                self._write_value((*path, index), inner)
                self.text += ","
            self.text += self._style.choice(["", "\n"]) + "]"
        elif isinstance(value, str):
            self.text += self._style.choice(list(spell_string(value)))
        elif isinstance(value, bool):
            self.text += str(value).lower()
        elif isinstance(value, date | time):
            self.text += value.isoformat() if isinstance(value, time) else str(value)
        else:
            self.text += str(value)

    def _spell(self, names: tuple[str, ...]) -> str:
        dot = self._style.choice([".", " . "])
        return dot.join(self._spell_name(name) for name in names)

    def _spell_name(self, name: str) -> str:
        if name.isascii() and name.replace("-", "a").replace("_", "a").isalnum():
            return name
        if "'" in name or "\n" in name:
            return json.dumps(name)
        return self._style.choice([json.dumps(name), f"'{name}'"])

    def _note(self, path: KeyPath) -> None:
        line = self.text.count("\n") + 1
        for length in range(1, len(path) + 1):
            self.lines.setdefault(path[:length], line)

    def _end_line(self) -> None:
        self.text += self._style.choice(["\n", "\r\n", ' # a "comment\n', "\n\n  \t"])


def spell_string(text: str) -> Iterator[str]:
    yield json.dumps(text, ensure_ascii=False)
    escaped = text.replace("\\", "\\\\").replace('"""', '""\\"')
    yield f'"""\n{escaped}"""'
    if "'" not in text:
        yield f"'''\n{text}'''"
        if "\n" not in text:
            yield f"'{text}'"
    elif "'''" not in text:
        yield f"'''\n{text}'''"


def list_paths(value: object, path: KeyPath = ()) -> Iterator[KeyPath]:
    if path:
        yield path
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from list_paths(inner, (*path, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from list_paths(inner, (*path, index))


@settings(max_examples=60)
@given(st.dictionaries(_KEYS, _VALUES, max_size=5), st.randoms(use_true_random=False))
def test_every_key_is_found_on_the_line_on_which_it_was_written(
    table: dict[str, Value], style: Random
) -> None:
    writer = Writer(style)
    writer.write_table((), (), table)
    assert tomllib.loads(writer.text) == table
    assert dict(locate_keys(writer.text)) == writer.lines
    assert set(writer.lines) == set(list_paths(table))


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        pytest.param("[a.b]\nx = 1\n[a]\ny = 2\n", ("a",), 3, id="header-after-its-sub-table"),
        pytest.param("[a.b]\nx = 1\n", ("a",), 1, id="table-that-has-no-header-of-its-own"),
        pytest.param("[[r]]\n[[r.s]]\n[r.s.t]\nx=1\n", ("r", 0, "s", 0, "t", "x"), 4, id="nested"),
        pytest.param('a = """\nb = 1\n"""\nb = 2\n', ("b",), 4, id="key-inside-a-text"),
        pytest.param('a = """x""""\nb = 2\n', ("b",), 2, id="text-that-ends-in-a-quote"),
        pytest.param('a = """x"""""\nb = 2\n', ("b",), 2, id="text-that-ends-in-two-quotes"),
        pytest.param("a = 1979-05-27 07:32:00 # x\nb = 2\n", ("b",), 2, id="date-with-a-space"),
        pytest.param("a = [\n 1,\n [2,\n 3],\n]\n", ("a", 1, 1), 4, id="array-in-an-array"),
        pytest.param('"\\u0061" = 1\n', ("a",), 1, id="escape-in-a-key"),
    ],
)
def test_a_key_is_found_where_a_simpler_reader_would_be_misled(
    text: str, path: KeyPath, line: int
) -> None:
    tomllib.loads(text)
    assert locate_keys(text)[path] == line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param('a = 1\nb = """\nc = 1\n\n', 2, id="text-without-an-end"),
        pytest.param("a = 1\nb = [\n1,\n\n", 2, id="array-without-an-end"),
        pytest.param("a = 1\nb = { c = 1,\n\n", 2, id="inline-table-without-an-end"),
        pytest.param("a = 1\n[b\n", 2, id="header-without-an-end"),
        pytest.param('a = 1\n"\\q" = 1\n', 2, id="key-with-an-unknown-escape"),
        pytest.param("a = 1\nb\n", 2, id="key-without-a-value"),
        pytest.param("", 1, id="nothing"),
    ],
)
def test_the_last_statement_of_a_broken_text_is_where_it_begins(text: str, line: int) -> None:
    assert last_statement_line(text) == line


@given(st.text(alphabet="a[]{}=,.\"'#\n\\1 "))
def test_no_broken_text_stops_the_search_for_its_last_statement(text: str) -> None:
    assert 1 <= last_statement_line(text) <= text.count("\n") + 1
