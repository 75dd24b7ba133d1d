from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from callrouter.domain.calls.call import read_history
from callrouter.domain.calls.derivation import derive
from callrouter.domain.calls.events import (
    CallEnded,
    CallEvent,
    DialEnded,
    LegProgressed,
    LegStatus,
)
from callrouter.domain.cdr import AttemptOutcome, Cdr, CdrFlag
from tests.domain.builders import at, leg
from tests.domain.played_calls import SWEPT_AT_S, PlayedCall, played_calls


def assert_truth(cdr: Cdr, played: PlayedCall) -> None:
    assert tuple((a.destination_id, a.outcome) for a in cdr.attempts) == played.outcomes
    assert cdr.disposition is played.disposition
    assert cdr.destination_id == played.destination
    assert cdr.hangup_party is played.hangup_party
    assert cdr.connected_ms == played.connected_ms
    assert cdr.total_ms == played.total_ms


def is_callback(event: CallEvent) -> bool:
    return isinstance(event, LegProgressed | CallEnded)


def is_needed(event: CallEvent) -> bool:
    """Whether the call can't be known to be over without this event."""
    is_leg_end = isinstance(event, LegProgressed) and event.status.is_final
    return is_leg_end or isinstance(event, CallEnded | DialEnded)


@given(played_calls())
def test_a_call_told_in_full_is_derived_as_it_really_was(played: PlayedCall) -> None:
    events = played.events if played.all_was_told else (*played.events, *played.sweep())

    cdr = derive(events)

    assert_truth(cdr, played)
    # Each attempt's three stamps and one count are whole seconds, as is the end of the call. Phones
    # of a ring group are answered beside each other; only who has the call takes up its time.
    most_lost_ms = 1000 * (1 + 4 * len(cdr.attempts))
    numbers = [a.attempt for a in cdr.attempts]
    one_by_one = [
        a.answered_ms
        for a in cdr.attempts
        if numbers.count(a.attempt) == 1 or a.outcome is AttemptOutcome.CONNECTED
    ]
    assert cdr.ring_ms + sum(one_by_one) <= cdr.total_ms + most_lost_ms


@given(played_calls(), st.data())
def test_any_order_and_any_repeats_give_the_same_cdr(
    played: PlayedCall, data: st.DataObject
) -> None:
    repeated = data.draw(st.lists(st.sampled_from(played.events), max_size=6))
    later = [replace(e, received_at=at(SWEPT_AT_S)) for e in repeated]
    shuffled = data.draw(st.permutations((*played.events, *repeated, *later)))

    assert derive(shuffled) == derive(played.events)
    assert read_history(shuffled) == read_history(played.events)


@given(played_calls(), st.data())
def test_any_loss_that_the_sweep_can_repair_is_repaired(
    played: PlayedCall, data: st.DataObject
) -> None:
    lost = [e for e in played.events if is_callback(e) and data.draw(st.booleans())]
    if data.draw(st.booleans()):
        lost.extend(played.skippable)
    left = [e for e in played.events if e not in lost]

    swept = derive(data.draw(st.permutations((*left, *played.sweep()))))

    assert_truth(swept, played)
    assert CdrFlag.SWEPT in swept.flags


@given(played_calls())
def test_a_sweep_of_a_call_that_was_told_in_full_only_adds_its_flag(played: PlayedCall) -> None:
    told, swept = derive(played.events), derive((*played.events, *played.sweep()))

    if played.all_was_told:
        flags = tuple(flag for flag in swept.flags if flag is not CdrFlag.SWEPT)
        assert replace(swept, flags=flags) == told


@given(played_calls(), st.data())
def test_a_call_is_over_once_all_was_told_or_the_sweep_spoke_and_not_before(
    played: PlayedCall, data: st.DataObject
) -> None:
    needed = [e for e in played.events if is_needed(e)]
    missing = data.draw(st.sampled_from(needed))
    left = [e for e in played.events if e is not missing]

    assert read_history(played.events).is_over is played.all_was_told
    assert not read_history(left).is_over
    assert read_history((*left, *played.sweep())).is_over


@given(played_calls(), st.data())
def test_a_call_that_is_over_does_not_change_with_what_comes_late(
    played: PlayedCall, data: st.DataObject
) -> None:
    told = derive(played.events)
    repeats = data.draw(st.lists(st.sampled_from(played.events), max_size=4))
    late: list[CallEvent] = [replace(e, received_at=at(SWEPT_AT_S)) for e in repeats]
    for attempt, destination, sid in played.sids:
        status = data.draw(st.sampled_from((LegStatus.QUEUED, LegStatus.RINGING)))
        late.append(leg(attempt, SWEPT_AT_S, status, sid=sid, destination=destination))

    again = derive((*played.events, *late))

    if played.all_was_told:
        assert again.disposition is told.disposition
        assert again.destination_id == told.destination_id
        assert again.connected_ms == told.connected_ms
        assert again.hangup_party is told.hangup_party
