"""Posts notices of alerts to URLs that sellers named, as JSON, signed where there is a secret."""

import hashlib
import hmac
import json
from datetime import datetime

import requests

from callrouter.domain.alerts import Notice
from callrouter.domain.errors import DeliveryFailedError

ID_HEADER = "Callrouter-Notice-Id"
SIGNATURE_HEADER = "Callrouter-Signature"


class WebhookPoster:
    """HTTP POST; follows no redirect, reads no more than the status of the answer."""

    def __init__(self, *, timeout_s: float = 10.0) -> None:
        self._timeout_s = timeout_s

    def post(self, url: str, secret: str, notice: Notice, at: datetime) -> None:
        """Post a notice; a receiver knows a repetition by its id, a forgery by its signature.

        Raises DeliveryFailedError unless a 2xx is answered; the message doesn't have the URL.
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
            with requests.post(
                url,
                data=body,
                headers=headers,
                timeout=self._timeout_s,
                allow_redirects=False,
                stream=True,
            ) as answer:
                status = answer.status_code
        except (requests.RequestException, ValueError) as error:
            # Without its text, in which the URL may stand.
            raise DeliveryFailedError(
                f"the webhook can't be reached ({type(error).__name__})"
            ) from None
        if not 200 <= status < 300:
            raise DeliveryFailedError(f"the webhook answered {status} instead of 200")


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
