"""What the caller hears and does: every verb but <Dial>."""

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from callrouter.simulator.account import Did
from callrouter.simulator.caller import Caller
from callrouter.simulator.truth import Disposition, HangupParty

if TYPE_CHECKING:
    from tests.simulator.conftest import MakePhone, MakeReply, Play

ACME = "+13125550171"
CALLER = Caller("+14155550123", patience_s=600, talk_s=600)
HANGUP = "<Response><Hangup/></Response>"


@pytest.mark.parametrize(
    ("verbs", "status"),
    [
        pytest.param("<Say>Nobody is here</Say>", "completed", id="say"),
        pytest.param("<Play>/sorry.mp3</Play>", "completed", id="play"),
        pytest.param('<Play digits="12"/>', "completed", id="play digits"),
        pytest.param('<Gather timeout="1"/>', "completed", id="gather"),
        pytest.param("<Say/>", "no-answer", id="an empty say only pauses"),
        pytest.param('<Pause length="2"/>', "no-answer", id="pause"),
        pytest.param("<Hangup/>", "no-answer", id="hangup"),
        pytest.param("", "no-answer", id="empty response"),
        pytest.param("<Reject/>", "no-answer", id="reject"),
        pytest.param('<Reject reason="busy"/>', "busy", id="reject as busy"),
        pytest.param("<Say>No</Say><Reject reason='busy'/>", "completed", id="reject too late"),
    ],
)
def test_a_call_that_was_never_answered_is_not_completed(
    play: "Play", verbs: str, status: str
) -> None:
    played = play({"/voice": f"<Response>{verbs}</Response>"})

    form = played.one("/status").form
    assert form["CallStatus"] == status
    assert (form["CallDuration"] == "0") or status == "completed"
    assert ("SipResponseCode" in form) == (status == "completed")
    assert played.truth.disposition is Disposition.NO_DESTINATION
    assert played.truth.hangup_party is HangupParty.ROUTER


def test_a_number_that_nobody_set_up_is_not_in_service(play: "Play") -> None:
    did = Did("+18005550199", voice_url="/voice", status_url="/status", in_service=False)

    played = play({"/voice": HANGUP}, did=did)

    assert played.truth.disposition is Disposition.NOT_IN_SERVICE


def test_redirects_are_followed_from_document_to_document(play: "Play") -> None:
    played = play(
        {
            "/menu/voice": '<Response><Redirect method="GET">next?a=1</Redirect></Response>',
            "/menu/next": HANGUP,
        },
        did=Did("+18005550100", voice_url="/menu/voice"),
    )

    request = played.one("/menu/next")
    assert request.method == "GET"
    assert request.target.startswith("/menu/next?a=1&AccountSid=")
    assert request.form["CallSid"] == played.truth.call_sid
    assert "ErrorCode" not in request.form


def test_redirects_in_a_circle_are_cut_off(play: "Play") -> None:
    played = play({"/voice": "<Response><Redirect>/voice</Redirect></Response>"})

    assert "more than 100 documents" in played.truth.violations[0].problem
    assert len(played.to("/voice")) == 101


@pytest.mark.parametrize(
    ("gather", "keys", "digits"),
    [
        pytest.param('numDigits="1"', "12", "1", id="as many as asked for"),
        pytest.param("", "12#3", "12", id="up to the finishing key"),
        pytest.param('finishOnKey="*"', "12#3", "12#3", id="another finishing key"),
        pytest.param('numDigits="4"', "12", "12", id="until the timeout"),
        pytest.param('actionOnEmptyResult="true"', "", "", id="empty result wanted"),
        pytest.param("", "", None, id="no key"),
        pytest.param('input="speech"', "1", None, id="keys not listened to"),
    ],
)
def test_a_menu_gets_the_keys_that_are_pressed(
    play: "Play", gather: str, keys: str, digits: str | None
) -> None:
    voice = (
        f'<Response><Gather timeout="3" action="/menu" {gather}><Say>Hello</Say></Gather>'
        "<Redirect>/nothing-pressed</Redirect></Response>"
    )

    played = play(
        {"/voice": voice, "/menu": HANGUP, "/nothing-pressed": HANGUP},
        caller=replace(CALLER, digits=keys),
    )

    assert [request.form["Digits"] for request in played.to("/menu")] == (
        [] if digits is None else [digits]
    )
    assert len(played.to("/nothing-pressed")) == (digits is None)


def test_a_caller_who_leaves_during_a_message_ends_the_call(play: "Play") -> None:
    played = play(
        {"/voice": '<Response><Say loop="0">All are busy</Say></Response>'},
        caller=replace(CALLER, patience_s=30),
    )

    assert played.one("/status").form["CallStatus"] == "completed"
    assert int(played.one("/status").form["CallDuration"]) >= 20
    assert played.truth.hangup_party is HangupParty.CALLER
    assert played.truth.disposition is Disposition.NO_DESTINATION


def test_a_caller_who_leaves_during_a_menu_ends_the_call(play: "Play") -> None:
    played = play(
        {"/voice": '<Response><Gather timeout="300"/><Redirect>/next</Redirect></Response>'},
        caller=replace(CALLER, patience_s=30),
    )

    assert played.to("/next") == []
    assert played.truth.hangup_party is HangupParty.CALLER


def test_a_caller_who_leaves_before_the_dial_that_follows_has_abandoned(play: "Play") -> None:
    voice = f'<Response><Say loop="0">Hold on</Say><Dial>{ACME}</Dial></Response>'

    played = play({"/voice": voice}, caller=replace(CALLER, patience_s=30))

    assert played.truth.disposition is Disposition.ABANDONED
    assert played.truth.attempts == ()


@pytest.mark.parametrize(
    ("document", "also_right"),
    [
        pytest.param(f"<Response><Dial>{ACME}</Dial></Response>", [], id="to be dialled"),
        pytest.param("<Response><Say>Sorry</Say></Response>", ["no_destination"], id="nobody"),
        pytest.param("not xml", ["no_destination"], id="no answer at all"),
    ],
)
def test_a_caller_who_leaves_before_the_first_answer(
    play: "Play", phone: "MakePhone", reply: "MakeReply", document: str, also_right: list[str]
) -> None:
    """Abandoned; who says that nobody was to be dialled is right too, unless somebody was."""
    played = play(
        {"/voice": reply(document, after_s=0.3)},
        phones={ACME: phone()},
        caller=replace(CALLER, patience_s=10),
    )

    assert played.one("/status").form["CallStatus"] == "no-answer"
    assert played.to("/fallback") == []
    assert played.truth.attempts == ()
    assert played.truth.disposition is Disposition.ABANDONED
    assert sorted(played.truth.also_right) == also_right


RECORD = (
    '<Response><Record action="/vm" maxLength="30" finishOnKey="#" recordingStatusCallback="/rec"/>'
    "<Redirect>/silence</Redirect></Response>"
)


def record(play: "Play", message_s: float, seed: str = "1") -> "list[dict[str, str]]":
    played = play(
        {"/voice": RECORD, "/vm": HANGUP},
        caller=replace(CALLER, message_s=message_s),
        seed=seed,
    )
    wanted = Disposition.VOICEMAIL if message_s >= 1 else Disposition.NO_DESTINATION
    assert played.truth.disposition is wanted
    assert played.to("/silence") == []
    return [dict(request.form) for request in (*played.to("/vm"), *played.to("/rec"))]


def test_a_message_is_reported_with_its_whole_seconds(play: "Play") -> None:
    action, status = record(play, message_s=12.9)

    assert (action["RecordingDuration"], status["RecordingDuration"]) == ("12", "12")
    assert action["RecordingUrl"] == status["RecordingUrl"]
    assert action["RecordingUrl"].endswith(status["RecordingSid"])
    assert (status["RecordingStatus"], status["RecordingSource"]) == ("completed", "RecordVerb")
    assert action["CallSid"] == status["CallSid"]


def test_a_message_ends_by_hanging_up_by_a_key_or_by_silence(play: "Play") -> None:
    ends = {
        (action["Digits"], action["CallStatus"])
        for seed in ("1", "2", "11")
        for action in record(play, 5, seed)[:1]
    }

    assert ends == {("hangup", "completed"), ("#", "in-progress"), ("", "in-progress")}


def test_a_message_is_cut_at_its_maximum(play: "Play") -> None:
    action, _ = record(play, message_s=200)

    assert (action["RecordingDuration"], action["Digits"]) == ("30", "")


def test_a_recording_without_a_callback_is_told_to_its_action_alone(play: "Play") -> None:
    played = play(
        {"/voice": '<Response><Record action="/vm"/></Response>', "/vm": HANGUP},
        caller=replace(CALLER, message_s=5),
    )

    assert [request.path for request in played.received if request.path != "/status"] == [
        "/voice",
        "/vm",
    ]


def test_whoever_hangs_up_at_the_beep_left_no_message(play: "Play") -> None:
    assert record(play, message_s=0) == []
