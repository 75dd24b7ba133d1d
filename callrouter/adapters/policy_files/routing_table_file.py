"""A routing table as TOML: read, with every refusal named by line.

Whether its destinations exist is not known here; the domain's `table_check` sees to that.
"""

from collections.abc import Iterator
from types import MappingProxyType

from callrouter.adapters.policy_files.callers_section import to_caller_rules
from callrouter.adapters.policy_files.document import PolicyDocument, open_document
from callrouter.adapters.policy_files.explain import find_repeats, read_sections
from callrouter.adapters.policy_files.hours_section import find_hours_conflicts
from callrouter.adapters.policy_files.quota_section import to_quota
from callrouter.adapters.policy_files.rule_sections import to_rules
from callrouter.adapters.policy_files.rules import fits_price
from callrouter.adapters.policy_files.table_sections import (
    DidSection,
    NobodyLeftSection,
    RouteSection,
    RoutingTableFile,
    StrategySection,
)
from callrouter.domain.errors import FileProblem
from callrouter.domain.money import DECIMALS, read_amount
from callrouter.domain.tables.routing_table import (
    AdvertisedNumber,
    Group,
    LastResort,
    Limits,
    NobodyLeft,
    Ring,
    Route,
    RoutingTable,
    Screening,
    Strategy,
    StrategyName,
    WhenUncounted,
    WithheldCallers,
)
from callrouter.domain.tables.table_check import KeyPath


def read_table(text: str, file: str, *, version: int = 0) -> RoutingTable:
    """The table that `text` describes, as `version`; `file` is its name in messages.

    Raises PolicyFileError with every problem, each with its line, its key and what is expected.
    """
    document = open_document(text, file)
    sections = read_sections(RoutingTableFile, document, _find_conflicts(document))
    return RoutingTable(
        campaign_id=sections.campaign,
        numbers=tuple(_to_number(did) for did in sections.dids),
        routes=tuple(_to_route(route, sections.currency) for route in sections.routes),
        version=version,
        limits=Limits(
            attempts=sections.limits.attempts,
            ring_s=sections.limits.ring_s,
            call_s=sections.limits.call_s,
            when_uncounted=WhenUncounted(sections.limits.when_uncounted),
        ),
        nobody_left=_to_nobody_left(sections.nobody_left),
        withheld_callers=WithheldCallers(sections.withheld_callers),
        language=sections.language,
        zone=sections.zone,
        currency=sections.currency,
        strategy=_to_strategy(sections.strategy),
        callers=to_caller_rules(sections.callers),
        rules=to_rules(sections.rules),
        quota=to_quota(sections.rules),
        buyer_quotas=MappingProxyType({each.id: to_quota(each) for each in sections.buyers}),
        publisher_quotas=MappingProxyType(
            {each.id: to_quota(each) for each in sections.publishers}
        ),
        buyer_rules=MappingProxyType({each.id: to_rules(each) for each in sections.buyers}),
        groups=MappingProxyType(
            {each.id: Group(each.id, Ring(each.ring), to_quota(each)) for each in sections.groups}
        ),
    )


_ONCE = (
    ("dids", "number"),
    ("routes", "destination"),
    ("buyers", "id"),
    ("publishers", "id"),
    ("groups", "id"),
)


def _find_conflicts(document: PolicyDocument) -> Iterator[FileProblem]:
    """What is wrong between keys, found even where a key by itself is wrong too."""
    for section, key in _ONCE:
        entries = document.value_at((section,))
        paths = [(section, index, key) for index in range(_length(entries))]
        yield from find_repeats(document, [(path, document.value_at(path)) for path in paths])
    for level in _list_levels(document):
        yield from find_hours_conflicts(document, (*level, "hours"))
    yield from _find_unknown_groups(document)
    yield from _find_bad_prices(document)
    yield from _find_conflicting_ends(document)


def _list_levels(document: PolicyDocument) -> Iterator[KeyPath]:
    """Every section that may have rules."""
    yield ("rules",)
    for section in ("buyers", "routes"):
        for index in range(_length(document.value_at((section,)))):
            yield section, index


def _find_unknown_groups(document: PolicyDocument) -> Iterator[FileProblem]:
    known = [
        document.value_at(("groups", index, "id"))
        for index in range(_length(document.value_at(("groups",))))
    ]
    for index in range(_length(document.value_at(("routes",)))):
        path = ("routes", index, "group")
        group = document.value_at(path)
        if isinstance(group, str) and group not in known:
            yield document.problem(path, f'names "{group}", which no [[groups]] section has as id')


def _find_bad_prices(document: PolicyDocument) -> Iterator[FileProblem]:
    currency = str(document.value_at(("currency",)) or "USD")
    for index in range(_length(document.value_at(("routes",)))):
        price = document.value_at(("routes", index, "price"))
        if isinstance(price, str) and fits_price(price) and currency in DECIMALS:
            amount = read_amount(price, currency)
            if isinstance(amount, str):
                yield document.problem(("routes", index, "price"), amount)


def _find_conflicting_ends(document: PolicyDocument) -> Iterator[FileProblem]:
    end = document.value_at(("nobody_left",))
    if not isinstance(end, dict):
        return
    if "overflow" in end and end.get("voicemail") is True:
        message = "can't be true while there is an overflow; keep one of the two"
        yield document.problem(("nobody_left", "voicemail"), message)
    for key, owner in (("overflow_ring_s", "overflow"), ("voicemail_max_s", "voicemail")):
        if key in end and owner not in end:
            message = f"says nothing without {owner}; write that too, or leave this out"
            yield document.problem(("nobody_left", key), message)


def _length(entries: object) -> int:
    return len(entries) if isinstance(entries, list) else 0


def _to_strategy(section: StrategySection) -> Strategy:
    return Strategy(
        StrategyName(section.name),
        section.over_calls,
        section.minimum_calls,
        section.new_share_percent,
    )


def _to_number(section: DidSection) -> AdvertisedNumber:
    return AdvertisedNumber(
        section.number, section.publisher, section.to, MappingProxyType(dict(section.tags))
    )


def _to_route(section: RouteSection, currency: str) -> Route:
    screening = section.screening
    price = read_amount(section.price, currency) if section.price else None
    assert not isinstance(price, str)  # noqa: S101 - the document was checked
    return Route(
        destination_id=section.destination,
        priority=section.priority,
        weight=section.weight,
        ring_s=section.ring_s,
        whisper=section.whisper,
        screening=Screening(screening.prompt, screening.digit, screening.wait_s)
        if screening
        else None,
        price_micros=price,
        payable_after_s=section.payable_after_s,
        group_id=section.group,
        send_digits=section.send_digits,
        sip_header=section.sip_header,
        rules=to_rules(section),
        quota=to_quota(section),
    )


def _to_nobody_left(section: NobodyLeftSection) -> NobodyLeft:
    if section.overflow:
        return NobodyLeft(
            resort=LastResort.OVERFLOW,
            say=section.say,
            overflow_destination_id=section.overflow,
            overflow_ring_s=section.overflow_ring_s,
        )
    if section.voicemail:
        return NobodyLeft(
            resort=LastResort.VOICEMAIL, say=section.say, voicemail_max_s=section.voicemail_max_s
        )
    return NobodyLeft(say=section.say)
