"""Our CDRs against the carrier's own records, leg by leg: every leg of either side in one class.

Pure. Legs are matched by the carrier's id of them; whose calls they are is for the caller to say.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from callrouter.domain.carrier.carrier_records import CarrierRecord, CarrierRequest
from callrouter.domain.cdr import AttemptRecord, Cdr

TOLERANCE_MS = 1000
"""Durations further apart than this differ."""
_RESOLUTION_MS = 1000
"""Two stamps in whole seconds are up to a second closer or further apart than the instants were."""


class AuditClass(StrEnum):
    """What an audit found of one leg; the first six are findings."""

    WE_MISS_CALL = "we_miss_call"
    """A call to a number of ours, with its legs, that we know nothing of."""
    WE_MISS_LEG = "we_miss_leg"
    """A leg of a call of ours that its CDR doesn't have."""
    NOT_CLOSED = "not_closed"
    """It has ended at the carrier, and the call has no CDR here."""
    THEY_MISS_CALL = "they_miss_call"
    """A call of ours, with its legs, that the carrier has no record of."""
    THEY_MISS_LEG = "they_miss_leg"
    """A leg of a call of ours that the carrier has no record of."""
    DIFFERS = "differs"
    """Both have it, with durations more than a second apart, or ended on one side only."""
    AGREES = "agrees"
    GOING_ON = "going_on"
    """It has not ended at the carrier yet, and has no CDR here."""
    NO_LEG = "no_leg"
    """An attempt of ours that no leg of the carrier's is known for: nothing to compare."""
    NOT_OURS = "not_ours"
    """A leg of the account that was never meant for us."""

    @property
    def is_off(self) -> bool:
        """Whether something is wrong with a leg of this class."""
        return self in _OFF


_OFF = frozenset(
    {
        AuditClass.WE_MISS_CALL,
        AuditClass.WE_MISS_LEG,
        AuditClass.NOT_CLOSED,
        AuditClass.THEY_MISS_CALL,
        AuditClass.THEY_MISS_LEG,
        AuditClass.DIFFERS,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LegVerdict:
    """One leg in its class. `our_ms` and `their_ms` are what was compared; None where it is not.

    `is_ours` and `is_theirs` say on which sides it stands. `text` says in words what is off, and is
    "" where nothing is, and for legs that a finding of their call speaks of as well.
    """

    kind: AuditClass
    call_sid: str
    leg_sid: str
    is_ours: bool
    is_theirs: bool
    our_ms: int | None = None
    their_ms: int | None = None
    text: str = ""

    @property
    def is_finding(self) -> bool:
        """Whether it is to be told: one for each call that is missed, one for each leg else."""
        return self.kind.is_off and bool(self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class OurSide:
    """What we have of a call: its CDR, if it is over, and whether we know of it at all.

    `owns_number`: for an unknown call, whether the number that was called is one of ours.
    """

    cdr: Cdr | None
    is_known: bool
    owns_number: bool = False


def compare_call(ours: OurSide, records: Iterable[CarrierRecord]) -> tuple[LegVerdict, ...]:
    """Every leg of one call, of either side, in its class; the caller's leg first.

    `records` are the carrier's legs of the call, each once.
    """
    theirs = {record.leg_sid: record for record in records}
    if ours.cdr is None:
        ordered = sorted(theirs.values(), key=_order)
        return tuple(_judge_without_cdr(record, ours, ordered) for record in ordered)
    verdicts = tuple(_match_own(ours.cdr, theirs))
    left = sorted(theirs.values(), key=_order)
    return verdicts + tuple(_judge_unmatched(record, ours.cdr) for record in left)


def _match_own(cdr: Cdr, theirs: dict[str, CarrierRecord]) -> Iterator[LegVerdict]:
    """Our legs, each with its record, which is taken out of `theirs`."""
    is_gone = not theirs
    yield _judge_caller(cdr, theirs.pop(cdr.call_sid, None))
    named = {cdr.call_sid}
    for attempt in cdr.attempts:
        if not attempt.leg_sid or attempt.leg_sid in named:
            yield LegVerdict(
                kind=AuditClass.NO_LEG,
                call_sid=cdr.call_sid,
                leg_sid=attempt.leg_sid,
                is_ours=True,
                is_theirs=False,
            )
            continue
        named.add(attempt.leg_sid)
        if is_gone:
            kind, ms = AuditClass.THEY_MISS_CALL, attempt.answered_ms
            yield _they_miss(kind, cdr, attempt.leg_sid, ms, "")
        else:
            yield _judge_attempt(cdr, attempt, theirs.pop(attempt.leg_sid, None))


def _judge_caller(cdr: Cdr, record: CarrierRecord | None) -> LegVerdict:
    if record is None:
        text = (
            f"our call to {cdr.did or 'an unknown number'} at {_show(cdr.started_at)}, "
            f"{cdr.disposition}, total {_say_s(cdr.total_ms)} s: the carrier has no record of it"
        )
        return _they_miss(AuditClass.THEY_MISS_CALL, cdr, cdr.call_sid, cdr.total_ms, text)
    their_ms = measure_lifetime(record)
    tolerance_ms = TOLERANCE_MS + _RESOLUTION_MS
    text = ""
    if not record.status.is_final:
        text = _say_still_up(cdr, record)
    elif their_ms is not None and abs(cdr.total_ms - their_ms) > tolerance_ms:
        text = f"total {_say_s(cdr.total_ms)} s here, {their_ms // 1000} s at the carrier"
    return _both(cdr, record, cdr.total_ms, their_ms, text)


def _judge_attempt(cdr: Cdr, attempt: AttemptRecord, record: CarrierRecord | None) -> LegVerdict:
    shown = f"attempt {attempt.attempt} at {attempt.destination_id or 'an unknown destination'}"
    if record is None:
        text = (
            f"{shown}, {attempt.outcome}, answered {_say_s(attempt.answered_ms)} s: "
            "the carrier has no record of its leg"
        )
        sid = attempt.leg_sid
        return _they_miss(AuditClass.THEY_MISS_LEG, cdr, sid, attempt.answered_ms, text)
    their_ms = (record.duration_s or 0) * 1000
    text = ""
    if not record.status.is_final:
        text = _say_still_up(cdr, record)
    elif abs(attempt.answered_ms - their_ms) > TOLERANCE_MS:
        text = (
            f"{shown}: answered {_say_s(attempt.answered_ms)} s (connected "
            f"{_say_s(attempt.connected_ms)} s) here, {their_ms // 1000} s at the carrier"
        )
    return _both(cdr, record, attempt.answered_ms, their_ms, text)


def say_requests(requests: Sequence[CarrierRequest]) -> str:
    """Whom the carrier asked what to do with a call, oldest first, and what it got: the last."""
    if not requests:
        return "the carrier asked nobody what to do with it"
    last = requests[-1]
    answered = f"got {last.status}" if last.status is not None else "got no answer"
    after = f" after {_say_s(last.took_ms)} s" if last.took_ms is not None else ""
    others = f", the last of {len(requests)} requests" if len(requests) > 1 else ""
    return f"the carrier asked {last.url or 'an unknown URL'} and {answered}{after}{others}"


def measure_lifetime(record: CarrierRecord) -> int | None:
    """Milliseconds from a leg's start to its end, by stamps in whole seconds; None while it is up.

    This is what our total is: the carrier's own duration begins with the answer.
    """
    if record.ended_at is None:
        return None
    return max(0, round((record.ended_at - record.started_at) / timedelta(milliseconds=1)))


def _they_miss(kind: AuditClass, cdr: Cdr, leg_sid: str, our_ms: int, text: str) -> LegVerdict:
    return LegVerdict(
        kind=kind,
        call_sid=cdr.call_sid,
        leg_sid=leg_sid,
        is_ours=True,
        is_theirs=False,
        our_ms=our_ms,
        text=text,
    )


def _both(
    cdr: Cdr, record: CarrierRecord, our_ms: int, their_ms: int | None, text: str
) -> LegVerdict:
    return LegVerdict(
        kind=AuditClass.DIFFERS if text else AuditClass.AGREES,
        call_sid=cdr.call_sid,
        leg_sid=record.leg_sid,
        is_ours=True,
        is_theirs=True,
        our_ms=our_ms,
        their_ms=their_ms,
        text=text,
    )


def _judge_unmatched(record: CarrierRecord, cdr: Cdr) -> LegVerdict:
    """A leg of the carrier's that no attempt of the CDR has."""
    if not record.status.is_final:
        return _theirs_alone(AuditClass.GOING_ON, record, "")
    nameless = sum(not attempt.leg_sid for attempt in cdr.attempts)
    hint = f"; its CDR has {nameless} attempts of which no leg is known" if nameless else ""
    text = f"{_say_leg(record)}: no attempt of its CDR has this leg{hint}"
    return _theirs_alone(AuditClass.WE_MISS_LEG, record, text)


def _judge_without_cdr(
    record: CarrierRecord, ours: OurSide, family: list[CarrierRecord]
) -> LegVerdict:
    if not (ours.is_known or ours.owns_number):
        return _theirs_alone(AuditClass.NOT_OURS, record, "")
    if not all(each.status.is_final for each in family):
        return _theirs_alone(AuditClass.GOING_ON, record, "")
    kind = AuditClass.NOT_CLOSED if ours.is_known else AuditClass.WE_MISS_CALL
    if record is not family[0]:
        return _theirs_alone(kind, record, "")
    dialled = len(family) - 1
    legs = f"{dialled} leg{'' if dialled == 1 else 's'} dialled for it"
    why = "it has no CDR here" if ours.is_known else "nothing of it ever reached us"
    return _theirs_alone(kind, record, f"{_say_leg(record)}, {legs}: {why}")


def _theirs_alone(kind: AuditClass, record: CarrierRecord, text: str) -> LegVerdict:
    return LegVerdict(
        kind=kind,
        call_sid=record.call_sid,
        leg_sid=record.leg_sid,
        is_ours=False,
        is_theirs=True,
        their_ms=measure_lifetime(record),
        text=text,
    )


def _order(record: CarrierRecord) -> tuple[bool, datetime, str]:
    return (not record.is_callers_leg, record.started_at, record.leg_sid)


def _say_leg(record: CarrierRecord) -> str:
    what = "call" if record.is_callers_leg else "leg"
    lasted = measure_lifetime(record)
    length = f", {lasted // 1000} s" if lasted is not None else ""
    return f"{what} to {record.dial_string} at {_show(record.started_at)}, {record.status}{length}"


def _say_still_up(cdr: Cdr, record: CarrierRecord) -> str:
    return f"ended at {_show(cdr.ended_at)} here, still {record.status} at the carrier"


def _say_s(ms: int) -> str:
    return f"{ms / 1000:.3f}"


def _show(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
