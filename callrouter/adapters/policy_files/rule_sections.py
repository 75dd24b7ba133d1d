"""The rules that `[rules]`, `[[buyers]]` and `[[routes]]` may have alike, and what they mean."""

import re
from typing import Annotated

from callrouter.adapters.policy_files.callers_section import (
    DUPLICATES,
    DuplicatesSection,
    to_duplicate_rule,
)
from callrouter.adapters.policy_files.explain import Section
from callrouter.adapters.policy_files.hours_section import HOURS, HoursSection, to_hours
from callrouter.adapters.policy_files.quota_section import QuotaSection
from callrouter.adapters.policy_files.rules import Refusal, Rule, must_be, whole
from callrouter.domain.tables.filters import (
    LONGEST_PATTERN,
    NUMBER_TYPES,
    TAG,
    Field,
    Filter,
    Operator,
    check_pattern,
)
from callrouter.domain.tables.rules import Recovery, Rules

_LONGEST_FILTER = 4_000
_FILTER = re.compile(r"\s*([\w.-]+)\s*(==|!=|<|>|\b(?:not_in|in|matches)\b)\s*(.*?)\s*", re.DOTALL)
_EXAMPLE = "state in TX, OK"


def _refuse_filter(value: object) -> Refusal:
    read = _parse_filter(str(value))
    return read if isinstance(read, str) else None


def _parse_filter(text: str) -> Filter | str:
    """A filter such as `state in TX, OK`, or why it isn't one."""
    match = _FILTER.fullmatch(text) if len(text) <= _LONGEST_FILTER else None
    if match is None:
        return must_be(f'a field, {" ".join(Operator)}, and a value, as in "{_EXAMPLE}"', text)
    name, operator = match[1], Operator(match[2])
    if name not in tuple(Field) and not (name.startswith(TAG) and len(name) > len(TAG)):
        return f"has the field {name!r}; known are {', '.join(Field)} and {TAG}NAME"
    listed = operator in (Operator.IN, Operator.NOT_IN)
    values = [v.strip() for v in match[3].split(",")] if listed else [match[3]]
    if not all(values) or max(map(len, values)) > LONGEST_PATTERN:
        return f"needs values of 1 to {LONGEST_PATTERN} characters, found {match[3]!r}"
    wrong = _refuse_values(name, operator, values)
    return wrong or Filter(name, operator, tuple(values))


def _refuse_values(name: str, operator: Operator, values: list[str]) -> Refusal:
    if operator is Operator.MATCHES:
        return check_pattern(values[0])
    compares = operator not in (Operator.LESS, Operator.GREATER)
    if name == Field.NUMBER_TYPE and compares and not set(values) <= set(NUMBER_TYPES):
        return f"has a number_type that there isn't; known are {', '.join(NUMBER_TYPES)}"
    return None


FILTER = Rule(f'a filter as in "{_EXAMPLE}"', f'"{_EXAMPLE}"', _refuse_filter)
FILTERS = Rule("a list of filters", f'["{_EXAMPLE}"]')
RECOVERY = Rule("a table { under_s = 20, most = 2 }", "{ under_s = 20, most = 2 }")


class RecoverySection(Section):
    """`recovery`: dial the next when the destination ends the talk early."""

    under_s: Annotated[int, whole(1, 600, 20, "seconds")]
    most: Annotated[int, whole(1, 5, 1)] = 1


class RulesSection(QuotaSection):
    """`[rules]`: what holds for all routes; `[[buyers]]` and `[[routes]]` have it too."""

    hours: Annotated[HoursSection | None, HOURS] = None
    filters: Annotated[list[Annotated[str, FILTER]] | None, FILTERS] = None
    spacing_s: Annotated[int | None, whole(1, 86_400, 30, "seconds")] = None
    recovery: Annotated[RecoverySection | None, RECOVERY] = None
    duplicates: Annotated[DuplicatesSection | None, DUPLICATES] = None


def to_rules(section: RulesSection) -> Rules:
    """The rules that a valid section states."""
    recovery = section.recovery
    return Rules(
        hours=to_hours(section.hours) if section.hours else None,
        filters=None if section.filters is None else tuple(map(_read_filter, section.filters)),
        spacing_s=section.spacing_s,
        recovery=Recovery(recovery.under_s, recovery.most) if recovery else None,
        duplicates=to_duplicate_rule(section.duplicates),
    )


def _read_filter(text: str) -> Filter:
    read = _parse_filter(text)
    assert isinstance(read, Filter)  # noqa: S101 - the section was validated
    return read
