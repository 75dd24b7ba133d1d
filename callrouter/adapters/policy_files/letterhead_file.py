"""What stands at the head of each seller's statements, as TOML."""

from collections.abc import Mapping
from typing import Annotated, TypeAlias

from pydantic import Field

from callrouter.adapters.policy_files.document import open_document
from callrouter.adapters.policy_files.explain import Section, find_repeats, read_sections
from callrouter.adapters.policy_files.rules import LONGEST_NAME, LONGEST_TEXT, slug, written
from callrouter.domain.billing.statement_document import Letterhead
from callrouter.domain.tables.table_check import KeyPath

_Lines: TypeAlias = Annotated[
    list[Annotated[str, written("12 Signal Street", 1, LONGEST_NAME)]],
    Field(default_factory=list, max_length=8),
]


class LetterheadSection(Section):
    """`[[letterheads]]`: who sends statements."""

    seller: Annotated[str, slug("northbound")]
    name: Annotated[str, written("Northbound Calls LLC", 1, LONGEST_NAME)]
    address: _Lines
    contact: _Lines
    how_to_pay: _Lines
    font: Annotated[str, written("/usr/share/fonts/NotoSansCJK-Regular.ttf", 0, LONGEST_TEXT)] = ""


class LetterheadFile(Section):
    """A whole file."""

    letterheads: Annotated[list[LetterheadSection], Field(min_length=1)]


def read_letterheads(text: str, file: str) -> Mapping[str, Letterhead]:
    """The letterheads of `text` by the sellers' ids; `file` is its name in messages.

    Raises PolicyFileError with every problem, each with its line, its key and what is expected.
    """
    document = open_document(text, file)
    entries = document.value_at(("letterheads",))
    count = len(entries) if isinstance(entries, list) else 0
    paths: list[KeyPath] = [("letterheads", i, "seller") for i in range(count)]
    repeated = find_repeats(document, [(path, document.value_at(path)) for path in paths])
    sections = read_sections(LetterheadFile, document, repeated)
    return {
        each.seller: Letterhead(
            name=each.name,
            address=tuple(each.address),
            contact=tuple(each.contact),
            how_to_pay=tuple(each.how_to_pay),
            font=each.font,
        )
        for each in sections.letterheads
    }
