"""Our side of a tie-out says of each call what rating made of it."""

from dataclasses import replace
from datetime import timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callrouter.adapters.frames_aside import open_memory
from callrouter.adapters.storage.calls_of_buyer import CALL_COLUMNS
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.event_codec import encode_attempts
from callrouter.adapters.storage.ledger import post
from callrouter.domain.billing.ledger import EntryKind, Posting, reverse
from callrouter.domain.billing.party import Party, Side
from callrouter.domain.billing.talks import find_talk
from callrouter.domain.cdr import AttemptOutcome, AttemptRecord, Cdr
from callrouter.domain.tie_out.frames import OURS
from callrouter.workflows.read_our_side import (
    Span,
    make_our_side,
    merge_spans,
    read_our_side,
)
from tests.books import attempt, cdr
from tests.switchboards import DID, OTHER_SELLER, SELLER, T0, open_seller
from tests.workflows.rated_calls import keep_cdr

DAY = timedelta(days=1)
ACME = Party(Side.BUYER, "acme")


def keep(database: Database, *calls: Cdr, seller: str = SELLER.seller_id) -> None:
    for each in calls:
        keep_cdr(database, each, T0, seller)


def read(
    database: Database, *, buyer: str = "acme", seller: str = SELLER.seller_id
) -> pl.DataFrame:
    return read_our_side(database, seller, buyer, "USD", [Span(T0 - DAY, T0 + DAY)]).collect()


def charge(micros: int, *, call_sid: str = "CA1", currency: str = "USD") -> Posting:
    return Posting(
        party=ACME,
        kind=EntryKind.CHARGE,
        amount_micros=micros,
        currency=currency,
        reference=f"call:{call_sid}",
        booked_at=T0,
        reason=f"{micros} for 60 s",
        author="rating",
        call_sid=call_sid,
    )


BUYERS = ("acme", 'a"c\\me', "ä%_", "a c")


def _attempts() -> st.SearchStrategy[AttemptRecord]:
    """Attempts of few buyers and destinations, with anything else in them."""
    return st.builds(
        replace,
        st.just(attempt()),
        buyer_id=st.sampled_from((*BUYERS, "")),
        destination_id=st.sampled_from(("east", "west")),
        outcome=st.sampled_from(AttemptOutcome),
        leg_sid=st.sampled_from(("", "CA3", "CA4")),
        answered_ms=st.integers(0, 10**7),
        connected_ms=st.integers(0, 10**7),
    )


def test_a_call_is_a_row_with_what_its_parties_see_of_it(database: Database) -> None:
    open_seller(database)
    keep(database, cdr(attempt()))
    with database.write() as connection:
        post(connection, SELLER.seller_id, [charge(75_000_000)], T0)

    frame = read(database)

    start_ms = round(T0.timestamp() * 1000)
    assert dict(frame.schema) == OURS
    assert frame.row(0, named=True) == {
        "our": 0,
        "call_sid": "CA1",
        "leg_sids": "CA2",
        "caller": "+14155550123",
        "did": DID,
        "reached": "+12125550171",
        "campaign_id": "flood-repair",
        "destination_id": "acme-east",
        "publisher": "radio-kx",
        "outcome": "connected",
        "started_at_ms": start_ms,
        "dialed_at_ms": start_ms,
        "answered_at_ms": start_ms + 5_000,
        "total_ms": 66_000,
        "answered_ms": 60_000,
        "connected_ms": 60_000,
        "charged_micros": 75_000_000,
        "reason": "75000000 for 60 s",
    }


def test_what_was_taken_back_is_counted(database: Database) -> None:
    open_seller(database)
    keep(database, cdr(attempt()))
    with database.write() as connection:
        [entry] = post(connection, SELLER.seller_id, [charge(75_000_000)], T0)
        again = replace(charge(20_000_000), reference="again", reason="less was agreed")
        back = reverse(entry, T0, "wrong terms", "ann")
        post(connection, SELLER.seller_id, [back, again], T0)

    row = read(database).row(0, named=True)

    assert (row["charged_micros"], row["reason"]) == (20_000_000, "less was agreed")


def test_other_currencies_and_publishers_are_not_counted(database: Database) -> None:
    open_seller(database)
    keep(database, cdr(attempt()))
    radio = replace(charge(9), party=Party(Side.PUBLISHER, "radio-kx"), kind=EntryKind.PAYOUT)
    with database.write() as connection:
        post(connection, SELLER.seller_id, [radio, charge(7, currency="EUR")], T0)

    assert read(database)["charged_micros"].to_list() == [0]


@pytest.mark.parametrize("ani", ["anonymous", "+266696687", "", "sip:ann@example.com"])
def test_a_caller_who_shows_no_number_has_none(database: Database, ani: str) -> None:
    open_seller(database)
    keep(database, replace(cdr(attempt()), ani=ani))

    assert read(database)["caller"].to_list() == [""]


def test_of_a_call_that_was_handed_on_each_buyer_has_its_own_part(database: Database) -> None:
    open_seller(database)
    refused = replace(
        attempt("CA5", 1, 0), outcome=AttemptOutcome.NO_ANSWER, answered_ms=0, connected_ms=0
    )
    bolt = replace(attempt("CA6", 2, 40_000), buyer_id="bolt", destination_id="bolt-main")
    keep(database, cdr(refused, bolt))

    wanted = ("outcome", "reached", "leg_sids", "answered_at_ms", "connected_ms")
    ours = [read(database, buyer=buyer).select(wanted).rows() for buyer in ("acme", "bolt")]
    answered = round(T0.timestamp() * 1000) + 5_000

    assert ours == [
        [("no_answer", "+12125550171", "CA5", None, 0)],
        [("connected", "+14155550174", "CA6", answered, 40_000)],
    ]


def test_calls_outside_the_spans_and_of_other_sellers_are_not_read(database: Database) -> None:
    open_seller(database)
    open_seller(database, OTHER_SELLER)
    late = replace(cdr(attempt()), call_sid="CA7", started_at=T0 + DAY)
    keep(database, cdr(attempt()), late)
    keep(database, replace(cdr(attempt()), call_sid="CA8"), seller=OTHER_SELLER.seller_id)

    assert read(database)["call_sid"].to_list() == ["CA1"]
    assert read(database, seller=OTHER_SELLER.seller_id)["call_sid"].to_list() == ["CA8"]
    assert read(database, buyer="acm").height == 0


def test_many_calls_come_in_pages_without_gap_or_repeat(database: Database) -> None:
    open_seller(database)
    # Two a second, so that pages end between calls that began at the same instant.
    every = [
        replace(cdr(attempt()), call_sid=f"CA{n}", started_at=T0 + timedelta(seconds=n // 2))
        for n in range(7)
    ]
    keep(database, *every)

    with open_memory(2) as memory:
        frame = read_our_side(
            database, SELLER.seller_id, "acme", "USD", [Span(T0, T0 + DAY)], memory, page=3
        ).collect()

    assert frame["call_sid"].to_list() == [each.call_sid for each in every]
    assert frame["our"].to_list() == list(range(7))


@given(st.lists(_attempts(), min_size=1, max_size=4))
@settings(max_examples=50, deadline=None)
def test_it_says_what_rating_says(attempts: list[AttemptRecord]) -> None:
    call = cdr(*attempts)
    calls = pl.DataFrame(
        {
            "call_sid": [call.call_sid],
            "started_at_ms": [0],
            "campaign_id": [call.campaign_id],
            "publisher": [call.publisher],
            "did": [call.did],
            "caller": [call.ani],
            "total_ms": [call.total_ms],
            "attempts": [encode_attempts(call.attempts)],
            "charged_micros": [0],
            "reason": [""],
        },
        schema=CALL_COLUMNS,
    )
    for buyer in BUYERS:
        talk = find_talk(call, Party(Side.BUYER, buyer))

        rows = make_our_side(calls, buyer, {}).rows(named=True)

        wanted = ("destination_id", "total_ms", "answered_ms", "connected_ms")
        expected = [[getattr(talk, name) for name in wanted]] if talk else []
        assert [[row[name] for name in wanted] for row in rows] == expected


def test_spans_that_touch_become_one() -> None:
    hours = [
        Span(T0 + timedelta(hours=a), T0 + timedelta(hours=b))
        for a, b in ((4, 6), (0, 2), (1, 3), (6, 7))
    ]

    merged = merge_spans(hours)

    assert merged == (
        Span(T0, T0 + timedelta(hours=3)),
        Span(T0 + timedelta(hours=4), T0 + timedelta(hours=7)),
    )
