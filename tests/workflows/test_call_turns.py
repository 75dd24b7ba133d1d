"""Requests about one call are answered one after the other, those about others meanwhile."""

import threading
from concurrent.futures import ThreadPoolExecutor

from callrouter.workflows.call_turns import CallTurns


def test_one_waits_for_the_other_at_the_same_call_alone() -> None:
    turns, answered = CallTurns(), list[str]()
    began = threading.Event()

    def answer(seller_id: str, call_sid: str, name: str) -> None:
        began.set()
        with turns.take(seller_id, call_sid):
            answered.append(name)

    with ThreadPoolExecutor(1) as threads, turns.take("s", "CA1"):
        repeat = threads.submit(answer, "s", "CA1", "the repeat")
        assert began.wait(10)
        answer("s", "CA2", "another call")
        answer("t", "CA1", "another seller's")
        answered.append("the first")
        assert not repeat.done()
    assert answered == ["another call", "another seller's", "the first", "the repeat"]


def test_who_waits_too_long_goes_on_and_takes_nothing_from_those_who_wait() -> None:
    turns = CallTurns(patience_s=0.01)
    with turns.take("s", "CA1"):
        with turns.take("s", "CA1"):
            pass
        with turns.take("s", "CA1"):
            pass


def test_a_call_that_nobody_answers_about_any_more_takes_no_memory() -> None:
    turns = CallTurns()
    for number in range(3):
        with turns.take("s", f"CA{number}"):
            assert len(turns._turns) == 1
    assert turns._turns == {}
