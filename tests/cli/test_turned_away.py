import csv
import io
import json
from pathlib import Path

import pytest

from callrouter.adapters.storage.engine import open_database
from callrouter.domain.calls.events import LegStatus
from tests.cli.played import play_open, receiving
from tests.cli.terminal import Terminal, rows
from tests.switchboards import TABLE, activate, open_seller

CHOOSY = TABLE.replace(
    'destination = "acme-east"', 'destination = "acme-east"\nprice = "40.00"\nfilters = ["zip > 5"]'
)


@pytest.fixture
def history(any_terminal: Terminal, tmp_path: Path) -> Terminal:
    """Calls of two weeks: one two weeks ago, three that acme-east's filter kept from it.

    Of the three bolt-main took one; one is open still. Before there was a filter acme-east had one.
    """
    clock = any_terminal.clock
    database = open_database(any_terminal.environ["DATABASE_URL"])
    open_seller(database, at=clock.at)
    with receiving(any_terminal, tmp_path, 1) as call:
        call.leg(1, 2.0, LegStatus.IN_PROGRESS)
        call.leg(1, 92.0, LegStatus.COMPLETED, 90)
        call.dial_ended(1, 92.5, LegStatus.COMPLETED, bridged=True)
        call.ended(93.0, 90)
    clock.set(9 * 86_400)
    activate(database, CHOOSY, at=clock.at)
    for number, is_taken in ((2, True), (3, False)):
        with receiving(any_terminal, tmp_path, number) as call:
            status = LegStatus.COMPLETED if is_taken else LegStatus.BUSY
            call.leg(1, 62.0, status, 60 if is_taken else 0)
            call.dial_ended(1, 62.5, status, bridged=is_taken)
            call.ended(63.0, 60 if is_taken else 0)
    play_open(any_terminal, tmp_path, 4)
    clock.set(10 * 86_400)
    database.dispose()
    return any_terminal


def test_each_rule_is_told_with_its_calls_and_what_they_cost(history: Terminal) -> None:
    assert rows(history.ok("route", "turned-away", "--last", "7d")) == [
        ["flood-repair", "acme-east", "filtered: zip > 5", "2", "1", "40.00 USD", "0 of 0", "-"],
    ]
    heard = history.run("route", "turned-away").stderr
    assert heard == (
        "2 calls ended, 1 of them taken by nobody, of those that came from "
        "2026-09-18 17:00:00Z to 2026-09-25 17:00:00Z\n"
    )


def test_the_estimate_goes_by_what_the_route_was_dialled_for_in_the_period(
    history: Terminal,
) -> None:
    [[*_, payable, estimate]] = rows(history.ok("route", "turned-away", "--last", "30d"))

    assert (payable, estimate) == ("1 of 1", "40.00 USD")


def test_a_period_and_a_campaign_can_be_named(history: Terminal) -> None:
    nothing = "no rule turned anybody away\n"

    assert history.ok("route", "turned-away", "--until", "2026-09-24") == nothing
    assert history.ok("route", "turned-away", "--campaign", "solar-quotes") == nothing
    named = history.ok("route", "turned-away", "--campaign", "flood-repair", "--since=2026-09-24")
    assert "zip > 5" in named


def test_json_and_csv_have_every_figure(history: Terminal) -> None:
    report = json.loads(history.ok("route", "turned-away", "--json"))
    [line] = csv.DictReader(io.StringIO(history.ok("route", "turned-away", "--csv")))

    assert (report["calls"], report["untaken"]) == (2, 1)
    [rule] = report["rules"]
    assert (rule["rule"], rule["subject"], rule["estimate_micros"]) == ("filtered", "zip > 5", None)
    assert (rule["at_most_micros"], line["at_most_micros"]) == (40_000_000, "40000000")
    assert (line["subject"], line["calls"], line["estimate_micros"]) == ("zip > 5", "2", "")


def test_a_route_without_a_price_says_so(history: Terminal) -> None:
    database = open_database(history.environ["DATABASE_URL"])
    activate(database, CHOOSY.replace('price = "40.00"\n', ""), at=history.clock.at)
    database.dispose()
    with receiving(history, Path(history.environ["CALLROUTER_STATE_DIR"]), 5) as call:
        call.leg(1, 62.0, LegStatus.BUSY, 0)
        call.dial_ended(1, 62.5, LegStatus.BUSY)
        call.ended(63.0, 0)
    history.clock.set(10 * 86_400 + 600)

    [row] = rows(history.ok("route", "turned-away", "--last", "1h"))
    assert row[3:] == ["1", "1", "no price", "0 of 0", "-"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        pytest.param(("--csv", "--json"), "choose one", id="two forms"),
        pytest.param(
            ("--since", "2026-09-20", "--until", "2026-09-20"),
            "the period ends before it begins: see --since and --until",
            id="no period",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(
    seller_terminal: Terminal, words: tuple[str, ...], message: str
) -> None:
    assert message in seller_terminal.refused("route", "turned-away", *words, code=2)
