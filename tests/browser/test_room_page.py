"""The room board in a real browser: it is red and green, and changes by itself."""

from pathlib import Path

from playwright.sync_api import expect

from callrouter.adapters.storage.engine import open_database
from tests.browser.looking import looking_at, needs_chromium
from tests.full_house import open_full_house
from tests.switchboards import FakeClock, make_board

pytestmark = needs_chromium
GREEN, RED = "rgb(26, 127, 55)", "rgb(180, 35, 24)"
SIX_IN_NEW_YORK_S = 5 * 3600


def test_desks_close_and_open_while_the_page_is_looked_at(sqlite_url: str, tmp_path: Path) -> None:
    database, clock = open_database(sqlite_url), FakeClock()
    open_full_house(database)
    with (
        make_board(database, tmp_path, clock) as board,
        looking_at(board, "/calls") as (page, _),
    ):
        page.get_by_role("link", name="Room").click()
        day, night = (page.get_by_role("row", name=f"acme-{when}") for when in ("east", "night"))
        expect(day.get_by_text("open", exact=True)).to_have_css("background-color", GREEN)
        expect(night.get_by_text("closed", exact=True)).to_have_css("background-color", RED)
        expect(
            page.get_by_text("down until 12:00 America/Los_Angeles: <b>storm</b>")
        ).to_be_visible()

        clock.set(SIX_IN_NEW_YORK_S)
        expect(night.get_by_text("open", exact=True)).to_have_css("background-color", GREEN)
        expect(day.get_by_text("closed", exact=True)).to_have_css("background-color", RED)
    database.dispose()


def test_without_scripts_the_page_says_as_much(sqlite_url: str, tmp_path: Path) -> None:
    database = open_database(sqlite_url)
    open_full_house(database)
    with (
        make_board(database, tmp_path) as board,
        looking_at(board, "/room", scripts=False) as (page, _),
    ):
        expect(page.get_by_text("closed until 18:00 America/New_York")).to_be_visible()
        bars = page.locator(".gauge.full svg .held")
        expect(bars.first).to_be_visible()
    database.dispose()
