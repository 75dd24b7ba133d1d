"""Whether a request really comes from Twilio: X-Twilio-Signature over the public URL and fields.

Source: Twilio's "Validating requests" page. Which tokens a seller has, the caller says.
"""

import base64
import hmac
from collections.abc import Iterable
from hashlib import sha1
from urllib.parse import parse_qs, urlsplit

from twilio.request_validator import RequestValidator

from callrouter.adapters.twilio.form import Form


class _Validator(RequestValidator):
    """Twilio's own validator, which can also sign fields that aren't UTF-8 (carriers' garbage)."""

    def compute_signature(
        self,
        uri: str,
        params: Form | None,
        algorithm: str | None = None,  # noqa: ARG002 - webhooks signed by an auth token use SHA-1
    ) -> str:
        """The signature over the URL and the sorted fields, each name with each distinct value."""
        signed = uri
        if params:
            for name in sorted(params):
                for value in sorted(set(params.getlist(name))):
                    signed += name + value
        mac = hmac.digest(self.token, signed.encode("utf-8", "surrogateescape"), sha1)
        return base64.b64encode(mac).decode()

    def accepts(self, url: str, form: Form, signature: str) -> bool:
        """Whether the signature is right; the URL as it stands is tried before its variants."""
        as_it_stands = self.compute_signature(url, form)
        return hmac.compare_digest(as_it_stands, signature) or self.validate(url, form, signature)


def is_signed(
    *, url: str, form: Form | None, body: bytes, signature: str, tokens: Iterable[str]
) -> bool:
    """Whether `signature` is Twilio's for this request, by any of the seller's tokens.

    `url` is the URL that Twilio called: PUBLIC_URL and the raw target, undecoded. `form` is None
    when the body isn't a form (JSON: the URL then carries the body's hash as bodySHA256). Whatever
    is malformed is not signed; nothing is raised.
    """
    if not signature.isascii():
        return False
    try:
        if form is not None:
            return any(_Validator(token).accepts(url, form, signature) for token in tokens)
        text = body.decode("utf-8")
        return "bodySHA256" in parse_qs(urlsplit(url).query) and any(
            _Validator(token).validate(url, text, signature) for token in tokens
        )
    except (ValueError, TypeError, LookupError):
        return False
