from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from callrouter.simulator.signing import sign, signed_url

TOKEN = "12345"

NAMES = st.text(st.characters(min_codepoint=32, max_codepoint=0x24F), min_size=1, max_size=12)
FORMS = st.dictionaries(NAMES, st.text(max_size=30), max_size=8)


@given(form=FORMS)
def test_twilios_own_validator_accepts_every_signed_post(form: dict[str, str]) -> None:
    url = "https://calls.example.com/twilio/attempts/1?d=acme-east&tried=acme-east"

    signature = sign(TOKEN, url, form.items())

    assert RequestValidator(TOKEN).validate(url, form, signature)


@given(form=FORMS.filter(bool))
def test_twilios_own_validator_accepts_every_signed_get(form: dict[str, str]) -> None:
    url = f"http://127.0.0.1:8080/twilio/voice?{urlencode(form)}"

    assert RequestValidator(TOKEN).validate(url, {}, sign(TOKEN, url))


@given(form=FORMS, other=st.sampled_from(["x", "12346"]))
def test_another_token_signs_otherwise(form: dict[str, str], other: str) -> None:
    url = "https://calls.example.com/twilio/voice"

    assert sign(TOKEN, url, form.items()) != sign(other, url, form.items())


def test_repeated_fields_are_signed_once_a_value_in_order() -> None:
    url = "https://calls.example.com/x"
    pairs = [("Event", "ringing"), ("Event", "answered"), ("Event", "ringing")]

    assert sign(TOKEN, url, pairs) == sign(TOKEN, url, [("Event", "answered"), pairs[0]])


@pytest.mark.parametrize(
    ("url", "signed"),
    [
        pytest.param(
            "https://a.example/x?q=1#rc=3&rp=all", "https://a.example/x?q=1", id="fragment"
        ),
        pytest.param("https://a.example:8443/x", "https://a.example/x", id="https drops the port"),
        pytest.param("http://a.example:8080/x", "http://a.example:8080/x", id="http keeps it"),
        pytest.param("https://me:pw@a.example/x", "https://a.example/x", id="user and password"),
        pytest.param("https://a.example?q=%27+%20", "https://a.example?q=%27+%20", id="as it is"),
        pytest.param("http://a.example/x?", "http://a.example/x?", id="bare question mark"),
    ],
)
def test_the_signed_url_is_the_exact_one_without(url: str, signed: str) -> None:
    assert signed_url(url) == signed


def test_a_relative_url_can_not_be_signed() -> None:
    with pytest.raises(ValueError, match="absolute"):
        signed_url("/twilio/voice")
