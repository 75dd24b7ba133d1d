"""A mail server on this machine that keeps what it takes, and refuses what it is told to refuse."""

import base64
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


@dataclass
class MailBox:
    """What the server has seen, and how it answers: `answers` by the first word of a command."""

    port: int = 0
    answers: dict[str, str] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)
    mails: list[str] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    was_encrypted: list[bool] = field(default_factory=list)


class _Conversation(socketserver.StreamRequestHandler):
    server: "_Server"
    timeout = 5

    def setup(self) -> None:
        if self.server.tls is not None and self.server.from_start:
            self._encrypt(self.server.tls)
        super().setup()

    def handle(self) -> None:
        box = self.server.box
        self._say("220 here")
        while line := self.rfile.readline().decode().rstrip("\r\n"):
            word = line.split(" ")[0].upper()
            box.seen.append(line)
            self._say(box.answers[word]) if word in box.answers else self._answer(word, line)
            if word == "QUIT":
                return

    def finish(self) -> None:
        super().finish()
        if self._is_encrypted:
            self.request.close()

    def _answer(self, word: str, line: str) -> None:
        box, tls = self.server.box, self.server.tls
        if word == "EHLO":
            offers = tls is not None and not self._is_encrypted
            self._say("250-here\r\n" + "250-STARTTLS\r\n" * offers + "250 AUTH PLAIN")
        elif word == "STARTTLS" and tls is not None:
            self._say("220 go on")
            self.rfile.close()
            self._encrypt(tls)
            super().setup()
        elif word == "AUTH":
            box.logins.append(base64.b64decode(line.split(" ")[2]).decode())
            self._say("235 welcome")
        elif word == "DATA":
            self._say("354 go on")
            box.mails.append("".join(iter(lambda: self.rfile.readline().decode(), ".\r\n")))
            box.was_encrypted.append(self._is_encrypted)
            self._say("250 taken")
        elif word == "QUIT":
            self._say("221 bye")
        else:
            self._say("250 fine")

    def _encrypt(self, tls: ssl.SSLContext) -> None:
        self.request = tls.wrap_socket(self.request, server_side=True)

    @property
    def _is_encrypted(self) -> bool:
        return isinstance(self.request, ssl.SSLSocket)

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


class _Server(socketserver.ThreadingTCPServer):
    def __init__(self, box: MailBox, tls: ssl.SSLContext | None, *, from_start: bool) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.box, self.tls, self.from_start = box, tls, from_start

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that doesn't like our certificate hangs up."""


@contextmanager
def serve_mail(tls: ssl.SSLContext | None = None, *, from_start: bool = False) -> Iterator[MailBox]:
    """A server that offers STARTTLS if it has a certificate, or speaks TLS from the start."""
    box = MailBox()
    with _Server(box, tls, from_start=from_start) as server:
        box.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield box
        server.shutdown()
        thread.join()


def make_certificate(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A certificate for 127.0.0.1: the server's side of it, and a client's that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)  # noqa: TID251 - OpenSSL looks at the machine's clock
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path = folder / "server.pem"
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    return server, ssl.create_default_context(cafile=str(path))
