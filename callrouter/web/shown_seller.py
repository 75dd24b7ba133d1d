"""Whose calls and room the demo's pages show: the seller that the URL names, or the first."""

from flask import abort, request

from callrouter.workflows.switchboard import Switchboard


def find_shown_seller(board: Switchboard) -> str:
    """The seller of `?seller=`, or the first by id; ends the request with 404 for no such one."""
    sellers = sorted(s.seller_id for s in board.known_good.current.sellers.values())
    seller_id = request.args.get("seller") or (sellers[0] if sellers else "")
    if seller_id not in sellers:
        abort(404, "no such seller")
    return seller_id
