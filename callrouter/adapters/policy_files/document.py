"""A TOML text with its lines: opened, or refused with the line on which it stops being TOML.

Knows no key of any particular file.
"""

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from callrouter.adapters.policy_files.locate import last_statement_line, locate_keys
from callrouter.domain.errors import FileProblem, PolicyFileError
from callrouter.domain.tables.table_check import KeyPath, TableProblem

LARGEST_FILE_BYTES = 1024 * 1024

_WHOLE_FILE = "(file)"
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]{1,60}")
_KEY_OF_LINE = re.compile(r"\s*(?:\[\[?\s*([^\]]+?)\s*(?:\]|$)|([^=#]+?)\s*(?:=|$))")
_POSITION = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")
# More digits than Python turns into an int (sys.int_info.default_max_str_digits).
_ENDLESS_NUMBER = re.compile(r"\d[\d_]{4000}")
_UNCLOSED = "this text has no closing quotes"
# The parser's time grows with the square of a dotted key's parts; no real key has five.
_ENDLESS_KEY = re.compile(r"""(?<![\w"'-])(?:[\w"'-]++[ \t]*+\.[ \t]*+){40}""")
_PLAIN_REASONS = (
    ("Cannot overwrite a value", "this key is already written above; keep one of the two"),
    ("Cannot declare", "this header is already written above; a list needs [[double brackets]]"),
    ("Invalid value", 'isn\'t a value; a text needs quotes, as in whisper = "Flood repair"'),
    ("Illegal character '\\n'", _UNCLOSED),
    ("Unterminated string", _UNCLOSED),
    ('Expected \'"""\'', _UNCLOSED),
    ("Expected \"'''\"", _UNCLOSED),
)


@dataclass(frozen=True, slots=True)
class PolicyDocument:
    """The values of a TOML text and the line of each; `file` is its name in messages."""

    file: str
    content: Mapping[str, object]
    lines: Mapping[KeyPath, int]

    def line_of(self, path: KeyPath) -> int:
        """The line of the key, or of the nearest table around it when the key isn't written."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def value_at(self, path: KeyPath) -> object:
        """What is written at `path`, or None where nothing is."""
        value: object = self.content
        for step in path:
            if isinstance(step, str) and isinstance(value, dict):
                value = value.get(step)
            elif isinstance(step, int) and isinstance(value, list) and step < len(value):
                value = value[step]
            else:
                return None
        return value

    def problem(self, path: KeyPath, message: str) -> FileProblem:
        """A problem with what stands, or should stand, at `path`."""
        return FileProblem(self.file, self.line_of(path), spell_path(path), message)


def load_policy(path: Path) -> str:
    """The text of a policy file; raises PolicyFileError when it can't be read as text."""
    try:
        with path.open("rb") as opened:
            content = opened.read(LARGEST_FILE_BYTES + 1)
    except OSError as error:
        raise _refuse(str(path), 1, _WHOLE_FILE, f"can't be read: {error.strerror}") from error
    return decode_policy(content, str(path))


def decode_policy(content: bytes, file: str) -> str:
    """UTF-8 bytes as text, without a byte order mark; raises PolicyFileError if they aren't."""
    if len(content) > LARGEST_FILE_BYTES:
        raise _refuse(file, 1, _WHOLE_FILE, "is larger than 1 MiB, the most a policy file may be")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        byte = error.object[error.start]
        message = f"isn't UTF-8 text (byte 0x{byte:02x}); save the file as UTF-8"
        raise _refuse(file, line, _WHOLE_FILE, message) from error


def open_document(text: str, file: str) -> PolicyDocument:
    """The values and lines of `text`; raises PolicyFileError where it stops being TOML."""
    if len(text.encode("utf-8", "surrogatepass")) > LARGEST_FILE_BYTES:
        raise _refuse(file, 1, _WHOLE_FILE, "is larger than 1 MiB, the most a policy file may be")
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise _refuse(file, line, _WHOLE_FILE, "has a NUL byte: a policy file is plain text")
    if match := _ENDLESS_KEY.search(text):
        line = text.count("\n", 0, match.start()) + 1
        raise _refuse(file, line, _key_on_line(text, line), "is a key of more than forty parts")
    try:
        return PolicyDocument(file, tomllib.loads(text), locate_keys(text))
    except tomllib.TOMLDecodeError as error:
        raise _explain_syntax(error, text, file) from error
    except RecursionError:
        # The parser's own stack would bury the message.
        raise _refuse(file, 1, _WHOLE_FILE, "has brackets nested far too deep") from None
    except ValueError as error:
        match = _ENDLESS_NUMBER.search(text)
        line = text.count("\n", 0, match.start()) + 1 if match else 1
        key = _key_on_line(text, line)
        raise _refuse(file, line, key, "is a number with thousands of digits") from error


def place_problems(
    problems: Iterable[TableProblem], text: str, file: str
) -> tuple[FileProblem, ...]:
    """The problems that the domain found, each with its line in the text they were read from."""
    found = tuple(problems)
    if not found:
        return ()
    document = open_document(text, file)
    return tuple(document.problem(problem.key_path, problem.message) for problem in found)


def refusal(problems: Iterable[FileProblem]) -> PolicyFileError:
    """The error with all of `problems`, each once, in the order of the file."""
    return PolicyFileError(tuple(sorted(set(problems), key=_place)))


def spell_path(path: KeyPath) -> str:
    """A key as a person names it: the second route's weight is `routes[2].weight`."""
    spelt = ""
    for step in path:
        if isinstance(step, int):
            spelt += f"[{step + 1}]"
        else:
            name = step if _BARE_KEY.fullmatch(step) else json.dumps(_shorten(step))
            spelt += f".{name}" if spelt else name
    return spelt or _WHOLE_FILE


def _explain_syntax(error: tomllib.TOMLDecodeError, text: str, file: str) -> PolicyFileError:
    position = _POSITION.search(str(error))
    line = int(position[1]) if position and position[1] else last_statement_line(text)
    reason = _POSITION.sub("", str(error))
    plain = (words for beginning, words in _PLAIN_REASONS if reason.startswith(beginning))
    message = next(plain, f"isn't valid TOML: {reason}")
    return _refuse(file, line, _key_on_line(text, line), message)


def _key_on_line(text: str, line: int) -> str:
    """The key or header that begins on a line, as far as a broken text has one."""
    match = _KEY_OF_LINE.match(text.split("\n")[line - 1])
    name = _shorten(match[1] or match[2]) if match else _WHOLE_FILE
    return name if name.isprintable() else json.dumps(name)


def _place(problem: FileProblem) -> tuple[int, str, str]:
    return problem.line, problem.key, problem.message


def _shorten(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:60]}…"


def _refuse(file: str, line: int, key: str, message: str) -> PolicyFileError:
    return PolicyFileError((FileProblem(file, line, key, message),))
