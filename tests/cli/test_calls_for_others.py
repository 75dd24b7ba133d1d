"""Calls as other systems' files have them: `calls export --as`."""

import csv
import io
import json
from pathlib import Path

import pytest

from callrouter.adapters.call_files import CallForm, list_columns
from tests.cli.played import call_sid, play_failover
from tests.cli.terminal import Terminal
from tests.goldens import check_golden

GOLDENS = Path(__file__).parent / "goldens"


@pytest.fixture
def played(seller_terminal: Terminal, tmp_path: Path) -> Terminal:
    """Two calls that failed over, ten minutes apart."""
    play_failover(seller_terminal, tmp_path, 1)
    seller_terminal.clock.set(600)
    play_failover(seller_terminal, tmp_path, 2, ani="=+13125550188")
    seller_terminal.clock.set(960)
    return seller_terminal


@pytest.mark.parametrize("form", CallForm)
def test_each_form_matches_its_golden(played: Terminal, form: CallForm) -> None:
    written = played.ok("calls", "export", "--as", form.value)
    check_golden(GOLDENS / f"calls_as_{form}.csv", written)
    assert tuple(next(csv.reader(io.StringIO(written)))) == list_columns(form)


@pytest.mark.parametrize("form", CallForm)
def test_a_caller_id_that_is_a_formula_is_no_formula_in_any_form(
    played: Terminal, form: CallForm
) -> None:
    cells = [
        c
        for row in csv.reader(io.StringIO(played.ok("calls", "export", "--as", form.value)))
        for c in row
    ]
    assert "'=+13125550188" in cells
    assert not [cell for cell in cells if cell.startswith("=")]


def test_json_has_the_same_rows_as_csv(played: Terminal) -> None:
    as_csv = csv.DictReader(io.StringIO(played.ok("calls", "export", "--as", "ringba")))
    lines = played.ok("calls", "export", "--as", "ringba", "--json").splitlines()
    found = [json.loads(line) for line in lines]
    assert [row["inboundCallId"] for row in as_csv] == [row["inboundCallId"] for row in found]
    assert [row["inboundCallId"] for row in found] == [call_sid(2), call_sid(1)]


def test_a_file_for_a_buyer_has_neither_the_publisher_nor_another_buyers_attempt(
    played: Terminal,
) -> None:
    (leg, *_) = csv.DictReader(
        io.StringIO(played.ok("calls", "export", "--as", "ringba", "--buyer", "bolt"))
    )
    assert (leg["buyer"], leg["publisherName"]) == ("bolt", "")
    legs = csv.DictReader(
        io.StringIO(played.ok("calls", "export", "--as", "twilio", "--buyer", "bolt"))
    )
    assert {each["To"] for each in legs} == {"+18005550100", "+14155550174"}


def test_a_system_that_nobody_knows_is_refused(played: Terminal) -> None:
    assert "'phonexa' is not one of 'plain', 'ringba'" in played.refused(
        "calls", "export", "--as", "phonexa", code=2
    )
