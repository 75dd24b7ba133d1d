"""The demo's pages, served by a real server and looked at in a real browser."""

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Page, sync_playwright
from werkzeug.serving import make_server

from callrouter.web.app import create_app
from callrouter.workflows.switchboard import Switchboard

CHROMIUM = shutil.which("chromium") or ""

needs_chromium = pytest.mark.skipif(
    not CHROMIUM and os.environ.get("TEST_BROWSER") != "required",
    reason="needs Debian's chromium; CI installs it",
)


@contextmanager
def looking_at(
    board: Switchboard, path: str, *, scripts: bool = True
) -> Iterator[tuple[Page, FlaskClient]]:
    """A browser's page at `path`, and a client by which things happen meanwhile."""
    board.known_good.refresh()
    app = create_app(board, shows_calls_page=True)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
            )
            page = browser.new_page(java_script_enabled=scripts)
            page.goto(f"http://127.0.0.1:{server.server_port}{path}")
            yield page, app.test_client()
            browser.close()
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
