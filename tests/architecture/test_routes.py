"""Every URL that we answer belongs to a blueprint that checks who asks."""

from pathlib import Path

import pytest
from flask import Flask
from werkzeug.routing import Rule

from callrouter.adapters.storage.engine import open_database
from callrouter.web.app import create_app
from tests.switchboards import make_board

ASKS_NOBODY = {"health", "calls", "room", "static"}
"""Health tells nothing of anybody; the pages and their files are for the demo alone."""
SIGNED = ("twilio", "stripe")
"""Whose requests are signed, each with a blueprint of its own that checks it: only they change."""


@pytest.fixture
def app(sqlite_url: str, tmp_path: Path) -> Flask:
    with make_board(open_database(sqlite_url), tmp_path) as board:
        return create_app(board, shows_calls_page=True)


def fill(rule: Rule) -> str:
    """A URL of this rule."""
    _, path = rule.build(dict.fromkeys(rule.arguments, "1")) or ("", "")
    return path


def test_every_route_belongs_to_a_blueprint(app: Flask) -> None:
    owners = {rule.endpoint.split(".")[0] for rule in app.url_map.iter_rules()}

    assert owners == ASKS_NOBODY | {"twilio", "stripe"}


@pytest.mark.parametrize("signer", SIGNED)
def test_every_url_under_a_signer_is_of_its_blueprint_and_the_other_way_round(
    app: Flask, signer: str
) -> None:
    for rule in app.url_map.iter_rules():
        assert rule.rule.startswith(f"/{signer}/") is rule.endpoint.startswith(f"{signer}."), rule


def test_every_url_under_twilio_refuses_what_nobody_signed(app: Flask) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/twilio/")]
    assert len(rules) >= 8
    client = app.test_client()

    for rule in rules:
        methods = (rule.methods or set()) - {"HEAD", "OPTIONS"}
        assert methods == {"GET", "POST"}
        for method in methods:
            assert client.open(fill(rule), method=method).status_code == 403, rule


def test_every_url_under_stripe_refuses_what_nobody_signed(app: Flask) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/stripe/")]
    assert rules
    client = app.test_client()

    for rule in rules:
        assert (rule.methods or set()) - {"HEAD", "OPTIONS"} == {"POST"}
        for headers in ({}, {"Stripe-Signature": "t=1,v1=0"}):
            assert client.post(fill(rule), json={}, headers=headers).status_code == 400, rule


def test_no_url_changes_anything_but_those_that_a_signer_calls(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        if rule.endpoint.split(".")[0] not in SIGNED:
            assert (rule.methods or set()) <= {"GET", "HEAD", "OPTIONS"}, rule
