"""Every example of docs/rating.md is read, and rated to the amount and by the words it says."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from callrouter.adapters.policy_files.explain import Section, keys_of, rule_of, section_of
from callrouter.adapters.policy_files.terms_file import read_agreement_file
from callrouter.adapters.policy_files.terms_sections import TermsFile
from callrouter.domain.billing.pricing import is_reached, round_ms
from callrouter.domain.billing.rating import PaidCall, PaidPast, rate
from callrouter.domain.billing.terms import Agreement, Operator, Rounding
from callrouter.domain.billing.terms_choice import find_terms
from callrouter.domain.clocks.time_spans import say_span
from callrouter.domain.money import read_amount, say_micros
from tests.docs.pages import page, strip_code
from tests.domain.billing.builders import AT, charge_of, talk_of

PAGE = page("docs/rating.md")


@dataclass(frozen=True)
class Example:
    """One call of an example: its row by the names of the columns, and the terms above it."""

    terms: str
    row: Mapping[str, str]

    def __str__(self) -> str:
        return self.row["because"]


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def list_examples() -> Iterator[Example]:
    """The rows of each table that follows a block of TOML and says what comes of a call."""
    terms, names, inside = "", list[str](), False
    for line in PAGE.text.splitlines():
        if line == "```toml":
            terms, names, inside = "", [], True
        elif line == "```":
            inside = False
        elif inside:
            terms += f"{line}\n"
        elif line.startswith("#"):
            names = []
        elif line.startswith("|") and "because" in line:
            names = cells(line)
        elif line.startswith("|") and names and not line.startswith("|-"):
            yield Example(terms, dict(zip(names, cells(line), strict=True)))


EXAMPLES = list(list_examples())


def read_block(text: str) -> Agreement:
    """The agreement of a block, which may leave out whose it is."""
    written = tomllib.loads(text)
    whole = text if "zone" in written else f'buyer = "acme"\nzone = "UTC"\n{text}'
    return read_agreement_file(whole, "docs/rating.md")


def seconds(text: str) -> float:
    return float(text.removesuffix(" s"))


def as_ms(text: str) -> int:
    return round(seconds(text) * 1000)


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_every_example_comes_to_what_it_says(example: Example) -> None:
    row = example.row
    agreement = read_block(example.terms)
    is_connected = row["connected"] != "never"
    connected_s = seconds(row["connected"]) if is_connected else 0
    began = row.get("began")
    before = re.fullmatch(r"(\d+) days", row.get("paid before", ""))
    revenue = read_amount(row.get("buyers pay", "0"), "USD")
    assert isinstance(revenue, int)
    talk = talk_of(
        connected_s,
        party=agreement.party,
        campaign_id=row.get("campaign", "flood-repair"),
        destination_id=row.get("destination", "acme-east"),
        is_connected=is_connected,
        attempts=int(row.get("attempts", 1)),
        answered_ms=as_ms(row.get("answered", f"{connected_s} s")),
        total_ms=as_ms(row.get("total", f"{connected_s} s")),
        started_at=datetime.fromisoformat(began).replace(tzinfo=UTC) if began else AT,
        charged=(charge_of(revenue),),
    )
    past = PaidPast(
        PaidCall("CA0", talk.started_at - timedelta(days=int(before[1]))) if before else None,
        int(row.get("paid that day", 0)),
    )
    terms = find_terms(agreement, talk)
    assert terms is not None

    charge = rate(talk, terms, past)

    assert (say_micros(charge.amount_micros), charge.reason) == (row["comes to"], row["because"])


def test_every_block_has_examples_and_every_kind_of_refusal_is_shown() -> None:
    blocks = [block.text for block in PAGE.blocks if block.language == "toml"]

    assert {example.terms for example in EXAMPLES} == set(blocks)
    said = "\n".join(str(example) for example in EXAMPLES)
    for refusal in ("never connected", "< ", "<= ", "hours", say_span(30 * 86_400), "at most"):
        assert refusal in said


def test_the_table_of_roundings_is_what_happens_at_a_threshold() -> None:
    header = next(line for line in PAGE.text.splitlines() if line.startswith("| operator |"))
    lengths_ms = [as_ms(cell) for cell in cells(header)[2:]]
    lines = [line for line in PAGE.section("Round, compare, pay") if line.startswith("|")]
    rows = [cells(line) for line in lines[lines.index(header) + 2 :]]

    assert len(rows) == len(Operator) * len(Rounding)
    for operator, rounding, *said in rows:
        reached = [
            is_reached(
                round_ms(ms, Rounding(strip_code(rounding))), 120, Operator(strip_code(operator))
            )
            for ms in lengths_ms
        ]
        assert said == ["pays" if each else "no" for each in reached], (operator, rounding)


HEADINGS = {
    "TermsFile": "The top of the file",
    "TermsSection": "[[terms]]",
    "BandSection": "[[terms.bands]]",
    "PerMinuteSection": "per_minute as a table",
    "TieOutSection": "[tie_out]",
}


def list_keys(model: type[Section]) -> Iterator[tuple[str, str, str]]:
    """The heading, the name and the default of each key of a terms file, as the page has them."""
    for name, field in keys_of(model).items():
        default = field.default
        if field.is_required() and name not in ("bands", "address"):
            told = "required"
        elif isinstance(default, bool):
            told = f"`{str(default).lower()}`"
        elif isinstance(default, int):
            told = f"`{default}`"
        else:
            told = f'`"{default}"`' if isinstance(default, str) and default else "none"
        yield HEADINGS[model.__name__], name, told
        section = section_of(field)
        if section is not None and (name != "hours" or rule_of(field) is None):
            yield from list_keys(section)


def test_every_key_is_explained_with_its_default_and_no_key_besides() -> None:
    told = [
        (heading, strip_code(row[0]), row[-1].strip("| "))
        for heading in HEADINGS.values()
        for row in PAGE.table(heading)
    ]

    assert sorted(told) == sorted(list_keys(TermsFile))


def test_every_key_stands_in_an_example() -> None:
    shown = "\n".join(block.text for block in PAGE.blocks if block.language == "toml")
    missing = [
        name
        for _, name, _ in list_keys(TermsFile)
        if not re.search(rf"(?<![\w.]){name}\s*=|\[{name}\]|\.{name}\]", shown)
    ]

    assert missing == []
