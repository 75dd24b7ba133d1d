"""The terms under config/ and the demo's, against the buyers and tables beside them."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from callrouter.adapters.policy_files.buyers_file import read_buyers
from callrouter.adapters.policy_files.routing_table_file import read_table
from callrouter.adapters.policy_files.terms_file import read_agreement_file
from callrouter.domain.billing.party import Side
from callrouter.domain.billing.terms import Agreement
from callrouter.domain.billing.terms_check import KnownNames, check_names, warn_about_names
from callrouter.domain.billing.terms_of_tables import Gap, check_terms_of_tables
from callrouter.domain.tables.directory import Directory, replace_buyers
from callrouter.domain.tables.routing_table import RoutingTable

ROOT = Path(__file__).parents[3]
CONFIG = ROOT / "config"
DEMO = ROOT / "callrouter" / "cli" / "demo_seller"
AT = datetime(2026, 11, 26, tzinfo=UTC)
SETS = [
    pytest.param(
        sorted((CONFIG / "buyers").glob("*.toml")),
        sorted((CONFIG / "routing").glob("*.toml")),
        sorted((CONFIG / "terms").glob("*.toml")),
        id="config",
    ),
    pytest.param(
        [DEMO / "buyers.toml"],
        [DEMO / "flood-repair.toml", DEMO / "solar-quotes.toml"],
        sorted(DEMO.glob("terms-*.toml")),
        id="demo",
    ),
]


def read_directory(files: list[Path]) -> Directory:
    directory = Directory()
    for file in files:
        directory = replace_buyers(directory, *read_buyers(file.read_text("utf-8"), file.name))
    return directory


def read_tables(files: list[Path]) -> list[RoutingTable]:
    return [read_table(file.read_text("utf-8"), file.name) for file in files]


def read_agreements(files: list[Path]) -> list[Agreement]:
    read = [read_agreement_file(file.read_text("utf-8"), file.name) for file in files]
    assert [file.stem.removeprefix("terms-") for file in files] == [
        each.party.party_id for each in read
    ]
    return read


@pytest.mark.parametrize(("buyers", "tables", "terms"), SETS)
def test_the_shipped_terms_name_what_there_is(
    buyers: list[Path], tables: list[Path], terms: list[Path]
) -> None:
    directory, live = read_directory(buyers), read_tables(tables)
    known = KnownNames(
        destinations={each: directory.destinations_of(each) for each in directory.buyers},
        campaign_ids={table.campaign_id for table in live},
        publishers={number.publisher for table in live for number in table.numbers},
    )
    for agreement in read_agreements(terms):
        assert check_names(agreement, known, AT) == ()
        assert warn_about_names(agreement, known) == ()


@pytest.mark.parametrize(("buyers", "tables", "terms"), SETS)
def test_the_shipped_tables_agree_with_the_shipped_terms(
    buyers: list[Path], tables: list[Path], terms: list[Path]
) -> None:
    agreements = {each.party: each for each in read_agreements(terms)}

    found = check_terms_of_tables(read_tables(tables), read_directory(buyers), agreements, AT)

    assert [each for each in found if each.gap is not Gap.UNPAID_PUBLISHER] == []


def test_the_shipped_terms_show_every_kind_of_price() -> None:
    agreements = read_agreements(sorted((CONFIG / "terms").glob("*.toml")))
    terms = [each for agreement in agreements for each in agreement.terms]

    assert {agreement.party.side for agreement in agreements} == set(Side)
    assert any(len(each.bands) > 1 for each in terms)
    assert any(each.per_minute for each in terms)
    assert any(each.per_attempt_micros for each in terms)
    assert any(each.share for each in terms)
    assert any(each.hours for each in terms)
    assert any(agreement.credit and agreement.credit.is_prepaid for agreement in agreements)
