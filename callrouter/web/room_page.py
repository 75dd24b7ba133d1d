"""A plain page of who can take calls right now, with its CSV and JSON twins; for the demo.

It asks nobody who they are, so it is registered only where a setting says so.
"""

import io
from dataclasses import asdict, dataclass
from datetime import datetime

from flask import Blueprint, Response, jsonify, render_template

from callrouter.domain.health.stops import say_stop
from callrouter.domain.limits.cap_words import say_usage
from callrouter.domain.limits.standing import say_standing
from callrouter.domain.routing.room import CampaignRoom, Gauge
from callrouter.domain.routing.room_words import say_hours, say_taken_by
from callrouter.web.shown_seller import find_shown_seller
from callrouter.workflows.export_room import export_room_csv, list_room_rows
from callrouter.workflows.switchboard import Switchboard
from callrouter.workflows.view_room import view_room

_NEARLY_FULL_PERCENT = 80


@dataclass(frozen=True, slots=True)
class _Bar:
    """How full a counter is, for a picture: percent used, percent held, how it looks, in words."""

    used: float
    held: float
    look: str
    words: str


def make_room_page(board: Switchboard) -> Blueprint:
    """The blueprint with `/room`, its fragment, and `/room.csv` and `/room.json`."""
    blueprint = Blueprint("room", __name__, template_folder="templates")

    def look() -> tuple[str, tuple[CampaignRoom, ...]]:
        seller_id = find_shown_seller(board)
        with board.database.read() as connection:
            rooms = view_room(board.compiled, connection, seller_id, board.clock.now())
        return seller_id, rooms

    @blueprint.get("/room")
    def page() -> str:
        seller_id, rooms = look()
        return render_template("room.html", seller_id=seller_id, rooms=rooms)

    @blueprint.get("/room/now")
    def fragment() -> str:
        seller_id, rooms = look()
        return render_template("room_now.html", seller_id=seller_id, rooms=rooms)

    @blueprint.get("/room.json")
    def as_json() -> Response:
        return jsonify([asdict(row) for row in list_room_rows(look()[1])])

    @blueprint.get("/room.csv")
    def as_csv() -> Response:
        text = io.StringIO()
        export_room_csv(look()[1], text)
        return Response(text.getvalue(), mimetype="text/csv")

    blueprint.add_app_template_filter(_draw_bar, "bar")
    blueprint.add_app_template_filter(say_hours, "hours")
    blueprint.add_app_template_filter(say_stop, "stop")
    blueprint.add_app_template_filter(say_standing, "standing")
    blueprint.add_app_template_filter(say_taken_by, "taken_by")
    return blueprint


def _draw_bar(gauge: Gauge, at: datetime) -> _Bar:
    words = say_usage(gauge.counter, gauge.usage, at).removeprefix("cap ")
    if not gauge.limit:
        return _Bar(0, 0, "unlimited", words)
    used = min(100 * gauge.usage.used / gauge.limit, 100)
    held = min(100 * gauge.usage.held / gauge.limit, 100 - used)
    look = "full" if not gauge.left else "high" if used + held >= _NEARLY_FULL_PERCENT else "low"
    return _Bar(round(used, 1), round(held, 1), look, words)
