"""The demo's page in a real browser: it shows calls, and goes on showing them by itself."""

import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright
from werkzeug.serving import make_server

from callrouter.adapters.storage.engine import Database, open_database
from callrouter.web.app import create_app
from tests.switchboards import PUBLIC_URL, FakeClock, make_board, open_seller
from tests.twilio_side import TwilioSide, caller_fields, leg_sid

CHROMIUM = shutil.which("chromium") or ""

pytestmark = pytest.mark.skipif(
    not CHROMIUM and os.environ.get("TEST_BROWSER") != "required",
    reason="needs Debian's chromium; CI installs it",
)


@pytest.fixture
def database(sqlite_url: str) -> Iterator[Database]:
    opened = open_database(sqlite_url)
    yield opened
    opened.dispose()


def test_the_page_shows_a_call_that_comes_in_while_it_is_looked_at(
    database: Database, tmp_path: Path
) -> None:
    open_seller(database)
    with make_board(database, tmp_path, FakeClock(), public_url=PUBLIC_URL) as board:
        board.known_good.refresh()
        app = create_app(board, shows_calls_page=True)
        server = make_server("127.0.0.1", 0, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            twilio = TwilioSide(app.test_client())
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
                )
                page = browser.new_page()
                page.goto(f"http://127.0.0.1:{server.server_port}/calls?seller=seller-a")
                expect(page.get_by_text("No call in progress.")).to_be_visible()

                twilio.post("/twilio/voice", caller_fields())
                expect(page.get_by_text("acme-east ringing")).to_be_visible()

                busy = {"DialCallStatus": "busy", "DialBridged": "false", "DialCallSid": leg_sid(1)}
                twilio.post(
                    "/twilio/attempts/1?d=acme-east&tried=acme-east",
                    caller_fields("ringing") | busy,
                )
                expect(page.get_by_text("acme-east busy")).to_be_visible()
                expect(page.get_by_text("bolt-main ringing")).to_be_visible()
                browser.close()
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
