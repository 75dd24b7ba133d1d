"""A million CDRs rated for their buyer and their publisher, on one core, in constant memory."""

import resource
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from callrouter.adapters.policy_files.terms_file import read_agreement_file
from callrouter.domain.billing.call_entries import CallAccounts
from callrouter.domain.billing.call_rating import find_agreed, rate_talks
from callrouter.domain.billing.party import Party
from callrouter.domain.billing.rating import NOTHING_PAID, PaidPast
from callrouter.domain.billing.talks import Talk, list_talks
from callrouter.domain.billing.terms import Agreement, Terms
from callrouter.domain.cdr import (
    AttemptOutcome,
    AttemptRecord,
    Cdr,
    ConnectedSource,
    Disposition,
    HangupParty,
)

_CALLS = 1_000_000
_SINCE = datetime(2026, 11, 2, tzinfo=UTC)
_BUYER = """
buyer = "acme"
zone = "America/Chicago"
currency = "USD"
[[terms]]
from = 2026-10-01
rounding = "floor"
hours = { weekdays = ["06:00-22:00"], sat = "08:00-18:00" }
[[terms.bands]]
after_s = 90
price = "35.00"
[[terms.bands]]
after_s = 300
price = "50.00"
"""
_PUBLISHER = """
publisher = "radio-kx"
zone = "America/Chicago"
currency = "USD"
[[terms]]
from = 2026-10-01
share = "40 %"
"""


def measure_rating() -> list[tuple[str, str]]:
    """Each CDR taken apart, its terms found, both sides rated, with the words that explain it."""
    read = (read_agreement_file(text, "bench.toml", version=1) for text in (_BUYER, _PUBLISHER))
    agreements = {agreement.party: agreement for agreement in read}
    nobody = CallAccounts(())
    for number in range(1_000):
        _rate(_cdr(number), agreements, nobody)
    before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    paid = sum(_rate(_cdr(number), agreements, nobody) for number in range(_CALLS))
    took_s = time.perf_counter() - began
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib) / 1024
    assert 0 < paid < _CALLS
    pace = f"{_CALLS / took_s:,.0f}/s, {took_s:.1f} s in all, {max(grown, 0):.0f} MiB more"
    return [("rate 1,000,000 CDRs, two bands and a publisher's share", pace)]


def _rate(cdr: Cdr, agreements: Mapping[Party, Agreement], accounts: CallAccounts) -> bool:
    talks = list_talks(cdr)
    rated = rate_talks(talks, find_agreed(talks, agreements), accounts, _look_up)
    charge = rated[0].charge
    return charge is not None and charge.is_payable


def _look_up(talk: Talk, terms: Terms, zone: str) -> PaidPast:  # noqa: ARG001 - nothing was paid
    return NOTHING_PAID


def _cdr(number: int) -> Cdr:
    """One call each minute; one of four isn't answered by its first destination."""
    at = _SINCE + timedelta(minutes=number % 40_000)
    connected_ms = number * 37 % 400_000
    attempts = [_attempt(at, 1, connected_ms if number % 4 else 0)]
    if not number % 4:
        attempts.append(_attempt(at, 2, connected_ms))
    return Cdr(
        call_sid=f"CA{number:032x}",
        started_at=at,
        ended_at=at + timedelta(milliseconds=connected_ms + 20_000),
        campaign_id="flood-repair",
        publisher="radio-kx",
        did="+18005550100",
        ani=f"+1415555{number % 10_000:04}",
        buyer_id="acme",
        destination_id="acme-east",
        attempts=tuple(attempts),
        disposition=Disposition.CONNECTED,
        hangup_party=HangupParty.CALLER,
        total_ms=connected_ms + 20_000,
        ring_ms=9_000,
        answered_ms=connected_ms,
        connected_ms=connected_ms,
        connected_source=ConnectedSource.CARRIER_LEG,
        table_version=1,
        flags=(),
    )


def _attempt(at: datetime, place: int, connected_ms: int) -> AttemptRecord:
    return AttemptRecord(
        attempt=place,
        destination_id="acme-east",
        buyer_id="acme",
        outcome=AttemptOutcome.CONNECTED if connected_ms else AttemptOutcome.NO_ANSWER,
        leg_sid="",
        dialed_at=at,
        ring_ms=9_000,
        answered_ms=connected_ms,
        connected_ms=connected_ms,
        table_version=1,
    )
