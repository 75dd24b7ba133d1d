"""What would become of a call, attempt by attempt, in a person's words."""

from collections.abc import Iterator, Sequence

from callrouter.cli.decision_text import (
    has_draw,
    list_candidates,
    list_passed_by,
    say_decision,
    say_source,
)
from callrouter.domain.routing.decision import Decision


def describe_foreseen(decisions: Sequence[Decision]) -> Iterator[str]:
    """The first decision in full; of the later ones what is done, and who is newly ruled out."""
    first, *later = decisions
    yield ""
    yield from describe_decision(first)
    if not later:
        return
    yield ""
    yield "if nobody takes it:"
    for decision in later:
        yield f"  {_label(decision)}: {say_decision(decision)}"
    passed_by = list_passed_by(decisions[-1])
    if passed_by:
        yield "never dialled:"
        yield from (f"  {line}" for line in passed_by)
    if has_draw(first):
        yield ""
        yield "Within a priority each call draws its own order by the shares; this is one of them."


def describe_decision(decision: Decision) -> Iterator[str]:
    """One decision in full: what is done, by which versions, and what became of each candidate."""
    yield f"{_label(decision)}: {say_decision(decision)}"
    yield f"  by {say_source(decision)}"
    for line in list_candidates(decision):
        yield f"  {line}"


def _label(decision: Decision) -> str:
    if decision.dial is not None:
        return f"attempt {decision.attempt}"
    return "at once" if decision.attempt == 1 else "at last"
