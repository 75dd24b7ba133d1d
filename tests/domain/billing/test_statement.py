"""What the entries of a statement add up to."""

from datetime import UTC, date, datetime
from itertools import groupby
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callrouter.domain.billing.ledger import Entry, EntryKind
from callrouter.domain.billing.party import Party, Side
from callrouter.domain.billing.statement import Line, Statement, Summary, summarize, tally
from callrouter.domain.billing.statement_numbers import write_number

ACME = Party(Side.BUYER, "acme")
AT = datetime(2026, 11, 18, 15, tzinfo=UTC)
MICROS = 1_000_000


def line(
    number: int,
    kind: EntryKind = EntryKind.CHARGE,
    dollars: int = 75,
    *,
    back: EntryKind | None = None,
    call: str = "CA1",
    destination: str = "acme-east",
    connected_s: int = 121,
) -> Line:
    entry = Entry(
        party=ACME,
        number=number,
        kind=kind,
        amount_micros=dollars * MICROS,
        currency="USD",
        reference=str(number),
        booked_at=AT,
        posted_at=AT,
        reason="",
        author="",
        reverses=1 if back else None,
        call_sid=call,
        cdr_revision=1 if call else 0,
        campaign_id="flood-repair" if call else "",
        destination_id=destination if call else "",
        total_ms=(connected_s + 20) * 1000 if call else 0,
        connected_ms=connected_s * 1000 if call else 0,
    )
    return Line(entry, back)


def test_a_statement_adds_up_by_kind_and_its_calls_by_place() -> None:
    summary = summarize(
        tally(
            (
                line(1),
                line(2, dollars=0, call="CA2", connected_s=30),
                line(3, dollars=50, call="CA3", destination="acme-west"),
                line(4, EntryKind.PAYMENT, -100, call=""),
                line(5, EntryKind.CREDIT, -20, call="CA3"),
            )
        )
    )

    assert summary.entries == 5
    assert [(kind, micros // MICROS) for kind, micros in summary.by_kind] == [
        (EntryKind.CHARGE, 125),
        (EntryKind.PAYMENT, -100),
        (EntryKind.CREDIT, -20),
    ]
    assert [
        (p.destination_id, p.payable_calls, p.other_calls, p.total_ms, p.connected_ms)
        for p in (*summary.places, summary.calls)
    ] == [
        ("acme-east", 1, 1, 191_000, 151_000),
        ("acme-west", 1, 0, 141_000, 121_000),
        ("", 2, 1, 332_000, 272_000),
    ]
    assert summary.amount_micros == 105 * MICROS
    assert summary.payments_micros == -100 * MICROS


def test_a_call_that_was_corrected_counts_once() -> None:
    summary = summarize(
        tally(
            (
                line(1),
                line(2, EntryKind.REVERSAL, -75, back=EntryKind.CHARGE),
                line(3, dollars=0, connected_s=119),
            )
        )
    )

    assert (summary.calls.payable_calls, summary.calls.other_calls) == (0, 1)
    assert summary.calls.connected_ms == 119_000
    assert summary.amount_micros == 0


def test_a_statement_without_entries_is_nothing() -> None:
    assert summarize(tally(())) == Summary(entries=0, by_kind=(), places=())
    assert summarize(tally(())).calls.payable_calls == 0


@pytest.mark.parametrize(
    ("kind", "back", "calls", "counts_under"),
    [
        pytest.param(EntryKind.CHARGE, None, 1, EntryKind.CHARGE, id="a charge"),
        pytest.param(EntryKind.PAYOUT, None, 1, EntryKind.PAYOUT, id="a payout"),
        pytest.param(EntryKind.CREDIT, None, 0, EntryKind.CREDIT, id="a credit for a call"),
        pytest.param(
            *(EntryKind.REVERSAL, EntryKind.CHARGE, -1, EntryKind.REVERSAL),
            id="no charge after all",
        ),
        pytest.param(
            *(EntryKind.REVERSAL, EntryKind.CREDIT, 0, EntryKind.REVERSAL), id="no credit after all"
        ),
        pytest.param(
            *(EntryKind.REVERSAL, EntryKind.PAYMENT, 0, EntryKind.PAYMENT), id="a payment came back"
        ),
    ],
)
def test_a_line_counts(
    kind: EntryKind, back: EntryKind | None, calls: int, counts_under: EntryKind
) -> None:
    one = line(1, kind, -1, back=back)

    assert (one.calls, one.kind) == (calls, counts_under)


LINES = st.lists(
    st.builds(
        line,
        st.integers(1, 99),
        st.sampled_from(EntryKind),
        st.integers(-3, 3),
        back=st.sampled_from([None, *EntryKind]),
        destination=st.sampled_from(["acme-east", "acme-west"]),
        connected_s=st.integers(0, 500),
    )
)


@given(LINES, st.randoms())
def test_nothing_is_lost_whatever_the_order(lines: list[Line], chance: Random) -> None:
    summary = summarize(tally(lines))
    chance.shuffle(lines)

    assert summarize(tally(lines)) == summary
    assert summary.entries == len(lines)
    everything = sum(each.entry.amount_micros for each in lines)
    assert summary.amount_micros + summary.payments_micros == everything
    assert summary.calls.connected_ms == sum(e.calls * e.entry.connected_ms for e in lines)
    of_calls = sum(each.entry.amount_micros for each in lines if each.calls)
    assert summary.calls.amount_micros == of_calls


@given(LINES, st.integers(0, 50))
def test_two_statements_come_to_what_one_of_both_would(lines: list[Line], cut: int) -> None:
    parts = [summarize(tally(part)) for part in (lines[:cut], lines[cut:])]
    whole = summarize(tally(lines))

    assert sum(part.amount_micros for part in parts) == whole.amount_micros
    assert sum(part.calls.payable_calls for part in parts) == whole.calls.payable_calls
    assert sum(part.calls.total_ms for part in parts) == whole.calls.total_ms
    kinds = sorted(pair for part in parts for pair in part.by_kind)
    added = {k: sum(m for _, m in same) for k, same in groupby(kinds, lambda each: each[0])}
    assert added == dict(whole.by_kind)


def test_a_head_says_what_is_due_and_until_when() -> None:
    head = Statement(
        party=ACME,
        currency="USD",
        number="acme-2026-0007",
        zone="America/Chicago",
        starts_at=datetime(2026, 11, 16, 6, tzinfo=UTC),
        ends_at=datetime(2026, 11, 23, 6, tzinfo=UTC),
        closed_at=datetime(2026, 11, 23, 12, tzinfo=UTC),
        due_on=date(2026, 12, 8),
        agreement_version=1,
        opening_micros=200,
        amount_micros=150,
        payments_micros=-300,
        entries=3,
    )

    assert (head.first_day, head.last_day) == (date(2026, 11, 16), date(2026, 11, 22))
    assert head.closing_micros == 50
    assert not head.is_draft


@pytest.mark.parametrize(
    ("party", "sequence", "number"),
    [
        pytest.param(ACME, 7, "acme-2026-0007", id="a buyer's"),
        pytest.param(Party(Side.PUBLISHER, "radio-one"), 1, "P-radio-one-2026-0001", id="payouts"),
        pytest.param(ACME, 12345, "acme-2026-12345", id="more than four digits"),
    ],
)
def test_a_number_names_party_year_and_sequence(party: Party, sequence: int, number: str) -> None:
    assert write_number(party, 2026, sequence) == number
