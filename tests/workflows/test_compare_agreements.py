from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from callrouter.domain.billing.terms import (
    Agreement,
    Band,
    PerMinute,
    Share,
    Terms,
    TheirTime,
    TieOutTerms,
)
from callrouter.domain.clocks.hours import Hours, Window
from callrouter.workflows.compare_agreements import compare_agreements, find_first_change
from tests.domain.billing.builders import AT, START, USD, agreement_of, terms_of

BASE = agreement_of(terms_of(), terms_of(campaign_id="flood-repair", ends_at=AT))
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("after", "said"),
    [
        (BASE, []),
        (replace(BASE, version=4), []),
        (replace(BASE, net_days=7), ["~ net_days: 30 -> 7"]),
        (
            replace(BASE, terms=(terms_of(bands=(Band(90, 80 * USD),)), BASE.terms[1])),
            [
                "~ terms[any call, from 2026-10-01].bands: [after_s 120 price 75.00]"
                " -> [after_s 90 price 80.00]"
            ],
        ),
        (
            replace(BASE, terms=(BASE.terms[0], replace(BASE.terms[1], ends_at=None))),
            ["- terms[flood-repair, from 2026-10-01].until: 2026-11-26 13:00:00-0500"],
        ),
        (
            replace(
                BASE,
                terms=(
                    terms_of(duplicate_window_s=86_400, hours=Hours((Window(0, 60, 120),))),
                    BASE.terms[1],
                ),
            ),
            [
                "+ terms[any call, from 2026-10-01].hours.windows: [Mon 01:00-02:00]",
                "+ terms[any call, from 2026-10-01].duplicate_window: 1d",
            ],
        ),
        (
            replace(BASE, tie_out=TieOutTerms(dispute_days=14, their_time=TheirTime.TALK)),
            ["+ tie_out: tolerance_ms 1000, dispute_days 14, their_time talk"],
        ),
        (
            replace(BASE, terms=(*BASE.terms, terms_of(starts_at=AT, share=Share(400_000)))),
            [
                "+ terms[any call, from 2026-11-26 13:00:00-0500]: clock connected, operator"
                ' ">=", rounding exact, share 40 %'
            ],
        ),
    ],
)
def test_what_differs_is_told_in_the_words_of_the_file(after: Agreement, said: list[str]) -> None:
    assert [str(each) for each in compare_agreements(BASE, after)] == said


def test_a_first_agreement_is_all_new() -> None:
    minutes = agreement_of(terms_of(per_minute=PerMinute(USD, 30, 6)))

    assert [str(each) for each in compare_agreements(None, minutes)] == [
        "+ zone: America/New_York",
        "+ cycle: month",
        "+ net_days: 30",
        '+ terms[any call, from 2026-10-01]: clock connected, operator ">=", rounding exact, '
        "per_minute.price 1.00, per_minute.first_s 30, per_minute.next_s 6, per_minute.after_s 0",
    ]


NEXT = terms_of(starts_at=AT, bands=(Band(120, 80 * USD),))


@pytest.mark.parametrize(
    ("before", "after", "changed_at"),
    [
        ((terms_of(),), (terms_of(),), None),
        ((), (terms_of(),), START),
        ((terms_of(),), (terms_of(ends_at=AT), NEXT), None),  # from now on
        ((terms_of(),), (terms_of(ends_at=AT - DAY), NEXT), AT - DAY),
        ((terms_of(),), (terms_of(bands=(Band(90, USD),)),), START),
        ((terms_of(),), (terms_of(ends_at=AT + DAY),), None),
        ((terms_of(starts_at=AT + DAY),), (NEXT,), None),
    ],
)
def test_since_when_calls_are_rated_differently_is_found(
    before: tuple[Terms, ...], after: tuple[Terms, ...], changed_at: datetime | None
) -> None:
    old = agreement_of(*before) if before else None

    assert find_first_change(old, agreement_of(*after), AT) == changed_at
