"""Whispers and press-1 screening: what is asked on the callee's leg, and what comes of it."""

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from callrouter.simulator.caller import Caller
from callrouter.simulator.cast import PhoneProfile, Reaction
from callrouter.simulator.chance import Chance, Span
from callrouter.simulator.truth import AttemptOutcome, Disposition

if TYPE_CHECKING:
    from tests.simulator.conftest import Line, MakePhone, MakeReply, Play

ACME = "+13125550171"
CALLER = Caller("+14155550123", patience_s=600, talk_s=600)
DIAL = (
    '<Response><Dial answerOnBridge="true" action="/action">'
    f'<Number url="/whisper" statusCallback="/legs">{ACME}</Number></Dial></Response>'
)
HANGUP = "<Response><Hangup/></Response>"
BRIDGE = "<Response/>"
ASK = (
    '<Response><Gather numDigits="1" timeout="5" action="/screening"><Say>Press 1 to take it'
    "</Say></Gather><Hangup/></Response>"
)
SCREENED: dict[str, "Line"] = {
    "/voice": DIAL,
    "/whisper": ASK,
    "/screening": BRIDGE,
    "/action": HANGUP,
}


REFUSING = PhoneProfile(
    answers=1,
    busy=0,
    no_answer=0,
    fails=0,
    pdd_s=Span(1, 1),
    ring_s=Span(1, 1),
    press_after_s=Span(2, 2),
    declines=1,
)


def seed_of(reaction: Reaction) -> str:
    """A seed with which the phone declines in that way."""
    seeds = (str(number) for number in range(100))
    return next(
        seed
        for seed in seeds
        if REFUSING.draw(Chance(seed, 0).of("phone", ACME, 0)).reaction is reaction
    )


def test_whoever_presses_one_is_bridged(play: "Play", phone: "MakePhone") -> None:
    played = play(SCREENED, phones={ACME: phone(talk_s=20)})

    whisper, screening = played.one("/whisper").form, played.one("/screening").form
    (attempt,) = played.truth.attempts
    assert whisper["CallSid"] == screening["CallSid"] == attempt.leg_sid
    assert whisper["ParentCallSid"] == played.truth.call_sid
    assert (whisper["Direction"], whisper["CallStatus"]) == ("outbound-dial", "in-progress")
    assert "Digits" not in whisper
    assert screening["Digits"] == "1"
    assert played.one("/action").form["DialBridged"] == "true"
    assert attempt.outcome is AttemptOutcome.CONNECTED
    assert (attempt.screened, attempt.whispered) == (True, True)


def test_the_bridge_lies_between_the_accepted_key_and_its_answer(
    play: "Play", phone: "MakePhone", reply: "MakeReply"
) -> None:
    slow: dict[str, Line] = {**SCREENED, "/screening": reply(BRIDGE, after_s=0.1)}

    played = play(slow, phones={ACME: phone(talk_s=20)})

    (attempt,) = played.truth.attempts
    assert attempt.bridged is not None
    width_s = (attempt.bridged.latest - attempt.bridged.earliest).total_seconds()
    assert width_s >= 20
    low, high = played.truth.connected.low, played.truth.connected.high
    assert high - low == pytest.approx(width_s * 1000 + 2, abs=2)
    assert high < attempt.leg_seconds * 1000
    assert low >= 19_000


@pytest.mark.parametrize("reaction", [Reaction.DECLINES, Reaction.HANGS_UP, Reaction.IGNORES])
def test_whoever_declines_is_completed_but_not_bridged(play: "Play", reaction: Reaction) -> None:
    script = {**SCREENED, "/screening": HANGUP}

    played = play(script, phones={ACME: REFUSING}, seed=seed_of(reaction))

    action = played.one("/action").form
    keys = [request.form["Digits"] for request in played.to("/screening")]
    assert keys == (["2"] if reaction is Reaction.DECLINES else [])
    assert (action["DialCallStatus"], action["DialBridged"]) == ("completed", "false")
    assert int(action["DialCallDuration"]) >= 1
    assert action["DialCallDuration"] == played.one("/legs").form["CallDuration"]
    assert action["CallStatus"] == "ringing"
    assert played.one("/legs").form["CallStatus"] == "completed"
    assert played.one("/status").form["CallStatus"] == "no-answer"
    assert played.truth.attempts[0].outcome is AttemptOutcome.DECLINED
    assert played.truth.disposition is Disposition.DECLINED
    assert played.truth.connected.high == 0


def test_whoever_hangs_up_during_a_whisper_declines(play: "Play") -> None:
    whisper = '<Response><Say loop="9">Flood repair call</Say></Response>'

    played = play(
        {**SCREENED, "/whisper": whisper},
        phones={ACME: REFUSING},
        seed=seed_of(Reaction.HANGS_UP),
    )

    assert played.one("/action").form["DialBridged"] == "false"
    assert played.truth.attempts[0].outcome is AttemptOutcome.DECLINED
    assert not played.truth.attempts[0].screened


def test_a_machine_is_not_bridged_under_screening(play: "Play", phone: "MakePhone") -> None:
    played = play(SCREENED, phones={ACME: phone(voicemail=True)})

    assert played.to("/screening") == []
    assert played.truth.attempts[0].outcome is AttemptOutcome.DECLINED


def test_a_machine_is_bridged_without_screening(play: "Play", phone: "MakePhone") -> None:
    whisper = {**SCREENED, "/whisper": "<Response><Say>Flood repair call</Say></Response>"}

    played = play(whisper, phones={ACME: phone(voicemail=True)})

    assert played.truth.attempts[0].outcome is AttemptOutcome.CONNECTED


def test_a_whisper_alone_makes_connected_shorter_than_the_leg(
    play: "Play", phone: "MakePhone"
) -> None:
    """The caller's leg is answered at the bridge, so its duration leaves the whisper out."""
    long_whisper = "<Response><Say>" + "word " * 50 + "</Say></Response>"

    played = play({**SCREENED, "/whisper": long_whisper}, phones={ACME: phone(talk_s=20)})

    (attempt,) = played.truth.attempts
    parent_s = int(played.one("/status").form["CallDuration"])
    assert (attempt.screened, attempt.whispered) == (False, True)
    assert attempt.leg_seconds >= 40
    assert played.truth.connected.low == played.truth.connected.high
    assert played.truth.connected.low == min(parent_s, attempt.leg_seconds) * 1000


def test_a_whisper_that_ends_in_hangup_declines(play: "Play", phone: "MakePhone") -> None:
    played = play({**SCREENED, "/whisper": HANGUP}, phones={ACME: phone()})

    assert played.truth.attempts[0].outcome is AttemptOutcome.DECLINED


def test_a_caller_who_leaves_during_the_screening(play: "Play", phone: "MakePhone") -> None:
    """The leg was answered, so it is completed; only the caller's status tells what happened."""
    played = play(
        {**SCREENED, "/whisper": ASK.replace('timeout="5"', 'timeout="500"')},
        phones={ACME: phone(press_after_s=400)},
        caller=replace(CALLER, patience_s=60),
    )

    action = played.one("/action").form
    assert action["CallStatus"] == "no-answer"
    assert (action["DialCallStatus"], action["DialBridged"]) == ("completed", "false")
    assert played.one("/legs").form["CallStatus"] == "completed"
    assert played.truth.attempts[0].outcome is AttemptOutcome.ABANDONED
    assert played.truth.disposition is Disposition.ABANDONED


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        pytest.param(HANGUP, AttemptOutcome.DECLINED, id="the key declined"),
        pytest.param(BRIDGE, AttemptOutcome.ABANDONED, id="the key accepted"),
    ],
)
def test_a_caller_who_leaves_while_the_key_is_judged(
    play: "Play",
    phone: "MakePhone",
    reply: "MakeReply",
    answer: str,
    outcome: AttemptOutcome,
) -> None:
    """The key was pressed before the caller left; the call was abandoned all the same."""
    played = play(
        {**SCREENED, "/screening": reply(answer, after_s=0.6)},
        phones={ACME: phone()},
        caller=replace(CALLER, patience_s=60),
    )

    assert played.one("/action").form["CallStatus"] == "no-answer"
    assert played.truth.attempts[0].outcome is outcome
    assert played.truth.attempts[0].bridged is None
    assert played.truth.disposition is Disposition.ABANDONED


@pytest.mark.parametrize(
    ("whisper", "code"),
    [
        pytest.param("<Response><Dial>+13125550171</Dial></Response>", 13201, id="dial inside"),
        pytest.param("<Response><Redirect>/x</Redirect></Response>", 12200, id="redirect"),
        pytest.param("nothing", 12100, id="not xml"),
    ],
)
def test_a_whisper_that_can_not_be_run_takes_the_leg_down(
    play: "Play", phone: "MakePhone", whisper: str, code: int
) -> None:
    played = play({**SCREENED, "/whisper": whisper}, phones={ACME: phone()})

    assert [violation.code for violation in played.truth.violations] == [code]
    assert played.truth.attempts[0].outcome is AttemptOutcome.DECLINED
    assert played.to("/fallback") == []


def test_a_gather_without_action_asks_its_own_document(play: "Play", phone: "MakePhone") -> None:
    ask = '<Response><Gather numDigits="1"/><Hangup/></Response>'

    played = play(
        {**SCREENED, "/whisper": lambda r: BRIDGE if "Digits" in r.form else ask},
        phones={ACME: phone()},
    )

    assert [request.form.get("Digits") for request in played.to("/whisper")] == [None, "1"]
    assert played.truth.attempts[0].outcome is AttemptOutcome.CONNECTED


def test_a_whisper_that_never_ends_is_cut_off(play: "Play", phone: "MakePhone") -> None:
    ask = '<Response><Gather numDigits="1"/></Response>'

    played = play({**SCREENED, "/whisper": ask}, phones={ACME: phone()})

    assert "more than 20 documents" in played.truth.violations[0].problem
    assert played.truth.attempts[0].outcome is AttemptOutcome.DECLINED


def test_no_key_goes_on_with_the_next_verb_unless_an_empty_result_is_wanted(
    play: "Play", phone: "MakePhone"
) -> None:
    wanted = ASK.replace("<Gather", '<Gather actionOnEmptyResult="true"')

    played = play({**SCREENED, "/whisper": wanted}, phones={ACME: phone(voicemail=True)})

    assert played.one("/screening").form["Digits"] == ""
    assert played.truth.attempts[0].screened
