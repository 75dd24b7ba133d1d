"""The pages that people read, and what stands in them: links, headings, code, tables.

Reads as much of Markdown as our pages use.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import dropwhile, takewhile
from pathlib import Path

ROOT = Path(__file__).parents[2]

_FENCE = re.compile(r"^ *(?P<mark>```+)(?P<language>\S*)")
_HEADING = re.compile(r"^#{1,6} +(?P<text>.+?) *#* *$")
_LINK = re.compile(r"\[(?:[^\]\[]|\[[^\]]*\])*\]\((?P<target>[^)\s]+)\)")
_SOURCE = re.compile(r"<(?:img|source)\b[^>]*\bsrc(?:set)?=\"(?P<target>[^\"]+)\"")
_INLINE = re.compile(r"(?<!`)`(?P<code>[^`\n]+)`(?!`)")


@dataclass(frozen=True)
class Code:
    """A fenced block: its language as written, and its text."""

    language: str
    text: str


@dataclass(frozen=True)
class Page:
    """One Markdown file: its prose without the fenced blocks, and these."""

    path: Path
    prose: str
    blocks: tuple[Code, ...]

    @property
    def name(self) -> str:
        """The path within the repository."""
        return str(self.path.relative_to(ROOT))

    @property
    def text(self) -> str:
        """Everything as it stands in the file."""
        return self.path.read_text("utf-8")

    def links(self) -> list[str]:
        """The targets of all links and pictures."""
        prose = _INLINE.sub("", self.prose)
        return [match["target"] for kind in (_LINK, _SOURCE) for match in kind.finditer(prose)]

    def anchors(self) -> frozenset[str]:
        """What a link to a heading of this page may have behind its #, as GitHub makes it."""
        found = (_HEADING.match(line) for line in self.prose.splitlines())
        return frozenset(_slug(match["text"]) for match in found if match)

    def inline_code(self) -> list[str]:
        """Everything in single backticks."""
        return [match["code"] for match in _INLINE.finditer(self.prose)]

    def section(self, heading: str) -> list[str]:
        """The lines below a heading, up to the next heading."""
        lines = self.prose.splitlines()
        titles = [_title(line) for line in lines]
        assert heading in titles, f"{self.name} has no heading {heading!r}"
        rest = lines[titles.index(heading) + 1 :]
        return list(takewhile(lambda line: not _title(line), rest))

    def table(self, heading: str) -> list[list[str]]:
        """The rows of the first table below a heading, without its header."""
        lines = dropwhile(lambda line: not line.startswith("|"), self.section(heading))
        rows = list(takewhile(lambda line: line.startswith("|"), lines))
        assert len(rows) > 2, f"{self.name} has no table under {heading!r}"
        return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows[2:]]


def read_page(path: Path) -> Page:
    """One Markdown file."""
    prose: list[str] = []
    blocks: list[Code] = []
    mark, language, inside = "", "", list[str]()
    for line in path.read_text("utf-8").splitlines():
        fence = _FENCE.match(line)
        if mark and fence and fence["mark"] == mark and not fence["language"]:
            blocks.append(Code(language, "\n".join(inside) + "\n"))
            mark = ""
        elif mark:
            inside.append(line)
        elif fence:
            mark, language, inside = fence["mark"], fence["language"], []
        else:
            prose.append(line)
    assert not mark, f"{path.name}: a fenced block isn't closed"
    return Page(path, "\n".join(prose), tuple(blocks))


def all_pages() -> Iterator[Page]:
    """Every page of the repository, this README first."""
    for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md"):
        yield read_page(ROOT / name)
    for path in sorted((ROOT / "docs").rglob("*.md")):
        yield read_page(path)


def page(name: str) -> Page:
    """The page at a path of the repository."""
    return read_page(ROOT / name)


def strip_code(cell: str) -> str:
    """A table's cell without its backticks."""
    return cell.strip().strip("`")


def _title(line: str) -> str:
    match = _HEADING.match(line)
    return match["text"] if match else ""


def _slug(heading: str) -> str:
    """GitHub's anchor of a heading: lower case, no punctuation, hyphens for spaces."""
    plain = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
    return re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
