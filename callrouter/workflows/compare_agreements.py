"""What differs between two versions of a party's terms, and since when calls are affected; pure."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from callrouter.domain.billing.rating import say_percent
from callrouter.domain.billing.terms import Agreement, Terms, TieOutTerms
from callrouter.domain.billing.terms_choice import say_scope
from callrouter.domain.billing.terms_words import say_moment
from callrouter.domain.clocks.time_spans import write_span
from callrouter.workflows.compare_tables import (
    Difference,
    Sections,
    compare_sections,
    spell_fields,
)

_EVER = datetime(2000, 1, 1, tzinfo=UTC)
_OWN = frozenset({"party", "version", "terms", "tie_out"})
"""What isn't told as one of the party's own keys."""
_SAID = frozenset(
    ("starts_at", "ends_at", "campaign_id", "destination_id", "currency", "duplicate_window_s")
) | {"share.parts_per_million"}
"""What the name of a section says of its terms already, and what is said in other words."""


def compare_agreements(before: Agreement | None, after: Agreement) -> tuple[Difference, ...]:
    """What `after` changes but for the version; terms are told by their calls and dates."""
    old: Sections = {"": {}} if before is None else _spell(before)
    return tuple(compare_sections(old, _spell(after)))


def find_first_change(before: Agreement | None, after: Agreement, at: datetime) -> datetime | None:
    """The earliest instant before `at` from which calls are rated differently; None if none is."""
    own = before.terms if before else ()
    edges = {
        edge
        for terms in (*own, *after.terms)
        for edge in (terms.starts_at, terms.ends_at)
        if edge is not None and edge < at
    }
    changed = (edge for edge in edges if _in_force(own, edge) != _in_force(after.terms, edge))
    return min(changed, default=None)


def _in_force(terms: tuple[Terms, ...], at: datetime) -> frozenset[Terms]:
    """What is in force at an instant, whatever its dates are."""
    return frozenset(
        replace(each, starts_at=_EVER, ends_at=None)
        for each in terms
        if each.starts_at <= at and (each.ends_at is None or at < each.ends_at)
    )


def _spell(agreement: Agreement) -> Sections:
    party = {
        key: value
        for key, value in spell_fields(agreement, "")
        if key.partition(".")[0] not in _OWN
    }
    sections = {"": party}
    if agreement.tie_out != TieOutTerms():
        sections["tie_out"] = dict(spell_fields(agreement.tie_out, ""))
    for terms in agreement.terms:
        begins = say_moment(terms.starts_at, agreement.zone)
        sections[f"terms[{say_scope(terms)}, from {begins}]"] = dict(_spell_terms(terms, agreement))
    return sections


def _spell_terms(terms: Terms, agreement: Agreement) -> Iterator[tuple[str, str]]:
    if terms.ends_at is not None:
        yield "until", say_moment(terms.ends_at, agreement.zone)
    for key, value in spell_fields(terms, ""):
        if key not in _SAID:
            yield key, value
    if terms.share is not None:
        yield "share", say_percent(terms.share)
    if terms.duplicate_window_s:
        yield "duplicate_window", write_span(terms.duplicate_window_s)
