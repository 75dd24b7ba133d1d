import pytest

from callrouter.simulator.twiml import Refusal, Script, read_twiml

XML = "text/xml; charset=utf-8"
NUMBER = "<Number>+13125550171</Number>"


def read(inner: str, *, whisper: bool = False) -> Script | Refusal:
    return read_twiml(f"<Response>{inner}</Response>".encode(), XML, whisper=whisper)


@pytest.mark.parametrize(
    "inner",
    [
        pytest.param("", id="empty response"),
        pytest.param("<!-- nobody --><Hangup/>", id="comment"),
        pytest.param('<Dial timeout="20">+13125550171</Dial>', id="number as text"),
        pytest.param(
            '<Dial answerOnBridge="true" timeout="5" timeLimit="14400" callerId="+18005550100"'
            ' action="/a?b=1&amp;c=2" method="POST" record="do-not-record" ringTone="us-old">'
            '<Number url="/whisper" statusCallback="/legs#rc=3&amp;rp=all" sendDigits="ww1"'
            ' statusCallbackEvent="initiated ringing answered completed">+13125550171</Number>'
            "</Dial>",
            id="dial with everything",
        ),
        pytest.param("<Dial><Sip>sip:sales@pbx.example.com?X-Call=1</Sip></Dial>", id="sip"),
        pytest.param(f"<Dial>{NUMBER * 10}</Dial>", id="ten nouns"),
        pytest.param(
            '<Gather numDigits="1" timeout="8" finishOnKey="" input="dtmf speech"><Say>Press 1'
            '</Say><Play>/a.mp3</Play><Pause length="2"/></Gather>',
            id="gather",
        ),
        pytest.param('<Say voice="alice" language="en-GB" loop="0">Hello</Say>', id="say"),
        pytest.param('<Play digits="1w2"/>', id="play digits"),
        pytest.param(
            '<Record action="/vm" maxLength="120" timeout="10" playBeep="true"'
            ' recordingStatusCallback="/rec"/>',
            id="record",
        ),
        pytest.param('<Redirect method="GET">/next</Redirect>', id="redirect"),
        pytest.param('<Reject reason="busy"/>', id="reject"),
    ],
)
def test_legal_twiml_is_read(inner: str) -> None:
    assert isinstance(read(inner), Script)


@pytest.mark.parametrize(
    ("inner", "code", "said"),
    [
        pytest.param("<Transfer/>", 12200, "<Transfer> inside <Response>", id="element"),
        pytest.param("<say>Hi</say>", 12200, "no such element", id="element in lower case"),
        pytest.param("<Enqueue>sales</Enqueue>", 12200, "can't play", id="unplayed verb"),
        pytest.param("<Dial><Client>bob</Client></Dial>", 12200, "can't play", id="unplayed noun"),
        pytest.param('<Hangup reason="x"/>', 12200, "reason='x'", id="attribute"),
        pytest.param('<Dial Timeout="20">+13125550171</Dial>', 12200, "Timeout", id="case"),
        pytest.param('<Dial timeout="4">+13125550171</Dial>', 13212, "5..600", id="timeout low"),
        pytest.param('<Dial timeout="601">+13125550171</Dial>', 13212, "5..600", id="too high"),
        pytest.param('<Dial timeout="20s">+13125550171</Dial>', 13212, "5..600", id="unit"),
        pytest.param('<Dial timeLimit="0">+13125550171</Dial>', 13216, "1..86400", id="limit"),
        pytest.param(
            '<Dial answerOnBridge="True">+13125550171</Dial>', 12200, "true, false", id="boolean"
        ),
        pytest.param('<Dial callerId="">+13125550171</Dial>', 13214, "callerId", id="caller id"),
        pytest.param('<Dial method="PUT">+13125550171</Dial>', 12200, "GET, POST", id="method"),
        pytest.param('<Dial record="yes">+13125550171</Dial>', 12200, "record", id="enum"),
        pytest.param('<Dial action="ftp://x/y">+13125550171</Dial>', 12200, "http", id="scheme"),
        pytest.param('<Dial action="">+13125550171</Dial>', 12200, "URL", id="empty url"),
        pytest.param('<Dial action="/a b">+13125550171</Dial>', 12200, "spaces", id="space"),
        pytest.param(
            '<Dial action="/a#rc=9">+13125550171</Dial>', 12200, "rc=9", id="bad override"
        ),
        pytest.param(
            '<Dial action="https://my_host.example/a">+13125550171</Dial>',
            12200,
            "underscore",
            id="underscore in the host",
        ),
        pytest.param("<Dial/>", 13223, "dials nobody", id="empty dial"),
        pytest.param("<Dial>555-0171</Dial>", 13223, "E.164", id="local number as text"),
        pytest.param("<Dial><Number>13125550171</Number></Dial>", 13223, "E.164", id="no plus"),
        pytest.param(f"<Dial>+13125550171{NUMBER}</Dial>", 13223, "both", id="text and noun"),
        pytest.param(f"<Dial>{NUMBER * 11}</Dial>", 13223, "11 nouns", id="eleven nouns"),
        pytest.param("<Dial><Sip>sales@pbx</Sip></Dial>", 13223, "sip:", id="not sip"),
        pytest.param("<Dial><Dial>+13125550171</Dial></Dial>", 12200, "belong", id="dial in dial"),
        pytest.param(
            '<Dial><Number statusCallbackEvent="answered answered">+13125550171</Number></Dial>',
            12200,
            "statusCallbackEvent",
            id="event twice",
        ),
        pytest.param(
            '<Dial><Number statusCallbackEvent="answered,completed">+13125550171</Number></Dial>',
            12200,
            "space separated",
            id="events by comma",
        ),
        pytest.param("<Gather><Dial>+13125550171</Dial></Gather>", 12200, "belong", id="nesting"),
        pytest.param("<Gather>Press 1</Gather>", 12200, "holds text", id="text in gather"),
        pytest.param("Hello", 12200, "holds text", id="text in response"),
        pytest.param('<Gather numDigits="0"/>', 12200, "1..255", id="no digits"),
        pytest.param("<Play/>", 12200, "URL or have digits", id="empty play"),
        pytest.param("<Redirect/>", 12200, "URL", id="empty redirect"),
        pytest.param('<Reject reason="later"/>', 12200, "rejected, busy", id="reject reason"),
        pytest.param('<Pause length="-1"/>', 12200, "length", id="negative pause"),
    ],
)
def test_what_the_allow_list_does_not_name_is_refused(inner: str, code: int, said: str) -> None:
    reading = read(inner)

    assert isinstance(reading, Refusal)
    assert reading.code == code
    assert any(said in str(problem) for problem in reading.problems)


@pytest.mark.parametrize(
    ("inner", "code"),
    [
        pytest.param("<Dial>+13125550171</Dial>", 13201, id="dial"),
        pytest.param("<Redirect>/x</Redirect>", 12200, id="redirect"),
        pytest.param("<Record/>", 12200, id="record"),
        pytest.param("<Reject/>", 12200, id="reject"),
    ],
)
def test_a_whisper_may_not_hold(inner: str, code: int) -> None:
    reading = read(inner, whisper=True)

    assert isinstance(reading, Refusal)
    assert reading.code == code


def test_a_whisper_may_speak_ask_and_hang_up() -> None:
    inner = "<Gather numDigits='1'><Say>Press 1</Say></Gather><Pause/><Hangup/>"

    assert isinstance(read(inner, whisper=True), Script)


def test_every_problem_is_told_with_its_line() -> None:
    reading = read('\n<Say voise="x">a</Say>\n<Dial timeout="1">+13125550171</Dial>')

    assert isinstance(reading, Refusal)
    assert [(problem.line, problem.code) for problem in reading.problems] == [
        (2, 12200),
        (3, 13212),
    ]


@pytest.mark.parametrize(
    ("body", "content_type", "code"),
    [
        pytest.param(b"<Response>", XML, 12100, id="unclosed"),
        pytest.param(b"<Response/><Response/>", XML, 12100, id="two roots"),
        pytest.param(b"<Response>&nbsp;</Response>", XML, 12100, id="entity"),
        pytest.param(b"<Response>\xff</Response>", XML, 12100, id="invalid utf-8"),
        pytest.param(b"<TwiML/>", XML, 12100, id="another root"),
        pytest.param(b'{"dial": 1}', XML, 12100, id="json"),
        pytest.param(
            b'<!DOCTYPE r [<!ENTITY a "b">]><Response><Say>&a;</Say></Response>',
            XML,
            12100,
            id="document type",
        ),
        pytest.param(b"<?xml-stylesheet href='x'?><Response/>", XML, 12100, id="instruction"),
        pytest.param(b"", XML, 11770, id="empty"),
        pytest.param(b"  \n", XML, 11770, id="blank"),
        pytest.param(b"<Response>" + b" " * 65_536 + b"</Response>", XML, 11750, id="too long"),
        pytest.param(b"<Response/>", "", 12300, id="no content type"),
        pytest.param(b"<Response/>", "application/json", 12300, id="content type"),
        pytest.param(b"<Response/>", "text/plain", 12300, id="plain text"),
    ],
)
def test_what_is_no_document_is_refused(body: bytes, content_type: str, code: int) -> None:
    reading = read_twiml(body, content_type)

    assert isinstance(reading, Refusal)
    assert reading.code == code


@pytest.mark.parametrize("content_type", ["text/xml", "application/xml", "Text/HTML; charset=x"])
def test_these_content_types_are_twiml(content_type: str) -> None:
    assert isinstance(read_twiml(b"<Response/>", content_type), Script)
