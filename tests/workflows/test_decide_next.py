"""What is decided about a caller whose attempt has ended, by the events of the call alone."""

from callrouter.domain.calls.call import read_history
from callrouter.domain.calls.events import CallEvent, LegStatus
from callrouter.domain.routing.decision import Closing
from callrouter.domain.tables.rules import Recovery
from callrouter.workflows.decide_next import closing_after, read_call_so_far
from tests.domain.builders import arrived, decided, dial, dial_ended, ring_group

COMPLETED, IN_PROGRESS = LegStatus.COMPLETED, LegStatus.IN_PROGRESS
UNDER_20 = Recovery(under_s=20)


def close_after(*events: CallEvent) -> Closing | None:
    history = read_history((arrived(), *events))
    decision = closing_after(history, 1, read_call_so_far(history, arrived(), ()))
    return decision.closing if decision else None


def test_a_caller_whom_the_destination_dropped_early_is_dialled_on_for() -> None:
    drop = dial_ended(1, 16.4, COMPLETED, bridged=True, caller=IN_PROGRESS, duration_s=6)

    assert close_after(decided(1, 0, recovery=UNDER_20), drop) is None
    assert close_after(decided(1, 0), drop) is Closing.CONNECTED


def test_a_caller_who_hung_up_early_is_not() -> None:
    hung_up = dial_ended(1, 16.4, COMPLETED, bridged=True, caller=COMPLETED, duration_s=6)

    assert close_after(decided(1, 0, recovery=UNDER_20), hung_up) is Closing.CONNECTED


def test_seconds_of_talk_are_no_seconds_of_ringing() -> None:
    history = read_history(
        (
            arrived(),
            decided(1, 0, recovery=UNDER_20),
            dial_ended(1, 16.5, COMPLETED, bridged=True, caller=IN_PROGRESS, duration_s=6),
        )
    )

    assert read_call_so_far(history, arrived(), ()).ring_ms == 10_500


def test_all_phones_of_a_ring_group_were_tried_in_one_attempt() -> None:
    group = ring_group(1, 0, dial("acme-east"), dial("acme-west"))
    unanswered = dial_ended(1, 25, LegStatus.NO_ANSWER, destination="acme-east")

    history = read_history((arrived(), group, unanswered))
    call = read_call_so_far(history, arrived(), ("acme-east", "acme-west"))

    assert call.tried == ("acme-east", "acme-west")
    assert (call.attempts, call.ring_ms) == (1, 25_000)
    assert closing_after(history, 1, call) is None


def test_a_ring_group_that_nobody_remembers_is_known_by_the_url() -> None:
    unanswered = dial_ended(2, 25, LegStatus.NO_ANSWER, destination="bolt")

    call = read_call_so_far(
        read_history((unanswered,)), arrived(), ("acme-east", "acme-west", "cosy", "bolt")
    )

    assert set(call.tried) == {"acme-east", "acme-west", "cosy", "bolt"}
    assert (call.attempts, call.ring_ms) == (2, 30_000)
