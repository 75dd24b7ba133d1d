import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from callrouter.adapters.storage.write_queue import WriteQueue


def wait_until(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.001)


def test_turns_come_in_the_order_in_which_they_were_asked_for() -> None:
    queue, came = WriteQueue(), list[int]()
    assert queue.enter(1)

    def take_turn(number: int) -> None:
        assert queue.enter(10)
        came.append(number)
        queue.leave()

    with ThreadPoolExecutor(8) as threads:
        for number in range(8):
            threads.submit(take_turn, number)
            wait_until(lambda n=number: queue.waiting == n + 1)  # type: ignore[misc]
        queue.leave()
    assert came == list(range(8))


def test_only_one_has_the_turn_at_a_time() -> None:
    queue, inside, most = WriteQueue(), 0, 0

    def take_turns() -> None:
        nonlocal inside, most
        for _ in range(200):
            assert queue.enter(10)
            inside += 1
            most = max(most, inside)
            inside -= 1
            queue.leave()

    with ThreadPoolExecutor(6) as threads:
        for future in [threads.submit(take_turns) for _ in range(6)]:
            future.result()
    assert most == 1


def test_who_waits_too_long_goes_and_is_passed_by() -> None:
    queue = WriteQueue()
    queue.enter(1)
    with ThreadPoolExecutor(2) as threads:
        assert threads.submit(queue.enter, 0.01).result() is False
        later = threads.submit(queue.enter, 10)
        wait_until(lambda: queue.waiting == 1)
        queue.leave()
        assert later.result() is True


def test_who_has_the_turn_and_asks_again_is_told_so() -> None:
    queue = WriteQueue()
    queue.enter(1)
    with pytest.raises(RuntimeError, match="writing already"):
        queue.enter(1)
    queue.leave()
    assert queue.enter(1)


def test_turns_survive_waiters_who_give_up_at_the_same_moment() -> None:
    queue, entered = WriteQueue(), threading.Semaphore(0)

    def try_briefly() -> None:
        for _ in range(100):
            if queue.enter(0.0005):
                entered.release()
                queue.leave()

    with ThreadPoolExecutor(8) as threads:
        for future in [threads.submit(try_briefly) for _ in range(8)]:
            future.result()
    assert entered.acquire(blocking=False)
    assert queue.enter(0.1)
    assert queue.waiting == 0
