"""A routing table as TOML: read, with every refusal named by line.

Whether its destinations exist is not known here; `domain.table_check` sees to that.
"""

from collections.abc import Iterator
from typing import Annotated

from pydantic import BeforeValidator, Field

from callrouter.adapters.policy_files.document import PolicyDocument, open_document
from callrouter.adapters.policy_files.explain import Section, find_repeats, read_sections
from callrouter.adapters.policy_files.rules import (
    DIGIT,
    LANGUAGE,
    NUMBER,
    TRUE_OR_FALSE,
    Rule,
    one_of,
    slug,
    spoken,
    whole,
)
from callrouter.domain.errors import FileProblem
from callrouter.domain.routing_table import (
    AdvertisedNumber,
    LastResort,
    Limits,
    NobodyLeft,
    Route,
    RoutingTable,
    Screening,
    WithheldCallers,
)

_LIMITS = Limits()
_END = NobodyLeft()


def _expand_prompt(written: object) -> object:
    """The shorthand `screening = "…"` as the table that it stands for."""
    return {"prompt": written} if isinstance(written, str) else written


class DidSection(Section):
    """`[[dids]]`: a number that callers of this campaign dial."""

    number: Annotated[str, NUMBER]
    publisher: Annotated[str, slug("radio-kx", or_empty=True)] = ""


class ScreeningSection(Section):
    """`screening`: the buyer must press a digit before the caller is put through."""

    prompt: Annotated[str, spoken("Flood repair caller. Press 1 to take the call.")]
    digit: Annotated[str, DIGIT] = "1"
    wait_s: Annotated[int, whole(2, 60, 8, "seconds")] = 8


_SCREENING = Rule(
    'a text (the prompt) or a table { prompt = "…", digit = "1", wait_s = 8 }',
    '"Flood repair caller. Press 1 to take the call."',
)


class RouteSection(Section):
    """`[[routes]]`: a destination and its place in the order."""

    destination: Annotated[str, slug("acme-east")]
    priority: Annotated[int, whole(1, 10_000, 1)] = 1
    weight: Annotated[int, whole(1, 10_000, 1)] = 1
    ring_s: Annotated[int, whole(5, 600, 25, "seconds")] = 25
    whisper: Annotated[str, spoken("Flood repair call from the radio campaign.")] = ""
    screening: Annotated[ScreeningSection | None, BeforeValidator(_expand_prompt), _SCREENING] = (
        None
    )


class LimitsSection(Section):
    """`[limits]`: what one call may use up."""

    attempts: Annotated[int, whole(1, 10, 4)] = _LIMITS.attempts
    ring_s: Annotated[int, whole(10, 600, 90, "seconds")] = _LIMITS.ring_s
    call_s: Annotated[int, whole(1, 14_400, 14_400, "seconds")] = _LIMITS.call_s


class NobodyLeftSection(Section):
    """`[nobody_left]`: what a caller gets when no route is left."""

    say: Annotated[str, spoken("Nobody can take your call right now.")] = _END.say
    overflow: Annotated[str, slug("night-desk")] = ""
    overflow_ring_s: Annotated[int, whole(5, 600, 25, "seconds")] = _END.overflow_ring_s
    voicemail: Annotated[bool, TRUE_OR_FALSE] = False
    voicemail_max_s: Annotated[int, whole(5, 3600, 120, "seconds")] = _END.voicemail_max_s


class RoutingTableFile(Section):
    """A whole routing table file."""

    campaign: Annotated[str, slug("flood-repair")]
    withheld_callers: Annotated[str, one_of("accept", "refuse")] = "accept"
    language: Annotated[str, LANGUAGE] = "en-US"
    limits: LimitsSection = LimitsSection()
    dids: Annotated[list[DidSection], Field(min_length=1)]
    routes: Annotated[list[RouteSection], Field(min_length=1)]
    nobody_left: NobodyLeftSection = NobodyLeftSection()


def read_table(text: str, file: str, *, version: int = 0) -> RoutingTable:
    """The table that `text` describes, as `version`; `file` is its name in messages.

    Raises PolicyFileError with every problem, each with its line, its key and what is expected.
    """
    document = open_document(text, file)
    sections = read_sections(RoutingTableFile, document, _find_conflicts(document))
    return RoutingTable(
        campaign_id=sections.campaign,
        numbers=tuple(AdvertisedNumber(did.number, did.publisher) for did in sections.dids),
        routes=tuple(_to_route(route) for route in sections.routes),
        version=version,
        limits=Limits(
            attempts=sections.limits.attempts,
            ring_s=sections.limits.ring_s,
            call_s=sections.limits.call_s,
        ),
        nobody_left=_to_nobody_left(sections.nobody_left),
        withheld_callers=WithheldCallers(sections.withheld_callers),
        language=sections.language,
    )


def _find_conflicts(document: PolicyDocument) -> Iterator[FileProblem]:
    """What is wrong between keys, found even where a key by itself is wrong too."""
    for section, key in (("dids", "number"), ("routes", "destination")):
        entries = document.value_at((section,))
        paths = [(section, index, key) for index in range(_length(entries))]
        yield from find_repeats(document, [(path, document.value_at(path)) for path in paths])
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


def _to_route(section: RouteSection) -> Route:
    screening = section.screening
    return Route(
        destination_id=section.destination,
        priority=section.priority,
        weight=section.weight,
        ring_s=section.ring_s,
        whisper=section.whisper,
        screening=Screening(screening.prompt, screening.digit, screening.wait_s)
        if screening
        else None,
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
