"""The demo's page in a real browser: it shows calls, and goes on showing them by itself."""

from pathlib import Path

from playwright.sync_api import expect

from callrouter.adapters.storage.engine import open_database
from tests.browser.looking import looking_at, needs_chromium
from tests.switchboards import PUBLIC_URL, FakeClock, make_board, open_seller
from tests.twilio_side import TwilioSide, caller_fields, leg_sid

pytestmark = needs_chromium


def test_the_page_shows_a_call_that_comes_in_while_it_is_looked_at(
    sqlite_url: str, tmp_path: Path
) -> None:
    database = open_database(sqlite_url)
    open_seller(database)
    with (
        make_board(database, tmp_path, FakeClock(), public_url=PUBLIC_URL) as board,
        looking_at(board, "/calls?seller=seller-a") as (page, client),
    ):
        twilio = TwilioSide(client)
        expect(page.get_by_text("No call in progress.")).to_be_visible()

        twilio.post("/twilio/voice", caller_fields())
        expect(page.get_by_text("acme-east ringing")).to_be_visible()

        busy = {"DialCallStatus": "busy", "DialBridged": "false", "DialCallSid": leg_sid(1)}
        twilio.post(
            "/twilio/attempts/1?d=acme-east&tried=acme-east", caller_fields("ringing") | busy
        )
        expect(page.get_by_text("acme-east busy")).to_be_visible()
        expect(page.get_by_text("bolt-main ringing")).to_be_visible()
    database.dispose()
