from datetime import timedelta

import pytest

from callrouter.domain.billing.party import Party, Side
from callrouter.domain.billing.terms import Terms
from callrouter.domain.billing.terms_check import KnownNames, check_names, warn_about_names
from tests.domain.billing.builders import AT, RADIO, agreement_of, terms_of

KNOWN = KnownNames(
    {"acme": {"acme-east", "acme-south"}, "bolt": {"bolt-main"}}, {"flood-repair"}, {"radio-kx"}
)
NOBODY = KnownNames({}, (), ())


@pytest.mark.parametrize(
    ("terms", "side", "said"),
    [
        (terms_of(campaign_id="flood-repair", destination_id="acme-east"), Side.BUYER, ""),
        (
            terms_of(campaign_id="flood-repiar"),
            Side.BUYER,
            'there is no campaign "flood-repiar"; did you mean flood-repair?',
        ),
        (
            terms_of(destination_id="bolt-main"),
            Side.BUYER,
            'buyer acme has no destination "bolt-main"; known are acme-east, acme-south',
        ),
        (terms_of(destination_id="bolt-main"), Side.PUBLISHER, ""),
        (
            terms_of(destination_id="xyz"),
            Side.PUBLISHER,
            'no buyer has a destination "xyz"; known are acme-east, acme-south, bolt-main',
        ),
        (terms_of(campaign_id="gone", destination_id="gone", ends_at=AT), Side.BUYER, ""),
    ],
)
def test_terms_in_force_name_what_there_is(terms: Terms, side: Side, said: str) -> None:
    party = Party(side, "acme" if side is Side.BUYER else "radio-kx")

    problems = check_names(agreement_of(terms, party=party), KNOWN, AT)

    assert [each.message for each in problems] == ([said] if said else [])
    assert all(each.key_path[:2] == ("terms", 0) for each in problems)


def test_terms_that_begin_tomorrow_are_looked_at_too() -> None:
    coming = terms_of(campaign_id="gone", starts_at=AT + timedelta(days=1))

    assert len(check_names(agreement_of(coming), KNOWN, AT)) == 1


def test_a_buyer_must_be_known_and_a_publisher_should_be() -> None:
    (problem,) = check_names(agreement_of(terms_of(campaign_id="gone")), NOBODY, AT)
    assert (problem.key_path, problem.message) == (
        ("buyer",),
        'there is no buyer "acme"; known are none; buyers come from a buyers file',
    )
    radio = agreement_of(terms_of(), party=RADIO)
    assert check_names(radio, NOBODY, AT) == ()
    assert warn_about_names(radio, KNOWN) == ()
    assert warn_about_names(radio, NOBODY) == (
        'no live number has the publisher "radio-kx"; known are none',
    )
    assert warn_about_names(agreement_of(terms_of()), NOBODY) == ()
