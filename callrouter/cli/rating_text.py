"""A rated call as lines for people, and as JSON for programs."""

from collections.abc import Iterable, Iterator

from callrouter.cli.printing import JsonValue, as_json, show_instant
from callrouter.domain.billing.charges import Charge
from callrouter.domain.billing.ledger import Entry
from callrouter.domain.billing.rating import say_seconds
from callrouter.domain.billing.talks import Talk
from callrouter.domain.billing.terms_choice import say_scope
from callrouter.domain.billing.terms_words import say_dates, say_price
from callrouter.domain.money import say_amount, say_micros
from callrouter.workflows.explain_rating import RatedCall, RatedTalk


def describe_call(call: RatedCall) -> Iterator[str]:
    """The call, each party's side of it, and what is booked."""
    cdr = call.stored.cdr
    yield (
        f"{cdr.call_sid}, {show_instant(cdr.started_at)}, {cdr.campaign_id or 'no campaign'}, "
        f"from {cdr.ani or 'a withheld number'} to {cdr.did}: {cdr.disposition}, CDR revision "
        f"{call.stored.revision}"
    )
    if not call.talks:
        yield "nobody has a part in it: no buyer was dialled, and no publisher has the number"
    yield from describe_talks(call.talks)
    yield "booked:" if call.entries else "nothing is booked"
    yield from (f"  {_say_entry(entry)}" for entry in call.entries)


def describe_talks(talks: Iterable[RatedTalk]) -> Iterator[str]:
    """Each party's side of a call: what it had of it, the terms considered, the charge."""
    for rated in talks:
        talk = rated.talk
        yield f"{talk.party}: {_say_times(talk)}"
        if not rated.version:
            yield "  it has agreed to no terms"
        for each in rated.candidates:
            mark = "x" if each.why_not else ">"
            scope, dates = say_scope(each.terms), say_dates(each.terms, rated.zone)
            why = f": {each.why_not}" if each.why_not else f": {say_price(each.terms)}"
            yield f"  {mark} terms {each.index + 1}, {scope}, {dates}{why}"
        yield f"  = {say_charge(rated.charge)}"


def say_charge(charge: Charge | None) -> str:
    """What a talk comes to, and why."""
    if charge is None:
        return "not rated: there are no terms for it"
    return f"{say_amount(charge.amount_micros, charge.currency)}: {charge.reason}"


def tell_call(call: RatedCall) -> JsonValue:
    """A rated call as JSON; amounts as decimal text."""
    return {
        "call_id": call.stored.cdr.call_sid,
        "revision": call.stored.revision,
        "talks": [tell_talk(each) for each in call.talks],
        "entries": as_json(call.entries),
    }


def tell_talk(rated: RatedTalk) -> JsonValue:
    """One party's side as JSON; amounts as decimal text, times in milliseconds."""
    talk, charge = rated.talk, rated.charge
    return {
        "side": str(talk.party.side),
        "party": talk.party.party_id,
        "destination": talk.destination_id,
        "connected": talk.is_connected,
        "attempts": talk.attempts,
        "connected_ms": talk.connected_ms,
        "answered_ms": talk.answered_ms,
        "total_ms": talk.total_ms,
        "terms_version": rated.version,
        "terms": [
            {
                "place": each.index + 1,
                "for": say_scope(each.terms),
                "why_not": each.why_not,
                "price": say_price(each.terms),
            }
            for each in rated.candidates
        ],
        "charge": None
        if charge is None
        else {
            "amount": say_micros(charge.amount_micros),
            "currency": charge.currency,
            "payable": charge.is_payable,
            "reason": charge.reason,
        },
    }


def _say_times(talk: Talk) -> str:
    times = f"total {say_seconds(talk.total_ms)}"
    if talk.is_connected:
        times = (
            f"connected {say_seconds(talk.connected_ms)}, answered "
            f"{say_seconds(talk.answered_ms)}, {times}"
        )
    attempts = f"{talk.attempts} attempt{'' if talk.attempts == 1 else 's'}"
    at = f" at {talk.destination_id}" if talk.destination_id else ""
    return (
        f"{times}, {attempts}{at}"
        if talk.is_connected
        else f"never connected, {times}, {attempts}{at}"
    )


def _say_entry(entry: Entry) -> str:
    amount = say_amount(entry.amount_micros, entry.currency)
    of = f" of entry {entry.reverses}" if entry.reverses is not None else ""
    return (
        f"{show_instant(entry.posted_at)}  {entry.party}  {entry.number} {entry.kind}{of}  "
        f"{amount}  {entry.reason}"
    )
