"""A webhook's fields, whatever bytes they came as."""

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callrouter.adapters.twilio.form import Form


@pytest.mark.parametrize(
    ("encoded", "value"),
    [
        pytest.param(b"", "", id="absent"),
        pytest.param(b"From=", "", id="blank"),
        pytest.param(b"From", "", id="without an equals sign"),
        pytest.param(b"From=%2B14155550123", "+14155550123", id="an escaped plus"),
        pytest.param(b"From=San+Jos%C3%A9", "San José", id="plus is a space, escapes are UTF-8"),
        pytest.param(b"From=a&From=b", "a", id="the first of several"),
        pytest.param(b"from=a", "", id="names have case"),
        pytest.param(b"From=%FF%41", "\ufffdA", id="not UTF-8"),
        pytest.param(b"From=\xff\x41", "\ufffdA", id="not even escaped"),
        pytest.param(b"From=%ED%A0%80", "\ufffd" * 3, id="a surrogate"),
        pytest.param(b"From=a%00b", "a\ufffdb", id="NUL"),
        pytest.param(b"From=%zz%", "%zz%", id="no escapes at all"),
        pytest.param(b"&&From=a&;", "a", id="empty pairs"),
    ],
)
def test_a_field_reads_as(encoded: bytes, value: str) -> None:
    assert Form(encoded).get("From") == value


def test_a_field_is_cut_to_what_is_wanted_of_it() -> None:
    form = Form(b"Body=" + b"x" * 5000)

    assert form.get("Body") == "x" * 200
    assert form.get("Body", 3) == "xxx"


def test_all_values_of_a_field_stay_in_their_order() -> None:
    form = Form(b"B=2&A=1&B=1&B=2&C=%FF")

    assert list(form) == ["B", "A", "C"]
    assert len(form) == 3
    assert form.getlist("B") == ["2", "1", "2"]
    assert form.getlist("C") == ["\udcff"]
    assert form.getlist("D") == []


def test_a_thousand_fields_are_the_most() -> None:
    assert len(Form(b"&".join(b"F%d=" % n for n in range(1000)))) == 1000
    with pytest.raises(ValueError, match="fields"):
        Form(b"&".join(b"F%d=" % n for n in range(1001)))


@given(fields=st.dictionaries(st.text(min_size=1), st.text(max_size=50), max_size=8))
def test_text_comes_out_as_it_was_sent(fields: dict[str, str]) -> None:
    sendable = {
        name.encode(errors="replace").decode(): value.encode(errors="replace").decode()
        for name, value in fields.items()
    }

    form = Form(urlencode(sendable).encode())

    assert {name: form.getlist(name) for name in form} == {n: [v] for n, v in sendable.items()}
    assert all(form.get(n) == v.replace("\0", "\ufffd") for n, v in sendable.items())


@given(encoded=st.binary(max_size=200))
def test_whatever_was_sent_can_be_stored(encoded: bytes) -> None:
    form = Form(encoded)

    for name in form:
        value = form.get(name)
        assert "\0" not in value
        assert value.encode().decode() == value
