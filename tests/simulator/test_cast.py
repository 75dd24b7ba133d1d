from collections import Counter

import pytest

from callrouter.simulator.caller import WITHHELD_SPELLINGS, CallerProfile, draw_caller, place_of
from callrouter.simulator.cast import (
    UNREACHABLE,
    Cast,
    Outage,
    PhoneOutcome,
    PhoneProfile,
    Reaction,
)
from callrouter.simulator.chance import Chance, Span

ACME, BOLT = "+13125550171", "+16465550172"


def test_the_same_call_of_a_seed_has_the_same_caller_whatever_was_drawn_before() -> None:
    profile = CallerProfile()
    again = Chance("7", 3)
    again.of("phone", ACME, 0).random()

    assert draw_caller(profile, Chance("7", 3).of("caller")) == draw_caller(
        profile, again.of("caller")
    )


def test_callers_are_fictional_numbers_with_a_place() -> None:
    callers = [
        draw_caller(CallerProfile(withheld=0), Chance("1", i).of("caller")) for i in range(99)
    ]

    assert all(c.number[5:10] == "55501" and len(c.number) == 12 for c in callers)
    assert all(c.place.country == "US" and c.place.city for c in callers)


def test_withheld_callers_come_in_every_spelling_and_from_nowhere() -> None:
    drawn = [
        draw_caller(CallerProfile(withheld=1), Chance("1", i).of("caller")) for i in range(400)
    ]

    assert {caller.number for caller in drawn} == set(WITHHELD_SPELLINGS)
    assert {caller.place.country for caller in drawn} == {""}
    assert all(caller.is_withheld for caller in drawn)


def test_a_toll_free_number_has_a_country_and_no_city() -> None:
    assert place_of("+18005550100").country == "US"
    assert place_of("+18005550100").city == ""
    assert place_of("sip:sales@pbx.example.com").country == ""


def test_shares_of_outcomes_are_met_over_many_calls() -> None:
    profile = PhoneProfile(answers=0.5, busy=0.2, no_answer=0.2, fails=0.1)

    outcomes = Counter(profile.draw(Chance("1", i).of("phone")).outcome for i in range(4000))

    assert outcomes[PhoneOutcome.ANSWER] == pytest.approx(2000, rel=0.1)
    assert outcomes[PhoneOutcome.BUSY] == pytest.approx(800, rel=0.15)
    assert outcomes[PhoneOutcome.FAILED] == pytest.approx(400, rel=0.2)


def test_a_machine_presses_nothing_and_a_decliner_never_accepts() -> None:
    machine, decliner = PhoneProfile(voicemail=1), PhoneProfile(declines=1)

    machines = {machine.draw(Chance("1", i).of("phone")).reaction for i in range(50)}
    decliners = {decliner.draw(Chance("1", i).of("phone")).reaction for i in range(50)}

    assert machines == {Reaction.IGNORES}
    assert decliners == {Reaction.DECLINES, Reaction.HANGS_UP, Reaction.IGNORES}


def test_a_line_that_drops_early_is_hung_up_by_the_phone() -> None:
    profile = PhoneProfile(drops_early=1, drop_after_s=Span(3, 3), hangs_up_first=0)

    phone = profile.draw(Chance("1", 1).of("phone"))

    assert (phone.talk_s, phone.hangs_up_first) == (3, True)


def test_a_dial_string_that_nobody_has_is_unreachable() -> None:
    assert Cast({}).dial(ACME, Chance("1", 1).of("phone"), 0) == UNREACHABLE


def test_headers_after_a_sip_address_do_not_choose_the_phone() -> None:
    cast = Cast(
        {"sip:sales@pbx.example.com": PhoneProfile(answers=1, busy=0, no_answer=0, fails=0)}
    )

    phone = cast.dial("sip:sales@pbx.example.com?X-Call=1", Chance("1", 1).of("phone"), 0)

    assert phone.outcome is PhoneOutcome.ANSWER


@pytest.mark.parametrize(
    ("elapsed_s", "down"),
    [(0, False), (59, False), (60, True), (79, True), (80, False), (360, True), (381, False)],
)
def test_an_outage_comes_back_every_so_often(elapsed_s: float, down: bool) -> None:
    outage = Outage(300, 20, first_after_s=60, outcome=PhoneOutcome.BUSY, dial_strings=(ACME,))
    always = PhoneProfile(answers=1, busy=0, no_answer=0, fails=0)
    cast = Cast({ACME: always, BOLT: always}, outages=(outage,))

    outcome = cast.dial(ACME, Chance("1", 1).of("phone"), elapsed_s).outcome

    assert outcome is (PhoneOutcome.BUSY if down else PhoneOutcome.ANSWER)
    assert cast.dial(BOLT, Chance("1", 1).of("phone"), elapsed_s).outcome is PhoneOutcome.ANSWER


def test_an_outage_without_names_hits_one_phone_a_turn_and_not_always_the_same() -> None:
    outage = Outage(every_s=100, lasts_s=50)
    down = [
        [name for name in (ACME, BOLT) if outage.hits(name, turn * 100 + 1, (ACME, BOLT))]
        for turn in range(20)
    ]

    assert all(len(names) == 1 for names in down)
    assert {name for names in down for name in names} == {ACME, BOLT}


def test_a_phone_must_ring_at_least_a_second_before_its_answer() -> None:
    with pytest.raises(ValueError, match="at least 1 s"):
        PhoneProfile(pdd_s=Span(0, 1), ring_s=Span(0.5, 1))


def test_a_phone_that_does_nothing_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="can't all be 0"):
        PhoneProfile(answers=0, busy=0, no_answer=0, fails=0)


def test_a_span_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValueError, match="low <= high"):
        Span(2, 1)
