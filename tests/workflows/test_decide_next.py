"""What is decided about a caller whose attempt has ended, by the events of the call alone."""

from callrouter.domain.call import read_history
from callrouter.domain.decision import Closing
from callrouter.domain.events import CallEvent, LegStatus
from callrouter.domain.rules import Recovery
from callrouter.workflows.decide_next import closing_after, read_call_so_far
from tests.domain.builders import arrived, decided, dial_ended

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
