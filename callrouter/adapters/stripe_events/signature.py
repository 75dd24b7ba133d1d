"""Whether a request really comes from Stripe: its signature over the time and the body.

Checked by Stripe's own package; how old an event may be, by our clock.
"""

from datetime import UTC, datetime, timedelta

from stripe import SignatureVerificationError, WebhookSignature

TOLERANCE = timedelta(minutes=5)
"""How far the time that was signed may be from now: as far as Stripe's own packages let it be."""


def check_signature(body: bytes, header: str, secret: str, now: datetime) -> str | None:
    """Why a request isn't one that Stripe has just signed with this secret, or None when it is.

    `header` is what stands in `Stripe-Signature`; while a secret is being rolled it has a signature
    by each of the two. What is said names no secret.
    """
    if not header.isascii():  # the package can't compare it
        return "wrong signature"
    try:
        WebhookSignature.verify_header(body, header, secret)
    except (SignatureVerificationError, ValueError):
        return "wrong signature"
    signed_at = _read_time(header)
    if signed_at is None or abs(now - signed_at) > TOLERANCE:
        return "signed too long ago"
    return None


def _read_time(header: str) -> datetime | None:
    for part in header.split(","):
        name, _, value = part.partition("=")
        if name == "t":
            try:
                return datetime.fromtimestamp(int(value), UTC)
            except (ValueError, OverflowError, OSError):
                return None
    return None
