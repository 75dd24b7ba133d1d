"""Events that no call could leave behind: the laws hold for them all the same."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from callrouter.domain.calls.call import read_history
from callrouter.domain.calls.derivation import derive
from callrouter.domain.calls.events import (
    CallArrived,
    CallEnded,
    CallEvent,
    CallSwept,
    DialEnded,
    FallbackAsked,
    LegProgressed,
    LegStatus,
    LegSwept,
    RouteDecided,
    ScreeningAnswered,
    SweepGaveUp,
    VoicemailRecorded,
    WhisperStarted,
)
from callrouter.domain.cdr import AttemptOutcome, CdrFlag, ConnectedSource, Disposition
from callrouter.domain.routing.decision import Closing, Decision, Dial
from tests.domain.builders import CALL_SID, NUMBERS, PRESS_1, at, closed

sids = st.just(CALL_SID)
instants = st.one_of(
    st.integers(0, 900_000).map(lambda ms: at(ms / 1000)),
    st.integers(0, 4_000_000_000).map(lambda s: datetime.fromtimestamp(s, UTC)),
)
stamps = st.one_of(st.none(), st.integers(-10, 900).map(at), st.datetimes(timezones=st.just(UTC)))
durations = st.one_of(
    st.none(), st.integers(-5, 900), st.sampled_from((86_400, 86_401, -(10**15), 10**15))
)
attempts = st.integers(0, 4)
leg_sids = st.sampled_from(("", "CA1", "CA2", "CA3"))
destinations = st.sampled_from(("", *NUMBERS))
statuses = st.sampled_from(LegStatus)
numbers = st.sampled_from(tuple(NUMBERS.values())[:2])
dials = st.builds(
    Dial,
    destination_id=st.sampled_from(tuple(NUMBERS)),
    buyer_id=st.just("acme"),
    dial_string=numbers,
    ring_s=st.just(25),
    call_s=st.integers(0, 900),
    caller_id=st.none(),
    whisper=st.sampled_from(("", "A roofing call.")),
    screening=st.sampled_from((None, PRESS_1)),
    overflow=st.booleans(),
)
closing_decisions = st.builds(
    lambda attempt, closing: closed(attempt, 0, closing).decision,
    attempts,
    st.sampled_from(Closing),
)
decisions: st.SearchStrategy[Decision] = st.one_of(
    closing_decisions,
    st.builds(
        lambda decision, first, also: replace(decision, dial=first, also=tuple(also), closing=None),
        closing_decisions,
        dials,
        st.lists(dials, max_size=2),
    ),
)
events: st.SearchStrategy[CallEvent] = st.one_of(
    st.builds(CallArrived, call_sid=sids, received_at=instants, did=st.just(""), ani=st.just("")),
    st.builds(
        RouteDecided, call_sid=sids, received_at=instants, decision=decisions, twiml=st.just("")
    ),
    st.builds(
        DialEnded,
        call_sid=sids,
        received_at=instants,
        attempt=attempts,
        destination_id=destinations,
        status=st.one_of(st.none(), statuses),
        bridged=st.sampled_from((None, True, False)),
        duration_s=durations,
        leg_sid=leg_sids,
        caller_status=statuses,
    ),
    st.builds(
        LegProgressed,
        call_sid=sids,
        received_at=instants,
        attempt=attempts,
        destination_id=destinations,
        leg_sid=leg_sids,
        status=statuses,
        occurred_at=stamps,
        duration_s=durations,
    ),
    st.builds(
        WhisperStarted,
        call_sid=sids,
        received_at=instants,
        attempt=attempts,
        destination_id=destinations,
        leg_sid=leg_sids,
    ),
    st.builds(
        ScreeningAnswered,
        call_sid=sids,
        received_at=instants,
        attempt=attempts,
        destination_id=destinations,
        leg_sid=leg_sids,
        accepted=st.booleans(),
    ),
    st.builds(
        VoicemailRecorded,
        call_sid=sids,
        received_at=instants,
        duration_s=st.integers(-5, 900),
        caller_hung_up=st.booleans(),
    ),
    st.builds(
        FallbackAsked,
        call_sid=sids,
        received_at=instants,
        error_code=st.sampled_from(("11200", "")),
        error_url=st.just(""),
    ),
    st.builds(
        CallEnded,
        call_sid=sids,
        received_at=instants,
        status=statuses,
        occurred_at=stamps,
        duration_s=durations,
    ),
    st.builds(
        CallSwept,
        call_sid=sids,
        received_at=instants,
        status=statuses,
        started_at=stamps,
        ended_at=stamps,
        duration_s=durations,
    ),
    st.builds(
        LegSwept,
        call_sid=sids,
        received_at=instants,
        leg_sid=leg_sids,
        dial_string=numbers,
        status=statuses,
        started_at=stamps,
        ended_at=stamps,
        duration_s=durations,
    ),
    st.builds(SweepGaveUp, call_sid=sids, received_at=instants, reason=st.just("unknown")),
)
soups = st.lists(events, min_size=1, max_size=14)


@given(soups)
def test_no_events_whatsoever_break_the_durations(soup: list[CallEvent]) -> None:
    cdr = derive(soup)

    assert 0 <= cdr.connected_ms <= cdr.total_ms
    assert cdr.ring_ms >= 0
    assert cdr.connected_ms <= cdr.answered_ms
    assert cdr.connected_ms == sum(a.connected_ms for a in cdr.attempts)
    assert cdr.ring_ms <= sum(a.ring_ms for a in cdr.attempts)
    assert cdr.answered_ms == sum(a.answered_ms for a in cdr.attempts)
    for attempt in cdr.attempts:
        assert 0 <= attempt.connected_ms <= attempt.answered_ms
        assert attempt.ring_ms >= 0
    between = cdr.ended_at - cdr.started_at
    assert abs(between - timedelta(milliseconds=cdr.total_ms)) < timedelta(milliseconds=1)
    assert cdr.started_at.utcoffset() == cdr.ended_at.utcoffset() == timedelta(0)


@given(soups)
def test_no_events_whatsoever_make_a_cdr_contradict_itself(soup: list[CallEvent]) -> None:
    cdr = derive(soup)

    joined = [a for a in cdr.attempts if a.outcome is AttemptOutcome.CONNECTED]
    assert (cdr.disposition is Disposition.CONNECTED) is bool(joined)
    assert sum(a.connected_ms for a in joined) == cdr.connected_ms
    shown = joined or list(cdr.attempts)
    assert cdr.destination_id == (shown[-1].destination_id if shown else "")
    assert cdr.buyer_id == (shown[-1].buyer_id if shown else "")
    numbers_of = [a.attempt for a in cdr.attempts]
    assert numbers_of == sorted(numbers_of)
    assert cdr.count_attempts() == len(set(numbers_of))
    # Of those that rang together one has the call at most, and only then had it the others not.
    for number in numbers_of:
        rung = [a.outcome for a in cdr.attempts if a.attempt == number]
        assert rung.count(AttemptOutcome.CONNECTED) <= 1
        if AttemptOutcome.ELSEWHERE in rung:
            assert AttemptOutcome.CONNECTED in rung
    assert list(cdr.flags) == [flag for flag in CdrFlag if flag in cdr.flags]
    if not joined:
        assert cdr.connected_source is ConnectedSource.NONE
    elif cdr.connected_source is ConnectedSource.NONE:
        assert CdrFlag.DURATION_MISSING in cdr.flags


@given(soups, st.data())
def test_no_order_and_no_repeats_of_any_events_change_the_cdr(
    soup: list[CallEvent], data: st.DataObject
) -> None:
    repeats = data.draw(st.lists(st.sampled_from(soup), max_size=5))
    shuffled = data.draw(st.permutations((*soup, *repeats)))

    assert derive(shuffled) == derive(soup)
    assert read_history(shuffled) == read_history(soup)


@given(soups)
def test_every_swept_leg_belongs_to_exactly_one_attempt(soup: list[CallEvent]) -> None:
    history = read_history(soup)

    given_to = [a.swept.leg_sid for a in history.attempts if a.swept is not None]
    assert sorted(given_to) == sorted({e.leg_sid for e in soup if isinstance(e, LegSwept)})
