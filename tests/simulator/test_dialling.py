"""What the carrier sends for each way in which a <Dial> can go."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import pytest

from callrouter.simulator.caller import Caller
from callrouter.simulator.chance import Span
from callrouter.simulator.truth import AttemptOutcome, Disposition, HangupParty, IntervalMs

if TYPE_CHECKING:
    from tests.simulator.conftest import MakePhone, MakeReply, Play, Received

ACME, BOLT = "+13125550171", "+16465550172"
CALLER = Caller("+14155550123", patience_s=600, talk_s=600)
EVENTS = 'statusCallback="/legs" statusCallbackEvent="initiated ringing answered completed"'
HANGUP = "<Response><Hangup/></Response>"


def dial(noun: str = f"<Number {EVENTS}>{ACME}</Number>", **attributes: str) -> str:
    given = {"answerOnBridge": "true", "timeout": "20", "action": "/action", **attributes}
    written = "".join(f' {name}="{value}"' for name, value in given.items())
    return f"<Response><Dial{written}>{noun}</Dial></Response>"


def dial_result(request: "Received") -> dict[str, str]:
    return {
        name: value
        for name, value in request.form.items()
        if name.startswith("Dial") and name != "DialCallSid"
    }


def steps(requests: "list[Received]") -> list[tuple[str, str]]:
    """Status and sequence number of callbacks, in the order of their numbers."""
    told = [(request.form["CallStatus"], request.form["SequenceNumber"]) for request in requests]
    return sorted(told, key=lambda step: int(step[1]))


def stamped(form: Mapping[str, str]) -> float:
    return parsedate_to_datetime(form["Timestamp"]).timestamp()


def test_a_conversation_that_the_callee_ends(play: "Play", phone: "MakePhone") -> None:
    played = play({"/voice": dial(), "/action": HANGUP}, phones={ACME: phone(talk_s=30)})

    legs = sorted(played.to("/legs"), key=lambda r: int(r.form["SequenceNumber"]))
    action, status = played.one("/action").form, played.one("/status").form
    end = legs[-1].form
    seconds = int(end["CallDuration"])
    assert steps(legs) == [
        ("initiated", "0"),
        ("ringing", "1"),
        ("in-progress", "2"),
        ("completed", "3"),
    ]
    assert 30 <= seconds < 200
    assert stamped(end) - stamped(legs[2].form) == seconds
    assert (end["Duration"], end["SipResponseCode"]) == ("1", "200")
    assert dial_result(played.one("/action")) == {
        "DialCallStatus": "completed",
        "DialBridged": "true",
        "DialCallDuration": end["CallDuration"],
    }
    assert action["DialCallSid"] == end["CallSid"]
    assert action["CallStatus"] == "in-progress"
    assert (status["CallStatus"], status["SequenceNumber"]) == ("completed", "0")
    assert int(status["CallDuration"]) == stamped(status) - stamped(legs[2].form)
    truth = played.truth
    assert truth.disposition is Disposition.CONNECTED
    assert truth.hangup_party is HangupParty.CALLEE
    assert truth.connected.low == truth.connected.high == seconds * 1000
    assert truth.violations == ()


def test_the_legs_webhooks_carry_the_child_and_its_parent(play: "Play", phone: "MakePhone") -> None:
    played = play({"/voice": dial(callerId="+18005550100")}, phones={ACME: phone()})

    voice, leg = played.one("/voice").form, played.to("/legs")[0].form
    assert leg["ParentCallSid"] == voice["CallSid"] == played.truth.call_sid
    assert leg["CallSid"] == played.truth.attempts[0].leg_sid != voice["CallSid"]
    assert leg["Direction"] == "outbound-dial"
    assert (leg["From"], leg["To"], leg["ToCity"]) == ("+18005550100", ACME, "CHICAGO")
    assert "ParentCallSid" not in voice
    assert voice["Direction"] == "inbound"
    assert (voice["From"], voice["FromCity"]) == ("+14155550123", "SAN FRANCISCO")
    assert (voice["ToCity"], voice["ToCountry"], voice["CallStatus"]) == ("", "US", "ringing")
    assert voice["CallToken"]


def test_a_conversation_that_the_caller_ends(play: "Play", phone: "MakePhone") -> None:
    """The action says that the caller has gone, and what it answers is not run."""
    played = play(
        {"/voice": dial(), "/action": "<Response><Say>Bye</Say></Response>"},
        phones={ACME: phone(hangs_up_first=False)},
    )

    action, status = played.one("/action").form, played.one("/status").form
    assert (action["CallStatus"], action["DialBridged"]) == ("completed", "true")
    assert status["Timestamp"] == played.to("/legs")[-1].form["Timestamp"]
    assert status["CallDuration"] == action["DialCallDuration"]
    assert played.truth.hangup_party is HangupParty.CALLER


def test_the_caller_can_be_the_first_to_have_talked_enough(
    play: "Play", phone: "MakePhone"
) -> None:
    caller = replace(CALLER, talk_s=5)

    played = play({"/voice": dial()}, phones={ACME: phone(talk_s=300)}, caller=caller)

    assert played.truth.hangup_party is HangupParty.CALLER
    assert 5 <= played.truth.attempts[0].leg_seconds < 300


def test_the_time_limit_ends_a_conversation_for_both(play: "Play", phone: "MakePhone") -> None:
    played = play(
        {"/voice": dial(timeLimit="10"), "/action": HANGUP}, phones={ACME: phone(talk_s=300)}
    )

    assert played.truth.hangup_party is HangupParty.ROUTER
    assert 10 <= played.truth.attempts[0].leg_seconds < 300
    assert played.one("/action").form["CallStatus"] == "in-progress"


@pytest.mark.parametrize(
    ("does", "outcome", "status", "sip_code", "events"),
    [
        pytest.param("busy", "busy", "busy", "486", ["initiated", "busy"], id="busy"),
        pytest.param("failed", "failed", "failed", "503", ["initiated", "failed"], id="failed"),
        pytest.param(
            "no-answer",
            "no_answer",
            "no-answer",
            "487",
            ["initiated", "ringing", "no-answer"],
            id="no answer",
        ),
    ],
)
def test_an_attempt_that_nobody_answers(
    play: "Play",
    phone: "MakePhone",
    does: str,
    outcome: str,
    status: str,
    sip_code: str,
    events: list[str],
) -> None:
    script = {"/voice": dial(timeout="5"), "/action": HANGUP}

    played = play(script, phones={ACME: phone(does)})

    legs, action = played.to("/legs"), played.one("/action").form
    end = next(r.form for r in legs if r.form["CallStatus"] == status)
    assert [event for event, _ in steps(legs)] == events
    assert (end["CallDuration"], end["Duration"], end["SipResponseCode"]) == ("0", "0", sip_code)
    assert (action["DialCallStatus"], action["DialBridged"]) == (status, "false")
    assert action.get("DialCallDuration", "") in {"", "0"}
    assert action["CallStatus"] == "ringing"
    assert played.one("/status").form["CallStatus"] == "no-answer"
    assert played.one("/status").form["CallDuration"] == "0"
    assert [attempt.outcome for attempt in played.truth.attempts] == [outcome]
    assert played.truth.disposition == outcome
    assert played.truth.hangup_party is HangupParty.ROUTER
    assert played.truth.connected.high == 0


def test_the_duration_of_an_unanswered_leg_is_missing_empty_or_zero(
    play: "Play", phone: "MakePhone"
) -> None:
    seen = {
        play({"/voice": dial(), "/action": HANGUP}, phones={ACME: phone("busy")}, seed=str(seed))
        .one("/action")
        .form.get("DialCallDuration")
        for seed in range(12)
    }

    assert seen == {None, "", "0"}


def test_ringing_goes_on_for_five_seconds_after_the_timeout(
    play: "Play", phone: "MakePhone"
) -> None:
    played = play({"/voice": dial(timeout="10")}, phones={ACME: phone(ring_s=120)})

    legs = {request.form["CallStatus"]: request.form for request in played.to("/legs")}
    assert 15 <= stamped(legs["no-answer"]) - stamped(legs["initiated"]) < 120


def test_a_phone_that_takes_longer_to_ring_than_the_timeout_never_rings(
    play: "Play", phone: "MakePhone"
) -> None:
    slow = replace(phone("busy"), pdd_s=Span(60, 60))

    played = play({"/voice": dial(timeout="5"), "/action": HANGUP}, phones={ACME: slow})

    assert [status for status, _ in steps(played.to("/legs"))] == ["initiated", "no-answer"]


def test_without_answer_on_bridge_the_caller_is_answered_at_once(
    play: "Play", phone: "MakePhone"
) -> None:
    script = {"/voice": dial(answerOnBridge="false"), "/action": HANGUP}

    played = play(script, phones={ACME: phone("busy")})

    assert played.one("/action").form["CallStatus"] == "in-progress"
    assert played.one("/status").form["CallStatus"] == "completed"
    assert played.one("/status").form["SipResponseCode"] == "200"


def test_failover_dials_what_the_action_says(play: "Play", phone: "MakePhone") -> None:
    second = dial(f"<Number {EVENTS}>{BOLT}</Number>", action="/action2")

    played = play(
        {"/voice": dial(), "/action": second, "/action2": HANGUP},
        phones={ACME: phone("busy"), BOLT: phone()},
    )

    attempts = played.truth.attempts
    assert [(a.dial_string, a.outcome) for a in attempts] == [
        (ACME, AttemptOutcome.BUSY),
        (BOLT, AttemptOutcome.CONNECTED),
    ]
    assert attempts[0].leg_sid != attempts[1].leg_sid
    assert played.one("/action2").form["DialCallSid"] == attempts[1].leg_sid
    assert played.truth.disposition is Disposition.CONNECTED


def test_a_caller_who_leaves_while_it_rings(play: "Play", phone: "MakePhone") -> None:
    played = play(
        {"/voice": dial(timeout="600"), "/action": HANGUP},
        phones={ACME: phone(ring_s=500)},
        caller=replace(CALLER, patience_s=60),
    )

    action, status = played.one("/action").form, played.one("/status").form
    end = next(r.form for r in played.to("/legs") if r.form["CallStatus"] == "canceled")
    assert action["CallStatus"] == status["CallStatus"] == "no-answer"
    assert action["DialCallStatus"] in {"canceled", "no-answer"}
    assert action["DialBridged"] == "false"
    assert (end["CallDuration"], end["Timestamp"]) == ("0", status["Timestamp"])
    assert played.truth.attempts[0].outcome is AttemptOutcome.ABANDONED
    assert played.truth.disposition is Disposition.ABANDONED
    assert played.truth.hangup_party is HangupParty.CALLER


def test_both_words_for_an_abandoned_dial_are_used(play: "Play", phone: "MakePhone") -> None:
    seen = {
        play(
            {"/voice": dial(timeout="600")},
            phones={ACME: phone(ring_s=500)},
            caller=replace(CALLER, patience_s=40),
            seed=seed,
        )
        .one("/action")
        .form["DialCallStatus"]
        for seed in ("1", "4")
    }

    assert seen == {"canceled", "no-answer"}


def test_dialling_for_a_caller_who_has_gone_is_a_violation(
    play: "Play", phone: "MakePhone"
) -> None:
    played = play(
        {"/voice": dial(), "/action": dial(action="/never")},
        phones={ACME: phone(hangs_up_first=False)},
    )

    (violation,) = played.truth.violations
    assert "the caller has gone" in violation.problem
    assert played.to("/never") == []


@pytest.mark.parametrize(
    ("next_document", "disposition"),
    [
        pytest.param(dial(), Disposition.ABANDONED, id="somebody was still to be dialled"),
        pytest.param(HANGUP, Disposition.BUSY, id="nobody was left"),
    ],
)
def test_a_caller_who_leaves_between_two_attempts(
    play: "Play",
    phone: "MakePhone",
    reply: "MakeReply",
    next_document: str,
    disposition: Disposition,
) -> None:
    """The answer that is on its way tells; an attempt that was never dialled is none."""
    played = play(
        {"/voice": dial(), "/action": reply(next_document, after_s=0.5)},
        phones={ACME: phone("busy")},
        caller=replace(CALLER, patience_s=60),
    )

    assert played.truth.disposition is disposition
    assert len(played.truth.attempts) == 1
    assert played.one("/action").form["CallStatus"] == "ringing"
    assert played.one("/status").form["CallStatus"] == "no-answer"


def test_simultaneous_legs_the_first_to_answer_wins(play: "Play", phone: "MakePhone") -> None:
    nouns = f"<Number {EVENTS}>{ACME}</Number><Number {EVENTS}>{BOLT}</Number>"

    played = play(
        {"/voice": dial(nouns), "/action": HANGUP},
        phones={ACME: phone(ring_s=30), BOLT: phone(ring_s=2)},
    )

    acme, bolt = played.truth.attempts
    ends = {r.form["To"]: r.form["CallStatus"] for r in played.to("/legs") if "Duration" in r.form}
    assert ends == {ACME: "canceled", BOLT: "completed"}
    assert (acme.outcome, bolt.outcome) == (AttemptOutcome.ELSEWHERE, AttemptOutcome.CONNECTED)
    assert acme.bridged is None
    assert acme.dial == bolt.dial
    assert played.one("/action").form["DialCallSid"] == bolt.leg_sid


def test_simultaneous_legs_that_nobody_answers_end_each_by_itself(
    play: "Play", phone: "MakePhone"
) -> None:
    nouns = f"<Number {EVENTS}>{ACME}</Number><Number {EVENTS}>{BOLT}</Number>"

    played = play(
        {"/voice": dial(nouns, timeout="5"), "/action": HANGUP},
        phones={ACME: phone("no-answer"), BOLT: phone("busy")},
    )

    acme, bolt = played.truth.attempts
    assert (acme.outcome, bolt.outcome) == (AttemptOutcome.NO_ANSWER, AttemptOutcome.BUSY)
    action = played.one("/action").form
    assert (action["DialCallSid"], action["DialCallStatus"]) == (acme.leg_sid, "no-answer")
    assert action["CallStatus"] == "ringing"


def test_a_caller_who_leaves_abandons_every_simultaneous_leg(
    play: "Play", phone: "MakePhone"
) -> None:
    nouns = f"<Number {EVENTS}>{ACME}</Number><Number {EVENTS}>{BOLT}</Number>"

    played = play(
        {"/voice": dial(nouns), "/action": HANGUP},
        caller=replace(CALLER, patience_s=6),
        phones={ACME: phone(ring_s=30), BOLT: phone(ring_s=30)},
    )

    assert [a.outcome for a in played.truth.attempts] == [AttemptOutcome.ABANDONED] * 2
    assert played.truth.disposition is Disposition.ABANDONED


def test_of_simultaneous_legs_the_first_that_is_through_its_screening_is_bridged(
    play: "Play", phone: "MakePhone"
) -> None:
    ask = (
        '<Response><Gather action="/key" numDigits="1" timeout="90"><Say>Press 1.</Say></Gather>'
        "<Hangup/></Response>"
    )
    nouns = f'<Number url="/ask">{ACME}</Number><Number url="/ask">{BOLT}</Number>'

    played = play(
        {"/voice": dial(nouns), "/ask": ask, "/key": "<Response/>", "/action": HANGUP},
        phones={ACME: phone(ring_s=2, press_after_s=60), BOLT: phone(ring_s=6, press_after_s=1)},
    )

    acme, bolt = played.truth.attempts
    assert (acme.outcome, bolt.outcome) == (AttemptOutcome.ELSEWHERE, AttemptOutcome.CONNECTED)
    assert (acme.screened, acme.bridged) == (True, None)
    assert acme.leg_seconds > 0


def test_digits_are_keyed_before_the_two_are_bridged(play: "Play", phone: "MakePhone") -> None:
    keyed = f'<Number {EVENTS} sendDigits="WWWWWW12">{ACME}</Number>'

    played = play({"/voice": dial(keyed), "/action": HANGUP}, phones={ACME: phone(talk_s=30)})

    (attempt,) = played.truth.attempts
    assert attempt.keyed
    assert attempt.bridged is not None
    assert attempt.bridged.latest - attempt.bridged.earliest >= timedelta(seconds=6.4)
    callers_s = int(played.one("/status").form["CallDuration"])
    connected_s = min(callers_s, attempt.leg_seconds)
    assert played.truth.connected == IntervalMs.exactly(connected_s)
    assert played.truth.violations == ()


def test_the_headers_of_a_sip_address_reach_its_phone(play: "Play", phone: "MakePhone") -> None:
    address = "sip:desk@pbx.example.com"
    noun = f"<Sip {EVENTS}>{address}?X-Call-Id=CA1&amp;X-Line=2</Sip>"

    played = play({"/voice": dial(noun), "/action": HANGUP}, phones={address: phone()})

    assert played.truth.attempts[0].outcome is AttemptOutcome.CONNECTED
    assert {r.form["To"] for r in played.to("/legs")} == {f"{address}?X-Call-Id=CA1&X-Line=2"}


def test_sequential_legs_are_dialled_one_after_another(play: "Play", phone: "MakePhone") -> None:
    nouns = f"<Number>{ACME}</Number><Sip>sip:bolt@pbx.example.com</Sip><Number>{BOLT}</Number>"

    played = play(
        {"/voice": dial(nouns, sequential="true"), "/action": HANGUP},
        phones={ACME: phone("busy"), "sip:bolt@pbx.example.com": phone(), BOLT: phone()},
    )

    assert [(a.dial_string, a.outcome) for a in played.truth.attempts] == [
        (ACME, AttemptOutcome.BUSY),
        ("sip:bolt@pbx.example.com", AttemptOutcome.CONNECTED),
    ]
    assert len(played.to("/action")) == 1


def test_a_number_as_text_is_dialled_and_tells_no_status(play: "Play", phone: "MakePhone") -> None:
    played = play({"/voice": dial(ACME), "/action": HANGUP}, phones={ACME: phone()})

    assert played.truth.attempts[0].outcome is AttemptOutcome.CONNECTED
    assert played.one("/action").form["DialBridged"] == "true"


def test_only_the_completed_event_is_told_by_default(play: "Play", phone: "MakePhone") -> None:
    noun = f'<Number statusCallback="/legs">{ACME}</Number>'

    played = play({"/voice": dial(noun)}, phones={ACME: phone()})

    assert steps(played.to("/legs")) == [("completed", "0")]


def test_a_dial_string_that_is_no_phone_of_the_cast_fails(play: "Play") -> None:
    played = play({"/voice": dial()})

    end = next(r.form for r in played.to("/legs") if r.form["CallStatus"] == "failed")
    assert end["SipResponseCode"] == "404"
    assert played.truth.disposition is Disposition.FAILED


def test_without_an_action_the_next_verb_is_played(play: "Play", phone: "MakePhone") -> None:
    voice = (
        f'<Response><Dial answerOnBridge="true">{ACME}</Dial><Redirect>/next</Redirect></Response>'
    )

    played = play({"/voice": voice, "/next": HANGUP}, phones={ACME: phone("busy")})

    assert len(played.to("/next")) == 1


@pytest.mark.parametrize(
    ("caller", "caller_id", "accepted"),
    [
        pytest.param("+14155550123", None, True, id="the caller's own number passes on"),
        pytest.param("+14155550123", "+18005550100", True, id="a number of the account"),
        pytest.param("anonymous", "+18005550100", True, id="withheld and substituted"),
        pytest.param("anonymous", None, False, id="withheld and passed on"),
        pytest.param("+266696687", None, False, id="withheld in keypad spelling"),
        pytest.param("", None, False, id="empty"),
        pytest.param("+14155550123", "+12125550111", False, id="somebody else's number"),
    ],
)
def test_a_caller_id_that_a_carrier_would_refuse_fails_the_leg(
    play: "Play", phone: "MakePhone", caller: str, caller_id: str | None, accepted: bool
) -> None:
    attributes = {"callerId": caller_id} if caller_id else {}
    script = {"/voice": dial(**attributes), "/action": HANGUP}

    played = play(script, phones={ACME: phone()}, caller=replace(CALLER, number=caller))

    wanted = AttemptOutcome.CONNECTED if accepted else AttemptOutcome.FAILED
    assert played.truth.attempts[0].outcome is wanted
    assert [violation.code for violation in played.truth.violations] == (
        [] if accepted else [13214]
    )
