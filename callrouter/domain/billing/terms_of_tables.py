"""Whether live routing tables and the terms in force say the same: who pays, how much, from when.

Routing works with what its table says; a bill goes by the terms. They should never disagree.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from callrouter.domain.billing.party import Party, Side
from callrouter.domain.billing.terms import Agreement, Terms
from callrouter.domain.billing.terms_choice import find_terms_for
from callrouter.domain.billing.terms_words import say_moment
from callrouter.domain.money import say_micros
from callrouter.domain.tables.directory import Directory
from callrouter.domain.tables.routing_table import Route, RoutingTable

HORIZON = timedelta(days=14)
"""How far ahead an end of terms is told of."""


class Gap(StrEnum):
    """What is wrong between a table and the terms."""

    NO_TERMS = "no_terms"
    """A buyer gets calls that nobody could charge for."""
    DIFFERENT = "different"
    """The table says another price, currency or threshold than the terms."""
    ENDING = "ending"
    """Soon there will be no terms."""
    UNPAID_PUBLISHER = "unpaid_publisher"
    """A publisher of live numbers is paid nothing."""

    @property
    def is_problem(self) -> bool:
        """Whether money is lost by it now; the others are only worth knowing."""
        return self in (Gap.NO_TERMS, Gap.DIFFERENT)


@dataclass(frozen=True, slots=True)
class TermsFinding:
    """One thing that doesn't agree; `destination_id` is "" where it is about all of them."""

    gap: Gap
    party: Party
    campaign_id: str
    destination_id: str
    saw: str


def check_terms_of_tables(
    tables: Iterable[RoutingTable],
    directory: Directory,
    agreements: Mapping[Party, Agreement],
    at: datetime,
) -> tuple[TermsFinding, ...]:
    """Everything that doesn't agree at `at`, or won't within `HORIZON`; worst first."""
    found = [
        finding
        for table in tables
        for finding in (
            *_check_buyers(table, directory, agreements, at),
            *_check_publishers(table, agreements, at),
        )
    ]
    return tuple(sorted(found, key=lambda each: tuple(Gap).index(each.gap)))


def _check_buyers(
    table: RoutingTable,
    directory: Directory,
    agreements: Mapping[Party, Agreement],
    at: datetime,
) -> Iterator[TermsFinding]:
    for destination_id in sorted(table.destination_ids()):
        destination = directory.destinations.get(destination_id)
        if destination is None:
            continue
        party = Party(Side.BUYER, destination.buyer_id)
        place = (party, table.campaign_id, destination_id)
        agreement = agreements.get(party)
        if agreement is None:
            yield TermsFinding(Gap.NO_TERMS, *place, "it has agreed to no terms at all")
            continue
        terms = find_terms_for(agreement, table.campaign_id, destination_id, at)
        if terms is None:
            saw = f"none of its terms (version {agreement.version}) is for these calls now"
            yield TermsFinding(Gap.NO_TERMS, *place, saw)
            continue
        route = table.route_to(destination_id)
        if route is not None:
            for saw in _compare(route, table.currency, terms):
                yield TermsFinding(Gap.DIFFERENT, *place, f"{saw} (version {agreement.version})")
        ends_at = _find_end(agreement, terms, table.campaign_id, destination_id, at + HORIZON)
        if ends_at is not None:
            saw = f"its terms end at {say_moment(ends_at, agreement.zone)}, and none follow"
            yield TermsFinding(Gap.ENDING, *place, saw)


def _check_publishers(
    table: RoutingTable, agreements: Mapping[Party, Agreement], at: datetime
) -> Iterator[TermsFinding]:
    for name in sorted({number.publisher for number in table.numbers if number.publisher}):
        party = Party(Side.PUBLISHER, name)
        agreement = agreements.get(party)
        own = agreement.terms if agreement else ()
        if not any(
            terms.campaign_id in ("", table.campaign_id)
            and terms.starts_at <= at
            and (terms.ends_at is None or at < terms.ends_at)
            for terms in own
        ):
            saw = "no terms, so that it is paid nothing"
            yield TermsFinding(Gap.UNPAID_PUBLISHER, party, table.campaign_id, "", saw)


def _compare(route: Route, currency: str, terms: Terms) -> Iterator[str]:
    """What the route says otherwise than the terms; what it doesn't say, it doesn't deny."""
    if route.price_micros is None and route.payable_after_s is None:
        return
    if route.price_micros is not None and currency != terms.currency:
        yield f"the table's prices are in {currency}, its terms in {terms.currency}"
    after_s, price_micros = _first_price(terms)
    said_micros = route.price_micros
    if said_micros is not None and price_micros is not None and said_micros != price_micros:
        said, agreed = say_micros(said_micros), say_micros(price_micros)
        yield f'the table says price = "{said}", its terms {agreed}'
    said_s = route.payable_after_s or 0
    if said_s != after_s:
        yield f"the table says payable_after_s = {said_s}, its terms {after_s}"


def _first_price(terms: Terms) -> tuple[int, int | None]:
    """From how many seconds on a call is paid for, and how much then; None by the minute."""
    if terms.per_minute is not None:
        return terms.per_minute.after_s, None
    if terms.bands:
        first = min(terms.bands, key=lambda band: band.after_s)
        return first.after_s, first.price_micros
    return 0, terms.per_attempt_micros


def _find_end(
    agreement: Agreement, terms: Terms, campaign_id: str, destination_id: str, before: datetime
) -> datetime | None:
    """When the terms, and those that follow them, come to an end before an instant."""
    following: Terms | None = terms
    ends_at: datetime | None = None
    while following is not None:
        ends_at = following.ends_at
        if ends_at is None or ends_at >= before:
            return None
        following = find_terms_for(agreement, campaign_id, destination_id, ends_at)
    return ends_at
