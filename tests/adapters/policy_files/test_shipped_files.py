"""The examples under config/, the demo's seller and docs/routing-table.md, against the readers."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType

import pytest

from callrouter.adapters.policy_files.buyers_file import BreakerSection, BuyersFile, read_buyers
from callrouter.adapters.policy_files.explain import Section, keys_of, rule_of, section_of
from callrouter.adapters.policy_files.routing_table_file import read_table
from callrouter.adapters.policy_files.rule_sections import RulesSection
from callrouter.adapters.policy_files.table_sections import RoutingTableFile
from callrouter.domain.health.circuit_breaker import DEFAULTS
from callrouter.domain.tables.directory import Directory, replace_buyers
from callrouter.domain.tables.routing_table import LastResort, RoutingTable
from callrouter.domain.tables.table_check import (
    check_buyers,
    check_numbers,
    check_table,
    warn_about_table,
)

ROOT = Path(__file__).parents[3]
DOCS = (ROOT / "docs" / "routing-table.md").read_text("utf-8")
DEMO = ROOT / "callrouter" / "cli" / "demo_seller"
SETS = [
    pytest.param(ROOT / "config" / "buyers", ROOT / "config" / "routing", id="config"),
    pytest.param(DEMO, DEMO, id="demo"),
]


def read_set(buyers: Path, tables: Path) -> tuple[Directory, Mapping[str, RoutingTable]]:
    directory = Directory()
    for path in sorted(buyers.glob("*.toml")):
        if "[[buyers]]" in (text := path.read_text("utf-8")):
            found, destinations = read_buyers(text, str(path))
            assert check_buyers(found, destinations, directory) == ()
            directory = replace_buyers(directory, found, destinations)
    read = [
        (path.stem, read_table(text, str(path)))
        for path in sorted(tables.glob("*.toml"))
        if "[[routes]]" in (text := path.read_text("utf-8"))
    ]
    assert all(stem == table.campaign_id for stem, table in read)
    return directory, MappingProxyType(dict(read))


@pytest.mark.parametrize(("buyers", "tables"), SETS)
def test_the_shipped_files_are_accepted_together_without_a_warning(
    buyers: Path, tables: Path
) -> None:
    directory, found = read_set(buyers, tables)
    assert {"flood-repair", "solar-quotes"} == set(found)
    assert len({buyer.zone for buyer in directory.buyers.values()}) == 3
    assert sum(len(table.numbers) for table in found.values()) == 12
    assert check_numbers(found) == ()
    for table in found.values():
        assert check_table(table, directory) == ()
        assert warn_about_table(table, directory) == ()


@pytest.mark.parametrize(("buyers", "tables"), SETS)
def test_the_shipped_files_show_every_feature_of_a_table(buyers: Path, tables: Path) -> None:
    directory, found = read_set(buyers, tables)
    routes = [route for table in found.values() for route in table.routes]
    assert any(route.whisper for route in routes)
    assert any(route.screening for route in routes)
    assert any(route.weight > 1 for route in routes)
    assert any(route.priority > 1 for route in routes)
    assert any(directory.destinations[r.destination_id].dial.startswith("sip:") for r in routes)
    ends = {table.nobody_left.resort for table in found.values()}
    assert ends == {LastResort.OVERFLOW, LastResort.VOICEMAIL}


@pytest.mark.parametrize(("buyers", "tables"), SETS)
def test_every_shipped_number_is_fictional(buyers: Path, tables: Path) -> None:
    directory, found = read_set(buyers, tables)
    numbers = {each.number for table in found.values() for each in table.numbers}
    dials = {each.dial for each in directory.destinations.values()}
    for dial in {*numbers, *dials}:
        assert re.fullmatch(r"\+1[0-9]{3}55501[0-9]{2}|sip:[a-z]+@pbx\.example\.com", dial)


def list_blocks() -> list[str]:
    return re.findall(r"^```toml\n(.*?)^```$", DOCS, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("block", list_blocks())
def test_every_toml_block_of_the_documentation_is_accepted(block: str) -> None:
    if "[[buyers]]" in block and "name = " in block:
        read_buyers(block, "docs")
        return
    whole, written = block, tomllib.loads(block)
    if "campaign" not in written:
        whole = 'campaign = "a"\n' + block
    if "dids" not in written:
        whole += '[[dids]]\nnumber = "+18005550100"\n'
    if "routes" not in written:
        whole += '[[routes]]\ndestination = "b"\n'
    read_table(whole, "docs")


def list_documented() -> Mapping[tuple[str, str], str]:
    """Each documented key with its default, by the heading of its table and its name."""
    found: dict[tuple[str, str], str] = {}
    heading = ""
    for line in DOCS.splitlines():
        if line.startswith("#"):
            heading = line.lstrip("# ").split(":")[0]
        elif line.startswith("| `"):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            found[heading, cells[0].strip("`")] = cells[-1]
    return MappingProxyType(found)


HEADINGS = {
    "RoutingTableFile": "The top of the file",
    "LimitsSection": "[limits]",
    "DidSection": "[[dids]]",
    "RouteSection": "[[routes]]",
    "RulesSection": "Rules",
    "HoursSection": "Hours",
    "SpanSection": "Closures and openings",
    "RecoverySection": "recovery as a table",
    "DuplicatesSection": "duplicates as a table",
    "CallersSection": "[callers]",
    "RepeatsSection": "[callers.repeats]",
    "BuyerRulesSection": "Rules for a buyer",
    "PublisherSection": "[[publishers]]",
    "GroupSection": "[[groups]]",
    "StrategySection": "[strategy]",
    "ScreeningSection": "screening as a table",
    "NobodyLeftSection": "[nobody_left]",
    "BuyerSection": "[[buyers]]",
    "DestinationSection": "[[buyers.destinations]]",
    "BreakerSection": "[buyers.breaker] and [buyers.destinations.breaker]",
}


LEFT_TO: Mapping[type[Section], Mapping[str, object]] = {BreakerSection: asdict(DEFAULTS)}
"""What counts where a key is left to whoever is less specific."""


def list_keys(model: type[Section]) -> Iterator[tuple[tuple[str, str], str]]:
    """Each key of the model and the sections in it, with its default as the documents write it."""
    for name, field in keys_of(model).items():
        section = section_of(field)
        is_plain = section is None or rule_of(field) is not None
        # A section of a file's top has a heading of its own in place of a row.
        if is_plain or model.__name__ not in {"RoutingTableFile", "BuyersFile"}:
            yield (
                (HEADINGS[_home_of(model, name).__name__], name),
                spell_default(field.is_required(), LEFT_TO.get(model, {}).get(name, field.default)),
            )
        if section is not None:
            yield from list_keys(section)


def _home_of(model: type[Section], key: str) -> type[Section]:
    """The section that explains a key: rules stand in several, and are explained once."""
    return RulesSection if key in RulesSection.model_fields else model


def spell_default(required: bool, default: object) -> str:
    if required:
        return "required"
    match default:
        case bool():
            return f"`{str(default).lower()}`"
        case int():
            return f"`{default}`"
        case str():
            return f'`"{default}"`'
        case _:
            return "none"


NO_DEFAULT_TEXT = {
    ("[nobody_left]", "overflow"),
    *(("[[routes]]", key) for key in ("whisper", "price", "group", "send_digits", "sip_header")),
    ("[[dids]]", "to"),
}


def test_every_key_is_documented_with_its_default_and_no_key_besides() -> None:
    keys = {**dict(list_keys(RoutingTableFile)), **dict(list_keys(BuyersFile))}
    for place in NO_DEFAULT_TEXT:
        assert keys[place] == '`""`'
        keys[place] = "none"
    assert dict(list_documented()) == keys


def test_every_key_stands_in_an_example() -> None:
    shown = "\n".join(list_blocks())
    missing = [
        f"{heading}: {key}"
        for heading, key in list_documented()
        if not re.search(rf"(?<![\w.]){key}\s*=|\[{key}\]|\.{key}\]", shown)
    ]
    assert missing == []
