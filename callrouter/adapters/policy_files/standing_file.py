"""The states of accounts as TOML: read, with every refusal named by line."""

from collections.abc import Iterator
from typing import Annotated

from callrouter.adapters.policy_files.document import PolicyDocument, open_document
from callrouter.adapters.policy_files.explain import Section, find_repeats, read_sections
from callrouter.adapters.policy_files.rules import TRUE_OR_FALSE, Rule, slug, whole
from callrouter.domain.billing.standing_ladder import Ladder, Rung
from callrouter.domain.errors import FileProblem
from callrouter.domain.limits.standing import Effect

_CONDITIONS = ("days_overdue", "exposure_percent", "calls_left")
_EFFECTS = ("rank_later", "most_connected_per_day", "no_calls")


class StateSection(Section):
    """`[[states]]`: when an account is in a state, and what that means for its calls."""

    name: Annotated[str, slug("watched")]
    days_overdue: Annotated[int | None, whole(1, 366, 7, "days")] = None
    exposure_percent: Annotated[int | None, whole(1, 1_000, 80, "percent")] = None
    calls_left: Annotated[int | None, whole(1, 100_000, 5, "calls")] = None
    rank_later: Annotated[bool, TRUE_OR_FALSE] = False
    most_connected_per_day: Annotated[int | None, whole(1, 1_000_000, 20, "calls")] = None
    no_calls: Annotated[bool, TRUE_OR_FALSE] = False
    tell_buyer: Annotated[bool, TRUE_OR_FALSE] = False


class StandingFile(Section):
    """The whole file."""

    margin_percent: Annotated[int, whole(0, 50, 5, "percent")] = 5
    states: Annotated[list[StateSection], Rule("a list of states", "[[states]]")]


def read_ladder(text: str, file: str) -> Ladder:
    """The states that `text` describes, the best first; `file` is its name in messages.

    Raises PolicyFileError with every problem, each with its line, its key and what is expected.
    """
    document = open_document(text, file)
    sections = read_sections(StandingFile, document, _find_conflicts(document))
    return Ladder(tuple(_to_rung(each) for each in sections.states), sections.margin_percent)


def _to_rung(section: StateSection) -> Rung:
    return Rung(
        name=section.name,
        effect=Effect(
            ranks_later=section.rank_later,
            most_per_day=section.most_connected_per_day,
            takes_calls=not section.no_calls,
        ),
        days_overdue=section.days_overdue,
        exposure_percent=section.exposure_percent,
        calls_left=section.calls_left,
        tells_buyer=section.tell_buyer,
    )


def _find_conflicts(document: PolicyDocument) -> Iterator[FileProblem]:
    states = document.value_at(("states",))
    if not isinstance(states, list) or not all(isinstance(each, dict) for each in states):
        return  # told by the sections
    if not states:
        yield document.problem(("states",), "needs at least one state, the best, as in [[states]]")
    names = ((("states", place, "name"), each.get("name")) for place, each in enumerate(states))
    yield from find_repeats(document, names)
    for key in (*_CONDITIONS, *_EFFECTS):
        if states and key in states[0]:
            message = "the first state is the one without conditions and effects: leave this out"
            yield document.problem(("states", 0, key), message)
    for place, state in enumerate(states):
        if place and not any(key in state for key in _CONDITIONS):
            message = f"needs a condition, or no account is ever in it: {', '.join(_CONDITIONS)}"
            yield document.problem(("states", place), message)
    for key in _CONDITIONS:
        yield from _find_disorder(document, states, key)


def _find_disorder(
    document: PolicyDocument, states: list[dict[str, object]], key: str
) -> Iterator[FileProblem]:
    """Where a worse state is reached more easily: the one before would never be seen."""
    before: int | None = None
    for place, state in enumerate(states):
        value = state.get(key)
        if not isinstance(value, int):
            continue
        grows = before is None or (value < before if key == "calls_left" else value > before)
        if not grows:
            word = "fewer" if key == "calls_left" else "more"
            message = f"must be {word} than in the better states above, where it is {before}"
            yield document.problem(("states", place, key), message)
        before = value
