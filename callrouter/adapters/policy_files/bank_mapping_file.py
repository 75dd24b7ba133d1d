"""A bank's mapping as TOML: how its files are written, and by which names it knows buyers."""

import re
from collections.abc import Iterator
from typing import Annotated, TypeAlias

from pydantic import Field

from callrouter.adapters.policy_files.document import PolicyDocument, open_document
from callrouter.adapters.policy_files.explain import Section, read_sections
from callrouter.adapters.policy_files.rules import (
    CURRENCY,
    LONGEST_NAME,
    ZONE,
    Refusal,
    Rule,
    fitting,
    must_be,
    one_of,
    quote,
    slug,
    whole,
    written,
)
from callrouter.domain.billing.bank_mapping import (
    BankColumns,
    BankMapping,
    DecimalMark,
    Incoming,
    fold,
)
from callrouter.domain.billing.party import Party, Side
from callrouter.domain.errors import FileProblem

_THOUSANDS = {"none": "", "comma": ",", "point": ".", "space": " ", "apostrophe": "'"}
_DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}
_DATES = re.compile(r"(?=.*Y)(?=.*M)(?=.*D)(?:(?:YYYY|YY|MMM|MM|DD)[-./ ]?){3}(?<![-./ ])")

_Heading: TypeAlias = Annotated[str, written("Amount", 1, LONGEST_NAME)]


def _texts(example: str) -> Rule:
    """A list of short texts."""
    expected = f"a list of texts of 1 to {LONGEST_NAME} characters, as in {example}"

    def refuses(value: object) -> Refusal:
        for text in value if isinstance(value, list) else ():
            if not 1 <= len(fold(text)) <= LONGEST_NAME:
                return must_be(expected, text)
        return None

    return Rule(expected, example, refuses)


_Headings: TypeAlias = Annotated[list[str], _texts('["Memo", "Details"]')]
_Words: TypeAlias = Annotated[list[str], _texts('["ACME RESTORATION LLC"]')]
_DATES_RULE = fitting(
    _DATES,
    "YYYY or YY, MM or MMM (as in Nov), and DD, in the bank's order and with what parts them",
    "MM/DD/YYYY",
)


class ColumnsSection(Section):
    """`[columns]`: the headings of the file's columns."""

    date: _Heading
    amount: _Heading | None = None
    credit: _Heading | None = None
    debit: _Heading | None = None
    mark: _Heading | None = None
    bank_reference: _Heading | None = None
    payer: _Heading | None = None
    currency: _Heading | None = None
    text: _Headings = Field(default_factory=list)


class BankBuyerSection(Section):
    """`[[buyers]]`: by what the bank's rows say that they are this buyer's."""

    id: Annotated[str, slug("acme")]
    names: _Words = Field(default_factory=list)
    references: _Words = Field(default_factory=list)


class BankMappingFile(Section):
    """A whole mapping."""

    bank: Annotated[str, slug("first")]
    zone: Annotated[str, ZONE]
    currency: Annotated[str | None, CURRENCY] = None
    encoding: Annotated[
        str, one_of("utf-8", "utf-16", "windows-1252", "iso-8859-1", "iso-8859-15")
    ] = "utf-8"
    delimiter: Annotated[str, one_of(*_DELIMITERS)] = "comma"
    skip_lines: Annotated[int, whole(0, 100, 3, "lines")] = 0
    dates: Annotated[str, _DATES_RULE]
    decimal: Annotated[str, one_of(*DecimalMark)]
    thousands: Annotated[str, one_of(*_THOUSANDS)] = "none"
    incoming: Annotated[str, one_of(*Incoming)] = "positive"
    marks: Annotated[list[str], _texts('["C", "CREDIT"]')] = Field(default_factory=list)
    columns: ColumnsSection
    buyers: Annotated[list[BankBuyerSection], Field(default_factory=list)]


def read_bank_mapping(text: str, file: str) -> BankMapping:
    """The mapping of `text`.

    Raises PolicyFileError with every problem, each with its line, its key and what is expected.
    """
    document = open_document(text, file)
    read = read_sections(BankMappingFile, document, _find_contradictions(document))
    columns = read.columns.model_dump(exclude={"text"})
    return BankMapping(
        bank=read.bank,
        columns=BankColumns(
            **{name: heading or "" for name, heading in columns.items()},
            texts=tuple(read.columns.text),
        ),
        dates=read.dates,
        zone=read.zone,
        currency=read.currency or "",
        encoding=read.encoding,
        delimiter=_DELIMITERS[read.delimiter],
        skip_lines=read.skip_lines,
        decimal=DecimalMark(read.decimal),
        thousands=_THOUSANDS[read.thousands],
        incoming=Incoming(read.incoming),
        marks=frozenset(map(fold, read.marks)),
        payers={fold(name): _buyer(each) for each in read.buyers for name in each.names},
        references={fold(text): _buyer(each) for each in read.buyers for text in each.references},
    )


def _buyer(section: BankBuyerSection) -> Party:
    return Party(Side.BUYER, section.id)


def _find_contradictions(document: PolicyDocument) -> Iterator[FileProblem]:
    def has(*path: str) -> bool:
        return document.value_at(path) is not None

    marked = document.value_at(("incoming",)) == Incoming.MARKED
    rules = (
        (
            has("columns") and has("columns", "amount") == has("columns", "credit"),
            ("columns", "amount"),
            "must be there, or credit (and debit) in its place; one of the two",
        ),
        (
            has("columns", "debit") and not has("columns", "credit"),
            ("columns", "debit"),
            "stands beside credit: what comes must be in a column, too",
        ),
        (
            has("columns") and not has("currency") and not has("columns", "currency"),
            ("currency",),
            'is missing, and no column has it; write for example currency = "USD"',
        ),
        (
            _same_marks(document),
            ("thousands",),
            "is what stands before the cents: it can't be both",
        ),
        (
            has("columns", "credit") and has("incoming"),
            ("incoming",),
            "says nothing where credit and debit have columns of their own; leave it out",
        ),
        (
            marked != has("columns", "mark") or marked != has("marks"),
            ("incoming",),
            'of "marked" goes with columns.mark and marks, such as marks = ["C"]; all or none',
        ),
    )
    yield from (document.problem(path, said) for is_wrong, path, said in rules if is_wrong)
    yield from _find_doubles(document)


def _same_marks(document: PolicyDocument) -> bool:
    thousands = document.value_at(("thousands",))
    return isinstance(thousands, str) and thousands == document.value_at(("decimal",))


def _find_doubles(document: PolicyDocument) -> Iterator[FileProblem]:
    """What would be two buyers': a row couldn't say whose it is."""
    buyers = document.value_at(("buyers",))
    seen: dict[tuple[str, str], int] = {}
    for i, buyer in enumerate(buyers if isinstance(buyers, list) else ()):
        for key in ("names", "references"):
            texts = buyer.get(key) if isinstance(buyer, dict) else ()
            for text in texts if isinstance(texts, list) else ():
                first = seen.setdefault((key, fold(str(text))), i)
                if first != i:
                    line = document.line_of(("buyers", first, key))
                    message = (
                        f"has {quote(str(text)[:LONGEST_NAME])}, as another has on line {line}"
                    )
                    yield document.problem(("buyers", i, key), message)
