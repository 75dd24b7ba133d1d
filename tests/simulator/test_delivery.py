"""How webhooks travel: headers, retries, time limits, the fallback URL, and faults on request."""

import asyncio
import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from twilio.request_validator import RequestValidator

from callrouter.simulator.account import Did
from callrouter.simulator.caller import Caller
from callrouter.simulator.chance import Span
from callrouter.simulator.clock import VirtualClock
from callrouter.simulator.faults import Fault, Faults
from callrouter.simulator.truth import Disposition
from callrouter.simulator.webhooks import Answer, NoAnswer, Webhook, WebhookKind, WebhookSender

if TYPE_CHECKING:
    from tests.simulator.conftest import MakePhone, MakeReply, Play, Received

ACME, BOLT = "+13125550171", "+16465550172"
CALLER = Caller("+14155550123", patience_s=900, talk_s=600)
TOKEN = "test_auth_token_0123456789abcdef"
HANGUP = "<Response><Hangup/></Response>"
EVENTS = 'statusCallbackEvent="initiated ringing answered completed"'
DIAL = (
    '<Response><Dial answerOnBridge="true" action="/action">'
    f'<Number statusCallback="/legs" {EVENTS}>{ACME}</Number></Dial></Response>'
)


def number(voice: str = "/voice", fallback: str = "/fallback", status: str = "/status") -> Did:
    return Did("+18005550100", voice_url=voice, fallback_url=fallback, status_url=status)


def only(fault: Fault, **spans: Span) -> Faults:
    """A run in which this fault always hits."""
    return Faults(frozenset({fault}), share=1.0, **spans)


def token(request: "Received") -> str:
    return request.headers["I-Twilio-Idempotency-Token"]


@pytest.fixture
def closed_port() -> Iterator[str]:
    """An address that refuses every connection: bound, but nobody listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}"


def test_every_request_is_signed_so_that_twilios_validator_accepts_it(
    play: "Play", phone: "MakePhone"
) -> None:
    played = play(
        {"/voice": DIAL.replace("/action", "/action?d=acme-east&amp;tried=x.y"), "/action": HANGUP},
        phones={ACME: phone()},
        did=number(status="/status?a=%27b%27#rc=3&rp=all"),
    )

    validator = RequestValidator(TOKEN)
    assert len(played.received) == 7
    for request in played.received:
        url = f"http://{request.headers['Host']}{request.target}"
        assert validator.validate(url, request.form, request.headers["X-Twilio-Signature"])
        assert request.headers["User-Agent"] == "TwilioProxy/1.1"
        assert "Cookie" not in request.headers
    assert len({token(request) for request in played.received}) == 7


def test_a_get_carries_and_signs_everything_in_its_query(play: "Play") -> None:
    did = Did("+18005550100", voice_url="/voice?n=1", voice_method="GET")

    played = play({"/voice": HANGUP}, did=did, caller=Caller("", 60, 60))

    request = played.one("/voice")
    url = f"http://{request.headers['Host']}{request.target}"
    assert (request.method, request.body) == ("GET", "")
    assert request.target.startswith("/voice?n=1&AccountSid=AC")
    assert request.form["From"] == ""
    assert "CallToken" not in request.form
    assert RequestValidator(TOKEN).validate(url, {}, request.headers["X-Twilio-Signature"])


@pytest.mark.parametrize(
    ("reply_status", "overrides", "requests"),
    [
        pytest.param(500, "", 1, id="by default a 500 is not tried again"),
        pytest.param(503, "#rc=3&rp=all", 4, id="all"),
        pytest.param(500, "#rc=2&rp=5xx", 3, id="5xx"),
        pytest.param(404, "#rc=2&rp=5xx", 1, id="a 404 is no 5xx"),
        pytest.param(404, "#rc=1&rp=4xx,5xx", 2, id="4xx"),
        pytest.param(302, "#rc=3&rp=all", 1, id="a redirect is no failure of the network"),
    ],
)
def test_a_status_callback_is_tried_again_as_its_url_says(
    play: "Play", reply: "MakeReply", reply_status: int, overrides: str, requests: int
) -> None:
    played = play(
        {"/voice": HANGUP, "/status": reply("", reply_status)},
        did=number(status=f"/status{overrides}"),
    )

    received = played.to("/status")
    assert len(received) == requests
    assert len({(token(r), r.body, r.target) for r in received}) == 1
    assert [v.code for v in played.truth.violations] == [11200]
    assert played.truth.retries == requests - 1


def test_a_retry_that_is_answered_is_no_violation(play: "Play", reply: "MakeReply") -> None:
    played = play(
        {"/voice": HANGUP, "/status": [reply("", 500), reply("", 204)]},
        did=number(status="/status#rc=3&rp=all"),
    )

    assert (len(played.to("/status")), played.truth.violations) == (2, ())


def test_a_refused_connection_is_tried_again_once_and_then_the_fallback_is_asked(
    play: "Play", closed_port: str
) -> None:
    played = play({"/fallback": HANGUP}, did=number(voice=f"{closed_port}/voice"))

    request = played.one("/fallback").form
    assert (request["ErrorCode"], request["ErrorUrl"]) == ("11205", f"{closed_port}/voice")
    assert request["CallStatus"] == "ringing"
    assert (played.truth.retries, played.truth.fallbacks) == (1, 1)
    assert [v.code for v in played.truth.violations] == [11205]
    assert not played.truth.caller_heard_error


@pytest.mark.parametrize("overrides", ["#rt=100&rc=0", "#tt=100&rc=0", "#rt=100&rc=1&rp=rt"])
def test_an_answer_that_takes_too_long_is_none(
    play: "Play", reply: "MakeReply", overrides: str
) -> None:
    played = play(
        {"/voice": reply(DIAL, after_s=0.4), "/fallback": HANGUP},
        did=number(voice=f"/voice{overrides}"),
    )

    assert played.one("/fallback").form["ErrorCode"] == "11205"
    assert len(played.to("/voice")) == (2 if "rp=rt" in overrides else 1)
    assert played.truth.attempts == ()


@pytest.mark.parametrize(
    ("voice", "code"),
    [
        pytest.param(("", 500), "11200", id="500"),
        pytest.param((HANGUP, 404), "11200", id="404"),
        pytest.param((HANGUP, 302), "11200", id="redirect"),
        pytest.param(("oops", 200), "12100", id="not xml"),
        pytest.param(("<Response><Bye/></Response>", 200), "12200", id="not twiml"),
        pytest.param(("", 200), "11770", id="empty"),
        pytest.param((HANGUP, 200, "text/plain"), "12300", id="content type"),
        pytest.param(("<Response>" + " " * 70_000 + "</Response>", 200), "11750", id="too long"),
    ],
)
def test_what_can_not_be_run_is_a_violation_and_sends_the_call_to_the_fallback(
    play: "Play",
    phone: "MakePhone",
    reply: "MakeReply",
    voice: tuple[str, int] | tuple[str, int, str],
    code: str,
) -> None:
    played = play(
        {"/voice": reply(*voice), "/fallback": DIAL, "/action": HANGUP}, phones={ACME: phone()}
    )

    request = played.one("/fallback").form
    assert request["ErrorCode"] == code
    assert request["ErrorUrl"].endswith("/voice")
    assert request["CallSid"] == played.truth.call_sid
    assert [str(v.code) for v in played.truth.violations] == [code]
    assert played.truth.disposition is Disposition.CONNECTED


def test_the_fallback_is_asked_in_mid_call_too(play: "Play", phone: "MakePhone") -> None:
    played = play(
        {"/voice": DIAL, "/action": "oops", "/fallback": HANGUP}, phones={ACME: phone("busy")}
    )

    request = played.one("/fallback").form
    assert (request["ErrorCode"], request["CallStatus"]) == ("12100", "ringing")
    assert request["ErrorUrl"].endswith("/action")
    assert played.truth.disposition is Disposition.BUSY


@pytest.mark.parametrize("fallback", ["", "/fallback"])
def test_without_any_document_the_caller_hears_an_error(
    play: "Play", reply: "MakeReply", fallback: str
) -> None:
    played = play(
        {"/voice": reply("", 500), "/fallback": reply("", 500)}, did=number(fallback=fallback)
    )

    assert played.truth.caller_heard_error
    assert played.one("/status").form["CallStatus"] == "completed"
    assert len(played.to("/fallback")) == bool(fallback)
    assert played.truth.first_webhook is None
    assert played.truth.accepted_webhooks == 1


def test_a_slow_voice_answer_is_given_up_for_the_fallback(play: "Play", phone: "MakePhone") -> None:
    played = play(
        {"/voice": HANGUP, "/fallback": [DIAL, HANGUP], "/action": HANGUP},
        phones={ACME: phone()},
        faults=only(Fault.SLOW),
    )

    first = played.to("/fallback")[0].form
    assert first["ErrorCode"] == "11205"
    assert first["ErrorUrl"].endswith("/voice")
    assert len(played.to("/voice")) == 1
    assert played.truth.disposition is Disposition.CONNECTED
    assert played.truth.violations == ()


def test_some_voice_webhooks_are_given_up_while_they_still_run(
    play: "Play", reply: "MakeReply"
) -> None:
    """The fallback then arrives within the first request's time, for others after its answer."""
    widths_s = []
    for seed in ("0", "4"):
        played = play(
            {"/voice": reply(HANGUP, after_s=0.3), "/fallback": HANGUP},
            faults=only(Fault.SLOW),
            seed=seed,
        )
        window = played.truth.first_webhook
        assert window is not None
        widths_s.append((window.latest - window.earliest).total_seconds())

    assert any(width_s < 60 for width_s in widths_s)
    assert any(width_s >= 60 for width_s in widths_s)


def test_a_slow_action_was_answered_before_the_fallback_is_asked(
    play: "Play", phone: "MakePhone", reply: "MakeReply"
) -> None:
    played = play(
        {"/voice": DIAL, "/fallback": [DIAL, HANGUP], "/action": reply(HANGUP, after_s=0.05)},
        phones={ACME: phone("busy")},
        faults=only(Fault.SLOW),
    )

    paths = [r.path for r in played.received if r.path in {"/action", "/fallback"}]
    assert paths == ["/fallback", "/action", "/fallback"]
    assert played.truth.fallbacks == 2


def test_without_a_fallback_url_no_answer_is_given_up(play: "Play") -> None:
    played = play({"/voice": HANGUP}, did=number(fallback=""), faults=only(Fault.SLOW))

    assert not played.truth.caller_heard_error


def test_a_repeated_webhook_is_the_same_request_again(play: "Play", phone: "MakePhone") -> None:
    played = play(
        {"/voice": DIAL, "/action": HANGUP}, phones={ACME: phone()}, faults=only(Fault.REPEAT)
    )

    assert len(played.received) == 14
    assert len({(token(r), r.body, r.target) for r in played.received}) == 7
    assert played.truth.violations == ()
    assert len(played.truth.attempts) == 1


def test_another_answer_to_a_repeated_webhook_is_a_violation(
    play: "Play", phone: "MakePhone"
) -> None:
    other = HANGUP.replace("/>", " />")

    played = play(
        {"/voice": [HANGUP, other]},
        faults=only(Fault.REPEAT, repeat_after_s=Span(1, 1)),
        did=number(status=""),
        seed="2",
    )

    (violation,) = played.truth.violations
    assert "repeated webhook answered" in violation.problem


def test_a_repeat_of_what_nobody_answered_is_no_other_answer(
    play: "Play", closed_port: str
) -> None:
    played = play(
        {},
        did=Did("+18005550100", f"{closed_port}/voice"),
        faults=only(Fault.REPEAT, repeat_after_s=Span(1, 1)),
    )

    assert [v.code for v in played.truth.violations] == [11205, 11205]
    assert played.truth.caller_heard_error
    assert played.truth.accepted_webhooks == 0


def test_a_caller_may_leave_while_a_slow_answer_is_given_up(
    play: "Play", reply: "MakeReply"
) -> None:
    """Nobody is left to ask the fallback for; the late answer tells whom the caller missed."""
    played = play(
        {"/voice": reply(DIAL, after_s=0.3)},
        caller=Caller("+14155550123", patience_s=10, talk_s=60),
        faults=only(Fault.SLOW),
        seed="4",
    )

    assert played.to("/fallback") == []
    assert played.truth.disposition is Disposition.ABANDONED


@pytest.mark.parametrize(
    ("bytes_sent", "code"),
    [
        pytest.param(b"", 11205, id="hangs up without a word"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf", 11206, id="half"),
        pytest.param(b"220 smtp.example.com ready\r\n\r\n", 11206, id="not HTTP"),
    ],
)
def test_a_server_that_does_not_keep_to_http_is_no_answer(
    fast_clock: VirtualClock, bytes_sent: bytes, code: int
) -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(bytes_sent)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async def main() -> Answer | NoAnswer:
        server = await asyncio.start_server(babble, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        url = f"http://127.0.0.1:{port}/voice"
        async with server, WebhookSender(fast_clock, TOKEN) as sender:
            return await sender.send(Webhook(WebhookKind.VOICE, "GET", url, (), "voice:1", "t"))

    result = asyncio.run(main())

    assert isinstance(result, NoAnswer)
    assert result.code == code


def test_a_sender_that_was_not_opened_sends_nothing(fast_clock: VirtualClock) -> None:
    webhook = Webhook(WebhookKind.VOICE, "POST", "http://127.0.0.1:1/x", (), "voice:1", "t")

    with pytest.raises(RuntimeError, match="async with"):
        asyncio.run(WebhookSender(fast_clock, TOKEN).send(webhook))


def test_an_error_to_a_repeated_webhook_is_a_violation(play: "Play", reply: "MakeReply") -> None:
    played = play(
        {"/voice": [HANGUP, reply("", 500)]},
        faults=only(Fault.REPEAT),
        did=number(status="", fallback=""),
    )

    assert [v.code for v in played.truth.violations if "500" in v.problem] == [11200]


def test_lost_callbacks_are_status_callbacks_only(play: "Play", phone: "MakePhone") -> None:
    played = play(
        {"/voice": DIAL, "/action": HANGUP}, phones={ACME: phone()}, faults=only(Fault.LOSE)
    )

    assert [r.path for r in played.received] == ["/voice", "/action"]
    assert played.truth.disposition is Disposition.CONNECTED


def test_a_recordings_callback_is_never_lost(play: "Play") -> None:
    voice = '<Response><Record action="/vm" recordingStatusCallback="/rec"/></Response>'

    played = play(
        {"/voice": voice, "/vm": HANGUP},
        caller=Caller("+14155550123", 60, 60, message_s=5),
        faults=only(Fault.LOSE),
    )

    assert len(played.to("/rec")) == 1
    assert played.to("/status") == []


def test_a_delayed_callback_keeps_its_stamp(play: "Play") -> None:
    played = play({"/voice": HANGUP}, faults=only(Fault.DELAY, delay_s=Span(50, 50)))

    assert played.one("/status").form["Timestamp"].endswith("+0000")
    assert played.truth.ended_at.strftime("%H:%M:%S") in played.one("/status").form["Timestamp"]


def test_shuffled_callbacks_come_after_the_call_in_some_other_order(
    play: "Play", phone: "MakePhone"
) -> None:
    orders = set()
    for seed in ("1", "2", "3"):
        played = play(
            {"/voice": DIAL, "/action": HANGUP},
            phones={ACME: phone(talk_s=2)},
            faults=only(Fault.SHUFFLE),
            seed=seed,
        )
        assert [r.path for r in played.received][:2] == ["/voice", "/action"]
        told = [r.form for r in played.received[2:]]
        assert len(told) == 5
        orders.add(tuple((form["CallStatus"], "ParentCallSid" in form) for form in told))

    assert len(orders) > 1
