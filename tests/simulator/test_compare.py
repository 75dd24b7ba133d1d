from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from callrouter.simulator.compare import Difference, compare
from callrouter.simulator.truth import (
    AttemptOutcome,
    AttemptTruth,
    CallTruth,
    Disposition,
    HangupParty,
    IntervalMs,
    Window,
)

ACME, BOLT = "+13125550171", "+16465550172"
NAMES = {ACME: "acme-east", BOLT: "bolt-main"}
AT = datetime(2026, 9, 15, 17, 0, 0, tzinfo=UTC)
TRUTH = CallTruth(
    call_sid="CA1",
    did="+18005550100",
    caller="+14155550123",
    started_at=AT,
    first_webhook=Window(AT, AT + timedelta(seconds=1)),
    ended_at=AT + timedelta(seconds=40),
    attempts=(
        AttemptTruth(ACME, "CA2", AttemptOutcome.BUSY, AT + timedelta(seconds=5), dial=1),
        AttemptTruth(BOLT, "CA3", AttemptOutcome.CONNECTED, AT + timedelta(seconds=40), 2, 31),
    ),
    disposition=Disposition.CONNECTED,
    hangup_party=HangupParty.CALLEE,
    total=IntervalMs(39_000, 39_900),
    total_if_looked_up=IntervalMs.exactly(40),
    connected=IntervalMs.exactly(31),
    accepted_webhooks=5,
)
ROW = {
    "call_id": "CA1",
    "started_at": "2026-09-15T17:00:00.150Z",
    "total_s": "39.5",
    "connected_s": "31",
    "disposition": "connected",
    "destination": "bolt-main",
    "attempts": "2",
    "attempt_outcomes": "acme-east:busy bolt-main:connected",
    "flags": "",
}


def differences(
    wrong: Mapping[str, str] = {},
    truth: CallTruth = TRUTH,
    looked_up: frozenset[str] = frozenset(),
) -> list[Difference]:
    return list(compare([truth], [{**ROW, **wrong}], NAMES, looked_up))


def test_a_cdr_that_tells_the_truth_has_no_difference() -> None:
    assert differences() == []


@pytest.mark.parametrize("connected", ["31", "31.0", "31.000"])
def test_seconds_may_be_written_with_up_to_three_decimals(connected: str) -> None:
    assert differences({"connected_s": connected}) == []


@pytest.mark.parametrize(
    ("field", "cdr", "truth"),
    [
        pytest.param("total_s", "38.999", "39.000..39.900", id="total too short"),
        pytest.param("total_s", "39.901", "39.000..39.900", id="total too long"),
        pytest.param("total_s", "", "39.000..39.900", id="no total"),
        pytest.param("total_s", "39.5001", "39.000..39.900", id="finer than a millisecond"),
        pytest.param("total_s", "NaN", "39.000..39.900", id="not a number"),
        pytest.param("connected_s", "30.999", "31.000", id="connected"),
        pytest.param("connected_s", "32", "31.000", id="a second too many"),
        pytest.param("connected_s", "", "31.000", id="no connected"),
        pytest.param("disposition", "abandoned", "connected", id="disposition"),
        pytest.param("destination", "acme-east", "bolt-main", id="destination"),
        pytest.param("destination", "", "bolt-main", id="no destination"),
        pytest.param("attempts", "1", "2", id="attempts"),
        pytest.param(
            "attempt_outcomes",
            "bolt-main:connected acme-east:busy",
            "acme-east:busy bolt-main:connected",
            id="outcomes in another order",
        ),
    ],
)
def test_each_wrong_figure_is_one_difference(field: str, cdr: str, truth: str) -> None:
    assert differences({field: cdr}) == [Difference("CA1", field, truth, cdr)]


def test_a_total_from_the_carriers_own_start_is_right_only_for_a_call_that_was_looked_up() -> None:
    assert differences({"total_s": "40"}) == [Difference("CA1", "total_s", "39.000..39.900", "40")]
    assert differences({"total_s": "40"}, looked_up=frozenset({"CA1"})) == []
    assert differences({"total_s": "39.950"}, looked_up=frozenset({"CA1"})) == [
        Difference("CA1", "total_s", "39.000..39.900 or 40.000", "39.950")
    ]


def test_a_screened_call_is_compared_with_its_interval() -> None:
    screened = replace(TRUTH, connected=IntervalMs(30_100, 30_300))

    assert differences({"connected_s": "30.250"}, screened) == []
    assert [d.field for d in differences({"connected_s": "30.301"}, screened)] == ["connected_s"]


def test_where_two_dispositions_are_right_either_may_be_told() -> None:
    unheard = replace(TRUTH, also_right=frozenset({Disposition.NO_DESTINATION}))

    assert differences({"disposition": "no_destination"}, unheard) == []
    assert differences({"disposition": "busy"}, unheard) == [
        Difference("CA1", "disposition", "connected or no_destination", "busy")
    ]


def test_a_missing_cdr_is_a_difference() -> None:
    assert list(compare([TRUTH], [], NAMES)) == [Difference("CA1", "cdr", "one", "none")]


def test_a_call_of_which_the_router_took_nothing_needs_no_cdr() -> None:
    unheard = replace(TRUTH, accepted_webhooks=0, first_webhook=None)

    assert list(compare([unheard], [], NAMES)) == []


def test_a_doubled_cdr_is_a_difference() -> None:
    assert list(compare([TRUTH], [ROW, ROW], NAMES)) == [Difference("CA1", "cdr", "one", "2")]


def test_a_cdr_of_a_call_that_nobody_placed_is_a_difference() -> None:
    rows = [ROW, {**ROW, "call_id": "CA9"}]

    assert list(compare([TRUTH], rows, NAMES)) == [Difference("CA9", "cdr", "none", "1")]


def test_an_attempt_that_failed_everywhere_names_the_last_destination() -> None:
    truth = replace(
        TRUTH,
        attempts=TRUTH.attempts[:1],
        disposition=Disposition.BUSY,
        connected=IntervalMs(0, 0),
    )

    assert (
        differences(
            {
                "connected_s": "0",
                "disposition": "busy",
                "destination": "acme-east",
                "attempts": "1",
                "attempt_outcomes": "acme-east:busy",
            },
            truth,
        )
        == []
    )


def test_a_call_without_attempts_names_no_destination() -> None:
    truth = replace(
        TRUTH, attempts=(), disposition=Disposition.NO_DESTINATION, connected=IntervalMs(0, 0)
    )

    assert (
        differences(
            {
                "connected_s": "0",
                "disposition": "no_destination",
                "destination": "",
                "attempts": "0",
                "attempt_outcomes": "",
            },
            truth,
        )
        == []
    )


def ring_together(outcome: AttemptOutcome, *also_right: AttemptOutcome) -> CallTruth:
    first, second = TRUTH.attempts
    beside = replace(first, outcome=outcome, dial=2, also_right=frozenset(also_right))
    return replace(TRUTH, attempts=(beside, second))


def test_phones_that_one_dial_rang_are_one_attempt() -> None:
    truth = ring_together(AttemptOutcome.ELSEWHERE)
    told = {"attempts": "1", "attempt_outcomes": "acme-east:elsewhere bolt-main:connected"}

    assert differences(told, truth) == []
    assert [d.field for d in differences({**told, "attempts": "2"}, truth)] == ["attempts"]


@pytest.mark.parametrize(
    ("outcome", "is_right"), [("busy", True), ("elsewhere", True), ("no_answer", False)]
)
def test_where_two_outcomes_are_right_either_may_be_told(outcome: str, is_right: bool) -> None:
    truth = ring_together(AttemptOutcome.BUSY, AttemptOutcome.ELSEWHERE)
    outcomes = f"acme-east:{outcome} bolt-main:connected"

    found = differences({"attempts": "1", "attempt_outcomes": outcomes}, truth)

    wanted = "acme-east:busy or acme-east:elsewhere bolt-main:connected"
    wrong = Difference("CA1", "attempt_outcomes", wanted, outcomes)
    assert found == ([] if is_right else [wrong])


def test_a_sip_address_is_its_destination_whatever_headers_it_was_given() -> None:
    first, second = TRUTH.attempts
    address = "sip:desk@pbx.example.com"
    truth = replace(TRUTH, attempts=(replace(first, dial_string=f"{address}?X-Id=CA1"), second))

    assert list(compare([truth], [ROW], {address: "acme-east", BOLT: "bolt-main"})) == []
