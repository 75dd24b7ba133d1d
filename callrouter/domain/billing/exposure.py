"""What a buyer's agreement means for calls in progress, and what of its account is overdue."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from callrouter.domain.billing.terms import Agreement, Clock, Terms
from callrouter.domain.limits.standing import CallPrice, CreditLine

_BEFORE_TALK_S = {Clock.CONNECTED: 5, Clock.ANSWERED: 60, Clock.TOTAL: 900}
"""What a clock may count besides the longest talk: a late hang-up, a whisper, menus and ringing."""


def price_calls(agreement: Agreement) -> tuple[CallPrice, ...]:
    """The most that one more call may cost by each of the agreement's terms.

    Whoever is dialled, it may turn out to be one of several attempts that are paid for: by which
    terms is known only after the last one. So it counts for no less than the dearest attempt.
    """
    by_attempt = [each for each in agreement.terms if each.per_attempt_micros is not None]
    return tuple(_price(each, _find_dearest_attempt(each, by_attempt)) for each in agreement.terms)


def open_credit(agreement: Agreement) -> CreditLine | None:
    """The credit that the calls of a buyer are held against; None where its debt isn't limited."""
    if agreement.credit is None:
        return None
    return CreditLine(
        limit_micros=agreement.credit.limit_micros,
        currency=agreement.credit.currency,
        prices=price_calls(agreement),
        pays_attempts=any(each.per_attempt_micros is not None for each in agreement.terms),
    )


def name_currency(agreement: Agreement) -> str:
    """The currency of the buyer's account: that of its credit, or of its terms."""
    if agreement.credit is not None:
        return agreement.credit.currency
    return next((each.currency for each in agreement.terms), "USD")


def find_dearest_call(agreement: Agreement, longest_s: int, at: datetime) -> int:
    """What the dearest call by any terms in force may cost, if it lasts no longer than that."""
    return max(
        (
            price.find_dearest(longest_s)
            for price in price_calls(agreement)
            if price.starts_at <= at and (price.ends_at is None or at < price.ends_at)
        ),
        default=0,
    )


@dataclass(frozen=True, slots=True)
class Overdue:
    """What is open of statements past their due day, and how many days the oldest is past it."""

    micros: int = 0
    days: int = 0


def find_overdue(
    open_micros: Mapping[str, int], due_on: Mapping[str, date], today: date
) -> Overdue:
    """What is overdue of statements, by their numbers; the due day itself is still in time."""
    late = {
        number: micros
        for number, micros in open_micros.items()
        if micros > 0 and due_on[number] < today
    }
    days = max(((today - due_on[number]).days for number in late), default=0)
    return Overdue(sum(late.values()), days)


def _find_dearest_attempt(terms: Terms, by_attempt: Iterable[Terms]) -> int:
    """Of those that may be in force at the same time."""
    return max(
        (
            other.per_attempt_micros or 0
            for other in by_attempt
            if (terms.ends_at is None or other.starts_at < terms.ends_at)
            and (other.ends_at is None or terms.starts_at < other.ends_at)
        ),
        default=0,
    )


def _price(terms: Terms, dearest_attempt: int) -> CallPrice:
    flat = max((band.price_micros for band in terms.bands), default=0)
    flat = max(flat, dearest_attempt)
    minutes = terms.per_minute
    increment_s = max(minutes.first_s, minutes.next_s) if minutes else 0
    return CallPrice(
        starts_at=terms.starts_at,
        ends_at=terms.ends_at,
        campaign_id=terms.campaign_id,
        destination_id=terms.destination_id,
        flat_micros=flat,
        per_minute_micros=minutes.price_micros if minutes else 0,
        extra_s=increment_s + _BEFORE_TALK_S[terms.clock] if minutes else 0,
    )
