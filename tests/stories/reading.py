"""Reads a story: what the carrier did and said, second by second, and what must come of it.

    # a title, then why
    table plain.toml

    at     event       leg  detail
    0.0    call             from=+14155550123 to=+18005550100
    => answer dial acme-east for 20 s
    25.3   dial-ended  B1   no-answer caller=ringing
    ...
    => cdr       disposition=no_answer total=41
    => attempts  acme-east:no_answer bolt-main:busy

`at` is in seconds; a leg is B1 for the first that was dialled. What a line expects stands below it.
The events and their details are in playing.py, one function each.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

_STEP = re.compile(
    r"(?P<at>[0-9]+(\.[0-9]+)?) +(?P<event>[a-z-]+)( +B(?P<leg>[0-9]+))?(?P<rest>.*)"
)
_EXPECTED = re.compile(r"=> *(?P<kind>[a-z]+) *(?P<text>.*)")
_HEADER = re.compile(r"(buyers|table) +(\S+\.toml)")
_COLUMNS = ["at", "event", "leg", "detail"]


@dataclass(frozen=True)
class Expected:
    """What a line beginning with => asks for."""

    line: int
    kind: str
    text: str


@dataclass(frozen=True)
class Step:
    """One thing that the carrier, or somebody of ours, did; `leg` is 0 for the caller's."""

    line: int
    at: float
    event: str
    leg: int
    words: tuple[str, ...]
    named: Mapping[str, str]
    expected: tuple[Expected, ...] = ()

    def take(self, name: str) -> str:
        """A named detail that must be there."""
        assert name in self.named, f"line {self.line}: {self.event} needs {name}=…"
        return self.named[name]


@dataclass(frozen=True)
class Story:
    """One file."""

    path: Path
    steps: tuple[Step, ...]
    files: Mapping[str, str] = field(default_factory=dict)

    def read_file(self, name: str) -> str:
        """A TOML file that the story names, from beside it."""
        return self.path.with_name(name).read_text("utf-8")


def read_story(path: Path) -> Story:
    """The story of a file; a line that is none of the above fails, with its number."""
    files = {"buyers": "buyers.toml"}
    steps: list[Step] = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        text = line.strip()
        if not text or text.startswith("#") or text.split() == _COLUMNS:
            continue
        if header := _HEADER.fullmatch(text):
            files[header[1]] = header[2]
        elif expected := _EXPECTED.fullmatch(text):
            assert steps, f"{path.name}:{number}: nothing has happened that this could be about"
            found = Expected(number, expected["kind"], expected["text"].strip())
            last = steps.pop()
            steps.append(_with(last, (*last.expected, found)))
        else:
            steps.append(_read_step(path, number, text))
    assert "table" in files, f"{path.name} names no table"
    assert any(e.kind in ("cdr", "open") for s in steps for e in s.expected), (
        f"{path.name} says nothing about its CDR"
    )
    return Story(path, tuple(steps), files)


def _read_step(path: Path, number: int, text: str) -> Step:
    step = _STEP.fullmatch(text)
    assert step, f"{path.name}:{number}: neither a step nor anything else: {text!r}"
    details = step["rest"].split()
    return Step(
        line=number,
        at=float(step["at"]),
        event=step["event"],
        leg=int(step["leg"] or 0),
        words=tuple(word for word in details if "=" not in word),
        named={name: value for name, _, value in (d.partition("=") for d in details if "=" in d)},
    )


def _with(step: Step, expected: tuple[Expected, ...]) -> Step:
    return Step(step.line, step.at, step.event, step.leg, step.words, step.named, expected)
