"""The served application as Twilio meets it: real requests to gunicorn, raw where it matters."""

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import pytest

from callrouter.adapters.storage.calls import read_decided, read_events
from callrouter.adapters.storage.engine import open_database
from callrouter.simulator.signing import sign
from tests.switchboards import PUBLIC_URL, SECRET_KEY, SELLER, open_seller
from tests.twilio_side import CALL_SID, FORM, buyer_fields, caller_fields

STARTS_WITHIN_S = 30.0


@dataclass(frozen=True)
class Server:
    port: int
    database_url: str

    def ask(
        self, target: str, body: bytes, *, method: str = "POST", signature: str = "", to: str = ""
    ) -> tuple[int, bytes]:
        headers = {"Content-Type": FORM, "X-Twilio-Signature": signature}
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)) as connection:
            connection.request(method, to or target, body, headers)
            response = connection.getresponse()
            return response.status, response.read()

    def send_raw(self, request: bytes) -> bytes:
        """Bytes as they are, and whatever comes back until the server hangs up."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            connection.sendall(request)
            answer = b""
            while received := connection.recv(65_536):
                answer += received
        return answer


@pytest.fixture(scope="module")
def server(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(migrated_sqlite, tmp_path_factory.mktemp("served")) as (running, _):
        yield running


@contextmanager
def running_server(empty: Path, folder: Path) -> Iterator[tuple[Server, "subprocess.Popen[bytes]"]]:
    """callrouter.wsgi under gunicorn, as a platform would run it, with a seller."""
    url = f"sqlite:///{shutil.copy(empty, folder / 'callrouter.db')}"
    database = open_database(url)
    open_seller(database)
    database.dispose()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    config = Path(__file__).parents[2] / "config" / "gunicorn.py"
    command = [sys.executable, "-m", "gunicorn", "-c", str(config), "callrouter.wsgi:app"]
    ours = ("CALLROUTER_", "TWILIO_", "DATABASE_URL", "PUBLIC_URL", "SECRET_KEY", "PORT")
    process = subprocess.Popen(
        [*command, "--bind", f"127.0.0.1:{port}"],
        env={k: v for k, v in os.environ.items() if not k.startswith(ours)}
        | {
            "DATABASE_URL": url,
            "PUBLIC_URL": PUBLIC_URL,
            "SECRET_KEY": SECRET_KEY,
            "CALLROUTER_STATE_DIR": str(folder / "state"),
            "CALLROUTER_LOG_LEVEL": "ERROR",
        },
        start_new_session=True,
    )
    try:
        wait_until_healthy(port, process)
        yield Server(port, url), process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def wait_until_healthy(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < deadline:
        assert process.poll() is None, "the server has ended; see above"
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"not healthy after {STARTS_WITHIN_S:.0f} s")


def signed(target: str, fields: dict[str, str] | None = None) -> str:
    return sign(SELLER.tokens[0], PUBLIC_URL + target, (fields or {}).items())


def test_a_call_is_answered_over_http(server: Server) -> None:
    fields = caller_fields("ringing")

    status, body = server.ask(
        "/twilio/voice", urlencode(fields).encode(), signature=signed("/twilio/voice", fields)
    )

    assert status == 200
    assert b"+12125550171</Number>" in body


@pytest.mark.parametrize(
    "target",
    [
        pytest.param("/twilio/legs/1?d=acme-east&x=It%27s%20%2F%41~", id="needless escapes"),
        pytest.param("/twilio/legs/1?x=%C3%A9%FF", id="what isn't UTF-8"),
        pytest.param("/twilio/l%65gs/1", id="an escaped path"),
        pytest.param("//twilio/legs/1", id="a doubled slash"),
    ],
)
def test_the_target_is_checked_as_it_stood_in_the_request_line(server: Server, target: str) -> None:
    fields = buyer_fields("ringing")

    status, _ = server.ask(target, urlencode(fields).encode(), signature=signed(target, fields))

    assert status == 204


def test_an_absolute_target_is_signed_as_its_path(server: Server) -> None:
    target = "/twilio/legs/1?d=acme-east"
    fields = buyer_fields("ringing")

    status, _ = server.ask(
        target,
        urlencode(fields).encode(),
        signature=signed(target, fields),
        to=f"http://calls.example.com{target}",
    )

    assert status == 204


def test_a_get_is_signed_by_its_query(server: Server) -> None:
    target = f"/twilio/voice?{urlencode(caller_fields('ringing'))}"

    status, body = server.ask(target, b"", method="GET", signature=signed(target))

    assert status == 200
    assert b"+12125550171</Number>" in body


def test_a_chunked_form_is_read_whole(server: Server) -> None:
    fields = caller_fields("ringing")
    body = urlencode(fields).encode()
    half = len(body) // 2
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(c), c) for c in (body[:half], body[half:], b""))
    head = (
        "POST /twilio/voice HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        f"Content-Type: {FORM}\r\nTransfer-Encoding: chunked\r\n"
        f"X-Twilio-Signature: {signed('/twilio/voice', fields)}\r\n\r\n"
    )

    answer = server.send_raw(head.encode() + chunks)

    assert answer.startswith(b"HTTP/1.1 200")
    assert b"+12125550171</Number>" in answer


@pytest.mark.parametrize("target", ["/twilio/voice", "/twilio/status"])
@pytest.mark.parametrize("is_signed", [True, False], ids=["signed", "unsigned"])
def test_a_megabyte_gets_a_clear_answer(server: Server, target: str, is_signed: bool) -> None:
    fields = caller_fields("completed", Extra="x" * 1_000_000)
    signature = signed(target, fields) if is_signed else "x" * 28

    status, _ = server.ask(target, urlencode(fields).encode(), signature=signature)

    expected = {"/twilio/voice": 200 if is_signed else 403, "/twilio/status": 413}
    assert status == expected[target]


@pytest.mark.parametrize(
    "request_bytes",
    [
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", id="TLS"),
        pytest.param(b"GET /twilio/voice\x00 HTTP/1.1\r\n\r\n", id="NUL in the target"),
        pytest.param(b"POST /twilio/voice HTTP/9.9\r\n\r\n", id="a version of its own"),
        pytest.param(b"POST /twilio/voice HTTP/1.1\r\nContent-Length: -1\r\n\r\n", id="length -1"),
        pytest.param(
            b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\nConnection: close\r\n\r\n",
            id="an endless target",
        ),
    ],
)
def test_what_is_not_http_is_refused_and_the_next_call_answered(
    server: Server, request_bytes: bytes
) -> None:
    answer = server.send_raw(request_bytes + b"\r\n\r\n")

    assert answer == b"" or answer.split(b" ", 2)[1].startswith(b"4") or b" 505" in answer[:20]
    assert server.ask("/health", b"", method="GET")[0] == 200


def test_eight_of_the_same_at_once_are_one_call(server: Server) -> None:
    fields = caller_fields("ringing", call_sid="CA" + "e" * 32)
    body, signature = urlencode(fields).encode(), signed("/twilio/voice", fields)

    with ThreadPoolExecutor(8) as pool:
        answers = set(
            pool.map(lambda _: server.ask("/twilio/voice", body, signature=signature), range(8))
        )

    assert len(answers) == 1
    database = open_database(server.database_url)
    with database.read() as connection:
        kept = read_events(connection, SELLER.seller_id, "CA" + "e" * 32)
    database.dispose()
    assert sorted(event.key for event in kept) == ["arrived", "decided:1"]


def test_a_connection_is_kept_for_the_next_webhook(server: Server) -> None:
    fields = buyer_fields("ringing", call_sid=CALL_SID)
    target = "/twilio/legs/1?d=acme-east"
    headers = {"Content-Type": FORM, "X-Twilio-Signature": signed(target, fields)}
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.connect()
    first = connection.sock

    for _ in range(3):
        connection.request("POST", target, urlencode(fields), headers)
        response = connection.getresponse()
        assert (response.status, response.read()) == (204, b"")
        assert connection.sock is first
    connection.close()


@pytest.mark.slow
def test_what_was_answered_before_kill_9_is_kept(migrated_sqlite: Path, tmp_path: Path) -> None:
    answered: dict[str, str] = {}
    with running_server(migrated_sqlite, tmp_path) as (server, process):

        def call(number: int) -> None:
            sid = f"CA{number:032x}"
            fields = caller_fields("ringing", call_sid=sid)
            body, signature = urlencode(fields).encode(), signed("/twilio/voice", fields)
            with suppress(OSError, http.client.HTTPException):
                status, twiml = server.ask("/twilio/voice", body, signature=signature)
                assert status == 200
                answered[sid] = twiml.decode()

        with ThreadPoolExecutor(8) as pool:
            calls = [pool.submit(call, number) for number in range(400)]
            while len(answered) < 60:
                time.sleep(0.005)
            os.killpg(process.pid, signal.SIGKILL)
        for done in calls:
            done.result()

    assert 60 <= len(answered) < 400
    database = open_database(server.database_url)
    with database.read() as connection:
        for sid, twiml in answered.items():
            decided = read_decided(connection, SELLER.seller_id, sid, 1)
            assert decided is not None
            assert decided.twiml == twiml
    database.dispose()
