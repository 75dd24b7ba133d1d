import json
from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callrouter.adapters.storage.event_codec import (
    decode,
    decode_attempts,
    encode,
    encode_attempts,
)
from callrouter.domain.calls.events import CallArrived, CallEvent
from callrouter.domain.cdr import AttemptRecord
from callrouter.domain.errors import CallrouterError
from callrouter.domain.routing.conditions import Conditions
from tests.adapters.storage.builders import any_texts, attempt_records, events, unhurried
from tests.domain.builders import T0, decided


@unhurried
@given(event=events())
def test_an_event_is_read_as_it_was_written(event: CallEvent) -> None:
    assert decode(event.kind, encode(event)) == event


@unhurried
@given(event=events(any_texts))
def test_whatever_is_in_an_event_its_text_can_be_stored_and_read_again(event: CallEvent) -> None:
    body = encode(event)
    assert "\x00" not in body
    assert body == body.encode().decode()
    read = decode(event.kind, body)
    assert (read.kind, read.received_at) == (event.kind, event.received_at)
    assert encode(read) == body


def test_nul_is_kept_and_a_lone_surrogate_is_replaced() -> None:
    sent = CallArrived(call_sid="CA1", received_at=T0, did="+1\x00", ani="a\ud800\x00b")
    read = decode("call_arrived", encode(sent))
    assert read == CallArrived(call_sid="CA1", received_at=T0, did="+1\x00", ani="a\ufffd\x00b")


def test_twiml_is_kept_to_the_byte() -> None:
    event = decided(1, 0.0)
    twiml = '<?xml version="1.0"?>\r\n\t<Say>“é” &amp; \u2028 \\n \\u0000</Say>'
    event = type(event)(
        call_sid=event.call_sid, received_at=T0, decision=event.decision, twiml=twiml
    )
    read = decode("route_decided", encode(event))
    assert read == event


def test_every_kind_of_event_has_a_name_of_its_own() -> None:
    kinds = [event_type.__dataclass_fields__["kind"].default for event_type in get_args(CallEvent)]
    assert len(set(kinds)) == len(kinds)


def test_what_a_later_version_added_to_an_event_is_passed_by() -> None:
    event = CallArrived(call_sid="CA1", received_at=T0, did="+1", ani="+2")
    later = encode(event).replace("{", '{"mood":"sunny",', 1)
    assert decode("call_arrived", later) == event


def test_a_decision_from_before_there_were_accounts_is_read_without_any() -> None:
    event = replace(decided(1, 2.0), conditions=Conditions(at=T0))
    body = json.loads(encode(event))
    del body["conditions"]["standings"]

    assert decode("route_decided", json.dumps(body)) == event


@pytest.mark.parametrize(
    ("kind", "body", "said"),
    [
        pytest.param("call_teleported", "{}", "'call_teleported'", id="unknown kind"),
        pytest.param("call_arrived", "{}", "call_sid", id="a field is missing"),
        pytest.param("call_arrived", "{not json", "call_arrived", id="not JSON"),
    ],
)
def test_what_is_no_event_is_refused_by_name(kind: str, body: str, said: str) -> None:
    with pytest.raises(CallrouterError, match=said):
        decode(kind, body)


@unhurried
@given(attempts=st.lists(attempt_records(), max_size=4).map(tuple))
def test_attempts_are_read_as_they_were_written(attempts: tuple[AttemptRecord, ...]) -> None:
    assert decode_attempts(encode_attempts(attempts)) == attempts


@unhurried
@given(attempts=st.lists(attempt_records(any_texts), max_size=2).map(tuple))
def test_whatever_is_in_attempts_their_text_can_be_stored(
    attempts: tuple[AttemptRecord, ...],
) -> None:
    body = encode_attempts(attempts)
    assert body == body.encode().decode()
    assert encode_attempts(decode_attempts(body)) == body
