"""Reads TwiML strictly: what the allow-list doesn't name is refused, every problem at once.

Knows the language only; what a verb does is played elsewhere.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias
from xml.parsers import expat

from callrouter.simulator.twiml_rules import RULES, SCHEMA_VIOLATED, check_url

DOCUMENT_UNPARSABLE = 12100
CONTENT_TYPE_WRONG = 12300
BODY_TOO_LARGE = 11750
BODY_EMPTY = 11770
DIAL_IN_WHISPER = 13201
NUMBER_INVALID = 13223

_CONTENT_TYPES = frozenset({"text/xml", "application/xml", "text/html"})
_E164 = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
_SIP = re.compile(r"sips?:[^\s@]+@[^\s@]+")


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a document that was found to be legal."""

    name: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    children: tuple["Element", ...] = ()
    text: str = ""
    line: int = 0

    def integer(self, attribute: str, default: int) -> int:
        """An attribute as a whole number."""
        return int(self.attributes.get(attribute, default))

    def flag(self, attribute: str, *, default: bool = False) -> bool:
        """A boolean attribute."""
        return self.attributes.get(attribute, str(default).lower()) == "true"


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason why a document is refused: the carrier's error code, the line, what was wrong."""

    code: int
    line: int
    text: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.text}" if self.line else self.text


@dataclass(frozen=True, slots=True)
class Refusal:
    """A document that can't be run, with every reason; the first one is told to the router."""

    problems: tuple[Problem, ...]

    @property
    def code(self) -> int:
        """The carrier's error code of the first problem."""
        return self.problems[0].code


@dataclass(frozen=True, slots=True)
class Script:
    """The verbs of a legal document, in order."""

    verbs: tuple[Element, ...]


Reading: TypeAlias = Script | Refusal


def read_twiml(body: bytes, content_type: str, *, whisper: bool = False) -> Reading:
    """Read the answer to a webhook; a `whisper` runs on the callee's leg, where few verbs may."""
    if len(body) > RULES.max_bytes:
        return _refuse(BODY_TOO_LARGE, f"longer than {RULES.max_bytes} bytes")
    if not body.strip():
        return _refuse(BODY_EMPTY, "empty: should be a <Response>")
    if content_type.partition(";")[0].strip().lower() not in _CONTENT_TYPES:
        return _refuse(CONTENT_TYPE_WRONG, f"content type {content_type!r}: should be text/xml")
    try:
        root = _Builder().build(body)
    except expat.ExpatError as error:
        return Refusal((Problem(DOCUMENT_UNPARSABLE, error.lineno, f"not XML: {error}"),))
    except _ForbiddenXmlError as error:
        return _refuse(DOCUMENT_UNPARSABLE, str(error))
    problems = tuple(_problems(root, whisper=whisper))
    return Refusal(problems) if problems else Script(root.children)


def _refuse(code: int, text: str) -> Refusal:
    return Refusal((Problem(code, 0, text),))


class _ForbiddenXmlError(Exception):
    """XML that can make its reader fetch or expand something."""


@dataclass(slots=True)
class _Open:
    """An element whose end has not been seen."""

    name: str
    attributes: dict[str, str]
    line: int
    children: list[Element] = field(default_factory=list)
    text: list[str] = field(default_factory=list)


class _Builder:
    """Builds the tree; a document type, an entity or an instruction is refused unread."""

    def __init__(self) -> None:
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.StartDoctypeDeclHandler = self._refuse_doctype
        self._parser.ProcessingInstructionHandler = self._refuse_instruction
        self._open = [_Open("", {}, 0)]

    def build(self, body: bytes) -> Element:
        self._parser.Parse(body, True)
        return self._open[0].children[0]

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._open.append(_Open(name, attributes, self._parser.CurrentLineNumber))

    def _end(self, _name: str) -> None:
        done = self._open.pop()
        text = "".join(done.text).strip()
        element = Element(done.name, done.attributes, tuple(done.children), text, done.line)
        self._open[-1].children.append(element)

    def _characters(self, text: str) -> None:
        self._open[-1].text.append(text)

    def _refuse_doctype(self, name: str, *_: object) -> None:
        raise _ForbiddenXmlError(f"has a document type ({name}): TwiML has none")

    def _refuse_instruction(self, target: str, _data: str) -> None:
        raise _ForbiddenXmlError(f"has a processing instruction ({target}): TwiML has none")


def _problems(root: Element, *, whisper: bool) -> Iterator[Problem]:
    if root.name != "Response":
        yield Problem(DOCUMENT_UNPARSABLE, root.line, f"<{root.name}>: should be <Response>")
        return
    yield from _element_problems(root)
    for verb in root.children if whisper else ():
        if verb.name == "Dial":
            yield Problem(DIAL_IN_WHISPER, verb.line, "<Dial> inside a whisper")
        elif verb.name in RULES.elements and verb.name not in RULES.whisper_verbs:
            yield Problem(SCHEMA_VIOLATED, verb.line, f"<{verb.name}> inside a whisper")


def _element_problems(element: Element) -> Iterator[Problem]:
    rule = RULES.elements[element.name]
    for name, value in element.attributes.items():
        known = rule.attributes.get(name)
        where = f"<{element.name} {name}={value!r}>"
        if known is None:
            yield Problem(SCHEMA_VIOLATED, element.line, f"{where}: no such attribute")
        elif wrong := known.check(value):
            yield Problem(known.code, element.line, f"{where} {wrong}")
    if element.text and not rule.text:
        yield Problem(SCHEMA_VIOLATED, element.line, f"<{element.name}> holds text")
    for child in element.children:
        if child.name in rule.children:
            yield from _element_problems(child)
        else:
            yield _child_problem(element, child)
    if wrong_content := _content_problem(element):
        yield wrong_content


def _child_problem(element: Element, child: Element) -> Problem:
    where = f"<{child.name}> inside <{element.name}>"
    if child.name in RULES.unplayed:
        text = f"{where} is TwiML that this carrier can't play"
    elif child.name in RULES.elements:
        text = f"{where}: doesn't belong there"
    else:
        text = f"{where}: no such element"
    return Problem(SCHEMA_VIOLATED, child.line, text)


def _content_problem(element: Element) -> Problem | None:
    """What an element's text and children must be beyond their names."""
    text, wrong = element.text, None
    code = SCHEMA_VIOLATED
    match element.name:
        case "Dial":
            code, wrong = NUMBER_INVALID, _dial_problem(element)
        case "Number" if not _E164.fullmatch(text):
            code, wrong = NUMBER_INVALID, f"{text!r} should be an E.164 number"
        case "Sip" if not _SIP.fullmatch(text):
            code, wrong = NUMBER_INVALID, f"{text!r} should be sip:user@host"
        case "Redirect":
            wrong = check_url(text)
        case "Play" if not text and "digits" not in element.attributes:
            wrong = "should hold a URL or have digits"
        case "Play" if text:
            wrong = check_url(text)
    return Problem(code, element.line, f"<{element.name}> {wrong}") if wrong else None


def _dial_problem(dial: Element) -> str | None:
    if dial.text and dial.children:
        return "holds both a number and nouns"
    if dial.text and not _E164.fullmatch(dial.text):
        return f"{dial.text!r} should be an E.164 number"
    if not dial.text and not dial.children:
        return "dials nobody"
    if len(dial.children) > RULES.max_nouns:
        return f"has {len(dial.children)} nouns, at most {RULES.max_nouns}"
    return None
