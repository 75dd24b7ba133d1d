import pytest

from callrouter.domain.health.buyer_health import Health, HealthAnswer, note_answer
from tests.domain.builders import at

GOOD, BAD = HealthAnswer(True, "200"), HealthAnswer(False, "503")


@pytest.mark.parametrize(
    ("answers", "looks_down", "looks_well"),
    [
        ([BAD], False, False),
        ([GOOD], False, False),
        ([BAD, BAD], True, False),
        ([BAD, BAD, BAD], True, False),
        ([BAD, GOOD, BAD], False, False),
        ([BAD, BAD, GOOD], False, False),
        ([BAD, BAD, GOOD, GOOD], False, True),
    ],
)
def test_two_answers_in_a_row_count_and_one_is_a_hiccup(
    answers: list[HealthAnswer], looks_down: bool, looks_well: bool
) -> None:
    health: Health | None = None
    for second, answer in enumerate(answers):
        health = note_answer("acme", health, answer, at(second))

    assert health is not None
    assert (health.looks_down, health.looks_well) == (looks_down, looks_well)
    assert (health.checked_at, health.said) == (at(len(answers) - 1), answers[-1].said)
