"""What Twilio is told, whole; and that it is never told what it would not understand."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callrouter.adapters.twilio.links import Links
from callrouter.adapters.twilio.twiml import (
    render_apology,
    render_bridge,
    render_decision,
    render_hangup,
    render_whisper,
)
from callrouter.domain.routing.decision import Closing, Decision, Dial
from callrouter.domain.tables.routing_table import Screening
from callrouter.simulator.twiml import Script, read_twiml
from tests.goldens import check_golden

GOLDENS = Path(__file__).with_name("goldens")
LINKS = Links("https://calls.example.com")
SCREENING = Screening("Solar caller. Press 5 to take the call.", digit="5", wait_s=10)
SORRY = "We are sorry, all our teams are busy."
SCREENING_URL = LINKS.screening(2, "bolt")


def dial(
    dial_string: str = "+12125550171",
    *,
    caller_id: str | None = None,
    whisper: str = "",
    screening: Screening | None = None,
    send_digits: str = "",
    sip_header: str = "",
    to: str = "acme-east",
) -> Dial:
    return Dial(
        destination_id=to,
        buyer_id="acme",
        dial_string=dial_string,
        ring_s=20,
        call_s=7200,
        caller_id=caller_id,
        whisper=whisper,
        screening=screening,
        send_digits=send_digits,
        sip_header=sip_header,
    )


def decided(
    dial: Dial | None = None,
    closing: Closing | None = None,
    *,
    attempt: int = 1,
    say: str = "",
    language: str = "en-US",
    voicemail_max_s: int = 0,
    also: tuple[Dial, ...] = (),
) -> Decision:
    return Decision(
        attempt=attempt,
        campaign_id="flood-repair",
        publisher="",
        table_version=7,
        directory_version=3,
        candidates=(),
        dial=dial,
        closing=closing,
        say=say,
        language=language,
        voicemail_max_s=voicemail_max_s,
        also=also,
    )


DECISIONS = {
    "dial-number": decided(dial()),
    "dial-number-with-caller-id": decided(dial(caller_id="+18005550100")),
    "dial-number-with-whisper": decided(dial(whisper="Flood repair call.")),
    "dial-number-with-screening": decided(dial(screening=SCREENING)),
    "dial-third-attempt": decided(dial(), attempt=3),
    "dial-sip": decided(dial("sip:intake@pbx.example.com;transport=tls?X-Call=1&X-Line=2")),
    "dial-sips-with-screening": decided(dial("sips:desk@pbx.example.com", screening=SCREENING)),
    "dial-number-with-digits": decided(dial(send_digits="WW2w#")),
    "dial-sip-with-digits": decided(dial("sip:desk@pbx.example.com", send_digits="WW2")),
    "dial-number-with-header": decided(dial(sip_header="X-Call-Id")),
    "dial-sip-with-header": decided(dial("sip:desk@pbx.example.com", sip_header="X-Call-Id")),
    "dial-sip-with-another-header": decided(
        dial("sip:desk@pbx.example.com;transport=tls?X-Line=2", sip_header="X-Call-Id")
    ),
    "dial-group": decided(
        dial(whisper="Flood repair call."),
        attempt=2,
        also=(
            dial("sip:desk@pbx.example.com", sip_header="X-Call-Id", to="acme-desk"),
            dial("+13125550172", screening=SCREENING, send_digits="2", to="crest-desk"),
        ),
    ),
    "message": decided(closing=Closing.MESSAGE, say=SORRY),
    "message-in-spanish": decided(closing=Closing.MESSAGE, say="Ahora, no. <¡Qué!>", language="es"),
    "voicemail": decided(closing=Closing.VOICEMAIL, say=SORRY, voicemail_max_s=90),
    "not-in-service": decided(closing=Closing.NOT_IN_SERVICE),
    "connected": decided(closing=Closing.CONNECTED),
    "caller-gone": decided(closing=Closing.CALLER_GONE),
}
TRIED = {"dial-third-attempt": ("crest-desk", "bolt-main"), "dial-group": ("bolt-main",)}
CALL_SID = "CA00000000000000000000000000000001"
OTHERS = {
    "whisper": render_whisper("Flood repair call.", None, "en-US", SCREENING_URL),
    "screening": render_whisper("", SCREENING, "en-US", SCREENING_URL),
    "whisper-and-screening": render_whisper("Llamada.", SCREENING, "es-MX", SCREENING_URL),
    "whisper-nothing": render_whisper("", None, "en-US", SCREENING_URL),
    "bridge": render_bridge(),
    "hangup": render_hangup(),
    "apology": render_apology(),
}
ON_BUYERS_LEG = {
    *("whisper", "screening", "whisper-and-screening", "whisper-nothing", "bridge", "hangup"),
}
ALL = {
    **{n: render_decision(d, LINKS, TRIED.get(n, ()), CALL_SID) for n, d in DECISIONS.items()},
    **OTHERS,
}


def is_legal(twiml: str, *, whisper: bool = False) -> bool:
    reading = read_twiml(twiml.encode(), "text/xml", whisper=whisper)
    assert isinstance(reading, Script), reading
    return True


@pytest.mark.parametrize("name", ALL)
def test_a_rendering_is_the_golden_one(name: str) -> None:
    one_element_a_line = ALL[name].replace("><", ">\n<") + "\n"

    check_golden(GOLDENS / f"{name}.xml", one_element_a_line)


@pytest.mark.parametrize("name", ALL)
def test_a_rendering_has_only_what_twilio_documents(name: str) -> None:
    assert is_legal(ALL[name], whisper=name in ON_BUYERS_LEG)


def test_a_decision_always_renders_to_the_same_bytes() -> None:
    for name, decision in DECISIONS.items():
        assert render_decision(decision, LINKS, TRIED.get(name, ()), CALL_SID) == ALL[name]


def test_the_header_of_a_sip_address_is_of_the_call_that_it_is_dialled_for() -> None:
    decision = DECISIONS["dial-sip-with-header"]

    for call_sid in ("CA1", "CA2"):
        twiml = render_decision(decision, LINKS, (), call_sid)
        assert f"sip:desk@pbx.example.com?X-Call-Id={call_sid}<" in twiml


@pytest.mark.parametrize(
    ("address", "sent"),
    [
        pytest.param("sip:a@b.example", "sip:a@b.example?X-Id=CA1", id="no header yet"),
        pytest.param("sip:a@b.example?x=1", "sip:a@b.example?x=1&amp;X-Id=CA1", id="one already"),
        pytest.param("sip:a@b.example?", "sip:a@b.example?X-Id=CA1", id="a bare question mark"),
        pytest.param(
            "sip:a@b.example?x=1&", "sip:a@b.example?x=1&amp;X-Id=CA1", id="a bare ampersand"
        ),
    ],
)
def test_a_header_joins_those_that_the_address_has(address: str, sent: str) -> None:
    decision = decided(dial(address, sip_header="X-Id"))

    assert f">{sent}</Sip>" in render_decision(decision, LINKS, (), "CA1")


def test_the_golden_files_are_those_of_the_renderings() -> None:
    assert {file.stem for file in GOLDENS.iterdir()} == set(ALL)


# What a routing table may say: everything that XML can carry.
SPEAKABLE = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"),
    min_size=1,
    max_size=80,
).filter(lambda text: bool(text.strip()))
LANGUAGES = st.sampled_from(["en-US", "es-MX", "zh-Hant-TW"])
SCREENINGS = st.builds(
    Screening, SPEAKABLE, st.sampled_from("0123456789"), wait_s=st.integers(2, 60)
)
DIALS = st.builds(
    Dial,
    destination_id=st.from_regex(r"[a-z0-9][a-z0-9-]{0,59}", fullmatch=True),
    buyer_id=st.just("acme"),
    dial_string=st.one_of(
        st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True),
        st.from_regex(r"sips?:[a-zA-Z0-9&'=]+@[a-z.;&?=]+", fullmatch=True),
    ),
    ring_s=st.integers(5, 600),
    call_s=st.integers(1, 14_400),
    caller_id=st.none() | st.just("+18005550100"),
    whisper=st.just("") | SPEAKABLE,
    screening=st.none() | SCREENINGS,
    send_digits=st.just("") | st.from_regex(r"[0-9A-D#*wW]{1,32}", fullmatch=True),
    sip_header=st.just("") | st.from_regex(r"X-[A-Za-z0-9-]{1,60}", fullmatch=True),
)
DECISION = st.builds(
    decided,
    DIALS,
    st.none(),
    attempt=st.integers(1, 10),
    also=st.lists(DIALS, max_size=9).map(tuple),
) | st.builds(
    decided,
    st.none(),
    st.sampled_from(Closing),
    attempt=st.integers(1, 10),
    say=SPEAKABLE,
    language=LANGUAGES,
    voicemail_max_s=st.integers(5, 3600),
)
SLUGS = st.lists(st.from_regex(r"[a-z0-9][a-z0-9-]{0,59}", fullmatch=True), max_size=9).map(tuple)


@settings(max_examples=40)
@given(decision=DECISION, tried=SLUGS)
def test_whatever_a_table_allows_renders_to_legal_twiml(
    decision: Decision, tried: tuple[str, ...]
) -> None:
    assert is_legal(render_decision(decision, LINKS, tried, CALL_SID))


@given(whisper=st.just("") | SPEAKABLE, screening=st.none() | SCREENINGS, language=LANGUAGES)
def test_whatever_a_table_whispers_is_legal_on_a_buyers_leg(
    whisper: str, screening: Screening | None, language: str
) -> None:
    assert is_legal(render_whisper(whisper, screening, language, SCREENING_URL), whisper=True)
