"""A plain page of live and recent calls, with its CSV and JSON twins; for the demo.

It asks nobody who they are, so it is registered only where a setting says so.
"""

import csv
import io
from datetime import datetime

from flask import Blueprint, Response, jsonify, render_template

from callrouter.web.shown_seller import find_shown_seller
from callrouter.workflows.export_calls import spell_cell
from callrouter.workflows.switchboard import Switchboard
from callrouter.workflows.view_calls import CallsNow, view_calls

_MOST = 40
_COLUMNS = (
    "state",
    "call_id",
    "started_at",
    "campaign",
    "did",
    "ani",
    "attempts",
    "disposition",
    "total_s",
    "connected_s",
)


def make_calls_page(board: Switchboard) -> Blueprint:
    """The blueprint with `/calls`, its fragment, and `/calls.csv` and `/calls.json`."""
    blueprint = Blueprint(
        "calls",
        __name__,
        template_folder="templates",
    )

    def look() -> tuple[str, CallsNow]:
        seller_id = find_shown_seller(board)
        return seller_id, view_calls(board.database, seller_id, board.clock.now(), _MOST)

    @blueprint.get("/calls")
    def page() -> str:
        seller_id, now = look()
        return render_template("calls.html", seller_id=seller_id, now=now)

    @blueprint.get("/calls/now")
    def fragment() -> str:
        seller_id, now = look()
        return render_template("calls_now.html", seller_id=seller_id, now=now)

    @blueprint.get("/calls.json")
    def as_json() -> Response:
        return jsonify([dict(zip(_COLUMNS, row, strict=True)) for row in _rows(look()[1])])

    @blueprint.get("/calls.csv")
    def as_csv() -> Response:
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(_COLUMNS)
        writer.writerows([spell_cell(cell) for cell in row] for row in _rows(look()[1]))
        return Response(text.getvalue(), mimetype="text/csv")

    blueprint.add_app_template_filter(_as_clock, "clock")
    blueprint.add_app_template_filter(_as_seconds, "seconds")
    return blueprint


def _rows(now: CallsNow) -> list[tuple[str, ...]]:
    live: list[tuple[str, ...]] = [
        (
            "live",
            call.call_sid,
            call.arrived_at.isoformat(timespec="milliseconds"),
            call.campaign_id,
            call.did,
            call.ani,
            " ".join(f"{a.destination_id}:{a.state}" for a in call.attempts),
            "",
            _as_seconds(call.total_ms),
            _as_seconds(call.connected_ms),
        )
        for call in now.live
    ]
    recent: list[tuple[str, ...]] = [
        (
            "ended",
            cdr.call_sid,
            cdr.started_at.isoformat(timespec="milliseconds"),
            cdr.campaign_id,
            cdr.did,
            cdr.ani,
            cdr.attempt_outcomes(),
            cdr.disposition,
            _as_seconds(cdr.total_ms),
            _as_seconds(cdr.connected_ms),
        )
        for cdr in (stored.cdr for stored in now.recent)
    ]
    return live + recent


def _as_clock(at: datetime) -> str:
    return at.strftime("%H:%M:%S")


def _as_seconds(ms: int) -> str:
    return f"{ms / 1000:.1f}"
