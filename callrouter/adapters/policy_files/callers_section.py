"""What a table says of callers who come again: `[callers]`, and `duplicates` among the rules."""

from typing import Annotated

from callrouter.adapters.policy_files.explain import Section
from callrouter.adapters.policy_files.rules import TRUE_OR_FALSE, Rule, one_of, span, whole
from callrouter.domain.callers.duplicates import (
    CallerRules,
    DuplicateAfter,
    DuplicateRule,
    DuplicateScope,
    DuplicateThen,
    RepeatRule,
    RepeatThen,
)
from callrouter.domain.clocks.time_spans import read_span

DUPLICATES = Rule(
    'a table { window = "30d", scope = "buyer", after = "payable", then = "another_buyer" }',
    '{ window = "30d" }',
)


class DuplicatesSection(Section):
    """`duplicates`: what becomes of a caller whom the buyer has had already."""

    window: Annotated[str, span("1s", "366d", "30d")]
    scope: Annotated[str, one_of(*DuplicateScope)] = "buyer"
    after: Annotated[str, one_of(*DuplicateAfter)] = "payable"
    then: Annotated[str, one_of(*DuplicateThen)] = "another_buyer"
    any_campaign: Annotated[bool, TRUE_OR_FALSE] = False


class RepeatsSection(Section):
    """`[callers.repeats]`: what becomes of a caller who calls the campaign again."""

    window: Annotated[str, span("1s", "366d", "10m")]
    then: Annotated[str, one_of(*RepeatThen)] = "normal"


class CallersSection(Section):
    """`[callers]`: what holds for the campaign's callers before a route is looked for."""

    min_gap_s: Annotated[int, whole(0, 3_600, 2, "seconds")] = 0
    repeats: Annotated[RepeatsSection | None, Rule("a section", '{ window = "10m" }')] = None


def to_duplicate_rule(section: DuplicatesSection | None) -> DuplicateRule | None:
    """The rule that a valid section states."""
    if section is None:
        return None
    return DuplicateRule(
        window_s=_seconds(section.window),
        scope=DuplicateScope(section.scope),
        after=DuplicateAfter(section.after),
        then=DuplicateThen(section.then),
        any_campaign=section.any_campaign,
    )


def to_caller_rules(section: CallersSection) -> CallerRules:
    """The rules that a valid section states."""
    repeats = section.repeats
    return CallerRules(
        min_gap_s=section.min_gap_s,
        repeats=RepeatRule(_seconds(repeats.window), RepeatThen(repeats.then)) if repeats else None,
    )


def _seconds(window: str) -> int:
    seconds = read_span(window)
    assert seconds is not None  # noqa: S101 - the section was validated
    return seconds
