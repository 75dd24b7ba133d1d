"""Which of a party's terms hold for a call: in force when it began, and the most specific."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from callrouter.domain.billing.talks import Talk
from callrouter.domain.billing.terms import Agreement, Terms


@dataclass(frozen=True, slots=True)
class WeighedTerms:
    """One candidate for a call: chosen when `why_not` is empty; `index` is its place in the file.

    `index` counts from 0.
    """

    index: int
    terms: Terms
    why_not: str


def find_terms(agreement: Agreement, talk: Talk) -> Terms | None:
    """The terms by which `talk` is rated; None when there are none for it.

    Of those in force when the call began, for its campaign and destination or any: terms of a
    destination come before those of a campaign, and these before those for everything.
    """
    return find_terms_for(agreement, talk.campaign_id, talk.destination_id, talk.started_at)


def find_terms_for(
    agreement: Agreement, campaign_id: str, destination_id: str, at: datetime
) -> Terms | None:
    """The terms for a call to a destination that begins at `at`; None when there are none."""
    return choose_terms(agreement.terms, campaign_id, destination_id, at)


def choose_terms(
    all_terms: Iterable[Terms], campaign_id: str, destination_id: str, at: datetime
) -> Terms | None:
    """The same of terms that needn't be a whole agreement."""
    return max(
        (
            terms
            for terms in all_terms
            if terms.campaign_id in ("", campaign_id)
            and terms.destination_id in ("", destination_id)
            and terms.starts_at <= at
            and (terms.ends_at is None or at < terms.ends_at)
        ),
        key=_rank,
        default=None,
    )


def weigh_terms(agreement: Agreement, talk: Talk) -> tuple[WeighedTerms, ...]:
    """Every one of the agreement's terms, and why it isn't the one by which `talk` is rated."""
    chosen = find_terms(agreement, talk)
    return tuple(_weigh(agreement, talk, chosen))


def say_scope(terms: Terms) -> str:
    """Which calls terms are for, as in "flood-repair to acme-east" or "any call"."""
    if not terms.campaign_id and not terms.destination_id:
        return "any call"
    campaign = terms.campaign_id or "any campaign"
    return f"{campaign} to {terms.destination_id}" if terms.destination_id else campaign


def _weigh(agreement: Agreement, talk: Talk, chosen: Terms | None) -> Iterator[WeighedTerms]:
    for index, terms in enumerate(agreement.terms):
        yield WeighedTerms(index, terms, _say_why_not(terms, talk, chosen))


def _say_why_not(terms: Terms, talk: Talk, chosen: Terms | None) -> str:
    if terms.campaign_id not in ("", talk.campaign_id):
        return f"for campaign {terms.campaign_id}"
    if terms.destination_id not in ("", talk.destination_id):
        return f"for destination {terms.destination_id}"
    if talk.started_at < terms.starts_at:
        return f"in force only from {_say_instant(terms.starts_at)}"
    if terms.ends_at is not None and talk.started_at >= terms.ends_at:
        return f"in force only until {_say_instant(terms.ends_at)}"
    if terms is chosen or chosen is None:
        return ""
    return f"less specific than those for {say_scope(chosen)}"


def _say_instant(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _rank(terms: Terms) -> tuple[bool, bool, datetime]:
    return bool(terms.destination_id), bool(terms.campaign_id), terms.starts_at
