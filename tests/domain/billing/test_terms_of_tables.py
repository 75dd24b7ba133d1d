from datetime import timedelta

import pytest

from callrouter.domain.billing.party import Party, Side
from callrouter.domain.billing.terms import Band, PerMinute, Terms
from callrouter.domain.billing.terms_of_tables import Gap, TermsFinding, check_terms_of_tables
from callrouter.domain.tables.directory import Buyer, Destination, Directory, replace_buyers
from callrouter.domain.tables.routing_table import (
    AdvertisedNumber,
    LastResort,
    NobodyLeft,
    Route,
    RoutingTable,
)
from tests.domain.billing.builders import ACME, AT, RADIO, USD, agreement_of, terms_of

BOLT = Party(Side.BUYER, "bolt")
DIRECTORY = replace_buyers(
    Directory(),
    {"acme": Buyer("acme", "Acme", "UTC"), "bolt": Buyer("bolt", "Bolt", "UTC")},
    {
        "acme-east": Destination("acme-east", "acme", "+12125550171"),
        "bolt-main": Destination("bolt-main", "bolt", "+14155550174"),
    },
)
DAY = timedelta(days=1)


def table_of(*routes: Route, publisher: str = "", currency: str = "USD") -> RoutingTable:
    return RoutingTable(
        campaign_id="flood-repair",
        numbers=(AdvertisedNumber("+18005550100", publisher),),
        routes=routes or (Route("acme-east", price_micros=75 * USD, payable_after_s=120),),
        currency=currency,
    )


def check(table: RoutingTable, *terms: Terms) -> list[tuple[Gap, str]]:
    agreements = {ACME: agreement_of(*terms)} if terms else {}
    found = check_terms_of_tables([table], DIRECTORY, agreements, AT)
    assert {(each.party, each.campaign_id, each.destination_id) for each in found} <= {
        (ACME, "flood-repair", "acme-east")
    }
    return [(each.gap, each.saw) for each in found]


@pytest.mark.parametrize(
    ("route", "terms", "saw"),
    [
        (Route("acme-east", price_micros=75 * USD, payable_after_s=120), terms_of(), []),
        (Route("acme-east"), terms_of(), []),
        (Route("acme-east", payable_after_s=120), terms_of(), []),
        (
            Route("acme-east", price_micros=70 * USD, payable_after_s=120),
            terms_of(),
            ['the table says price = "70.00", its terms 75.00 (version 3)'],
        ),
        (
            Route("acme-east", price_micros=75 * USD),
            terms_of(),
            ["the table says payable_after_s = 0, its terms 120 (version 3)"],
        ),
        (
            Route("acme-east", price_micros=10 * USD, payable_after_s=60),
            terms_of(bands=(Band(120, 20 * USD), Band(60, 10 * USD))),
            [],
        ),
        (
            Route("acme-east", price_micros=10 * USD, payable_after_s=60),
            terms_of(per_minute=PerMinute(USD, 60, 60, 60)),
            [],
        ),
        (Route("acme-east", price_micros=USD), terms_of(per_attempt_micros=USD), []),
        (
            Route("acme-east", price_micros=75 * USD, payable_after_s=120),
            terms_of(currency="EUR"),
            ["the table's prices are in USD, its terms in EUR (version 3)"],
        ),
    ],
)
def test_a_route_says_what_the_terms_say(route: Route, terms: Terms, saw: list[str]) -> None:
    assert check(table_of(route), terms) == [(Gap.DIFFERENT, each) for each in saw]


def test_a_buyer_of_a_live_table_has_terms_for_its_calls() -> None:
    assert check(table_of()) == [(Gap.NO_TERMS, "it has agreed to no terms at all")]
    assert check(
        table_of(), terms_of(campaign_id="solar-quotes"), terms_of(starts_at=AT + DAY)
    ) == [(Gap.NO_TERMS, "none of its terms (version 3) is for these calls now")]


def test_an_end_of_terms_within_two_weeks_is_told() -> None:
    coming = terms_of(ends_at=AT + 5 * DAY)
    following = terms_of(starts_at=AT + 5 * DAY, ends_at=AT + 7 * DAY)

    assert check(table_of(), coming, following) == [
        (Gap.ENDING, "its terms end at 2026-12-03 13:00:00-0500, and none follow")
    ]
    assert check(table_of(), coming, terms_of(starts_at=AT + 5 * DAY)) == []
    assert check(table_of(), terms_of(ends_at=AT + 14 * DAY)) == []


def test_every_destination_that_a_table_can_dial_is_looked_at() -> None:
    table = RoutingTable(
        campaign_id="flood-repair",
        numbers=(AdvertisedNumber("+18005550100", to="bolt-main"),),
        routes=(Route("acme-east"), Route("gone")),
        nobody_left=NobodyLeft(LastResort.OVERFLOW, overflow_destination_id="bolt-main"),
    )

    found = check_terms_of_tables([table], DIRECTORY, {ACME: agreement_of(terms_of())}, AT)

    assert found == (
        TermsFinding(
            Gap.NO_TERMS, BOLT, "flood-repair", "bolt-main", "it has agreed to no terms at all"
        ),
    )
    bolt = agreement_of(terms_of(), party=BOLT)
    assert check_terms_of_tables([table], DIRECTORY, {ACME: bolt, BOLT: bolt}, AT) == ()


@pytest.mark.parametrize(
    ("terms", "is_paid"),
    [
        ([], False),
        ([terms_of()], True),
        ([terms_of(campaign_id="flood-repair", destination_id="acme-east")], True),
        ([terms_of(campaign_id="solar-quotes")], False),
        ([terms_of(starts_at=AT + DAY), terms_of(ends_at=AT)], False),
    ],
)
def test_a_publisher_who_is_paid_nothing_is_worth_knowing(
    terms: list[Terms], is_paid: bool
) -> None:
    agreements = {ACME: agreement_of(terms_of()), RADIO: agreement_of(*terms, party=RADIO)}
    if not terms:
        del agreements[RADIO]

    found = check_terms_of_tables([table_of(publisher="radio-kx")], DIRECTORY, agreements, AT)

    assert [each.gap for each in found] == ([] if is_paid else [Gap.UNPAID_PUBLISHER])
    assert not any(each.gap.is_problem for each in found)


def test_the_worst_comes_first() -> None:
    table = table_of(
        Route("acme-east", price_micros=USD, payable_after_s=120),
        Route("bolt-main"),
        publisher="radio-kx",
    )
    agreements = {ACME: agreement_of(terms_of(ends_at=AT + DAY))}

    gaps = [each.gap for each in check_terms_of_tables([table], DIRECTORY, agreements, AT)]

    assert gaps == [Gap.NO_TERMS, Gap.DIFFERENT, Gap.ENDING, Gap.UNPAID_PUBLISHER]
