"""Twilio's webhook signature, written from its description and not from its SDK.

https://www.twilio.com/docs/usage/security: the exact URL, then every POST field sorted by name
with its value, HMAC-SHA1 under the auth token, Base64.
"""

import hmac
import re
from base64 import b64encode
from collections.abc import Iterable

_URL_PARTS = re.compile(r"(?P<scheme>https?)://(?:[^/?#@]*@)?(?P<host>[^/?#]*)(?P<target>[^#]*)")


def signed_url(url: str) -> str:
    """The part of a URL that is signed: no fragment, no user:password, no port under https."""
    parts = _URL_PARTS.match(url)
    if parts is None:
        raise ValueError(f"{url!r} is not an absolute http or https URL")
    host = parts["host"]
    if parts["scheme"] == "https":
        host = re.sub(r":\d+$", "", host)
    return f"{parts['scheme']}://{host}{parts['target']}"


def sign(token: str, url: str, form: Iterable[tuple[str, str]] = ()) -> str:
    """The `X-Twilio-Signature` of a request; `form` holds the fields of a POST, none for a GET."""
    text = signed_url(url) + "".join(name + value for name, value in sorted(set(form)))
    return b64encode(hmac.digest(token.encode(), text.encode(), "sha1")).decode()
