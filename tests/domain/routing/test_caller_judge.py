"""Callers who are listed and callers who come again, as a decision sees them."""

from dataclasses import replace

import pytest

from callrouter.domain.callers.caller_lists import KnownCaller, ListEffect, ListEntry, ListScope
from callrouter.domain.callers.duplicates import (
    CallerRules,
    DuplicateAfter,
    DuplicateRule,
    DuplicateScope,
    DuplicateThen,
    PastCall,
    PastContact,
    RepeatRule,
    RepeatThen,
)
from callrouter.domain.numbers import read_caller
from callrouter.domain.routing.conditions import Conditions
from callrouter.domain.routing.decision import CallSoFar, Closing, Decision, SkipRule
from callrouter.domain.tables.routing_table import LastResort, NobodyLeft, Route, RoutingTable
from callrouter.domain.tables.rules import Rules
from tests.domain import builders
from tests.domain.builders import ANI, DID, T0, at, directory, table

EARLIER = "CA" + "e" * 32
ROUTES = table(
    Route("acme-east", priority=1), Route("acme-west", priority=2), Route("bolt", priority=3)
)
WINDOW_S = 3600


def entry(effect: str, pattern: str, where: str = "seller") -> ListEntry:
    scope, _, scope_id = where.partition(" ")
    return ListEntry(
        effect=ListEffect(effect),
        pattern=pattern,
        scope=ListScope(scope),
        scope_id=scope_id,
        added_at=T0,
    )


def contact(destination_id: str, seconds_ago: float = 60, *, payable: bool = True) -> PastContact:
    buyer_id = destination_id.split("-")[0]
    return PastContact(
        destination_id, buyer_id, "roofing", EARLIER, at(-seconds_ago), payable=payable
    )


def called(seconds_ago: float) -> PastCall:
    return PastCall("roofing", DID, EARLIER, at(-seconds_ago))


def decide(
    of_table: RoutingTable,
    *known: ListEntry | PastContact | PastCall,
    so_far: CallSoFar | None = None,
) -> Decision:
    caller = KnownCaller(
        entries=tuple(each for each in known if isinstance(each, ListEntry)),
        contacts=tuple(each for each in known if isinstance(each, PastContact)),
        last_call=next((each for each in known if isinstance(each, PastCall)), None),
    )
    conditions = Conditions(at=T0, caller=caller)
    return builders.decide(of_table, directory(), so_far or builders.call(), conditions)


def dialled(decision: Decision) -> str:
    return decision.dial.destination_id if decision.dial else ""


def skips(decision: Decision) -> dict[str, SkipRule]:
    return {c.destination_id: c.skip.rule for c in decision.candidates if c.skip}


def with_duplicates(rule: DuplicateRule) -> RoutingTable:
    return replace(ROUTES, rules=Rules(duplicates=rule))


def test_of_a_caller_who_is_new_nothing_is_asked() -> None:
    rules = CallerRules(2, RepeatRule(WINDOW_S, RepeatThen.REFUSE))
    decision = decide(replace(with_duplicates(DuplicateRule(WINDOW_S)), callers=rules))
    assert dialled(decision) == "acme-east"
    assert skips(decision) == {}


def test_a_blocked_caller_hears_the_message_and_nobody_is_dialled() -> None:
    overflow = NobodyLeft(LastResort.OVERFLOW, overflow_destination_id="spare")
    for end in (overflow, NobodyLeft(LastResort.VOICEMAIL)):
        decision = decide(replace(ROUTES, nobody_left=end), entry("block", "+1415*"))
        assert decision.closing is Closing.MESSAGE
        assert set(skips(decision).values()) == {SkipRule.BLOCKED}
    assert decision.candidates[0].skip is not None
    assert decision.candidates[0].skip.saw == "blocked: +1415*"


def test_a_caller_may_be_blocked_by_the_country_that_the_carrier_sends() -> None:
    blocked = entry("block", "country:CA")
    assert dialled(decide(ROUTES, blocked)) == "acme-east"
    from_canada = replace(builders.call(), caller_country="CA")
    assert dialled(decide(ROUTES, blocked, so_far=from_canada)) == ""


def test_a_buyers_block_passes_only_that_buyer_by() -> None:
    decision = decide(ROUTES, entry("block", ANI, "buyer acme"))
    assert dialled(decision) == "bolt"
    assert skips(decision) == {"acme-east": SkipRule.BLOCKED, "acme-west": SkipRule.BLOCKED}


def test_a_buyers_block_holds_for_the_overflow_too() -> None:
    end = NobodyLeft(LastResort.OVERFLOW, overflow_destination_id="spare")
    of_table = table("acme-east", nobody_left=end)
    blocks = [entry("block", ANI, f"buyer {buyer_id}") for buyer_id in ("acme", "spare")]
    assert dialled(decide(of_table, blocks[0])) == "spare"
    decision = decide(of_table, *blocks)
    assert decision.closing is Closing.MESSAGE
    assert skips(decision) == {"acme-east": SkipRule.BLOCKED, "spare": SkipRule.BLOCKED}


def test_a_buyer_may_allow_whom_the_seller_blocks() -> None:
    decision = decide(ROUTES, entry("block", ANI), entry("allow", "+1*", "buyer bolt"))
    assert dialled(decision) == "bolt"
    assert skips(decision) == {"acme-east": SkipRule.BLOCKED, "acme-west": SkipRule.BLOCKED}


def test_who_withholds_the_number_may_be_let_in_alone() -> None:
    hidden = replace(builders.call(), caller=read_caller("anonymous"))
    only_hidden = (entry("block", "everyone"), entry("allow", "withheld"))
    assert dialled(decide(ROUTES, *only_hidden, so_far=hidden)) == "acme-east"
    assert dialled(decide(ROUTES, *only_hidden)) == ""


@pytest.mark.parametrize(
    ("then", "known", "goes_to", "passed"),
    [
        pytest.param("normal", "acme-west", "acme-east", [], id="normal"),
        pytest.param("another_buyer", "acme-west", "bolt", ["acme-east", "acme-west"], id="other"),
        pytest.param("another_buyer", "bolt", "acme-east", ["bolt"], id="other, by its turn"),
        pytest.param("same_buyer", "bolt", "bolt", [], id="same, before its turn"),
        pytest.param("same_buyer", "crest", "acme-east", [], id="same, who isn't in the table"),
        pytest.param("refuse", "bolt", "", ["acme-east", "acme-west", "bolt"], id="refuse"),
        pytest.param("refuse", "crest", "acme-east", [], id="refuse, but nobody here had it"),
    ],
)
def test_a_duplicate_is_routed_as_the_rule_says(
    then: str, known: str, goes_to: str, passed: list[str]
) -> None:
    rule = DuplicateRule(WINDOW_S, then=DuplicateThen(then))
    decision = decide(with_duplicates(rule), contact(known))
    assert dialled(decision) == goes_to
    assert skips(decision) == dict.fromkeys(passed, SkipRule.DUPLICATE)


def test_a_duplicate_at_one_destination_may_go_to_another_of_the_buyer() -> None:
    rule = DuplicateRule(WINDOW_S, DuplicateScope.DESTINATION)
    decision = decide(with_duplicates(rule), contact("acme-east"))
    assert dialled(decision) == "acme-west"
    assert decision.candidates[0].skip is not None
    assert decision.candidates[0].skip.saw == (f"payable 1 minute ago in {EARLIER}, window 1 hour")


def test_the_most_specific_rule_about_duplicates_holds() -> None:
    lenient = Rules(duplicates=DuplicateRule(WINDOW_S, then=DuplicateThen.NORMAL))
    of_table = replace(
        table(Route("acme-east", rules=lenient), Route("acme-west", priority=2)),
        rules=Rules(duplicates=DuplicateRule(WINDOW_S, after=DuplicateAfter.CONNECTED)),
    )
    decision = decide(of_table, contact("acme-east", payable=False))
    assert skips(decision) == {"acme-west": SkipRule.DUPLICATE}


REPEATS = CallerRules(2, RepeatRule(600, RepeatThen.REFUSE))


@pytest.mark.parametrize(
    ("seconds_ago", "rule", "saw"),
    [
        (1, SkipRule.TOO_SOON, f"called 1 second ago in {EARLIER}, window 2 seconds"),
        (300, SkipRule.REPEAT, f"called 5 minutes ago in {EARLIER}, window 10 minutes"),
        (600, None, ""),
    ],
)
def test_a_caller_who_calls_again_too_soon_is_refused(
    seconds_ago: int, rule: SkipRule | None, saw: str
) -> None:
    decision = decide(replace(ROUTES, callers=REPEATS), called(seconds_ago))
    found = {(c.skip.rule, c.skip.saw) for c in decision.candidates if c.skip}
    assert found == ({(rule, saw)} if rule else set())
    assert (decision.dial is None) is (rule is not None)


def test_who_was_let_in_is_not_thrown_out_by_a_later_call() -> None:
    decision = decide(
        replace(ROUTES, callers=REPEATS), called(1), so_far=builders.call("acme-east")
    )
    assert dialled(decision) == "acme-west"


def test_a_repeat_may_be_routed_as_any_call() -> None:
    normal = CallerRules(0, RepeatRule(600, RepeatThen.NORMAL))
    decision = decide(replace(ROUTES, callers=normal), called(1), contact("bolt"))
    assert dialled(decision) == "acme-east"


def test_a_repeat_may_go_to_whom_the_caller_talked_to_before() -> None:
    same = CallerRules(0, RepeatRule(600, RepeatThen.SAME_BUYER))
    decision = decide(replace(ROUTES, callers=same), called(60), contact("bolt", payable=False))
    assert dialled(decision) == "bolt"
    assert skips(decision) == {}


@pytest.mark.parametrize("then", ["another_buyer", "same_buyer", "refuse"])
def test_an_allowed_caller_is_never_a_duplicate_a_repeat_or_too_soon(then: str) -> None:
    of_table = replace(
        with_duplicates(DuplicateRule(WINDOW_S, then=DuplicateThen(then))), callers=REPEATS
    )
    past = (called(1), contact("acme-east"), contact("bolt"))
    assert dialled(decide(of_table, *past)) == ""
    decision = decide(of_table, *past, entry("allow", ANI))
    assert dialled(decision) == "acme-east"
    assert skips(decision) == {}


def test_whom_a_buyer_allows_is_no_duplicate_for_that_buyer() -> None:
    of_table = with_duplicates(DuplicateRule(WINDOW_S))
    past = (contact("acme-east"), contact("bolt"))
    decision = decide(of_table, *past, entry("allow", ANI, "buyer bolt"))
    assert dialled(decision) == "bolt"
    assert skips(decision) == {"acme-east": SkipRule.DUPLICATE, "acme-west": SkipRule.DUPLICATE}
