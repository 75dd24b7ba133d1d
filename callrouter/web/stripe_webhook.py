"""Stripe's webhook: events of a seller's Stripe account, each proven to be Stripe's.

Whatever was signed and can be read gets 200, counted or not: Stripe would send it again for days.
"""

import re

import structlog
from flask import Blueprint, Response, request

from callrouter.adapters.storage.stripe_endpoints import StripeEndpoint, read_endpoint
from callrouter.adapters.stripe_events.links import EVENTS
from callrouter.adapters.stripe_events.reader import read_event
from callrouter.adapters.stripe_events.signature import check_signature
from callrouter.workflows.switchboard import Switchboard
from callrouter.workflows.take_stripe_event import take_stripe_event

log = structlog.get_logger()

MOST_BYTES = 512 * 1024
"""No event of Stripe's comes near this; a longer one is refused with 413."""
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


def make_stripe_webhook(board: Switchboard) -> Blueprint:
    """The blueprint with the one URL that Stripe calls; it checks the signature first."""
    blueprint = Blueprint("stripe", __name__)

    @blueprint.post(f"{EVENTS}/<seller_id>")
    def event(seller_id: str) -> Response:
        return _take(board, seller_id)

    return blueprint


def _take(board: Switchboard, seller_id: str) -> Response:
    if (request.content_length or 0) > MOST_BYTES:
        return _refuse(seller_id, 413, f"more than {MOST_BYTES} bytes")
    now = board.clock.now()
    header = request.headers.get("Stripe-Signature", "")
    if not header or not _SLUG.fullmatch(seller_id):
        return _refuse(seller_id, 400, "no Stripe-Signature")
    endpoint = _find_endpoint(board, seller_id)
    body = request.get_data(cache=False)
    if len(body) > MOST_BYTES:
        return _refuse(seller_id, 413, f"more than {MOST_BYTES} bytes")
    problem = (
        "no Stripe endpoint" if endpoint is None
        else check_signature(body, header, endpoint.secret, now)
    )  # fmt: skip
    if endpoint is None or problem is not None:
        # A stranger doesn't learn which sellers there are.
        return _refuse(seller_id, 400, problem or "", "the signature isn't right")
    read = read_event(body)
    if isinstance(read, str):
        return _refuse(seller_id, 400, read)
    answer = take_stripe_event(
        board.database, seller_id, read, now, takes_tests=endpoint.takes_tests
    )
    log.info(
        "stripe_event",
        seller=seller_id,
        event_id=read.event_id,
        kind=read.kind,
        outcome=answer.outcome.value,
        party=str(answer.owner.party) if answer.owner else "",
        reason=answer.reason,
    )
    said = f"{answer.outcome.value}: {answer.reason}" if answer.reason else answer.outcome.value
    return Response(f"{said}\n", mimetype="text/plain")


def _find_endpoint(board: Switchboard, seller_id: str) -> StripeEndpoint | None:
    with board.database.read() as connection:
        return read_endpoint(connection, board.box, seller_id)


def _refuse(seller_id: str, status: int, reason: str, said: str = "") -> Response:
    log.warning("stripe_event_refused", seller=seller_id[:63], reason=reason)
    return Response(f"{said or reason}\n", status=status, mimetype="text/plain")
