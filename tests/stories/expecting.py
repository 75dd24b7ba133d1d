"""What a story expects, against what came of it: answers in words, CDRs and attempts in figures."""

import re
from collections.abc import Mapping
from xml.etree import ElementTree

from callrouter.adapters.storage.cdrs import StoredCdr
from callrouter.domain.cdr import AttemptRecord
from tests.stories.reading import Expected


def describe(twiml: str, names: Mapping[str, str]) -> str:
    """An answer of ours in words; `names` has the destination of each dial string."""
    verbs = ElementTree.fromstring(twiml)  # noqa: S314 - our own
    return ", then ".join(_describe_verb(verb, names) for verb in verbs) or "go on"


def _describe_verb(verb: ElementTree.Element, names: Mapping[str, str]) -> str:
    if verb.tag == "Dial":
        shown = f" as {verb.attrib['callerId']}" if "callerId" in verb.attrib else ""
        ringing = f" for {verb.attrib['timeout']} s{shown}"
        rung = [_describe_noun(noun, names) for noun in verb]
        if len(rung) == 1:
            ((who, how),) = rung
            return f"dial {who}{ringing}{how}"
        return f"dial {' and '.join(who + how for who, how in rung)}{ringing}"
    if verb.tag == "Say":
        return f'say "{verb.text}"'
    if verb.tag == "Gather":
        return f'ask for a key "{verb[0].text}"'
    if verb.tag == "Record":
        return f"record up to {verb.attrib['maxLength']} s"
    assert verb.tag == "Hangup", verb.tag
    return "hang up"


def _describe_noun(noun: ElementTree.Element, names: Mapping[str, str]) -> tuple[str, str]:
    """Who is dialled, and what it is told besides."""
    address, _, header = (noun.text or "").partition("?")
    by_sip = " by SIP" if noun.tag == "Sip" else ""
    told = f" with {header}" if header else ""
    keyed = f" keying {noun.attrib['sendDigits']}" if "sendDigits" in noun.attrib else ""
    whispered = " with whisper" if "url" in noun.attrib else ""
    return f"{names[address]}{by_sip}{told}", f"{keyed}{whispered}"


def check_cdr(expected: Expected, stored: StoredCdr) -> None:
    """The figures that the line names, in the words and seconds of a story."""
    cdr = stored.cdr
    assert 0 <= cdr.connected_ms <= cdr.total_ms
    _compare(
        expected,
        {
            "disposition": str(cdr.disposition),
            "hangup": str(cdr.hangup_party),
            "campaign": cdr.campaign_id,
            "publisher": cdr.publisher,
            "did": cdr.did,
            "ani": cdr.ani,
            "buyer": cdr.buyer_id,
            "destination": cdr.destination_id,
            "total": _seconds(cdr.total_ms),
            "ring": _seconds(cdr.ring_ms),
            "answered": _seconds(cdr.answered_ms),
            "connected": _seconds(cdr.connected_ms),
            "source": str(cdr.connected_source),
            "table": str(cdr.table_version),
            "revision": str(stored.revision),
            "flags": ",".join(cdr.flags),
        },
    )


def check_attempts(expected: Expected, attempts: tuple[AttemptRecord, ...]) -> None:
    """All attempts in a word each."""
    found = " ".join(f"{a.destination_id}:{a.outcome}" for a in attempts)
    assert found == " ".join(expected.text.split()), f"line {expected.line}"


def check_attempt(expected: Expected, attempts: tuple[AttemptRecord, ...]) -> None:
    """One attempt by its number and destination, with the figures that the line names."""
    number, destination, outcome, *_ = expected.text.split()
    of_number = [a for a in attempts if a.attempt == int(number)]
    found = next((a for a in of_number if a.destination_id == destination), None)
    assert found is not None, f"line {expected.line}: attempt {number} has no {destination}"
    assert str(found.outcome) == outcome, f"line {expected.line}"
    _compare(
        expected,
        {
            "buyer": found.buyer_id,
            "ring": _seconds(found.ring_ms),
            "answered": _seconds(found.answered_ms),
            "connected": _seconds(found.connected_ms),
            "table": str(found.table_version),
        },
    )


def _compare(expected: Expected, found: Mapping[str, str]) -> None:
    wanted = dict(re.findall(r"(\w+)=(\S*)", expected.text))
    unknown = wanted.keys() - found.keys()
    assert not unknown, f"line {expected.line}: nothing is known of {', '.join(unknown)}"
    assert {name: found[name] for name in wanted} == wanted, f"line {expected.line}"


def _seconds(ms: int) -> str:
    """Seconds with as many decimals as are needed: `25.25`, `180`."""
    return f"{ms / 1000:.3f}".rstrip("0").rstrip(".")
