"""What a party has agreed to as TOML: read, with every refusal named by line.

Whether there is such a party, campaign or destination is not known here.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime

from callrouter.adapters.policy_files.document import PolicyDocument, open_document, refusal
from callrouter.adapters.policy_files.explain import read_sections
from callrouter.adapters.policy_files.hours_section import find_hours_conflicts, to_hours
from callrouter.adapters.policy_files.terms_conflicts import find_conflicts, read_percent
from callrouter.adapters.policy_files.terms_sections import TermsFile, TermsSection, TieOutSection
from callrouter.domain.billing.party import Party, Side
from callrouter.domain.billing.terms import (
    Agreement,
    Band,
    Clock,
    Credit,
    Cycle,
    Operator,
    PerMinute,
    Rounding,
    Share,
    Terms,
    TheirTime,
    TieOutTerms,
)
from callrouter.domain.billing.terms_overlap import find_overlaps
from callrouter.domain.clocks.hours import Hours
from callrouter.domain.clocks.periods import find_day_start
from callrouter.domain.clocks.time_spans import read_span
from callrouter.domain.errors import FileProblem
from callrouter.domain.money import read_amount


def read_agreement_file(text: str, file: str, *, version: int = 0) -> Agreement:
    """The agreement that `text` describes, as `version`; `file` is its name in messages.

    Raises PolicyFileError with every problem, each with its line, its key and what is expected.
    """
    document = open_document(text, file)
    sections = read_sections(TermsFile, document, _find_problems(document))
    agreement = _to_agreement(sections, version)
    problems = (*_find_reversed(document, agreement), *_place_overlaps(document, agreement))
    if problems:
        raise refusal(problems)
    return agreement


def _find_problems(document: PolicyDocument) -> Iterator[FileProblem]:
    yield from find_conflicts(document)
    entries = document.value_at(("terms",))
    for index in range(len(entries) if isinstance(entries, list) else 0):
        yield from find_hours_conflicts(document, ("terms", index, "hours"))


def _find_reversed(document: PolicyDocument, agreement: Agreement) -> Iterator[FileProblem]:
    for index, terms in enumerate(agreement.terms):
        if terms.ends_at is not None and terms.ends_at <= terms.starts_at:
            begins, ends = (document.value_at(("terms", index, key)) for key in ("from", "until"))
            message = f"must be after from, {begins}; found {ends}"
            yield document.problem(("terms", index, "until"), message)


def _place_overlaps(document: PolicyDocument, agreement: Agreement) -> Iterator[FileProblem]:
    for overlap in find_overlaps(agreement.terms):
        line = document.line_of(("terms", overlap.earlier))
        message = (
            f"begins while the terms on line {line} for {overlap.scope} are still in force: "
            "write until there, no later than this date"
        )
        yield document.problem(("terms", overlap.later, "from"), message)


def _to_agreement(sections: TermsFile, version: int) -> Agreement:
    credit = None
    if sections.prepaid:
        credit = Credit(0, sections.currency)
    elif sections.credit_limit:
        credit = Credit(_to_micros(sections.credit_limit, sections.currency), sections.currency)
    is_buyer = bool(sections.buyer)
    return Agreement(
        party=Party(
            Side.BUYER if is_buyer else Side.PUBLISHER, sections.buyer or sections.publisher
        ),
        version=version,
        zone=sections.zone,
        terms=tuple(_to_terms(each, sections) for each in sections.terms),
        cycle=Cycle(sections.cycle),
        net_days=sections.net_days,
        credit=credit,
        name=sections.name,
        email=sections.email,
        address=tuple(sections.address),
        tie_out=_to_tie_out(sections.tie_out) if sections.tie_out else TieOutTerms(),
    )


def _to_tie_out(section: TieOutSection) -> TieOutTerms:
    return TieOutTerms(
        tolerance_ms=section.tolerance_s * 1000,
        dispute_days=section.dispute_days,
        zone=section.zone,
        their_time=TheirTime(section.their_time) if section.their_time else None,
    )


def _to_terms(section: TermsSection, sections: TermsFile) -> Terms:
    zone, currency = sections.zone, sections.currency
    bands = tuple(Band(each.after_s, _to_micros(each.price, currency)) for each in section.bands)
    if section.price:
        bands = (Band(section.threshold_s or 0, _to_micros(section.price, currency)),)
    minutes = section.per_minute
    return Terms(
        starts_at=_to_instant(section.from_, zone),
        ends_at=_to_instant(section.until, zone) if section.until else None,
        currency=currency,
        campaign_id=section.campaign,
        destination_id=section.destination,
        clock=Clock(section.clock),
        operator=Operator(section.operator),
        rounding=Rounding(section.rounding),
        bands=bands,
        per_minute=PerMinute(
            _to_micros(minutes.price, currency), minutes.first_s, minutes.next_s, minutes.after_s
        )
        if minutes
        else None,
        per_attempt_micros=_to_micros(section.per_attempt, currency)
        if section.per_attempt
        else None,
        share=Share(read_percent(section.share)) if section.share else None,
        hours=_to_own_hours(section, zone),
        duplicate_window_s=read_span(section.duplicate_window) or 0,
        most_per_day=section.most_per_day,
    )


def _to_own_hours(section: TermsSection, zone: str) -> Hours | None:
    """The payable hours on the clocks of the party, unless they name a zone."""
    if section.hours is None:
        return None
    hours = to_hours(section.hours)
    return replace(hours, zone=hours.zone or zone)


def _to_instant(written: date, zone: str) -> datetime:
    """An instant as it stands, or the midnight in `zone` with which a date begins."""
    if isinstance(written, datetime):
        return written.astimezone(UTC)
    return find_day_start(zone, written)


def _to_micros(text: str, currency: str) -> int:
    amount = read_amount(text, currency)
    assert isinstance(amount, int)  # noqa: S101 - the document was checked
    return amount
