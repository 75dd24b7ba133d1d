"""The states of accounts as TOML: what the file says, and every way in which it can be wrong."""

from pathlib import Path

import pytest

from callrouter.adapters.policy_files.standing_file import read_ladder
from callrouter.domain.billing.standing_ladder import DEFAULT_LADDER, Ladder, Rung
from callrouter.domain.errors import PolicyFileError
from callrouter.domain.limits.standing import Effect

CONFIG = Path(__file__).parents[3] / "config" / "standing.toml"
GOOD = '[[states]]\nname = "good"\n'


def test_the_file_that_comes_along_says_what_holds_without_one() -> None:
    assert read_ladder(CONFIG.read_text(), "standing.toml") == DEFAULT_LADDER


def test_a_state_has_conditions_and_effects() -> None:
    text = f"""
    margin_percent = 10
    {GOOD}
    [[states]]
    name = "slow"
    days_overdue = 3
    exposure_percent = 90
    calls_left = 2
    rank_later = true
    most_connected_per_day = 20
    tell_buyer = true
    """

    assert read_ladder(text, "s.toml") == Ladder(
        (
            Rung(name="good"),
            Rung(
                name="slow",
                effect=Effect(ranks_later=True, most_per_day=20),
                days_overdue=3,
                exposure_percent=90,
                calls_left=2,
                tells_buyer=True,
            ),
        ),
        margin_percent=10,
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("", "states: is missing", id="nothing"),
        pytest.param("states = []", "needs at least one state", id="no state"),
        pytest.param(
            '[[states]]\nname = "good"\nno_calls = true',
            "states[1].no_calls: the first state is the one without conditions and effects",
            id="a first state with an effect",
        ),
        pytest.param(
            f'{GOOD}[[states]]\nname = "bad"\nno_calls = true',
            "states[2]: needs a condition, or no account is ever in it",
            id="no condition",
        ),
        pytest.param(
            f'{GOOD}[[states]]\nname = "good"\ndays_overdue = 1',
            "the same as on line 2",
            id="one name twice",
        ),
        pytest.param(
            f'{GOOD}[[states]]\nname = "a"\ndays_overdue = 7\n'
            '[[states]]\nname = "b"\ndays_overdue = 7',
            "states[3].days_overdue: must be more than in the better states above, where it is 7",
            id="a worse state as early",
        ),
        pytest.param(
            f'{GOOD}[[states]]\nname = "a"\ncalls_left = 1\n[[states]]\nname = "b"\ncalls_left = 5',
            "states[3].calls_left: must be fewer than in the better states above, where it is 1",
            id="a worse state with more money",
        ),
        pytest.param(
            f'{GOOD}[[states]]\nname = "a"\ndays_overdue = "7"',
            "states[2].days_overdue: must be",
            id="a number in quotes",
        ),
        pytest.param("states = [1]", "states[1]: must be", id="no tables"),
    ],
)
def test_what_is_wrong_is_told_by_line_and_key(text: str, problem: str) -> None:
    with pytest.raises(PolicyFileError) as refused:
        read_ladder(text, "s.toml")

    assert problem in str(refused.value)
