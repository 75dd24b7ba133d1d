"""Truth against CDRs: every figure that the router got wrong, and every CDR too few or too many.

Knows CDRs only as rows of text, as `callrouter calls export` writes them. How wide an interval
is, and why, is said where truth.py and verdict.py make it.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from callrouter.simulator.truth import AttemptOutcome, AttemptTruth, CallTruth

FIELDS = ("total_s", "connected_s", "disposition", "destination", "attempts", "attempt_outcomes")
"""The columns that are compared; `call_id` names the call."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One disagreement: a column of FIELDS, or `cdr` when there is none, or one too many."""

    call_sid: str
    field: str
    truth: str
    cdr: str


def compare(
    truths: Iterable[CallTruth],
    rows: Iterable[Mapping[str, str]],
    destinations: Mapping[str, str],
    looked_up: Collection[str] = frozenset(),
) -> Iterator[Difference]:
    """Every difference between what happened and what the CDRs say, none when they agree.

    `destinations` names the destination of each dial string. `looked_up` are the calls that the
    router asked the REST API about: only for those may `total_s` start at the carrier's own
    whole second. A call of which the router took no webhook at all needs no CDR.
    """
    by_call: dict[str, list[Mapping[str, str]]] = {}
    for row in rows:
        by_call.setdefault(row["call_id"], []).append(row)
    for truth in truths:
        found = by_call.pop(truth.call_sid, [])
        if found:
            expected = _expect(truth, destinations)
            yield from _compare_call(truth, expected, found[0], truth.call_sid in looked_up)
            differs = _compare_outcomes(truth, destinations, found[0]["attempt_outcomes"])
            yield from (differs,) if differs else ()
        elif truth.accepted_webhooks:
            yield Difference(truth.call_sid, "cdr", "one", "none")
        if len(found) > 1:
            yield Difference(truth.call_sid, "cdr", "one", str(len(found)))
    for call_sid, unknown in by_call.items():
        yield Difference(call_sid, "cdr", "none", str(len(unknown)))


def _expect(truth: CallTruth, destinations: Mapping[str, str]) -> dict[str, str]:
    """The fields that have exactly one right value."""
    named = [(_name(attempt, destinations), attempt.outcome) for attempt in truth.attempts]
    connected = [name for name, outcome in named if outcome is AttemptOutcome.CONNECTED]
    last = named[-1][0] if named else ""
    return {
        "destination": connected[-1] if connected else last,
        "attempts": str(len({attempt.dial for attempt in truth.attempts})),
    }


def _name(attempt: AttemptTruth, destinations: Mapping[str, str]) -> str:
    """The destination that was dialled, whatever headers its SIP address was given."""
    address = attempt.dial_string.partition("?")[0]
    return destinations.get(attempt.dial_string) or destinations.get(address, address)


def _compare_outcomes(
    truth: CallTruth, destinations: Mapping[str, str], told: str
) -> Difference | None:
    """Every destination that was dialled, in order, with an outcome that is right."""
    right = [
        [f"{_name(a, destinations)}:{outcome}" for outcome in (a.outcome, *sorted(a.also_right))]
        for a in truth.attempts
    ]
    words = told.split()
    if len(words) == len(right) and all(w in r for w, r in zip(words, right, strict=True)):
        return None
    wanted = " ".join(" or ".join(words) for words in right)
    return Difference(truth.call_sid, "attempt_outcomes", wanted, told)


def _compare_call(
    truth: CallTruth,
    expected: Mapping[str, str],
    row: Mapping[str, str],
    looked_up: bool,
) -> Iterator[Difference]:
    total_ms = _milliseconds(row["total_s"])
    allowed = [truth.total, truth.total_if_looked_up] if looked_up else [truth.total]
    if total_ms is None or not any(total_ms in interval for interval in allowed):
        wanted = " or ".join(str(interval) for interval in allowed)
        yield Difference(truth.call_sid, "total_s", wanted, row["total_s"])
    connected_ms = _milliseconds(row["connected_s"])
    if connected_ms is None or connected_ms not in truth.connected:
        yield Difference(truth.call_sid, "connected_s", str(truth.connected), row["connected_s"])
    if row["disposition"] not in {truth.disposition, *truth.also_right}:
        wanted = " or ".join((truth.disposition, *sorted(truth.also_right)))
        yield Difference(truth.call_sid, "disposition", wanted, row["disposition"])
    for field, value in expected.items():
        if row[field] != value:
            yield Difference(truth.call_sid, field, value, row[field])


def _milliseconds(seconds: str) -> int | None:
    """Seconds with up to three decimals as whole milliseconds; None for anything else."""
    try:
        milliseconds = Decimal(seconds) * 1000
    except InvalidOperation:
        return None
    if not milliseconds.is_finite() or milliseconds != milliseconds.to_integral_value():
        return None
    return int(milliseconds)
