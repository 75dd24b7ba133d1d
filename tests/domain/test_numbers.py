import pytest
from hypothesis import given
from hypothesis import strategies as st

from callrouter.domain.numbers import (
    Caller,
    check_dial_string,
    check_number,
    is_e164,
    is_sip_address,
    read_caller,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("+18005550100", True, id="toll-free"),
        pytest.param("+442079460100", True, id="british"),
        pytest.param("+1234567", True, id="shortest"),
        pytest.param("+123456789012345", True, id="longest"),
        pytest.param("+123456", False, id="too-short"),
        pytest.param("+1234567890123456", False, id="too-long"),
        pytest.param("18005550100", False, id="no-plus"),
        pytest.param("+08005550100", False, id="country-code-zero"),
        pytest.param("+1 800 555 0100", False, id="spaces"),
        pytest.param("+1800555010٠", False, id="arabic-digit"),
        pytest.param("+18005550100\n", False, id="line-feed-at-the-end"),
        pytest.param("", False, id="empty"),
    ],
)
def test_e164_is_a_plus_and_seven_to_fifteen_digits(text: str, expected: bool) -> None:
    assert is_e164(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("sip:desk@pbx.example.com", True, id="sip"),
        pytest.param("sips:desk@pbx.example.com:5061;transport=tls", True, id="secure"),
        pytest.param("SIP:desk@pbx.example.com", True, id="upper-case"),
        pytest.param("sip:pbx.example.com", False, id="no-user"),
        pytest.param("sip:@pbx.example.com", False, id="empty-user"),
        pytest.param("sip:desk@", False, id="no-host"),
        pytest.param("sip:a b@pbx.example.com", False, id="space"),
        pytest.param('sip:"a"@pbx.example.com', False, id="quotes"),
        pytest.param("desk@pbx.example.com", False, id="no-scheme"),
    ],
)
def test_a_sip_address_has_a_scheme_a_user_and_a_host(text: str, expected: bool) -> None:
    assert is_sip_address(text) is expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("+18005550100", None, id="toll-free"),
        pytest.param("+13125550171", None, id="local"),
        pytest.param("8005550100", "isn't E.164: write it like +18005550100", id="no-plus"),
        pytest.param("+1800555010", "has the wrong length for its country code", id="digit-short"),
        pytest.param("+180055501000", "has the wrong length for its country code", id="digit-more"),
        pytest.param("+2105550100", "has a country code that nobody has", id="no-such-country"),
    ],
)
def test_a_number_that_a_person_wrote_is_checked_in_words(text: str, said: str | None) -> None:
    assert_says(check_number(text), said, text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("+13125550171", None, id="number"),
        pytest.param("sip:desk@pbx.example.com", None, id="sip"),
        pytest.param("sip:pbx.example.com", "isn't a SIP address: sip:user@host", id="half-a-sip"),
        pytest.param("SIPS:desk", "isn't a SIP address: sip:user@host", id="half-a-secure-sip"),
        pytest.param("desk@pbx.example.com", "isn't E.164", id="neither"),
    ],
)
def test_a_destination_is_a_number_or_a_sip_address(text: str, said: str | None) -> None:
    assert_says(check_dial_string(text), said, text)


def assert_says(refusal: str | None, said: str | None, text: str) -> None:
    if said is None:
        assert refusal is None
    else:
        assert refusal is not None
        assert repr(text) in refusal
        assert said in refusal


@pytest.mark.parametrize(
    "sent",
    [
        *("", " ", "anonymous", "Anonymous", "+anonymous", "ANONYMOUS", "Restricted", "blocked"),
        *("unknown", "Unavailable", "Private", "private number", "withheld"),
        *("+266696687", "+7378742833", "+2562533", "+8656696", "+86282452253"),
    ],
)
def test_every_spelling_of_a_withheld_caller_is_known(sent: str) -> None:
    assert read_caller(sent) == Caller(sent.strip(), None, withheld=True)


@pytest.mark.parametrize(
    ("sent", "number"),
    [
        pytest.param("+14155550123", "+14155550123", id="number"),
        pytest.param(" +14155550123 ", "+14155550123", id="number-in-spaces"),
        pytest.param("sip:anonymous-desk@pbx.example.com", None, id="sip-address"),
        pytest.param("client:unknown", None, id="client"),
        pytest.param("5550123", None, id="raw-digits-of-a-carrier"),
        pytest.param("+123", None, id="too-short-to-dial"),
    ],
)
def test_a_caller_who_shows_something_is_not_withheld(sent: str, number: str | None) -> None:
    assert read_caller(sent) == Caller(sent.strip(), number, withheld=False)


@given(st.text(max_size=40))
def test_whatever_a_carrier_sends_is_a_caller(sent: str) -> None:
    caller = read_caller(sent)
    assert caller.number is None or is_e164(caller.number)
    assert not (caller.withheld and caller.number)


@given(st.text(max_size=40) | st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True))
def test_whatever_a_person_writes_is_judged_without_an_exception(text: str) -> None:
    if check_number(text) is None:
        assert is_e164(text)
    if check_dial_string(text) is None:
        assert is_e164(text) or is_sip_address(text)
