"""docs/call-flow.md shows what is really sent: the calls that it tells are played.

`make golden` rewrites what `calls show` says there; TwiML is rewritten by hand.
"""

import os
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.cli.terminal import make_terminal
from tests.docs.example_calls import (
    CALL_SID,
    play_other_calls,
    play_told_call,
    shipped_configuration,
)
from tests.docs.pages import page

PAGE = "docs/call-flow.md"


def plain(twiml: str) -> str:
    """A document without what doesn't count: space between elements, the order of attributes."""
    return ElementTree.canonicalize(twiml, strip_text=True)


def shown_documents() -> list[str]:
    """Every TwiML document on the page, in its order."""
    return [plain(block.text) for block in page(PAGE).blocks if block.language == "xml"]


def shown_story() -> str:
    """What the page shows of `callrouter calls show`."""
    return next(block.text for block in page(PAGE).blocks if block.text.startswith("call CA"))


def test_every_document_of_the_told_call_is_on_the_page_in_its_order(
    sqlite_url: str, tmp_path: Path
) -> None:
    with shipped_configuration(sqlite_url, tmp_path) as carrier:
        play_told_call(carrier)

    assert shown_documents()[: len(carrier.answers)] == [plain(text) for text in carrier.answers]


def test_every_document_on_the_page_is_one_that_is_sent(sqlite_url: str, tmp_path: Path) -> None:
    with shipped_configuration(sqlite_url, tmp_path) as carrier:
        play_told_call(carrier)
        play_other_calls(carrier)

    sent = {plain(text) for text in carrier.answers}

    assert [text for text in shown_documents() if text not in sent] == []


def test_the_page_shows_the_told_call_as_the_command_does_golden(
    sqlite_url: str, tmp_path: Path
) -> None:
    with shipped_configuration(sqlite_url, tmp_path) as carrier:
        play_told_call(carrier)

    told = make_terminal(sqlite_url, str(tmp_path)).ok("calls", "show", CALL_SID)

    if os.environ.get("UPDATE_GOLDENS"):
        text = page(PAGE).text.replace(shown_story(), told)
        page(PAGE).path.write_text(text, "utf-8")
    assert shown_story() == told


@pytest.mark.parametrize(
    ("figure", "shown"),
    [pytest.param("total", "total 217.9 s", id="total"),
     pytest.param("connected", "connected 179.8 s", id="connected")],
)  # fmt: skip
def test_the_picture_shows_the_figures_of_the_told_call(figure: str, shown: str) -> None:
    line = next(line for line in shown_story().splitlines() if line.strip().startswith(figure))
    seconds = float(line.split()[1])

    assert shown == f"{figure} {seconds:.1f} s"
    assert shown in (page("README.md").path.parent / "docs/images/call.svg").read_text("utf-8")
