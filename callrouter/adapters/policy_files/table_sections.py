"""The sections of a routing table file: which keys there are, and what each must be."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from callrouter.adapters.policy_files.callers_section import CallersSection
from callrouter.adapters.policy_files.explain import Section
from callrouter.adapters.policy_files.quota_section import QuotaSection
from callrouter.adapters.policy_files.rule_sections import RulesSection
from callrouter.adapters.policy_files.rules import (
    CURRENCY,
    DIGIT,
    LANGUAGE,
    NUMBER,
    PRICE,
    SEND_DIGITS,
    SIP_HEADER,
    TRUE_OR_FALSE,
    ZONE,
    Rule,
    one_of,
    refuse_tags,
    slug,
    spoken,
    whole,
)
from callrouter.domain.tables.routing_table import (
    Limits,
    NobodyLeft,
    Ring,
    Strategy,
    StrategyName,
    WhenUncounted,
)

TAGS = Rule('a table of texts, as in { region = "west" }', '{ region = "west" }', refuse_tags)

_LIMITS = Limits()
_END = NobodyLeft()
_STRATEGY = Strategy()


def _expand_prompt(written: object) -> object:
    """The shorthand `screening = "…"` as the table that it stands for."""
    return {"prompt": written} if isinstance(written, str) else written


def _expand_name(written: object) -> object:
    """The shorthand `strategy = "…"` as the table that it stands for."""
    return {"name": written} if isinstance(written, str) else written


class DidSection(Section):
    """`[[dids]]`: a number that callers of this campaign dial."""

    number: Annotated[str, NUMBER]
    publisher: Annotated[str, slug("radio-kx", or_empty=True)] = ""
    to: Annotated[str, slug("bolt-east", or_empty=True)] = ""
    tags: Annotated[dict[str, str], TAGS] = Field(default_factory=dict)


class ScreeningSection(Section):
    """`screening`: the buyer must press a digit before the caller is put through."""

    prompt: Annotated[str, spoken("Flood repair caller. Press 1 to take the call.")]
    digit: Annotated[str, DIGIT] = "1"
    wait_s: Annotated[int, whole(2, 60, 8, "seconds")] = 8


_SCREENING = Rule(
    'a text (the prompt) or a table { prompt = "…", digit = "1", wait_s = 8 }',
    '"Flood repair caller. Press 1 to take the call."',
)


class RouteSection(RulesSection):
    """`[[routes]]`: a destination and its place in the order, with rules of its own."""

    destination: Annotated[str, slug("acme-east")]
    priority: Annotated[int, whole(1, 10_000, 1)] = 1
    weight: Annotated[int, whole(1, 10_000, 1)] = 1
    ring_s: Annotated[int, whole(5, 600, 25, "seconds")] = 25
    whisper: Annotated[str, spoken("Flood repair call from the radio campaign.")] = ""
    screening: Annotated[ScreeningSection | None, BeforeValidator(_expand_prompt), _SCREENING] = (
        None
    )
    price: Annotated[str, PRICE] = ""
    payable_after_s: Annotated[int | None, whole(0, 14_400, 120, "seconds")] = None
    group: Annotated[str, slug("acme-desks")] = ""
    send_digits: Annotated[str, SEND_DIGITS] = ""
    sip_header: Annotated[str, SIP_HEADER] = ""


class BuyerRulesSection(RulesSection):
    """`[[buyers]]`: rules for all routes to a buyer."""

    id: Annotated[str, slug("acme")]


class PublisherSection(QuotaSection):
    """`[[publishers]]`: what is counted of the calls that a publisher sends."""

    id: Annotated[str, slug("radio-kx")]


class GroupSection(QuotaSection):
    """`[[groups]]`: routes that are rung together, or that share what is counted."""

    id: Annotated[str, slug("acme-desks")]
    ring: Annotated[str, one_of(*Ring)] = "in_turn"


class StrategySection(Section):
    """`[strategy]`: what decides between routes of one priority."""

    name: Annotated[str, one_of(*StrategyName)] = "weight"
    over_calls: Annotated[int, whole(1, 1_000, 100, "calls")] = _STRATEGY.over_calls
    minimum_calls: Annotated[int, whole(1, 1_000, 20, "calls")] = _STRATEGY.minimum_calls
    new_share_percent: Annotated[int, whole(0, 100, 10)] = _STRATEGY.new_share_percent


class LimitsSection(Section):
    """`[limits]`: what one call may use up."""

    attempts: Annotated[int, whole(1, 10, 4)] = _LIMITS.attempts
    ring_s: Annotated[int, whole(10, 600, 90, "seconds")] = _LIMITS.ring_s
    call_s: Annotated[int, whole(1, 14_400, 14_400, "seconds")] = _LIMITS.call_s
    when_uncounted: Annotated[str, one_of(*WhenUncounted)] = "skip"


class NobodyLeftSection(Section):
    """`[nobody_left]`: what a caller gets when no route is left."""

    say: Annotated[str, spoken("Nobody can take your call right now.")] = _END.say
    overflow: Annotated[str, slug("night-desk")] = ""
    overflow_ring_s: Annotated[int, whole(5, 600, 25, "seconds")] = _END.overflow_ring_s
    voicemail: Annotated[bool, TRUE_OR_FALSE] = False
    voicemail_max_s: Annotated[int, whole(5, 3600, 120, "seconds")] = _END.voicemail_max_s


STRATEGY = Rule(
    'a strategy\'s name or a table { name = "revenue_per_call", over_calls = 100 }',
    '"best_paying"',
)


class RoutingTableFile(Section):
    """A whole routing table file."""

    campaign: Annotated[str, slug("flood-repair")]
    withheld_callers: Annotated[str, one_of("accept", "refuse")] = "accept"
    language: Annotated[str, LANGUAGE] = "en-US"
    zone: Annotated[str, ZONE] = "UTC"
    currency: Annotated[str, CURRENCY] = "USD"
    strategy: Annotated[StrategySection, BeforeValidator(_expand_name), STRATEGY] = (
        StrategySection()
    )
    rules: RulesSection = RulesSection()
    callers: CallersSection = CallersSection()
    limits: LimitsSection = LimitsSection()
    dids: Annotated[list[DidSection], Field(min_length=1)]
    buyers: Annotated[list[BuyerRulesSection], Field(default_factory=list)]
    publishers: Annotated[list[PublisherSection], Field(default_factory=list)]
    groups: Annotated[list[GroupSection], Field(default_factory=list)]
    routes: Annotated[list[RouteSection], Field(min_length=1)]
    nobody_left: NobodyLeftSection = NobodyLeftSection()
