"""One webhook, read within bounds and proven to be Twilio's for one of our sellers."""

from dataclasses import dataclass
from datetime import datetime

import structlog
from flask import Request

from callrouter.adapters.twilio.form import Form
from callrouter.adapters.twilio.signature import is_signed
from callrouter.workflows.switchboard import Switchboard

log = structlog.get_logger()

_FORM_TYPE = "application/x-www-form-urlencoded"
_MOST_RAW_CHARS = 64_000


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A webhook that its seller's token has signed; `raw` is what is stored of it."""

    seller_id: str
    form: Form
    raw: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a request is not taken for a webhook; `status` is the HTTP answer."""

    status: int
    reason: str


def read_signed_request(board: Switchboard, request: Request) -> SignedRequest | Refused:
    """The webhook, or why it is refused: nobody's account, or not signed by its token.

    The signature covers PUBLIC_URL and the raw target: behind a proxy the URL that we see isn't
    the one that Twilio called, and a decoded one isn't what it signed.
    """
    received_at = board.clock.now()
    body = request.get_data(cache=False)
    try:
        form = _read_form(request, body)
    except ValueError as error:
        return _refuse(request, "", f"unreadable form: {error}")
    account_sid = form.get("AccountSid", 64)
    url = board.links.public_url + _raw_target(request)
    signature = request.headers.get("X-Twilio-Signature", "")
    if not signature:
        return _refuse(request, account_sid, "no X-Twilio-Signature")
    is_form = request.method == "GET" or request.mimetype == _FORM_TYPE or not body
    posted = None if not is_form else Form(b"") if request.method == "GET" else form
    for look_again in (False, True):
        # A token may have been rotated, or a seller added, since we looked.
        seller = board.known_good.find_seller(account_sid, look_again=look_again)
        if seller is not None and is_signed(
            url=url, form=posted, body=body, signature=signature, tokens=seller.tokens
        ):
            return SignedRequest(seller.seller_id, form, _read_raw(request, body), received_at)
    reason = "unknown AccountSid" if seller is None else "wrong signature"
    return _refuse(request, account_sid, reason)


def _refuse(request: Request, account_sid: str, reason: str) -> Refused:
    log.warning("webhook_refused", path=request.path, account=account_sid, reason=reason)
    return Refused(403, reason)


def _read_form(request: Request, body: bytes) -> Form:
    if request.method == "GET":
        return Form(request.query_string)
    return Form(body if request.mimetype == _FORM_TYPE else b"")


def _raw_target(request: Request) -> str:
    """Path and query exactly as they stood in the request line."""
    target = request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI")
    if not isinstance(target, str) or not target:
        return request.full_path.rstrip("?")
    if target.startswith(("http://", "https://")):
        return "/" + target.split("/", 3)[3] if target.count("/") > 2 else "/"
    return target


def _read_raw(request: Request, body: bytes) -> str:
    """The encoded fields as they came, cut where no real webhook ends."""
    encoded = request.query_string if request.method == "GET" else body
    text = encoded[:_MOST_RAW_CHARS].decode("ascii", "backslashreplace").replace("\0", "\\x00")
    if len(encoded) <= _MOST_RAW_CHARS:
        return text
    return f"{text}&(cut: {len(encoded)} bytes in all)"
