"""What the pages say of records, tables and modules is what the code has, and the other way."""

import re
from enum import StrEnum

import pytest

from callrouter.adapters.storage.schema import metadata
from callrouter.adapters.twilio import links
from callrouter.domain.cdr import (
    AttemptOutcome,
    CdrFlag,
    ConnectedSource,
    Disposition,
    HangupParty,
)
from callrouter.workflows.export_calls import COLUMNS
from tests.docs.pages import ROOT, Page, all_pages, page, strip_code

HEADING_OF_DOMAIN = "domain: what is decided and computed"
ROOMS = sorted(f"{init.parent.name}/" for init in ROOT.glob("callrouter/domain/*/__init__.py"))
TOLD_AS_A_WHOLE = {"billing/", "replay/", "tie_out/"}
"""Their modules aren't listed one by one."""
PAGES = [pytest.param(each, id=each.name) for each in all_pages()]
_OUR_PATH = re.compile(r"(?<![\w/])/twilio/[a-z]+")
_NUMBER = re.compile(r"\+1[ -]?\d{3}[ -]?\d{3}[ -]?\d{4}\b")


def first_cells(name: str, heading: str) -> list[str]:
    """The first column of the table below a heading."""
    return [strip_code(row[0]) for row in page(name).table(heading)]


def test_the_columns_of_the_export_are_explained_in_their_order() -> None:
    assert first_cells("docs/cdr.md", "Columns") == list(COLUMNS)


@pytest.mark.parametrize(
    ("heading", "kind"),
    [
        pytest.param("Dispositions", Disposition, id="dispositions, in order of precedence"),
        pytest.param("Attempt outcomes", AttemptOutcome, id="attempt outcomes"),
        pytest.param("Who hung up", HangupParty, id="hang-up parties"),
        pytest.param("Where connected comes from", ConnectedSource, id="sources, in order"),
        pytest.param("Flags", CdrFlag, id="flags"),
    ],
)
def test_the_words_of_a_record_are_explained_in_their_order(
    heading: str, kind: type[StrEnum]
) -> None:
    assert first_cells("docs/cdr.md", heading) == list(kind)


def test_every_table_of_the_database_is_explained() -> None:
    assert first_cells("docs/architecture.md", "The database") == list(metadata.tables)


@pytest.mark.parametrize(
    "package",
    ["domain", *(f"domain/{room}" for room in ROOMS if room not in TOLD_AS_A_WHOLE), "workflows"],
)
def test_every_module_of_a_package_is_in_the_architecture(package: str) -> None:
    modules = {path.name for path in (ROOT / "callrouter" / package).glob("*.py")}
    named = set(page("docs/architecture.md").inline_code())

    assert modules - named - {"__init__.py", "findings.py", "live_tables.py"} == set()


def test_every_room_of_the_domain_is_in_the_architecture() -> None:
    assert set(first_cells("docs/architecture.md", HEADING_OF_DOMAIN)) == set(ROOMS)


@pytest.mark.parametrize("shown", PAGES)
def test_every_module_that_a_page_names_exists(shown: Page) -> None:
    names = {code for code in shown.inline_code() if re.fullmatch(r"[\w/]+\.py", code)}
    files = [str(path) for path in (*ROOT.glob("callrouter/**/*.py"), *ROOT.glob("config/*.py"))]

    assert {name for name in names if not any(f.endswith(f"/{name}") for f in files)} == set()


@pytest.mark.parametrize("shown", PAGES)
def test_every_webhook_that_a_page_names_is_one_of_ours(shown: Page) -> None:
    ours = {value for name, value in vars(links).items() if name.isupper()}

    assert set(_OUR_PATH.findall(shown.text)) <= ours


def test_the_urls_to_set_at_twilio_are_those_that_the_doctor_wants() -> None:
    ours = links.Links("https://calls.example.com")
    wanted = [ours.voice(), ours.fallback(), ours.status()]
    readme, twilio = page("README.md"), page("docs/twilio.md")
    command = next(block.text for block in twilio.blocks if "VoiceUrl" in block.text)

    rows = [line for line in readme.prose.splitlines() if "/twilio/" in line and line[0] == "|"]

    assert [strip_code(row.split("|")[2]) for row in rows] == wanted
    assert re.findall(r"'\w+=(https\S+)'", command) == wanted


@pytest.mark.parametrize("shown", PAGES)
def test_every_telephone_number_on_a_page_is_fictional(shown: Page) -> None:
    digits = [re.sub(r"[ -]", "", number) for number in _NUMBER.findall(shown.text)]

    assert [number for number in digits if not re.fullmatch(r"\+1\d{3}55501\d\d", number)] == []
