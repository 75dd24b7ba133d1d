"""A tie-out of November with acme that is kept, with a publisher who has a share of each call."""

from datetime import UTC, datetime, timedelta

import polars as pl

from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.ledger import post
from callrouter.adapters.storage.tie_out_lines import LINE_COLUMNS, add_lines
from callrouter.adapters.storage.tie_outs import begin_tie_out, finish_tie_out
from callrouter.domain.billing.ledger import EntryKind, Posting
from callrouter.domain.billing.party import Party, Side
from callrouter.domain.tie_out.buyer_clock import (
    BuyerClock,
    ClockPiece,
    StampPrecision,
    StartMeans,
)
from callrouter.domain.tie_out.classes import DifferenceClass as Class
from callrouter.workflows.apply_terms import apply_terms
from callrouter.workflows.view_tie_out import KeptTieOut, encode_row
from tests.adapters.documents.tie_outs import report
from tests.switchboards import SELLER, T0, open_seller

ACME, RADIO = Party(Side.BUYER, "acme"), Party(Side.PUBLISHER, "radio-kx")
USD = 1_000_000
SINCE, UNTIL = datetime(2026, 9, 1, 4, tzinfo=UTC), datetime(2026, 10, 1, 4, tzinfo=UTC)
SETTLED_AT = datetime(2026, 10, 5, 14, tzinfo=UTC)
_CLOCK = BuyerClock(
    zone="UTC",
    pieces=(ClockPiece(SINCE, 37_000),),
    means=StartMeans.ANSWERED,
    precision=StampPrecision.SECOND,
    ahead_ms=37_000,
    drift_ms_per_day=0,
    spread_ms=2_000,
    sure=100,
)
_ACME = """\
buyer = "acme"
zone = "America/New_York"
currency = "USD"
[[terms]]
from = 2026-01-01
clock = "connected"
threshold_s = 120
price = "75.00"
"""
_RADIO = """\
publisher = "radio-kx"
zone = "America/New_York"
currency = "USD"
[[terms]]
from = 2026-01-01
share = "40 %"
"""


def call_sid(number: int) -> str:
    return f"CA{number:032d}"


def open_month(database: Database, *, radio: str = _RADIO, dispute_days: int | None = None) -> None:
    """The seller, both parties' terms, and four calls that were charged with 75 USD each."""
    open_seller(database)
    window = "" if dispute_days is None else f"[tie_out]\ndispute_days = {dispute_days}\n"
    for text in (_ACME + window, radio):
        apply_terms(database, SELLER.seller_id, text, "t.toml", author="ann", note="", at=T0)
    for number in range(1, 5):
        _book(database, number, ACME, EntryKind.CHARGE, 75)
        _book(database, number, RADIO, EntryKind.PAYOUT, 30)


def _book(database: Database, number: int, party: Party, kind: EntryKind, units: int) -> None:
    began_at = T0 + timedelta(minutes=number)
    posting = Posting(
        party=party,
        kind=kind,
        amount_micros=units * USD,
        currency="USD",
        reference=f"call:{call_sid(number)}",
        booked_at=began_at,
        reason="connected 121 s >= 120 s: 1 x 75.00 USD",
        author="rating",
        call_sid=call_sid(number),
        call_started_at=began_at,
        campaign_id="flood-repair",
        destination_id="acme-east",
        ani="+14155550123",
        did="+18005550100",
    )
    with database.write() as connection:
        post(connection, SELLER.seller_id, [posting], began_at)


def keep_tie_out(database: Database, *, supersedes: int | None = None) -> int:
    """Line 0 agrees; 1 and 2 differ across the threshold; 3 is ours only; 4 theirs; 5 a repeat."""
    lines = pl.DataFrame(
        [
            _line(0, Class.AGREE, number=1, ours=75, theirs=75, our_s=140, their_s=140),
            _line(1, Class.ACROSS_THRESHOLD, number=2, ours=75, theirs=0, our_s=121, their_s=119),
            _line(2, Class.ACROSS_THRESHOLD, number=3, ours=75, theirs=0, our_s=150, their_s=90),
            _line(3, Class.OURS_ONLY, number=4, ours=75, our_s=150),
            _line(4, Class.THEIRS_ONLY, theirs=75, their_s=133),
            _line(5, Class.DUPLICATE, theirs=75, their_s=140),
        ],
        schema=LINE_COLUMNS,
    )
    kept = KeptTieOut(
        number=0,
        buyer_id="acme",
        since=SINCE,
        until=UNTIL,
        zone="America/New_York",
        currency="USD",
        files=(),
        mappings=(),
        clock=_CLOCK,
        measure=None,
        totals=report().totals,
        notices=(),
        lines=lines.height,
        supersedes=supersedes,
        author="ann",
        made_at=SETTLED_AT,
    )
    with database.write() as connection:
        number = begin_tie_out(connection, SELLER.seller_id, encode_row(kept))
    add_lines(database, SELLER.seller_id, number, lines)
    with database.write() as connection:
        finish_tie_out(connection, SELLER.seller_id, number, SETTLED_AT)
    return number


def _line(
    line_no: int,
    difference: Class,
    *,
    number: int | None = None,
    ours: int | None = None,
    theirs: int | None = None,
    our_s: int | None = None,
    their_s: int | None = None,
) -> dict[str, object]:
    is_ours, is_theirs = number is not None, their_s is not None
    began_ms = int((T0 + timedelta(minutes=number or 0)).timestamp() * 1000)
    texts = {name: "" for name, kind in LINE_COLUMNS.items() if kind == pl.String}
    figures = {name: None for name, kind in LINE_COLUMNS.items() if kind != pl.String}
    return {**texts, **figures} | {
        "line_no": line_no,
        "class": difference.value,
        "why": "as the test has it",
        "rows": int(is_theirs),
        "our_ms": None if our_s is None else our_s * 1000,
        "their_ms": None if their_s is None else their_s * 1000,
        "our_micros": None if ours is None else ours * USD,
        "their_micros": None if theirs is None else theirs * USD,
        "call_sid": call_sid(number) if number is not None else "",
        "started_at_ms": began_ms if is_ours else None,
        "caller": "+14155550123",
        "did": "+18005550100" if is_ours else "",
        "destination_id": "acme-east" if is_ours else "",
        "campaign_id": "flood-repair" if is_ours else "",
        "publisher": "radio-kx" if is_ours else "",
        "file": 1 if is_theirs else None,
        "line": line_no + 2 if is_theirs else None,
        "their_call_ids": f"3000{line_no}" if is_theirs else "",
    }
