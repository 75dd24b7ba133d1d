"""Notices, posted to a real HTTP server on this machine."""

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from callrouter.adapters.alert_webhook import WebhookPoster
from callrouter.domain.alerts.alert import AlertChange, Notice
from callrouter.domain.errors import DeliveryFailedError
from callrouter.workflows.ports import Poster

AT = datetime(2026, 11, 26, 18, 0, 0, 250_000, tzinfo=UTC)
NOTICE = Notice(
    notice_id="0123456789abcdef" * 2,
    seller_id="seller-a",
    key="breaker:acme-east",
    change=AlertChange.RECOVERED,
    subject="Recovered: acme-east is down",
    text="It lasted 5 min.\nDéjà vu.",
    at=AT,
)


@dataclass
class Hook:
    """What was posted, and how it is answered."""

    url: str = ""
    status: int = 200
    location: str = ""
    posted: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def hook() -> Iterator[Hook]:
    made = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            made.posted.append(({k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(made.status)
            if made.location:
                self.send_header("Location", made.location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        made.url = f"http://127.0.0.1:{server.server_port}/a-secret-path"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield made
        server.shutdown()
        thread.join()


@pytest.fixture
def poster() -> Poster:
    return WebhookPoster(timeout_s=5, allows_private=True)


def test_a_notice_is_posted_as_json_with_the_id_by_which_a_repetition_is_known(
    hook: Hook, poster: Poster
) -> None:
    poster.post(hook.url, "", NOTICE, AT)

    [(headers, body)] = hook.posted
    assert json.loads(body) == {
        "id": NOTICE.notice_id,
        "seller": "seller-a",
        "key": "breaker:acme-east",
        "change": "recovered",
        "subject": "Recovered: acme-east is down",
        "text": "It lasted 5 min.\nDéjà vu.",
        "at": "2026-11-26T18:00:00.250+00:00",
    }
    assert headers["content-type"] == "application/json"
    assert headers["callrouter-notice-id"] == NOTICE.notice_id
    assert "callrouter-signature" not in headers


def test_with_a_secret_the_time_and_the_body_are_signed(hook: Hook, poster: Poster) -> None:
    poster.post(hook.url, "shh", NOTICE, AT)

    [(headers, body)] = hook.posted
    second, signature = headers["callrouter-signature"].split(",")
    assert second == f"t={int(AT.timestamp())}"
    signed = second.removeprefix("t=").encode() + b"." + body
    assert signature == "v1=" + hmac.new(b"shh", signed, hashlib.sha256).hexdigest()
    assert "shh" not in str(headers)


@pytest.mark.parametrize("status", [200, 202, 204])
def test_every_success_is_one(hook: Hook, poster: Poster, status: int) -> None:
    hook.status = status
    poster.post(hook.url, "", NOTICE, AT)


@pytest.mark.parametrize("status", [301, 307, 400, 404, 500])
def test_anything_else_is_a_failure_and_no_redirect_is_followed(
    hook: Hook, poster: Poster, status: int
) -> None:
    hook.status, hook.location = status, hook.url
    with pytest.raises(DeliveryFailedError, match=f"the webhook answered {status} instead of 200"):
        poster.post(hook.url, "", NOTICE, AT)
    assert len(hook.posted) == 1


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:1/a-secret-path", "http://[::1/a-secret-path", "ftp://127.0.0.1/a-secret"],
)
def test_what_cannot_be_reached_is_a_failure_that_does_not_say_the_url(
    poster: Poster, url: str
) -> None:
    with pytest.raises(DeliveryFailedError, match="the webhook can't be reached") as failed:
        poster.post(url, "", NOTICE, AT)
    assert "secret" not in str(failed.value)
    assert failed.value.__cause__ is None


def test_a_private_address_is_sent_nothing_unless_that_is_allowed(hook: Hook) -> None:
    by_name = hook.url.replace("127.0.0.1", "localhost")
    for url in (hook.url, by_name):
        with pytest.raises(
            DeliveryFailedError, match=r"refused: 127\.0\.0\.1 is a private"
        ) as failed:
            WebhookPoster(timeout_s=5).post(url, "", NOTICE, AT)
        assert "secret" not in str(failed.value)
    assert hook.posted == []
