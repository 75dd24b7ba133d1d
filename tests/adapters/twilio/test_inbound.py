"""Twilio's fields as events: good ones, absurd ones, and none at all."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callrouter.adapters.twilio import inbound
from callrouter.adapters.twilio.form import Form
from callrouter.domain.calls.events import (
    CallArrived,
    CallEnded,
    CallEvent,
    DialEnded,
    FallbackAsked,
    LegProgressed,
    LegStatus,
    ScreeningAnswered,
    VoicemailRecorded,
    WhisperStarted,
)

NOW = datetime(2026, 9, 15, 17, 0, 5, 250_000, tzinfo=UTC)
CALL = "CA" + "a" * 32
LEG = "CA" + "b" * 32


def form(**fields: str) -> Form:
    return Form(urlencode(fields).encode())


def test_an_arrival_has_both_numbers_and_where_the_caller_is() -> None:
    sent = form(
        CallSid=CALL,
        AccountSid="AC" + "0" * 32,
        CallStatus="ringing",
        From="+14155550123",
        To="+18005550100",
        FromCity="SAN FRANCISCO",
        FromState="CA",
        FromZip="94105",
        FromCountry="US",
        StirVerstat="TN-Validation-Passed-A",
        ANewParameter="of tomorrow",
    )

    assert inbound.read_arrival(sent, NOW) == CallArrived(
        call_sid=CALL,
        received_at=NOW,
        did="+18005550100",
        ani="+14155550123",
        caller_state="CA",
        caller_zip="94105",
        caller_country="US",
    )
    assert inbound.read_arrival(sent, NOW, degraded=True).degraded


@pytest.mark.parametrize("ani", ["", "anonymous", "+266696687", "client:jane", "sip:a@b.example"])
def test_a_callers_number_stays_as_it_was_received(ani: str) -> None:
    assert inbound.read_arrival(form(CallSid=CALL, From=ani), NOW).ani == ani


@pytest.mark.parametrize(
    ("sent", "sid"),
    [
        pytest.param(CALL, CALL, id="a SID"),
        pytest.param("", "", id="empty"),
        pytest.param("CA" + "a" * 63, "", id="too long"),
        pytest.param("CA 1", "", id="a space"),
        pytest.param("CA1\n", "", id="a line feed"),
        pytest.param("CA'; DROP TABLE calls", "", id="SQL"),
        pytest.param("CA\0", "", id="NUL"),
        pytest.param("CÄ1", "", id="beyond ASCII"),
        pytest.param("CA٣", "", id="digits beyond ASCII"),
        pytest.param("../../etc/passwd", "", id="a path"),
    ],
)
def test_a_call_sid_is_letters_and_digits_or_none(sent: str, sid: str) -> None:
    assert inbound.read_sid(form(CallSid=sent)) == sid


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        *(pytest.param(word.value, word, id=word) for word in LegStatus),
        pytest.param("In-Progress", LegStatus.IN_PROGRESS, id="other case"),
        pytest.param(" busy ", LegStatus.BUSY, id="spaces around it"),
        pytest.param("answered", LegStatus.UNKNOWN, id="a word for conferences"),
        pytest.param("in_progress", LegStatus.UNKNOWN, id="nearly"),
        pytest.param("", LegStatus.UNKNOWN, id="empty"),
        pytest.param("\ufffd", LegStatus.UNKNOWN, id="garbage"),
    ],
)
def test_a_status_reads_as(sent: str, status: LegStatus) -> None:
    assert inbound.read_status(sent) is status


@pytest.mark.parametrize(
    ("sent", "seconds"),
    [
        pytest.param("185", 185, id="seconds"),
        pytest.param("0", 0, id="zero is told"),
        pytest.param("007", 7, id="leading zeros"),
        pytest.param("86460", 86_460, id="the longest call, a minute's grace"),
        pytest.param("86461", None, id="longer than any call"),
        pytest.param("99999999999999999999", None, id="absurd"),
        pytest.param("", None, id="blank isn't zero"),
        pytest.param("-5", None, id="negative"),
        pytest.param("+5", None, id="signed"),
        pytest.param("12.5", None, id="a fraction"),
        pytest.param("1e3", None, id="scientific"),
        pytest.param("twelve", None, id="in words"),
        pytest.param("1 2", None, id="two numbers"),
        pytest.param("12\n", None, id="a line feed"),
        pytest.param("٣٤", None, id="digits beyond ASCII"),
        pytest.param("²", None, id="a digit that isn't one"),
        pytest.param("NaN", None, id="not a number"),
        pytest.param("\ufffd", None, id="garbage"),
    ],
)
def test_seconds_read_as(sent: str, seconds: int | None) -> None:
    assert inbound.read_seconds(sent) == seconds


@pytest.mark.parametrize(
    ("sent", "at"),
    [
        pytest.param(
            "Tue, 15 Sep 2026 17:00:05 +0000", NOW.replace(microsecond=0), id="as Twilio writes it"
        ),
        pytest.param(
            "Tue, 15 Sep 2026 10:00:05 -0700", NOW.replace(microsecond=0), id="another zone"
        ),
        pytest.param(
            "15 Sep 2026 17:00:05 GMT", NOW.replace(microsecond=0), id="without the weekday"
        ),
        pytest.param(
            "Tue, 08 Sep 2026 17:00:06 +0000",
            datetime(2026, 9, 8, 17, 0, 6, tzinfo=UTC),
            id="a late callback of a week ago",
        ),
        pytest.param("Tue, 08 Sep 2026 17:00:05 +0000", None, id="older than a week"),
        pytest.param("Wed, 16 Sep 2026 17:00:06 +0000", None, id="more than a day ahead"),
        pytest.param("Tue, 15 Sep 1926 17:00:05 +0000", None, id="the last century"),
        pytest.param("Tue, 15 Sep 2126 17:00:05 +0000", None, id="the next century"),
        pytest.param("Fri, 31 Dec 9999 23:59:59 -1200", None, id="beyond the calendar"),
        pytest.param("Mon, 01 Jan 0001 00:00:00 +1400", None, id="before the calendar"),
        pytest.param("Tue, 15 Sep 2026 17:00:05 -0000", None, id="of no zone"),
        pytest.param("Tue, 15 Sep 2026 17:00:05", None, id="without a zone"),
        pytest.param("Tue, 15 Sep 2026 17:00:05 +9999", None, id="a zone that nobody has"),
        pytest.param("Tue, 31 Feb 2026 17:00:05 +0000", None, id="no such day"),
        pytest.param("Tue, 15 Sep 2026 25:61:61 +0000", None, id="no such hour"),
        pytest.param("2026-09-15T17:00:05Z", None, id="ISO 8601"),
        pytest.param("1789491605", None, id="epoch seconds"),
        pytest.param("", None, id="blank"),
        pytest.param("yesterday", None, id="in words"),
        pytest.param("Tue, 15 Sep 99999999999999999999 17:00:05 +0000", None, id="absurd"),
        pytest.param("Tue, 15 Sep 2026 17:00:05 +99999999999999", None, id="an absurd zone"),
        pytest.param("\ufffd\ufffd", None, id="garbage"),
    ],
)
def test_a_stamp_reads_as(sent: str, at: datetime | None) -> None:
    assert inbound.read_stamp(sent, NOW) == at


@given(sent=st.text(max_size=60))
def test_no_stamp_is_ever_naive_or_days_away(sent: str) -> None:
    stamp = inbound.read_stamp(sent, NOW)

    assert stamp is None or abs(stamp - NOW) <= timedelta(days=7)


def test_the_end_of_a_dial_says_how_it_ended_and_how_the_caller_stands() -> None:
    sent = form(
        CallSid=CALL,
        CallStatus="in-progress",
        DialCallStatus="completed",
        DialCallSid=LEG,
        DialCallDuration="185",
        DialBridged="true",
    )

    assert inbound.read_dial_end(sent, 2, "bolt", NOW) == DialEnded(
        call_sid=CALL,
        received_at=NOW,
        attempt=2,
        destination_id="bolt",
        status=LegStatus.COMPLETED,
        bridged=True,
        duration_s=185,
        leg_sid=LEG,
        caller_status=LegStatus.IN_PROGRESS,
    )


@pytest.mark.parametrize(
    ("sent", "bridged"),
    [("true", True), ("True", True), ("false", False), ("", None), ("yes", None), ("1", None)],
)
def test_only_true_and_false_say_whether_two_were_joined(sent: str, bridged: bool | None) -> None:
    end = inbound.read_dial_end(form(CallSid=CALL, DialBridged=sent), 1, "acme", NOW)

    assert end.bridged is bridged


def test_an_action_without_its_dial_fields_tells_only_that_the_attempt_is_over() -> None:
    end = inbound.read_dial_end(form(CallSid=CALL, CallStatus="ringing"), 1, "acme", NOW)

    assert (end.status, end.bridged, end.duration_s, end.leg_sid) == (None, None, None, "")
    assert end.caller_status is LegStatus.RINGING


def test_an_unknown_dial_status_is_not_taken_for_a_missing_one() -> None:
    end = inbound.read_dial_end(form(CallSid=CALL, DialCallStatus="exploded"), 1, "acme", NOW)

    assert end.status is LegStatus.UNKNOWN


def test_a_legs_callback_belongs_to_its_parent_call() -> None:
    sent = form(
        CallSid=LEG,
        ParentCallSid=CALL,
        CallStatus="busy",
        CallDuration="0",
        Duration="1",
        SipResponseCode="486",
        Timestamp="Tue, 15 Sep 2026 17:00:04 +0000",
        SequenceNumber="2",
    )

    assert inbound.read_leg_progress(sent, 1, "acme-east", NOW) == LegProgressed(
        call_sid=CALL,
        received_at=NOW,
        attempt=1,
        destination_id="acme-east",
        leg_sid=LEG,
        status=LegStatus.BUSY,
        occurred_at=NOW.replace(second=4, microsecond=0),
        duration_s=0,
        sip_code=486,
    )


@pytest.mark.parametrize("code", ["", "-1", "busy", "4.86", "48600000", "\ufffd"])
def test_a_sip_code_that_is_none_is_left_out(code: str) -> None:
    sent = form(CallSid=LEG, ParentCallSid=CALL, SipResponseCode=code)

    assert inbound.read_leg_progress(sent, 1, "acme", NOW).sip_code is None


def test_whisper_and_key_press_belong_to_the_parent_call() -> None:
    sent = form(CallSid=LEG, ParentCallSid=CALL, Digits="1")

    assert inbound.read_whisper(sent, 2, "bolt", NOW) == WhisperStarted(
        call_sid=CALL, received_at=NOW, attempt=2, destination_id="bolt", leg_sid=LEG
    )
    assert inbound.read_screening(sent, 2, "bolt", NOW) == ScreeningAnswered(
        call_sid=CALL,
        received_at=NOW,
        attempt=2,
        destination_id="bolt",
        leg_sid=LEG,
        accepted=False,
    )


@pytest.mark.parametrize(
    ("fields", "seconds", "hung_up"),
    [
        pytest.param({"RecordingDuration": "12", "Digits": "#"}, 12, False, id="ended by a key"),
        pytest.param({"RecordingDuration": "12", "Digits": "hangup"}, 12, True, id="by hanging up"),
        pytest.param({"RecordingDuration": "12", "Digits": ""}, 12, False, id="by silence"),
        pytest.param({"RecordingDuration": "-3"}, 0, False, id="negative"),
        pytest.param({"RecordingDuration": "long"}, 0, False, id="textual"),
        pytest.param({}, 0, False, id="missing"),
    ],
)
def test_a_voicemail_has_its_length_and_who_ended_it(
    fields: dict[str, str], seconds: int, hung_up: bool
) -> None:
    url = "https://api.example.com/Recordings/RE1"

    recorded = inbound.read_voicemail(form(CallSid=CALL, RecordingUrl=url, **fields), NOW)

    assert recorded == VoicemailRecorded(
        call_sid=CALL,
        received_at=NOW,
        duration_s=seconds,
        recording_url=url,
        caller_hung_up=hung_up,
    )


def test_a_fallback_says_which_answer_failed_and_why() -> None:
    sent = form(CallSid=CALL, ErrorCode="11200", ErrorUrl="https://calls.example.com/twilio/voice")

    assert inbound.read_fallback(sent, NOW) == FallbackAsked(
        call_sid=CALL,
        received_at=NOW,
        error_code="11200",
        error_url="https://calls.example.com/twilio/voice",
    )


def test_the_end_of_a_call_has_seconds_and_never_minutes() -> None:
    sent = form(
        CallSid=CALL,
        CallStatus="completed",
        CallDuration="185",
        Duration="4",
        Timestamp="Tue, 15 Sep 2026 17:00:05 +0000",
    )

    assert inbound.read_call_end(sent, NOW) == CallEnded(
        call_sid=CALL,
        received_at=NOW,
        status=LegStatus.COMPLETED,
        occurred_at=NOW.replace(microsecond=0),
        duration_s=185,
    )
    minutes_only = form(CallSid=CALL, CallStatus="completed", Duration="4")
    assert inbound.read_call_end(minutes_only, NOW).duration_s is None


READERS: list[Callable[[Form], CallEvent]] = [
    lambda sent: inbound.read_arrival(sent, NOW),
    lambda sent: inbound.read_dial_end(sent, 1, "acme", NOW),
    lambda sent: inbound.read_leg_progress(sent, 1, "acme", NOW),
    lambda sent: inbound.read_whisper(sent, 1, "acme", NOW),
    lambda sent: inbound.read_screening(sent, 1, "acme", NOW),
    lambda sent: inbound.read_voicemail(sent, NOW),
    lambda sent: inbound.read_fallback(sent, NOW),
    lambda sent: inbound.read_call_end(sent, NOW),
]
FIELDS = (
    *("CallSid", "ParentCallSid", "CallStatus", "From", "To", "FromState", "FromZip"),
    *("CallDuration", "Timestamp", "SipResponseCode", "DialCallStatus", "DialCallSid"),
    *("DialCallDuration", "DialBridged", "RecordingDuration", "RecordingUrl", "Digits"),
    *("ErrorCode", "ErrorUrl"),
)


@given(
    values=st.dictionaries(st.sampled_from(FIELDS), st.binary(max_size=40) | st.just(b"x" * 9000))
)
def test_no_form_at_all_makes_a_reader_raise_or_keep_what_can_not_be_stored(
    values: dict[str, bytes],
) -> None:
    sent = Form(urlencode(values).encode())

    for read in READERS:
        text = repr(read(sent))
        assert len(text) < 5000
        text.encode()
