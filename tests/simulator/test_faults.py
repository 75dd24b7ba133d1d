import pytest

from callrouter.simulator.chance import Chance
from callrouter.simulator.faults import Fault, Faults, parse_faults


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        pytest.param("all", set(Fault), id="all"),
        pytest.param("none", set(), id="none"),
        pytest.param("", set(), id="nothing"),
        pytest.param("repeat, lose", {Fault.REPEAT, Fault.LOSE}, id="list"),
    ],
)
def test_faults_are_parsed(text: str, kinds: set[Fault]) -> None:
    assert parse_faults(text).kinds == kinds


@pytest.mark.parametrize("text", ["repat", "all,lose", "none,slow"])
def test_an_unknown_fault_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="choose of all, none, repeat, shuffle, delay, lose, slow"):
        parse_faults(text)


def test_a_fault_hits_its_share_of_topics_and_the_same_ones_each_time() -> None:
    faults = Faults(frozenset({Fault.LOSE}), share=0.25)

    hits = [faults.of_call(Chance("1", i)).hits(Fault.LOSE, "leg:1") for i in range(2000)]

    assert hits == [faults.of_call(Chance("1", i)).hits(Fault.LOSE, "leg:1") for i in range(2000)]
    assert sum(hits) == pytest.approx(500, rel=0.15)


def test_a_fault_that_was_not_asked_for_never_hits() -> None:
    call = Faults(frozenset({Fault.LOSE}), share=1).of_call(Chance("1", 1))

    assert not call.hits(Fault.SLOW, "voice:1")
    assert call.delay_s("leg:1") == 0
    assert call.repeat_after_s("leg:1") is None
