"""Decisions in a person's words: what is done, and why each destination is or isn't dialled."""

from collections.abc import Sequence

from callrouter.cli.printing import align
from callrouter.domain.money import say_micros
from callrouter.domain.routing.decision import Candidate, Closing, Decision, Dial, SkipRule

_COLUMNS = ("", "destination", "buyer", "priority", "share", "")
_WITH_FIGURES = ("", "destination", "buyer", "priority", "figure", "")


def say_decision(decision: Decision) -> str:
    """What the carrier is told to do, in one line."""
    if decision.dials:
        return "; and at the same time ".join(_say_dial(dial) for dial in decision.dials)
    match decision.closing:
        case Closing.VOICEMAIL:
            return f'say "{decision.say}" and record for up to {decision.voicemail_max_s} s'
        case Closing.NOT_IN_SERVICE:
            return "say that the number is not in service, and hang up"
        case Closing.CONNECTED:
            return "nothing more: the two have talked"
        case Closing.CALLER_GONE:
            return "nothing more: the caller has gone"
        case _:
            return f'say "{decision.say}" and hang up'


def say_source(decision: Decision) -> str:
    """By which configuration it was decided."""
    if not decision.campaign_id:
        return "no campaign has this number"
    publisher = f", publisher {decision.publisher}" if decision.publisher else ""
    return (
        f"campaign {decision.campaign_id}{publisher}, table version {decision.table_version}, "
        f"directory version {decision.directory_version}"
    )


def list_candidates(decision: Decision) -> list[str]:
    """Every candidate in its rank, and why those that weren't dialled weren't; aligned lines."""
    if not decision.candidates:
        return []
    has_figures = any(candidate.figure for candidate in decision.candidates)
    rows = [
        (
            str(rank),
            candidate.destination_id,
            candidate.buyer_id or "-",
            "overflow" if candidate.overflow else str(candidate.priority),
            candidate.figure if has_figures else _say_share(candidate, decision.candidates),
            _say_verdict(candidate, decision),
        )
        for rank, candidate in enumerate(decision.candidates, start=1)
    ]
    if has_figures:
        return align([_WITH_FIGURES, *rows])
    return align([_COLUMNS, *rows], frozenset({4}))


def has_draw(decision: Decision) -> bool:
    """Whether the order of the candidates could have been another one for another call."""
    eligible = [
        (c.priority, c.figure) for c in decision.candidates if c.skip is None and not c.overflow
    ]
    return len(set(eligible)) < len(eligible)


def list_passed_by(decision: Decision) -> list[str]:
    """The candidates that another rule than having been tried passed by; aligned lines."""
    rows = [
        (candidate.destination_id, _say_verdict(candidate, decision))
        for candidate in decision.candidates
        if candidate.skip is not None and candidate.skip.rule is not SkipRule.ALREADY_TRIED
    ]
    return align(rows) if rows else []


def _say_dial(dial: Dial) -> str:
    words = [f"dial {dial.destination_id} of {dial.buyer_id} at {dial.dial_string}"]
    words.append(f"for up to {dial.ring_s} s")
    if dial.overflow:
        words.append("as the overflow")
    if dial.caller_id is not None:
        words.append(f"with caller id {dial.caller_id}")
    if dial.send_digits:
        words.append(f"and key {dial.send_digits} when it answers")
    if dial.sip_header:
        words.append(f"and name the call in {dial.sip_header}")
    if dial.whisper:
        words.append(f'and whisper "{dial.whisper}"')
    if dial.screening is not None:
        asked = dial.screening
        words.append(f'and ask "{asked.prompt}" for a {asked.digit} within {asked.wait_s} s')
    if dial.price_micros is not None:
        after = f" after {dial.payable_after_s} s of talk" if dial.payable_after_s else ""
        words.append(f"and be paid {say_micros(dial.price_micros)}{after}")
    if dial.recovery is not None:
        words.append(f"and go on to the next if it hangs up within {dial.recovery.under_s} s")
    return " ".join(words)


def _say_share(candidate: Candidate, candidates: Sequence[Candidate]) -> str:
    """How many of all calls it gets first among the eligible ones of its priority."""
    if candidate.skip is not None or candidate.overflow:
        return ""
    peers = [
        other.weight
        for other in candidates
        if other.skip is None and not other.overflow and other.priority == candidate.priority
    ]
    return f"{100 * candidate.weight / sum(peers):.0f} %"


def _say_verdict(candidate: Candidate, decision: Decision) -> str:
    if candidate.skip is not None:
        rule = candidate.skip.rule.replace("_", " ")
        return f"skipped: {rule} ({candidate.skip.saw})"
    dialled = candidate.destination_id in [dial.destination_id for dial in decision.dials]
    return "dialled" if dialled else "could have been dialled"
