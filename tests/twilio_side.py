"""Twilio's side of the webhooks: forms as it sends them, signed, through the Flask test client."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import TypeAlias
from urllib.parse import urlencode

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from callrouter.adapters.storage.sellers import Seller
from callrouter.simulator.signing import sign
from tests.switchboards import DID, PUBLIC_URL, SELLER

Fields: TypeAlias = Mapping[str, str]
FORM = "application/x-www-form-urlencoded"
CALL_SID = "CA" + "a" * 31 + "1"
ANI = "+14155550123"
PLACE = {"City": "SAN FRANCISCO", "State": "CA", "Zip": "94105", "Country": "US"}


def leg_sid(number: int) -> str:
    """The SID of the nth leg that the carrier dials for a call."""
    return f"CA{'b' * 31}{number}"


def stamp(at: datetime) -> str:
    """A webhook's Timestamp: RFC 2822, whole seconds."""
    return format_datetime(at.replace(microsecond=0))


def caller_fields(
    status: str = "ringing",
    *,
    call_sid: str = CALL_SID,
    ani: str = ANI,
    did: str = DID,
    seller: Seller = SELLER,
    **more: str,
) -> dict[str, str]:
    """What every webhook about the caller's leg carries."""
    return {
        "AccountSid": seller.account_sid,
        "ApiVersion": "2010-04-01",
        "CallSid": call_sid,
        "CallStatus": status,
        "Direction": "inbound",
        "From": ani,
        "To": did,
        "Caller": ani,
        "Called": did,
        **{f"From{part}": value for part, value in PLACE.items()},
        **{f"To{part}": "" for part in PLACE},
        **more,
    }


def buyer_fields(
    status: str,
    leg: int = 1,
    *,
    call_sid: str = CALL_SID,
    to: str = "+12125550171",
    seller: Seller = SELLER,
    **more: str,
) -> dict[str, str]:
    """What every webhook about a buyer's leg carries."""
    return {
        "AccountSid": seller.account_sid,
        "ApiVersion": "2010-04-01",
        "CallSid": leg_sid(leg),
        "ParentCallSid": call_sid,
        "CallStatus": status,
        "Direction": "outbound-dial",
        "From": ANI,
        "To": to,
        "Caller": ANI,
        "Called": to,
        **more,
    }


@dataclass(frozen=True)
class TwilioSide:
    """One account of Twilio's, calling one public address."""

    client: FlaskClient
    seller: Seller = SELLER
    public_url: str = PUBLIC_URL

    def post(
        self, target: str, fields: Fields | Iterable[tuple[str, str]], *, token: str = ""
    ) -> TestResponse:
        """POST a signed form to a target (path and query) or to a URL of ours."""
        pairs = list(fields.items() if isinstance(fields, Mapping) else fields)
        target = self._strip(target)
        signature = self.sign(target, pairs, token=token)
        return self.send(target, urlencode(pairs).encode(), signature)

    def get(self, target: str, fields: Fields) -> TestResponse:
        """GET with the fields in the query, signed."""
        target = self._strip(target)
        target += ("&" if "?" in target else "?") + urlencode(fields)
        headers = {"X-Twilio-Signature": self.sign(target, [])}
        return self.client.get(target, headers=headers)

    def send(
        self, target: str, body: bytes, signature: str | None, content_type: str = FORM
    ) -> TestResponse:
        """POST any body under any signature, None leaving the header out."""
        headers = {} if signature is None else {"X-Twilio-Signature": signature}
        return self.client.post(target, data=body, content_type=content_type, headers=headers)

    def sign(self, target: str, fields: Iterable[tuple[str, str]] = (), *, token: str = "") -> str:
        """The signature of a request to the public address."""
        return sign(token or self.seller.tokens[0], self.public_url + target, fields)

    def _strip(self, url: str) -> str:
        return url.partition("#")[0].removeprefix(self.public_url)
