"""The URLs that our TwiML names."""

from urllib.parse import urlsplit

import pytest

from callrouter.adapters.twilio.links import Links

LINKS = Links("https://calls.example.com/router")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param(LINKS.fallback(), "/twilio/fallback", id="fallback"),
        pytest.param(LINKS.status(), "/twilio/status#rc=3&rp=all", id="status"),
        pytest.param(
            LINKS.attempt_ended(1, ("acme-east",), ()),
            "/twilio/attempts/1?d=acme-east&tried=acme-east",
            id="the first attempt's end",
        ),
        pytest.param(
            LINKS.attempt_ended(3, ("crest",), ("acme-east", "bolt")),
            "/twilio/attempts/3?d=crest&tried=acme-east.bolt.crest",
            id="a later attempt's end names all that were tried",
        ),
        pytest.param(
            LINKS.attempt_ended(2, ("crest", "cosy"), ("bolt",)),
            "/twilio/attempts/2?d=crest&tried=bolt.crest.cosy",
            id="the end of a ring group names all that were rung, and the first of them",
        ),
        pytest.param(
            LINKS.leg_progress(2, "bolt"), "/twilio/legs/2?d=bolt#rc=3&rp=all", id="a leg's status"
        ),
        pytest.param(LINKS.whisper(2, "bolt"), "/twilio/whisper/2?d=bolt", id="whisper"),
        pytest.param(LINKS.screening(2, "bolt"), "/twilio/screening/2?d=bolt", id="screening"),
        pytest.param(LINKS.voicemail(), "/twilio/voicemail", id="voicemail"),
    ],
)
def test_a_url_is_under_the_public_one(url: str, expected: str) -> None:
    assert url == f"https://calls.example.com/router{expected}"


def test_the_voice_url_leaves_time_for_the_fallback_within_the_carriers_fifteen_seconds() -> None:
    url, _, overrides = LINKS.voice().partition("#")
    settings = dict(pair.split("=") for pair in overrides.split("&"))

    assert url == "https://calls.example.com/router/twilio/voice"
    assert int(settings["rt"]) <= 5000
    assert int(settings["tt"]) <= 10_000
    assert set(settings["rp"].split(",")) >= {"ct", "rt", "5xx"}


def test_callbacks_ask_to_be_repeated_after_any_failure() -> None:
    for url in (LINKS.status(), LINKS.leg_progress(1, "acme")):
        assert urlsplit(url).fragment == "rc=3&rp=all"
