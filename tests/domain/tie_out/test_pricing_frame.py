"""Many calls priced at once come to what each comes to by itself."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callrouter.domain.billing.rating import NOTHING_PAID, rate, read_clock
from callrouter.domain.billing.talks import Talk
from callrouter.domain.billing.terms import Band, Clock, Operator, PerMinute, Rounding, Share, Terms
from callrouter.domain.billing.terms_choice import find_terms
from callrouter.domain.clocks.hours import Hours, Window
from callrouter.domain.tie_out.pricing_frame import (
    NO_TERMS,
    Times,
    choose_for_each,
    find_crossed,
    price_each,
)
from tests.domain.billing.builders import AT, START, agreement_of, talk_of, terms_of

USD = 1_000_000
CAMPAIGNS = ("", "flood-repair", "solar-quotes")
DESTINATIONS = ("", "acme-east", "acme-south")
OFFICE = Hours(tuple(Window(day, 480, 1020) for day in range(5)), zone="America/Chicago")
SPLIT = Hours((Window(3, 0, 60), Window(6, 1380, 120)), closed_on=(AT.date(),))


def bands_of(thresholds: set[int]) -> tuple[Band, ...]:
    return tuple(Band(each, (index + 1) * USD) for index, each in enumerate(sorted(thresholds)))


BANDS = st.sets(st.integers(0, 130), min_size=1, max_size=3).map(bands_of)
PER_MINUTE = st.builds(
    PerMinute,
    st.sampled_from([0, 5_000, 333_333, USD]),
    st.integers(1, 60),
    st.integers(1, 60),
    st.integers(0, 90),
)
PRICES = st.one_of(
    BANDS.map(lambda bands: {"bands": bands}),
    PER_MINUTE.map(lambda each: {"per_minute": each}),
    st.just({"per_attempt_micros": 2 * USD}),
    st.just({"share": Share(400_000)}),
)
INSTANTS = st.one_of(
    st.integers(0, 70 * 86_400).map(lambda seconds: START + timedelta(seconds=seconds)),
    st.sampled_from([START, START + timedelta(days=30), START - timedelta(milliseconds=1)]),
)


@st.composite
def some_terms(draw: st.DrawFn) -> Terms:
    """Terms of any kind."""
    starts_at = draw(st.sampled_from([START, START + timedelta(days=30)]))
    return terms_of(
        starts_at=starts_at,
        ends_at=draw(st.sampled_from([None, starts_at + timedelta(days=10)])),
        campaign_id=draw(st.sampled_from(CAMPAIGNS)),
        destination_id=draw(st.sampled_from(DESTINATIONS)),
        clock=draw(st.sampled_from(Clock)),
        operator=draw(st.sampled_from(Operator)),
        rounding=draw(st.sampled_from(Rounding)),
        hours=draw(st.sampled_from([None, None, OFFICE, SPLIT])),
        **draw(PRICES),
    )


MS = st.one_of(st.integers(0, 140_000), st.integers(0, 140).map(lambda seconds: seconds * 1000))


@st.composite
def some_talks(draw: st.DrawFn) -> Talk:
    """A talk of any length, near thresholds and half seconds, whatever its clocks say."""
    return talk_of(
        draw(MS) / 1000,
        answered_ms=draw(MS),
        total_ms=draw(MS),
        is_connected=draw(st.booleans()),
        campaign_id=draw(st.sampled_from([*CAMPAIGNS[1:], "roofing"])),
        destination_id=draw(st.sampled_from([*DESTINATIONS[1:], "acme-west"])),
        started_at=draw(INSTANTS),
    )


def times_of(talks: list[Talk]) -> Times:
    return Times(
        at_ms=np.array([round(talk.started_at.timestamp() * 1000) for talk in talks]),
        is_connected=np.array([talk.is_connected for talk in talks]),
        ms={clock: np.array([read_clock(talk, clock) for talk in talks]) for clock in Clock},
    )


def choose(talks: list[Talk], terms: tuple[Terms, ...]) -> list[int]:
    chosen: list[int] = choose_for_each(
        times_of(talks).at_ms,
        pl.Series([talk.campaign_id for talk in talks]),
        pl.Series([talk.destination_id for talk in talks]),
        terms,
    ).tolist()
    return chosen


@settings(max_examples=30, deadline=None)
@given(
    st.lists(some_talks(), min_size=1, max_size=12),
    st.lists(some_terms(), max_size=3).map(tuple),
)
def test_each_call_comes_to_what_rating_makes_of_it_without_a_past(
    talks: list[Talk], terms: tuple[Terms, ...]
) -> None:
    chosen = np.array(choose(talks, terms))

    micros = price_each(times_of(talks), chosen, terms)

    agreement = agreement_of(*terms)
    expected = [find_terms(agreement, talk) for talk in talks]
    assert [terms[each] if each != NO_TERMS else None for each in chosen] == expected
    assert micros.tolist() == [
        rate(talk, own, NOTHING_PAID).amount_micros if own is not None else 0
        for talk, own in zip(talks, expected, strict=True)
    ]


@pytest.mark.parametrize(
    ("terms", "micros"),
    [
        pytest.param(terms_of(bands=bands_of({60})), [USD, 0], id="a band"),
        pytest.param(
            terms_of(bands=(), per_minute=PerMinute(USD, 60, 6)), [2 * USD, 0], id="by the minute"
        ),
        pytest.param(
            terms_of(bands=(), per_attempt_micros=2 * USD), [2 * USD, 2 * USD], id="by the attempt"
        ),
        pytest.param(terms_of(bands=(), share=Share(400_000)), [0, 0], id="a share of nothing"),
        pytest.param(
            terms_of(bands=bands_of({60}), hours=Hours((Window(0, 0, 60),))), [0, 0], id="closed"
        ),
    ],
)
def test_a_talk_of_two_minutes_and_a_call_that_never_connected_come_to(
    terms: Terms, micros: list[int]
) -> None:
    talks = [talk_of(120), talk_of(0, is_connected=False)]
    assert price_each(times_of(talks), np.array([0, 0]), (terms,)).tolist() == micros


def test_the_most_specific_terms_hold_from_their_first_instant_to_before_their_last() -> None:
    ends_at = START + timedelta(days=30)
    terms = (
        terms_of(ends_at=ends_at),
        terms_of(starts_at=ends_at),
        terms_of(campaign_id="flood-repair", destination_id="acme-east", ends_at=ends_at),
    )
    before_s = timedelta(milliseconds=1)
    talks = [
        talk_of(campaign_id=campaign, started_at=at)
        for campaign in ("flood-repair", "solar-quotes")
        for at in (START - before_s, START, ends_at - before_s, ends_at)
    ]

    assert choose(talks, terms) == [NO_TERMS, 2, 2, 1, NO_TERMS, 0, 0, 1]


def test_hours_are_those_in_which_a_call_began_also_after_days_without_calls() -> None:
    began = [
        datetime(2026, 11, day, hour, minute, tzinfo=UTC)
        for day in (5, 6, 9, 30)
        for hour, minute in ((0, 0), (13, 59), (14, 0), (22, 59), (23, 0))
    ]
    talks = [talk_of(started_at=at) for at in (*began, datetime(1971, 1, 1, tzinfo=UTC))]
    terms = (terms_of(hours=OFFICE),)

    micros = price_each(times_of(talks), np.zeros(len(talks), dtype=np.int64), terms)

    day = [0, 0, 75 * USD, 75 * USD, 0]
    assert micros.tolist() == [*day * 4, 0]


def test_hours_that_never_change_are_looked_at_once() -> None:
    talks = [talk_of(started_at=AT), talk_of(started_at=AT + timedelta(days=3))]

    micros = price_each(times_of(talks), np.zeros(2, dtype=np.int64), (terms_of(hours=Hours()),))

    assert micros.tolist() == [75 * USD] * 2


def test_the_largest_price_that_can_be_written_is_exact_too() -> None:
    talk = talk_of(86_400)
    terms = (terms_of(per_minute=PerMinute(10**15, 1, 1)),)

    micros = price_each(times_of([talk]), np.zeros(1, dtype=np.int64), terms)

    assert micros.tolist() == [rate(talk, terms[0], NOTHING_PAID).amount_micros]


@pytest.mark.parametrize(
    ("low_s", "high_s", "crossed_s"),
    [(118, 121.4, 120), (119.9, 120, 120), (121, 300, -1), (10, 20, -1), (100, 700, 600)],
)
def test_a_threshold_between_two_times_is_the_highest_that_only_one_reaches(
    low_s: float, high_s: float, crossed_s: int
) -> None:
    terms = (
        terms_of(bands=(Band(600, 50 * USD), Band(120, 10 * USD))),
        terms_of(per_minute=PerMinute(USD, 30, 6, after_s=120)),
    )
    low, high = (np.array([round(each * 1000)] * 2) for each in (low_s, high_s))

    found = find_crossed(low, high, np.array([0, NO_TERMS]), terms).tolist()

    assert found == [crossed_s, -1]
    by_minute = find_crossed(low[:1], high[:1], np.array([1]), terms).tolist()
    assert by_minute == [120 if crossed_s == 600 else crossed_s]
