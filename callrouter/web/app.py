"""The Flask application: webhooks, health, and the plain pages where they are switched on."""

import structlog
from flask import Flask, request
from werkzeug.exceptions import HTTPException

from callrouter.domain.errors import CallrouterError
from callrouter.web.calls_page import make_calls_page
from callrouter.web.health import make_health
from callrouter.web.room_page import make_room_page
from callrouter.web.stripe_webhook import make_stripe_webhook
from callrouter.web.webhooks import make_webhooks
from callrouter.workflows.switchboard import Switchboard

log = structlog.get_logger()

MOST_BODY_BYTES = 2 * 1024 * 1024
"""A longer body can't be Twilio's or Stripe's and is refused unread, with 413."""


def create_app(board: Switchboard, *, shows_calls_page: bool = False) -> Flask:
    """The application around one switchboard; every blueprint is registered here.

    The pages of calls and room ask nobody who they are: for the demo, on this machine only.
    """
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = MOST_BODY_BYTES
    app.register_blueprint(make_webhooks(board))
    app.register_blueprint(make_stripe_webhook(board))
    app.register_blueprint(make_health(board))
    if shows_calls_page:
        app.register_blueprint(make_calls_page(board))
        app.register_blueprint(make_room_page(board))

    @app.errorhandler(413)
    def too_large(_: HTTPException) -> tuple[str, int]:
        log.warning("webhook_refused", path=request.path, reason="body too large")
        return f"more than {MOST_BODY_BYTES} bytes\n", 413

    @app.errorhandler(CallrouterError)
    def failed(error: CallrouterError) -> tuple[str, int]:
        log.warning("request_failed", path=request.path, reason=str(error))
        return f"{error}\n", error.status

    @app.errorhandler(Exception)
    def broke(error: Exception) -> HTTPException | tuple[str, int]:
        if isinstance(error, HTTPException):
            return error
        log.exception("request_broke", path=request.path)
        return "an error of ours; it is in the log\n", 500

    return app
