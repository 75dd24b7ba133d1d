"""On which line each key of a TOML text stands, which the standard library's parser doesn't say.

Reads structure only; whether a text is TOML, and what its values are, `tomllib` decides.
"""

import re
import tomllib
from bisect import bisect_left
from collections.abc import Mapping
from contextlib import suppress
from types import MappingProxyType

from callrouter.domain.tables.table_check import KeyPath

_BLANK = re.compile(r"(?:[ \t\n]|#[^\n]*)*+")
_SPACE = re.compile(r"[ \t]*")
_KEY_PART = re.compile(r"""[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*+"|'[^'\n]*'""")
# A multi-line string may end in up to two quotes of its own before the three that close it.
_STRING = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*+"{3,5}'
    r"|'''(?:[^']|'(?!''))*+'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*+"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_BARE_VALUE = re.compile(r"[^,\]}#\n]+")


class _LostError(Exception):
    """The text isn't TOML from here on."""


def locate_keys(text: str) -> Mapping[KeyPath, int]:
    """The line, counted from 1, of every key, table and array element of a valid TOML text.

    A table is where its header stands, or else where it was first mentioned.
    """
    scanner = _Scanner(text)
    scanner.scan()
    return MappingProxyType(scanner.lines)


def last_statement_line(text: str) -> int:
    """The line on which the last statement begins that can be made out in a broken TOML text."""
    scanner = _Scanner(text)
    with suppress(_LostError, tomllib.TOMLDecodeError):
        scanner.scan()
    return scanner.statement_line


class _Scanner:
    """A walk over the text; `lines` grows as keys are passed."""

    def __init__(self, text: str) -> None:
        self.lines: dict[KeyPath, int] = {}
        self.statement_line = 1
        self._text = text.replace("\r\n", "\n")
        self._at = 0
        self._line_ends = [match.start() for match in re.finditer("\n", self._text)]
        self._array_lengths: dict[KeyPath, int] = {}

    def scan(self) -> None:
        table: KeyPath = ()
        self._pass(_BLANK)
        while self._at < len(self._text):
            self.statement_line = self._line()
            if self._is_next("["):
                table = self._read_header()
            else:
                self._read_pair(table)
            self._pass(_BLANK)

    def _read_header(self) -> KeyPath:
        line = self._line()
        is_array = self._is_next("[[")
        self._at += 2 if is_array else 1
        *outer, last = self._read_key()
        self._expect("]]" if is_array else "]")
        path = (*self._resolve(outer, line), last)
        if is_array:
            self.lines.setdefault(path, line)
            index = self._array_lengths.get(path, 0)
            self._array_lengths[path] = index + 1
            path = (*path, index)
        self.lines[path] = line
        return path

    def _resolve(self, names: list[str], line: int) -> KeyPath:
        """The table that a header's outer names mean: of an array, its latest element."""
        path: KeyPath = ()
        for name in names:
            path = (*path, name)
            self.lines.setdefault(path, line)
            if path in self._array_lengths:
                path = (*path, self._array_lengths[path] - 1)
        return path

    def _read_pair(self, table: KeyPath) -> None:
        line = self._line()
        path = table
        for name in self._read_key():
            path = (*path, name)
            self.lines.setdefault(path, line)
        self._expect("=")
        self._read_value(path)

    def _read_key(self) -> list[str]:
        names: list[str] = []
        while True:
            self._pass(_SPACE)
            part = self._pass(_KEY_PART)
            names.append(tomllib.loads(f"k={part}")["k"] if part[0] in "\"'" else part)
            self._pass(_SPACE)
            if not self._is_next("."):
                return names
            self._at += 1

    def _read_value(self, path: KeyPath) -> None:
        self._pass(_SPACE)
        if self._is_next("["):
            self._read_array(path)
        elif self._is_next("{"):
            self._read_inline_table(path)
        elif self._is_next('"') or self._is_next("'"):
            self._pass(_STRING)
        else:
            self._pass(_BARE_VALUE)

    def _read_array(self, path: KeyPath) -> None:
        self._at += 1
        index = 0
        while not self._closes("]"):
            self.lines[(*path, index)] = self._line()
            self._read_value((*path, index))
            index += 1

    def _read_inline_table(self, path: KeyPath) -> None:
        self._at += 1
        while not self._closes("}"):
            self._read_pair(path)

    def _closes(self, bracket: str) -> bool:
        """Whether the array or table ends here; passes the bracket, or the comma before an item."""
        self._pass(_BLANK)
        if self._is_next(","):
            self._at += 1
            self._pass(_BLANK)
        if self._is_next(bracket):
            self._at += 1
            return True
        return False

    def _is_next(self, sign: str) -> bool:
        return self._text.startswith(sign, self._at)

    def _expect(self, sign: str) -> None:
        if not self._is_next(sign):
            raise _LostError
        self._at += len(sign)

    def _pass(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self._at)
        if match is None:
            raise _LostError
        self._at = match.end()
        return match.group()

    def _line(self) -> int:
        return bisect_left(self._line_ends, self._at) + 1
