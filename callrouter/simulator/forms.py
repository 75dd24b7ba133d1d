"""The parameters of webhooks, as Twilio sends them: all strings, empty where unknown."""

from datetime import datetime
from math import ceil

from callrouter.simulator.call_log import CallRecord, CallStatus, Direction
from callrouter.simulator.caller import Place
from callrouter.simulator.clock import rfc2822
from callrouter.simulator.webhooks import Form

API_VERSION = "2010-04-01"

_SIP_CODES = {
    CallStatus.COMPLETED: "200",
    CallStatus.BUSY: "486",
    CallStatus.NO_ANSWER: "487",
    CallStatus.CANCELED: "487",
}


def leg_form(account_sid: str, record: CallRecord, caller_at: Place, called_at: Place) -> Form:
    """The parameters that every webhook about a leg carries."""
    parent = (("ParentCallSid", record.parent_sid),) if record.parent_sid else ()
    return (
        ("AccountSid", account_sid),
        ("ApiVersion", API_VERSION),
        ("CallSid", record.sid),
        ("CallStatus", record.status),
        ("Direction", record.direction),
        ("From", record.caller),
        ("To", record.called),
        ("Caller", record.caller),
        ("Called", record.called),
        *_geo("From", caller_at),
        *_geo("Caller", caller_at),
        *_geo("To", called_at),
        *_geo("Called", called_at),
        *parent,
    )


def _geo(side: str, place: Place) -> Form:
    return (
        (f"{side}City", place.city),
        (f"{side}State", place.state),
        (f"{side}Zip", place.postcode),
        (f"{side}Country", place.country),
    )


def status_form(
    leg: Form, record: CallRecord, at: datetime, sequence: int, sip_code: int | None = None
) -> Form:
    """A status callback: the leg's parameters, and the event's own of `record` as it stands.

    A final status carries the duration in whole seconds and (trap) `Duration` in whole minutes.
    """
    final: Form = ()
    if record.ended_at is not None:
        code = str(sip_code) if sip_code else _SIP_CODES.get(record.status, "")
        final = (
            ("CallDuration", str(record.duration_s)),
            ("Duration", str(ceil(record.duration_s / 60))),
        )
        if code and (record.direction is Direction.OUTBOUND_DIAL or record.answered_at):
            final += (("SipResponseCode", code),)
    return (
        *leg,
        *final,
        ("CallbackSource", "call-progress-events"),
        ("SequenceNumber", str(sequence)),
        ("Timestamp", rfc2822(at)),
    )


def recording_status_form(
    *,
    account_sid: str,
    call_sid: str,
    recording_sid: str,
    recording_url: str,
    started_at: datetime,
    duration_s: int,
) -> Form:
    """The callback of a finished recording; it names the caller's leg."""
    return (
        ("AccountSid", account_sid),
        ("CallSid", call_sid),
        ("RecordingSid", recording_sid),
        ("RecordingUrl", recording_url),
        ("RecordingSource", "RecordVerb"),
        ("RecordingTrack", "inbound"),
        ("RecordingChannels", "1"),
        ("RecordingStartTime", rfc2822(started_at)),
        ("ErrorCode", "0"),
        ("RecordingStatus", "completed"),
        ("RecordingDuration", str(duration_s)),
    )
