"""Compare how each DID is set up at the carrier with where its webhooks must go."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import SplitResult, urldefrag, urlsplit

from callrouter.adapters.storage.engine import Database
from callrouter.adapters.twilio.links import Links
from callrouter.domain.carrier.carrier_records import NumberSetup
from callrouter.domain.errors import CarrierUnavailableError
from callrouter.workflows.findings import Finding, Verdict
from callrouter.workflows.live_tables import read_live_tables
from callrouter.workflows.ports import Carrier


@dataclass(frozen=True, slots=True)
class _Difference:
    verdict: Verdict
    saw: str
    advice: str


def examine_numbers(
    database: Database, carrier_of: Callable[[str], Carrier], seller_id: str, links: Links
) -> Iterator[Finding]:
    """One finding for each thing that keeps a DID's calls from here, then a summary."""
    check = f"numbers of {seller_id}"
    with database.read() as connection:
        live = read_live_tables(connection, seller_id)
    owners = {n.number: table.campaign_id for table in live.values() for n in table.numbers}
    try:
        setups = {setup.number: setup for setup in carrier_of(seller_id).list_numbers()}
    except CarrierUnavailableError as error:
        yield Finding(check, Verdict.FAILED, str(error), "without the carrier nothing is swept")
        return
    wrong = [
        finding
        for number, campaign_id in owners.items()
        for finding in _examine_number(number, campaign_id, setups.get(number), links)
    ]
    yield from wrong
    yield from _find_strays(owners.keys(), setups.values(), links)
    amiss = {finding.check for finding in wrong}
    if not owners:
        yield Finding(check, Verdict.WARNING, "no live table has a DID", "activate a table")
    else:
        saw = f"{len(owners) - len(amiss)} of {len(owners)} DIDs are set up as they should be"
        yield Finding(check, Verdict.WARNING if amiss else Verdict.OK, saw)


def _examine_number(
    number: str, campaign_id: str, setup: NumberSetup | None, links: Links
) -> Iterator[Finding]:
    check = f"DID {number}"
    if setup is None:
        saw = f"campaign {campaign_id} advertises it, but the carrier account doesn't have it"
        advice = "buy or port it, check the AccountSid, or take it out of the table"
        yield Finding(check, Verdict.FAILED, saw, advice)
        return
    taken_by = _find_what_takes_calls(setup)
    if taken_by:
        saw = f"{taken_by} takes its calls: the carrier ignores the number's own URLs"
        advice = "at the carrier, take it off the number: configure the voice calls with webhooks"
        yield Finding(check, Verdict.FAILED, saw, advice)
    wanted = (
        ("voice URL", setup.voice_url, links.voice()),
        ("fallback URL", setup.fallback_url, links.fallback()),
        ("status callback URL", setup.status_url, links.status()),
    )
    for name, has, should in wanted:
        difference = _compare(has, should)
        if difference is not None:
            saw = f"{name} {difference.saw}"
            yield Finding(check, difference.verdict, saw, f"{difference.advice}{should}")


def _find_what_takes_calls(setup: NumberSetup) -> str:
    """What the carrier gives the number's calls to in place of its URLs; "" when they count."""
    if setup.trunk_sid:
        return f"SIP trunk {setup.trunk_sid}"
    if setup.voice_application_sid:
        return f"TwiML application {setup.voice_application_sid}"
    return ""


def _compare(has: str, should: str) -> _Difference | None:
    """How a URL differs from what it should be, in the words of what follows from it."""
    if has == should:
        return None
    if not has:
        return _Difference(Verdict.FAILED, "isn't set", "set it to ")
    ours, theirs = urlsplit(should), _split(has)
    if theirs is None:
        return _Difference(Verdict.FAILED, f"isn't a URL: {has}", "set it to ")
    if theirs._replace(fragment="") == ours._replace(fragment=""):
        saw = f"has {_say_overrides(theirs.fragment)} instead of {_say_overrides(ours.fragment)}"
        advice = "calls arrive, but time-outs and retries are not as meant; set it to "
        return _Difference(Verdict.WARNING, saw, advice)
    if theirs.netloc.lower() != ours.netloc.lower():
        saw = f"points to {theirs.netloc or has}, not here"
    elif theirs.scheme != ours.scheme:
        saw = f"uses {theirs.scheme}, so that its signature doesn't match PUBLIC_URL"
    elif theirs.path.rstrip("/") == ours.path.rstrip("/") and not theirs.query:
        saw = "ends in a slash, which is another address"
    else:
        saw = f"is {has}"
    return _Difference(Verdict.FAILED, saw, "set it to ")


def _split(url: str) -> SplitResult | None:
    try:
        return urlsplit(url)
    except ValueError:
        return None


def _say_overrides(fragment: str) -> str:
    return f"#{fragment}" if fragment else "no connection overrides"


def _find_strays(
    owned: Collection[str], setups: Iterable[NumberSetup], links: Links
) -> Iterator[Finding]:
    """Numbers of the account whose calls come here though no campaign has them."""
    here = urldefrag(links.voice()).url
    for setup in setups:
        comes_here = setup.voice_url.partition("#")[0] == here and not _find_what_takes_calls(setup)
        if comes_here and setup.number not in owned:
            saw = "calls to it come here, but no live table has it: callers hear so"
            advice = "add it to a campaign's table, or point it elsewhere"
            yield Finding(f"DID {setup.number}", Verdict.WARNING, saw, advice)
