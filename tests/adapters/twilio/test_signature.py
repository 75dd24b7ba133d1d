"""Twilio's signature, against what Twilio has published and against its own SDK."""

import hmac
import tomllib
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote_plus, urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator
from werkzeug.datastructures import MultiDict

from callrouter.adapters.twilio.form import Form
from callrouter.adapters.twilio.signature import is_signed

TOKEN = "12345"
URL = "https://calls.example.com/twilio/attempts/1?d=acme-east&tried=acme-east"


@dataclass(frozen=True)
class Vector:
    name: str
    source: str
    url: str
    signature: str
    fields: tuple[tuple[str, str], ...] = ()
    body: str = ""
    note: str = ""
    accepted: bool = True

    def is_signed(self, *, token: str = TOKEN, url: str = "", signature: str = "") -> bool:
        return is_signed(
            url=url or self.url,
            form=None if self.body else Form(urlencode(self.fields).encode()),
            body=self.body.encode(),
            signature=signature or self.signature,
            tokens=[token],
        )


def read_vectors() -> list[Vector]:
    text = Path(__file__).with_name("signature_vectors.toml").read_text("utf-8")
    return [
        Vector(**vector | {"fields": tuple(map(tuple, vector.get("fields", [])))})
        for vector in tomllib.loads(text)["vectors"]
    ]


VECTORS = read_vectors()
TAKEN = [pytest.param(vector, id=vector.name) for vector in VECTORS if vector.accepted]


@pytest.mark.parametrize("vector", [pytest.param(v, id=v.name) for v in VECTORS])
def test_a_published_signature_is_taken_exactly_where_twilios_python_sdk_takes_it(
    vector: Vector,
) -> None:
    assert vector.is_signed() is vector.accepted


@pytest.mark.parametrize("vector", TAKEN)
def test_it_is_nobody_elses_signature(vector: Vector) -> None:
    assert not vector.is_signed(token=TOKEN + "6")
    assert not vector.is_signed(token="")


@pytest.mark.parametrize("vector", TAKEN)
def test_it_can_not_be_replayed_onto_another_url(vector: Vector) -> None:
    assert not vector.is_signed(url=vector.url + "&tried=acme-east")
    assert not vector.is_signed(url=vector.url.replace("://", "://other."))
    assert not vector.is_signed(url=vector.url.replace("/myapp.php", "/myapp.php/"))


@pytest.mark.parametrize("vector", TAKEN)
@pytest.mark.parametrize("position", [0, 13, 26, 27])
def test_one_changed_letter_makes_it_wrong(vector: Vector, position: int) -> None:
    letters = list(vector.signature)
    letters[position] = "A" if letters[position] != "A" else "B"

    assert not vector.is_signed(signature="".join(letters))


NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
FIELDS = st.lists(st.tuples(NAMES, st.text(st.characters(exclude_categories=["Cs"]))), max_size=8)
URLS = st.builds(
    "{}://{}{}/{}?{}".format,
    st.sampled_from(["http", "https"]),
    st.sampled_from(["calls.example.com", "10.0.0.1", "xn--bcher-kva.example"]),
    st.sampled_from(["", ":80", ":443", ":8443"]),
    st.text("abz/%27-._~", max_size=10),
    st.text("abz&=%2F+", min_size=1, max_size=10),
)


def sign_as_twilio(url: str, fields: Sequence[tuple[str, str]]) -> str:
    signature: str = RequestValidator(TOKEN).compute_signature(url, MultiDict(fields))
    return signature


@given(url=URLS, fields=FIELDS, flipped=st.none() | st.integers(0, 26))
def test_it_agrees_with_twilios_validator_on_any_url_and_form(
    url: str, fields: list[tuple[str, str]], flipped: int | None
) -> None:
    signature = sign_as_twilio(url, fields)
    if flipped is not None:
        changed = "x" if signature[flipped] != "x" else "y"
        signature = signature[:flipped] + changed + signature[flipped + 1 :]
    form = Form(urlencode(fields).encode())

    ours = is_signed(url=url, form=form, body=b"", signature=signature, tokens=[TOKEN])

    assert ours is RequestValidator(TOKEN).validate(url, MultiDict(fields), signature)
    assert ours is (flipped is None)


@given(fields=FIELDS.filter(bool))
def test_a_get_is_signed_by_its_url_alone(fields: list[tuple[str, str]]) -> None:
    url = f"https://calls.example.com/twilio/voice?{urlencode(fields)}"
    signature = sign_as_twilio(url, [])

    assert is_signed(url=url, form=Form(b""), body=b"", signature=signature, tokens=[TOKEN])


@given(body=st.binary(max_size=100))
@example(body=b'{"property": "value"}')
def test_json_must_be_the_body_whose_hash_the_url_has(body: bytes) -> None:
    url = f"https://calls.example.com/twilio/status?bodySHA256={sha256(body).hexdigest()}"
    signature = sign_as_twilio(url, [])

    def taken(sent: bytes) -> bool:
        return is_signed(url=url, form=None, body=sent, signature=signature, tokens=[TOKEN])

    assert taken(body) is _is_utf8(body)
    assert not taken(body + b" ")


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


@pytest.mark.parametrize("tokens", [("12345", "x"), ("x", "12345")], ids=["primary", "secondary"])
def test_either_token_signs_while_tokens_are_changed(tokens: tuple[str, str]) -> None:
    signature = sign_as_twilio(URL, [("CallSid", "CA1")])
    form = Form(b"CallSid=CA1")

    assert is_signed(url=URL, form=form, body=b"", signature=signature, tokens=tokens)
    assert not is_signed(url=URL, form=form, body=b"", signature=signature, tokens=["x", "y"])
    assert not is_signed(url=URL, form=form, body=b"", signature=signature, tokens=[])


@pytest.mark.parametrize(
    ("encoded", "signed"),
    [
        pytest.param(b"City=%C3%84%FF&X=1", b"City\xc3\x84\xffX1", id="not UTF-8"),
        pytest.param(b"City=%ED%A0%80", b"City\xed\xa0\x80", id="a surrogate"),
        pytest.param(b"City=\xff", b"City\xff", id="not even ASCII on the wire"),
        pytest.param(b"A=x%00y", b"Ax\x00y", id="NUL"),
        pytest.param(b"A=&B= &C", b"AB C", id="blank values"),
        pytest.param(b"E=ringing&E=answered&E=ringing", b"EansweredEringing", id="repeated"),
        pytest.param(b"b=1&B=2&a=3", b"B2a3b1", id="names in the order of their bytes"),
    ],
)
def test_fields_are_signed_as_the_bytes_that_were_sent(encoded: bytes, signed: bytes) -> None:
    digest = hmac.digest(TOKEN.encode(), URL.encode() + signed, "sha1")
    signature = b64encode(digest).decode()

    assert is_signed(url=URL, form=Form(encoded), body=encoded, signature=signature, tokens=[TOKEN])


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("", id="empty"),
        pytest.param("/twilio/voice", id="relative"),
        pytest.param("https://[::1/twilio/voice", id="half an IPv6 address"),
        pytest.param("https://calls.example.com:port/", id="a port in words"),
        pytest.param("https://calls.example.com:99999/", id="a port too high"),
        pytest.param("https://\udcff\ud800.example.com/", id="lone surrogates"),
        pytest.param("https://calls.example.com/?xbodySHA256=1", id="nearly a body hash"),
        pytest.param("https://calls.example.com/?bodySHA256=", id="an empty body hash"),
        pytest.param("https://calls.example.com/?bodySHA256=%FF", id="no hash"),
    ],
)
@pytest.mark.parametrize("body", [b"", b"{}", b"\xff\x00", b"null"])
def test_a_malformed_request_is_not_signed_and_nothing_is_raised(url: str, body: bytes) -> None:
    for form in (None, Form(b""), Form(b"A=%FF&B=%00")):
        for signature in ("", "x", "=" * 28, "é", "\udcff", "\0", "A" * 10_000):
            assert not is_signed(
                url=url, form=form, body=body, signature=signature, tokens=[TOKEN, ""]
            )


@given(
    url=st.text(max_size=60) | URLS,
    encoded=st.binary(max_size=60),
    body=st.binary(max_size=60),
    signature=st.text(max_size=30),
    is_form=st.booleans(),
)
def test_nothing_at_all_makes_it_raise(
    url: str, encoded: bytes, body: bytes, signature: str, is_form: bool
) -> None:
    form = Form(encoded) if is_form else None

    assert not is_signed(url=url, form=form, body=body, signature=signature, tokens=[TOKEN])


def test_an_escaped_url_is_signed_as_it_was_asked() -> None:
    escaped = f"https://calls.example.com/twilio/{quote_plus('größe')}?name=It%27s&x=%2F"
    signature = sign_as_twilio(escaped, [])
    unescaped = "https://calls.example.com/twilio/größe?name=It's&x=/"

    def taken(url: str) -> bool:
        return is_signed(url=url, form=Form(b""), body=b"", signature=signature, tokens=[TOKEN])

    assert taken(escaped)
    assert not taken(unescaped)
