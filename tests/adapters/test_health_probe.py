"""Health URLs over real HTTP, from a server that answers as it shouldn't."""

import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

import pytest

from callrouter.adapters.health_probe import HttpHealthProbe
from callrouter.domain.health.buyer_health import HealthAnswer


class Moody(BaseHTTPRequestHandler):
    """Answers by its path."""

    seen: list[str]
    stopped: Event

    def do_GET(self) -> None:
        self.seen.append(self.path)
        match self.path:
            case "/endless":
                self.send_response(200)
                self.end_headers()
                while not self.stopped.is_set():
                    self.wfile.write(b"x" * 65_536)
            case "/trickle":
                self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                while not self.stopped.wait(0.05):
                    self.wfile.write(b"x")
            case "/moved":
                self.send_response(302)
                self.send_header("Location", "/200")
                self.end_headers()
            case "/nonsense":
                self.wfile.write(b"\x00\xff nonsense\r\n\r\n")
            case _:
                self.send_response(int(self.path[1:]))
                self.send_header("Set-Cookie", "a=b")
                self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass

    def handle(self) -> None:
        try:
            super().handle()
        except (ConnectionError, BrokenPipeError):
            self.close_connection = True


@pytest.fixture
def server() -> Iterator[str]:
    Moody.seen, Moody.stopped = [], Event()
    with ThreadingHTTPServer(("127.0.0.1", 0), Moody) as made:
        thread = Thread(target=made.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{made.server_address[1]}"
        Moody.stopped.set()
        made.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/200", HealthAnswer(True, "200")),
        ("/204", HealthAnswer(True, "204")),
        ("/503", HealthAnswer(False, "503")),
        ("/moved", HealthAnswer(False, "302")),
        ("/endless", HealthAnswer(True, "200")),
        ("/trickle", HealthAnswer(False, "no answer in 0.4 s")),
        ("/nonsense", HealthAnswer(False, "no answer (ClientResponseError)")),
    ],
)
def test_a_status_of_two_hundred_in_time_is_a_good_answer(
    server: str, path: str, answer: HealthAnswer
) -> None:
    url = server + path

    assert HttpHealthProbe(timeout_s=0.4, allows_private=True).ask([url, url]) == {url: answer}
    assert Moody.seen == [path], "asked once, and nothing else was"


def test_one_that_hangs_doesnt_keep_the_others_from_answering(server: str) -> None:
    urls = [f"{server}/trickle", *(f"{server}/{200 + n}" for n in range(6))]

    begun = time.monotonic()
    answers = HttpHealthProbe(timeout_s=0.4, at_once=2, allows_private=True).ask(urls)

    assert [answers[url].is_good for url in urls] == [False] + [True] * 6
    assert time.monotonic() - begun < 5


def test_nobody_at_an_address_is_a_bad_answer() -> None:
    answers = HttpHealthProbe(timeout_s=2, allows_private=True).ask(
        ["http://127.0.0.1:9/", "http://[::ffff"]
    )

    assert not any(answer.is_good for answer in answers.values())
    assert answers["http://127.0.0.1:9/"].said == "no answer (ClientConnectorError)"


def test_a_private_address_is_asked_nothing_unless_that_is_allowed(server: str) -> None:
    by_name = server.replace("127.0.0.1", "localhost")

    assert HttpHealthProbe(timeout_s=2).ask([f"{server}/200", f"{by_name}/200"]) == {}
    assert Moody.seen == []


def test_where_clouds_keep_a_machines_credentials_nothing_is_asked_ever() -> None:
    probe = HttpHealthProbe(timeout_s=2, allows_private=True)
    assert probe.ask(["http://169.254.169.254/latest/meta-data/", "http://[fe80::1]/"]) == {}
