"""Posts notices of alerts to URLs that sellers named, as JSON, signed where there is a secret.

Never to a private address, unless that is allowed.
"""

import hashlib
import hmac
import json
import socket
from datetime import datetime

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from callrouter.adapters.outward import find_forbidden
from callrouter.domain.alerts.alert import Notice
from callrouter.domain.errors import DeliveryFailedError

ID_HEADER = "Callrouter-Notice-Id"
SIGNATURE_HEADER = "Callrouter-Signature"


class WebhookPoster:
    """HTTP POST; follows no redirect, reads no more than the status of the answer."""

    def __init__(self, *, timeout_s: float = 10.0, allows_private: bool = False) -> None:
        self._timeout_s = timeout_s
        self._allows_private = allows_private

    def post(self, url: str, secret: str, notice: Notice, at: datetime) -> None:
        """Post a notice; a receiver knows a repetition by its id, a forgery by its signature.

        Raises DeliveryFailedError unless a 2xx is answered, and before anything is sent to an
        address that is forbidden; the message doesn't have the URL.
        """
        body = write_body(notice)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "callrouter",
            ID_HEADER: notice.notice_id,
        }
        if secret:
            headers[SIGNATURE_HEADER] = sign_body(secret, body, at)
        try:
            status = self._send(url, body, headers)
        except (requests.RequestException, ValueError) as error:
            # Without its text, in which the URL may stand.
            raise DeliveryFailedError(
                f"the webhook can't be reached ({type(error).__name__})"
            ) from None
        if not 200 <= status < 300:
            raise DeliveryFailedError(f"the webhook answered {status} instead of 200")

    def _send(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        with requests.Session() as session:
            for scheme in ("http://", "https://"):
                session.mount(scheme, _GuardedAdapter(self._allows_private))
            with session.post(
                url,
                data=body,
                headers=headers,
                timeout=self._timeout_s,
                allow_redirects=False,
                stream=True,
            ) as answer:
                return answer.status_code


class _GuardedAdapter(HTTPAdapter):
    """Sends nothing on a connection to a forbidden address; a proxy's connections are its own."""

    def __init__(self, allows_private: bool) -> None:
        super().__init__()
        self.poolmanager.pool_classes_by_scheme = _make_pools(allows_private)


def _make_pools(allows_private: bool) -> dict[str, type[HTTPConnectionPool]]:
    def check(connected: socket.socket) -> socket.socket:
        forbidden = find_forbidden(connected.getpeername()[0], allows_private=allows_private)
        if forbidden is None:
            return connected
        connected.close()
        raise DeliveryFailedError(f"the webhook's host is refused: {forbidden}")

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return check(super()._new_conn())

    class Encrypted(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return check(super()._new_conn())

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class EncryptedPool(HTTPSConnectionPool):
        ConnectionCls = Encrypted

    return {"http": PlainPool, "https": EncryptedPool}


def write_body(notice: Notice) -> bytes:
    """A notice as JSON, in ASCII."""
    fields = {
        "id": notice.notice_id,
        "seller": notice.seller_id,
        "key": notice.key,
        "change": notice.change,
        "subject": notice.subject,
        "text": notice.text,
        "at": notice.at.isoformat(timespec="milliseconds"),
    }
    return json.dumps(fields).encode()


def sign_body(secret: str, body: bytes, at: datetime) -> str:
    """The signature header's value: the time in whole seconds, and an HMAC-SHA256 of both.

    `t=1795000000,v1=…`, where v1 is the hexadecimal HMAC of `1795000000.` and the body.
    """
    second = int(at.timestamp())
    digest = hmac.new(secret.encode(), f"{second}.".encode() + body, hashlib.sha256)
    return f"t={second},v1={digest.hexdigest()}"
