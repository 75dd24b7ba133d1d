"""From webhook forms to events: Twilio's fields, read with tolerance and within bounds.

A field that makes no sense becomes None here and is kept in the raw form that is stored with it.
"""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

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

_SID = re.compile(r"[A-Za-z0-9]{1,64}")
_DIGITS = re.compile(r"[0-9]{1,7}")
_LONGEST_CALL_S = 24 * 3600 + 60
"""Twilio ends any call after 24 hours at most (its page on <Dial>, timeLimit)."""
_OLDEST_STAMP = timedelta(days=7)
_NEWEST_STAMP = timedelta(days=1)


def read_sid(form: Form, name: str = "CallSid") -> str:
    """A call's id, or "" when the field is missing or can't be one."""
    sid = form.get(name)
    return sid if _SID.fullmatch(sid) else ""


def read_status(sent: str) -> LegStatus:
    """A call status; a word that Twilio's documentation doesn't have is UNKNOWN."""
    try:
        return LegStatus(sent.strip().lower())
    except ValueError:
        return LegStatus.UNKNOWN


def read_seconds(sent: str) -> int | None:
    """Whole seconds, or None for what is missing, negative, textual or longer than any call."""
    if not _DIGITS.fullmatch(sent):
        return None
    seconds = int(sent)
    return seconds if seconds <= _LONGEST_CALL_S else None


def read_stamp(sent: str, received_at: datetime) -> datetime | None:
    """An RFC 2822 stamp in UTC, or None when it is unreadable or days away from its arrival."""
    try:
        stamp = parsedate_to_datetime(sent)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if stamp.tzinfo is None:
        return None
    try:
        stamp = stamp.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    if received_at - _OLDEST_STAMP <= stamp <= received_at + _NEWEST_STAMP:
        return stamp
    return None


def find_unreadable(form: Form, event: CallEvent) -> tuple[str, ...]:
    """The fields that were sent but of which `event` has nothing, as no call can have such values.

    Their text stays in the raw form.
    """
    read: tuple[tuple[str, object], ...] = ()
    if isinstance(event, DialEnded):
        read = (
            ("CallStatus", event.caller_status),
            ("DialCallStatus", event.status),
            ("DialCallDuration", event.duration_s),
        )
    elif isinstance(event, LegProgressed | CallEnded):
        read = (
            ("CallStatus", event.status),
            ("CallDuration", event.duration_s),
            ("Timestamp", event.occurred_at),
        )
    return tuple(
        name for name, value in read if value in (None, LegStatus.UNKNOWN) and form.get(name)
    )


def read_arrival(form: Form, received_at: datetime, *, degraded: bool = False) -> CallArrived:
    """The first request about a call, to whichever of our URLs it came."""
    return CallArrived(
        call_sid=read_sid(form),
        received_at=received_at,
        did=form.get("To", 64),
        ani=form.get("From", 64),
        caller_state=form.get("FromState", 32),
        caller_zip=form.get("FromZip", 16),
        caller_country=form.get("FromCountry", 8),
        degraded=degraded,
    )


def read_dial_end(
    form: Form, attempt: int, destination_id: str, received_at: datetime
) -> DialEnded:
    """The Dial action request; asked of the fallback URL instead, its Dial fields are missing."""
    status = form.get("DialCallStatus")
    bridged = form.get("DialBridged").lower()
    return DialEnded(
        call_sid=read_sid(form),
        received_at=received_at,
        attempt=attempt,
        destination_id=destination_id,
        status=read_status(status) if status else None,
        bridged=None if bridged not in ("true", "false") else bridged == "true",
        duration_s=read_seconds(form.get("DialCallDuration")),
        leg_sid=read_sid(form, "DialCallSid"),
        caller_status=read_status(form.get("CallStatus")),
    )


def read_leg_progress(
    form: Form, attempt: int, destination_id: str, received_at: datetime
) -> LegProgressed:
    """A status callback of a buyer's leg; its call is the parent."""
    sip_code = form.get("SipResponseCode", 8)
    return LegProgressed(
        call_sid=read_sid(form, "ParentCallSid"),
        received_at=received_at,
        attempt=attempt,
        destination_id=destination_id,
        leg_sid=read_sid(form),
        status=read_status(form.get("CallStatus")),
        occurred_at=read_stamp(form.get("Timestamp"), received_at),
        duration_s=read_seconds(form.get("CallDuration")),
        sip_code=int(sip_code) if _DIGITS.fullmatch(sip_code) else None,
    )


def read_whisper(
    form: Form, attempt: int, destination_id: str, received_at: datetime
) -> WhisperStarted:
    """The request for what the buyer hears first; made when the buyer has answered."""
    return WhisperStarted(
        call_sid=read_sid(form, "ParentCallSid"),
        received_at=received_at,
        attempt=attempt,
        destination_id=destination_id,
        leg_sid=read_sid(form),
    )


def read_screening(
    form: Form, attempt: int, destination_id: str, received_at: datetime
) -> ScreeningAnswered:
    """The buyer pressed a key; whether it accepts the call depends on the key asked for."""
    return ScreeningAnswered(
        call_sid=read_sid(form, "ParentCallSid"),
        received_at=received_at,
        attempt=attempt,
        destination_id=destination_id,
        leg_sid=read_sid(form),
        accepted=False,
    )


def read_voicemail(form: Form, received_at: datetime) -> VoicemailRecorded:
    """The Record action request: the caller left a message, or hung up in the middle of it."""
    return VoicemailRecorded(
        call_sid=read_sid(form),
        received_at=received_at,
        duration_s=read_seconds(form.get("RecordingDuration")) or 0,
        recording_url=form.get("RecordingUrl", 500),
        caller_hung_up=form.get("Digits") == "hangup",
    )


def read_fallback(form: Form, received_at: datetime) -> FallbackAsked:
    """The fallback request: which of our answers failed, and why."""
    return FallbackAsked(
        call_sid=read_sid(form),
        received_at=received_at,
        error_code=form.get("ErrorCode", 16),
        error_url=form.get("ErrorUrl", 2000),
    )


def read_call_end(form: Form, received_at: datetime) -> CallEnded:
    """The number's status callback: the caller's leg in its final state."""
    return CallEnded(
        call_sid=read_sid(form),
        received_at=received_at,
        status=read_status(form.get("CallStatus")),
        occurred_at=read_stamp(form.get("Timestamp"), received_at),
        duration_s=read_seconds(form.get("CallDuration")),
    )
