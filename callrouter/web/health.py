"""Whether this process can take calls, for load balancers and people."""

from flask import Blueprint, Response, jsonify

from callrouter.adapters.storage.sellers import read_change_counter
from callrouter.domain.errors import StorageUnavailableError
from callrouter.workflows.switchboard import Switchboard


def make_health(board: Switchboard) -> Blueprint:
    """The blueprint with `/health`: 200 while calls can be routed, even degraded; else 503.

    `spooled_events` is null when the spool can't be read.
    """
    blueprint = Blueprint("health", __name__)

    @blueprint.get("/health")
    def health() -> tuple[Response, int]:
        try:
            with board.database.read() as connection:
                read_change_counter(connection)
            database = "up"
        except StorageUnavailableError:
            database = "down"
        try:
            spooled: int | None = board.spool.depth()
        except StorageUnavailableError:
            spooled = None
        ready = database == "up" or bool(board.known_good.current.sellers)
        status = "ok" if database == "up" and spooled == 0 else "degraded" if ready else "down"
        body = {"status": status, "database": database, "spooled_events": spooled}
        return jsonify(body), 200 if ready else 503

    return blueprint
