from datetime import timedelta

import pytest

from callrouter.domain.billing.terms import Terms
from callrouter.domain.billing.terms_choice import find_terms, weigh_terms
from callrouter.domain.billing.terms_overlap import Overlap, find_overlaps
from tests.domain.billing.builders import AT, START, agreement_of, talk_of, terms_of

DAY = timedelta(days=1)
ANY = terms_of()
CAMPAIGN = terms_of(campaign_id="flood-repair")
DESTINATION = terms_of(destination_id="acme-east")
BOTH = terms_of(campaign_id="flood-repair", destination_id="acme-east")
OTHER = terms_of(campaign_id="solar-quotes")
ELSEWHERE = terms_of(destination_id="acme-south")


@pytest.mark.parametrize(
    ("candidates", "chosen"),
    [
        ([ANY], ANY),
        ([ANY, CAMPAIGN], CAMPAIGN),
        ([DESTINATION, CAMPAIGN, ANY], DESTINATION),
        ([CAMPAIGN, BOTH, DESTINATION], BOTH),
        ([OTHER, ELSEWHERE], None),
        ([OTHER, ELSEWHERE, ANY], ANY),
        ([terms_of(starts_at=AT)], terms_of(starts_at=AT)),
        ([terms_of(starts_at=AT + timedelta(microseconds=1))], None),
        ([terms_of(ends_at=AT)], None),
        ([terms_of(campaign_id="flood-repair", ends_at=AT), ANY], ANY),
    ],
)
def test_the_most_specific_terms_in_force_win(
    candidates: list[Terms], chosen: Terms | None
) -> None:
    assert find_terms(agreement_of(*candidates), talk_of()) == chosen


def test_each_candidate_says_why_it_was_not_taken() -> None:
    agreement = agreement_of(
        OTHER,
        ELSEWHERE,
        terms_of(ends_at=AT - DAY),
        terms_of(starts_at=AT + DAY),
        ANY,
        CAMPAIGN,
        DESTINATION,
    )

    assert [(each.index, each.why_not) for each in weigh_terms(agreement, talk_of())] == [
        (0, "for campaign solar-quotes"),
        (1, "for destination acme-south"),
        (2, "in force only until 2026-11-25 18:00 UTC"),
        (3, "in force only from 2026-11-27 18:00 UTC"),
        (4, "less specific than those for any campaign to acme-east"),
        (5, "less specific than those for any campaign to acme-east"),
        (6, ""),
    ]


def test_terms_for_the_same_calls_may_follow_one_another() -> None:
    assert not [*find_overlaps([terms_of(starts_at=AT), terms_of(ends_at=AT), CAMPAIGN])]


@pytest.mark.parametrize(
    ("terms", "overlaps"),
    [
        ([ANY, terms_of(starts_at=AT)], [Overlap(0, 1, "any call")]),
        (
            [terms_of(starts_at=AT, campaign_id="flood-repair"), CAMPAIGN],
            [Overlap(1, 0, "flood-repair")],
        ),
        ([BOTH, BOTH], [Overlap(0, 1, "flood-repair to acme-east")]),
        (  # one that outlasts others is held against each of them
            [
                terms_of(ends_at=START + 9 * DAY),
                terms_of(starts_at=START + DAY, ends_at=START + 2 * DAY),
                terms_of(starts_at=START + 3 * DAY, ends_at=START + 20 * DAY),
                terms_of(starts_at=START + 10 * DAY),
            ],
            [
                Overlap(0, 1, "any call"),
                Overlap(0, 2, "any call"),
                Overlap(2, 3, "any call"),
            ],
        ),
    ],
)
def test_terms_that_overlap_in_time_for_the_same_calls_are_found(
    terms: list[Terms], overlaps: list[Overlap]
) -> None:
    assert [*find_overlaps(terms)] == overlaps
