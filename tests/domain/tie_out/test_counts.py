"""What is one is said as one."""

import pytest

from callrouter.domain.tie_out.counts import say_count


@pytest.mark.parametrize(
    ("count", "several", "said"),
    [
        (0, "", "0 records"),
        (1, "", "1 record"),
        (2_000, "", "2,000 records"),
        (1, "records of theirs", "1 record"),
        (2, "records of theirs", "2 records of theirs"),
    ],
)
def test_a_count_goes_with_its_word(count: int, several: str, said: str) -> None:
    assert say_count(count, "record", several) == said
