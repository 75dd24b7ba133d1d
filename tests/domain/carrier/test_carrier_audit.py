"""Our CDRs against the carrier's records: every leg of either side in exactly one class."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callrouter.domain.calls.events import LegStatus
from callrouter.domain.carrier.carrier_audit import (
    AuditClass,
    LegVerdict,
    OurSide,
    compare_call,
    measure_lifetime,
    say_requests,
)
from callrouter.domain.carrier.carrier_records import CarrierRecord, CarrierRequest, LegDirection
from tests.books import CDR_SID, LEG_SID, attempt, cdr
from tests.switchboards import DID, T0

CALL, LEG, OTHER_LEG = CDR_SID, LEG_SID, "CA3"


def record(
    leg_sid: str = CALL,
    *,
    status: LegStatus = LegStatus.COMPLETED,
    lasted_s: int | None = 66,
    duration_s: int | None = 60,
) -> CarrierRecord:
    is_callers = leg_sid == CALL
    return CarrierRecord(
        call_sid=CALL,
        leg_sid=leg_sid,
        direction=LegDirection.INBOUND if is_callers else LegDirection.DIALLED,
        caller="+14155550123",
        dial_string=DID if is_callers else "+12125550171",
        status=status,
        started_at=T0,
        ended_at=None if lasted_s is None else T0 + timedelta(seconds=lasted_s),
        duration_s=duration_s,
        cost_micros=22_000,
        currency="USD",
    )


OURS = OurSide(cdr=cdr(attempt()), is_known=True)
NO_CDR = OurSide(cdr=None, is_known=True)
UNKNOWN = OurSide(cdr=None, is_known=False, owns_number=True)
STRANGE = OurSide(cdr=None, is_known=False)


def kinds(verdicts: tuple[LegVerdict, ...]) -> dict[str, str]:
    return {verdict.leg_sid: verdict.kind.value for verdict in verdicts}


def told(verdicts: tuple[LegVerdict, ...]) -> list[str]:
    return [verdict.text for verdict in verdicts if verdict.is_finding]


def test_legs_that_both_sides_have_agree() -> None:
    verdicts = compare_call(OURS, (record(LEG), record()))

    assert kinds(verdicts) == {CALL: "agrees", LEG: "agrees"}
    assert told(verdicts) == []
    assert [(v.our_ms, v.their_ms) for v in verdicts] == [(66_000, 66_000), (60_000, 60_000)]


@pytest.mark.parametrize(
    ("total_ms", "lasted_s", "kind"),
    [
        pytest.param(66_000, 68, "agrees", id="a second, and a second of rounding"),
        pytest.param(66_000, 64, "agrees", id="the same the other way"),
        pytest.param(65_999, 68, "differs", id="a millisecond more"),
        pytest.param(66_001, 64, "differs", id="the other way"),
    ],
)
def test_the_callers_leg_is_compared_by_its_whole_life_with_our_total(
    total_ms: int, lasted_s: int, kind: str
) -> None:
    ours = OurSide(cdr=cdr(total_ms=total_ms), is_known=True)

    (verdict,) = compare_call(ours, (record(lasted_s=lasted_s),))

    assert verdict.kind == kind


@pytest.mark.parametrize(
    ("answered_ms", "duration_s", "kind"),
    [
        pytest.param(60_000, 61, "agrees", id="a second"),
        pytest.param(60_000, 59, "agrees", id="a second less"),
        pytest.param(59_999, 61, "differs", id="a millisecond more"),
        pytest.param(0, None, "agrees", id="answered on neither side"),
        pytest.param(3_000, None, "differs", id="answered on our side alone"),
    ],
)
def test_a_buyers_leg_is_compared_from_its_answer_on(
    answered_ms: int, duration_s: int | None, kind: str
) -> None:
    ours = OurSide(cdr=cdr(attempt(answered_ms=answered_ms)), is_known=True)

    verdicts = compare_call(ours, (record(), record(LEG, duration_s=duration_s)))

    assert kinds(verdicts)[LEG] == kind


@pytest.mark.parametrize(
    ("ours", "records", "found", "text"),
    [
        pytest.param(
            OURS,
            (record(lasted_s=90), record(LEG)),
            {CALL: "differs", LEG: "agrees"},
            "total 66.000 s here, 90 s at the carrier",
            id="another total",
        ),
        pytest.param(
            OURS,
            (record(), record(LEG, duration_s=57)),
            {CALL: "agrees", LEG: "differs"},
            "attempt 1 at acme-east: answered 60.000 s (connected 60.000 s) here, "
            "57 s at the carrier",
            id="another talk",
        ),
        pytest.param(
            OURS,
            (record(status=LegStatus.IN_PROGRESS, lasted_s=None), record(LEG)),
            {CALL: "differs", LEG: "agrees"},
            "ended at 2026-09-15 17:01:06 UTC here, still in-progress at the carrier",
            id="ended here alone",
        ),
        pytest.param(
            OURS,
            (record(), record(LEG, status=LegStatus.IN_PROGRESS)),
            {CALL: "agrees", LEG: "differs"},
            "ended at 2026-09-15 17:01:06 UTC here, still in-progress at the carrier",
            id="a leg that ended here alone",
        ),
        pytest.param(
            OURS,
            (record(),),
            {CALL: "agrees", LEG: "they_miss_leg"},
            "attempt 1 at acme-east, connected, answered 60.000 s: "
            "the carrier has no record of its leg",
            id="a leg without a record",
        ),
        pytest.param(
            OURS,
            (),
            {CALL: "they_miss_call", LEG: "they_miss_call"},
            f"our call to {DID} at 2026-09-15 17:00:00 UTC, connected, total 66.000 s: "
            "the carrier has no record of it",
            id="a call without a record is told once",
        ),
        pytest.param(
            OurSide(cdr=cdr(did=""), is_known=True),
            (record(LEG),),
            {CALL: "they_miss_call", LEG: "we_miss_leg"},
            "our call to an unknown number at 2026-09-15 17:00:00 UTC, connected, "
            "total 66.000 s: the carrier has no record of it",
            id="a caller's leg without a record",
        ),
        pytest.param(
            OurSide(cdr=cdr(attempt("")), is_known=True),
            (record(), record(OTHER_LEG)),
            {CALL: "agrees", "": "no_leg", OTHER_LEG: "we_miss_leg"},
            "leg to +12125550171 at 2026-09-15 17:00:00 UTC, completed, 66 s: no attempt of its "
            "CDR has this leg; its CDR has 1 attempts of which no leg is known",
            id="a leg that no attempt names",
        ),
        pytest.param(
            UNKNOWN,
            (record(LEG), record()),
            {CALL: "we_miss_call", LEG: "we_miss_call"},
            f"call to {DID} at 2026-09-15 17:00:00 UTC, completed, 66 s, 1 leg dialled for it: "
            "nothing of it ever reached us",
            id="a call that we miss is told once",
        ),
        pytest.param(
            NO_CDR,
            (record(),),
            {CALL: "not_closed"},
            f"call to {DID} at 2026-09-15 17:00:00 UTC, completed, 66 s, 0 legs dialled for it: "
            "it has no CDR here",
            id="a call without a CDR",
        ),
    ],
)
def test_whatever_is_off_is_told_in_words(
    ours: OurSide, records: tuple[CarrierRecord, ...], found: dict[str, str], text: str
) -> None:
    verdicts = compare_call(ours, records)

    assert kinds(verdicts) == found
    assert told(verdicts)[0] == text


@pytest.mark.parametrize(
    ("ours", "records", "found"),
    [
        pytest.param(STRANGE, (record(),), {CALL: "not_ours"}, id="a number of nobody here"),
        pytest.param(
            NO_CDR,
            (record(), record(LEG, status=LegStatus.RINGING, lasted_s=None)),
            {CALL: "going_on", LEG: "going_on"},
            id="a call that has not ended",
        ),
        pytest.param(
            OurSide(cdr=cdr(), is_known=True),
            (record(), record(LEG, status=LegStatus.QUEUED, lasted_s=None)),
            {CALL: "agrees", LEG: "going_on"},
            id="a leg of which nothing is known yet",
        ),
    ],
)
def test_what_is_in_order_though_one_side_alone_has_it_is_not_told(
    ours: OurSide, records: tuple[CarrierRecord, ...], found: dict[str, str]
) -> None:
    verdicts = compare_call(ours, records)

    assert kinds(verdicts) == found
    assert told(verdicts) == []


VOICE = "https://calls.example.com/twilio/voice"


@pytest.mark.parametrize(
    ("requests", "said"),
    [
        pytest.param([], "the carrier asked nobody what to do with it", id="nobody"),
        pytest.param(
            [CarrierRequest(VOICE, 502, 1887)],
            f"the carrier asked {VOICE} and got 502 after 1.887 s",
            id="a bad answer",
        ),
        pytest.param(
            [CarrierRequest(VOICE, 502, 20), CarrierRequest("", None, None)],
            "the carrier asked an unknown URL and got no answer, the last of 2 requests",
            id="no answer",
        ),
    ],
)
def test_why_a_call_never_reached_us_is_told_by_what_the_carrier_asked(
    requests: list[CarrierRequest], said: str
) -> None:
    assert say_requests(requests) == said


def test_an_attempt_that_names_a_leg_again_has_none_of_its_own() -> None:
    ours = OurSide(cdr=cdr(attempt(), attempt(number=2)), is_known=True)

    verdicts = compare_call(ours, (record(), record(LEG)))

    assert [v.kind for v in verdicts] == [AuditClass.AGREES, AuditClass.AGREES, AuditClass.NO_LEG]


def test_a_leg_that_is_up_has_no_length_yet() -> None:
    assert measure_lifetime(record(lasted_s=None)) is None
    assert measure_lifetime(replace(record(), ended_at=T0 - timedelta(seconds=1))) == 0


SIDS = st.sampled_from(["", CALL, LEG, OTHER_LEG, "CA4", "CA5"])
RECORDS = st.builds(
    record,
    SIDS.filter(bool),
    status=st.sampled_from(list(LegStatus)),
    lasted_s=st.none() | st.integers(0, 100),
    duration_s=st.none() | st.integers(0, 100),
)
CDRS = st.builds(
    lambda attempts, total_ms: cdr(*attempts, total_ms=total_ms),
    st.lists(st.builds(attempt, SIDS, st.integers(1, 4), st.integers(0, 100_000)), max_size=4),
    st.integers(0, 100_000),
)
OUR_SIDES = st.builds(OurSide, cdr=st.none() | CDRS, is_known=st.booleans()) | st.just(UNKNOWN)


@given(ours=OUR_SIDES, records=st.lists(RECORDS, unique_by=lambda each: each.leg_sid, max_size=5))
def test_the_classes_add_up_to_both_sides(ours: OurSide, records: list[CarrierRecord]) -> None:
    verdicts = compare_call(ours, records)

    assert Counter(v.leg_sid for v in verdicts if v.is_theirs) == Counter(
        each.leg_sid for each in records
    )
    own = [] if ours.cdr is None else [CALL, *(each.leg_sid for each in ours.cdr.attempts)]
    assert Counter(v.leg_sid for v in verdicts if v.is_ours) == Counter(own)
    assert all(v.is_ours or v.is_theirs for v in verdicts)
    assert verdicts == compare_call(ours, reversed(records))


@given(ours=OUR_SIDES, records=st.lists(RECORDS, unique_by=lambda each: each.leg_sid, max_size=5))
def test_every_call_with_something_off_is_told(ours: OurSide, records: list[CarrierRecord]) -> None:
    verdicts = compare_call(ours, records)

    assert any(v.kind.is_off for v in verdicts) == any(v.is_finding for v in verdicts)
