"""The systems whose files are known: what each writes into which column, from formats/*.toml."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from callrouter.domain.errors import FileProblem, PolicyFileError
from callrouter.domain.tie_out.mapping import DurationForm, LegRule, TimeForm
from callrouter.domain.tie_out.mapping import Field as Meaning

TIMES = (Meaning.START, Meaning.START_DATE, Meaning.ANSWER, Meaning.END, Meaning.UPDATED)
DURATIONS = (Meaning.TOTAL, Meaning.TALK, Meaning.QUEUE, Meaning.HOLD, Meaning.BILLED)

_FOLDER = "callrouter.adapters.buyer_files.formats"
_NAMED_SHAPES = {
    "stamp": r"\d{4}-\d{1,2}-\d{1,2}[ T]\d{1,2}:\d{2}(?::\d{2})?.*|"
    r"\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4} \d{1,2}:\d{2}.*",
    "whole": r"\d{1,7}",
    "uuid": r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}",
}

Path: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Headless:
    """How a file without headings is known: by how many columns it has, and what stands in some.

    Columns count from 0. `places` are a field's columns, the best one first; one beyond the last
    column isn't there. `shapes` are regular expressions for what a whole cell looks like.
    """

    widths: frozenset[int]
    shapes: Mapping[int, str]
    places: Mapping[Meaning, tuple[int, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """How a system writes its call records.

    `name` is its file's, `system` what people call it. `known_by` are headings that together give
    it away. `headings` are a field's, the best one first; `forms` how values are written, where the
    system has but one way. `traps` say what catches out who doesn't know the system. The rest is
    as in `Mapping`.
    """

    name: str
    system: str
    known_by: tuple[str, ...]
    headings: Mapping[Meaning, tuple[str, ...]]
    forms: Mapping[Meaning, str]
    headless: Headless | None
    zone: str
    country: str
    legs: LegRule
    sentinels: tuple[str, ...]
    inbound: tuple[str, ...]
    total_means: str
    talk_means: str
    traps: tuple[str, ...]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _HeadlessSection(_Section):
    """`[headless]`; columns count from 1 there, as spreadsheets and manuals do."""

    widths: list[int] = Field(min_length=1)
    shapes: dict[int, str] = Field(min_length=1)
    columns: dict[Meaning, int | list[int]] = Field(min_length=1)


class _PresetFile(_Section):
    system: str = Field(min_length=1)
    known_by: list[str] = Field(default_factory=list)
    zone: str = ""
    country: str = "US"
    legs: LegRule = LegRule.ONE_ROW
    sentinels: list[str] = Field(default_factory=list)
    inbound: list[str] = Field(default_factory=list)
    total_means: str = ""
    talk_means: str = ""
    traps: list[str] = Field(default_factory=list)
    columns: dict[Meaning, str | list[str]] = Field(default_factory=dict)
    forms: dict[Meaning, TimeForm | DurationForm] = Field(default_factory=dict)
    headless: _HeadlessSection | None = None


@cache
def load_presets() -> tuple[Preset, ...]:
    """All presets, by name."""
    files = sorted(
        (each for each in resources.files(_FOLDER).iterdir() if each.name.endswith(".toml")),
        key=lambda file: file.name,
    )
    return tuple(read_preset(file.read_text("utf-8"), file.name) for file in files)


def read_preset(text: str, file: str) -> Preset:
    """The preset of a TOML text; `file` is its name.

    Raises PolicyFileError with every problem, each with its line.
    """
    try:
        read = _PresetFile.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        problem = FileProblem(file, int(line[1]) if line else 1, "(file)", f"isn't TOML: {error}")
        raise PolicyFileError((problem,)) from error
    except ValidationError as error:
        wrong = [(detail["loc"], detail["msg"]) for detail in error.errors(include_url=False)]
        raise _refusal(wrong, text, file) from error
    if wrong := list(_find_contradictions(read)):
        raise _refusal(wrong, text, file)
    return Preset(
        name=file.removesuffix(".toml"),
        system=read.system,
        known_by=tuple(read.known_by),
        headings={field: _list(headings) for field, headings in read.columns.items()},
        forms={field: str(form) for field, form in read.forms.items()},
        headless=_to_headless(read.headless),
        zone=read.zone,
        country=read.country,
        legs=read.legs,
        sentinels=tuple(read.sentinels),
        inbound=tuple(read.inbound),
        total_means=read.total_means,
        talk_means=read.talk_means,
        traps=tuple(read.traps),
    )


def _list(headings: str | list[str]) -> tuple[str, ...]:
    return (headings,) if isinstance(headings, str) else tuple(headings)


def _to_headless(section: _HeadlessSection | None) -> Headless | None:
    if section is None:
        return None
    places = {
        field: tuple(place - 1 for place in ([at] if isinstance(at, int) else at))
        for field, at in section.columns.items()
    }
    shapes = {
        place - 1: f"^(?:{_NAMED_SHAPES.get(shape, shape)})$"
        for place, shape in section.shapes.items()
    }
    return Headless(widths=frozenset(section.widths), shapes=shapes, places=places)


def _find_contradictions(read: _PresetFile) -> Iterator[tuple[Path, str]]:
    if not read.known_by and read.headless is None:
        yield ("known_by",), "must name some headings, unless there is a [headless] part"
    if bool(read.known_by) != bool(read.columns):
        yield ("columns",), "go with known_by: the headings that give the system away"
    for field, form in read.forms.items():
        kinds = {TimeForm: TIMES, DurationForm: DURATIONS}
        if field not in kinds[type(form)]:
            yield ("forms", field), f"{form} isn't how that field can be written"
    if read.headless is not None:
        yield from _find_headless_contradictions(read.headless)


def _find_headless_contradictions(section: _HeadlessSection) -> Iterator[tuple[Path, str]]:
    for place, shape in section.shapes.items():
        if place < 1:
            yield ("headless", "shapes", str(place)), "columns count from 1"
        try:
            re.compile(shape)
        except re.error as error:
            yield ("headless", "shapes", str(place)), f"isn't a regular expression: {error}"


def _refusal(wrong: list[tuple[Path, str]], text: str, file: str) -> PolicyFileError:
    return PolicyFileError(
        tuple(
            FileProblem(file, _find_line(path, text), ".".join(map(str, path)), message)
            for path, message in wrong
        )
    )


def _find_line(path: Path, text: str) -> int:
    """The line of a key; of the table around it, or the first, where it isn't written."""
    sections, found = "", 1
    for number, line in enumerate(text.splitlines(), start=1):
        header = re.match(r"\s*\[([^\]]+)\]", line)
        key = re.match(r'\s*"?([A-Za-z0-9_]+)"?\s*=', line)
        if header:
            sections = header[1]
        words = (*sections.split("."),) if sections else ()
        spelt = (*words, key[1]) if key else words
        if (header or key) and spelt == tuple(map(str, path[: len(spelt)])):
            found = number
    return found
