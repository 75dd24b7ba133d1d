from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callrouter.domain.callers.duplicates import (
    CLOCK_SKEW_S,
    DuplicateAfter,
    DuplicateRule,
    DuplicateScope,
    DuplicateThen,
    PastCall,
    PastContact,
    RepeatRule,
    RepeatThen,
    condense,
    find_buyer_of_repeat,
    find_duplicate,
    find_repeat,
    is_too_soon,
    list_contacts,
    prefers,
    say_duplicate,
    say_repeat,
)
from callrouter.domain.cdr import AttemptOutcome, AttemptRecord, Cdr, Disposition, HangupParty
from callrouter.domain.cdr import ConnectedSource as Source
from tests.domain.builders import T0, at

DAY_S = 86_400
EARLIER = "CA" + "e" * 32
NOW = "CA" + "f" * 32
CAMPAIGN = "flood-repair"
RULE = DuplicateRule(window_s=30 * DAY_S)


def contact(
    destination_id: str = "acme-east",
    days_ago: float = 12,
    *,
    payable: bool = True,
    campaign_id: str = CAMPAIGN,
    call_sid: str = EARLIER,
) -> PastContact:
    return PastContact(
        destination_id=destination_id,
        buyer_id=destination_id.split("-")[0],
        campaign_id=campaign_id,
        call_sid=call_sid,
        connected_at=T0 - timedelta(days=days_ago),
        payable=payable,
    )


def find(
    rule: DuplicateRule | None, *contacts: PastContact, destination_id: str = "acme-east"
) -> PastContact | None:
    return find_duplicate(
        rule,
        contacts,
        campaign_id=CAMPAIGN,
        destination_id=destination_id,
        buyer_id=destination_id.split("-")[0],
        call_sid=NOW,
        at=T0,
    )


ANY_CALL = replace(RULE, after=DuplicateAfter.CONNECTED)
THIS_PHONE = replace(RULE, scope=DuplicateScope.DESTINATION)
ANYWHERE = replace(RULE, any_campaign=True)


@pytest.mark.parametrize(
    ("rule", "known", "is_one"),
    [
        pytest.param(None, contact(), False, id="no rule"),
        pytest.param(RULE, contact(), True, id="payable, same buyer"),
        pytest.param(RULE, contact("acme-west"), True, id="another destination of the buyer"),
        pytest.param(THIS_PHONE, contact("acme-west"), False, id="... but only this one counts"),
        pytest.param(THIS_PHONE, contact("acme-east"), True, id="this destination"),
        pytest.param(RULE, contact("bolt-main"), False, id="another buyer"),
        pytest.param(RULE, contact(payable=False), False, id="connected, not payable"),
        pytest.param(ANY_CALL, contact(payable=False), True, id="... and connected is enough"),
        pytest.param(ANY_CALL, contact(payable=True), True, id="payable is connected too"),
        pytest.param(RULE, contact(days_ago=29.999), True, id="just inside the window"),
        pytest.param(RULE, contact(days_ago=30), False, id="a window ago to the second"),
        pytest.param(RULE, contact(campaign_id="solar-quotes"), False, id="another campaign"),
        pytest.param(ANYWHERE, contact(campaign_id="solar-quotes"), True, id="... which counts"),
        pytest.param(RULE, contact(call_sid=NOW), False, id="this very call"),
        pytest.param(RULE, contact(days_ago=-10 / DAY_S), True, id="ten seconds ahead: skew"),
        pytest.param(RULE, contact(days_ago=-1), False, id="tomorrow: not yet"),
    ],
)
def test_a_duplicate_is_a_caller_whom_the_buyer_has_had(
    rule: DuplicateRule | None, known: PastContact, is_one: bool
) -> None:
    assert (find(rule, known) is known) is is_one
    assert is_one or find(rule, known) is None


def test_a_caller_without_a_history_is_never_a_duplicate() -> None:
    assert find(ANY_CALL) is None


def test_the_newest_contact_that_counts_is_the_one_that_is_named() -> None:
    newest_but_free = contact(days_ago=1, payable=False)
    found = find(RULE, contact(days_ago=12), newest_but_free, contact("acme-west", days_ago=3))
    assert found == contact("acme-west", days_ago=3)


def test_a_skip_says_what_it_saw() -> None:
    assert say_duplicate(THIS_PHONE, contact(), T0) == (
        f"payable 12 days ago in {EARLIER}, window 30 days"
    )
    assert say_duplicate(RULE, contact("acme-west", payable=False, days_ago=-0.0001), T0) == (
        f"connected with acme-west 0 seconds ago in {EARLIER}, window 30 days"
    )


contacts = st.lists(
    st.builds(
        contact,
        st.sampled_from(["acme-east", "acme-west", "bolt-main"]),
        st.floats(-2, 60, allow_nan=False),
        payable=st.booleans(),
        campaign_id=st.sampled_from([CAMPAIGN, "solar-quotes"]),
        call_sid=st.sampled_from([EARLIER, "CA" + "d" * 32]),
    ),
    max_size=12,
)
rules = st.builds(
    DuplicateRule,
    window_s=st.integers(1, 90 * DAY_S),
    scope=st.sampled_from(DuplicateScope),
    after=st.sampled_from(DuplicateAfter),
    any_campaign=st.booleans(),
)


def test_of_many_contacts_the_newest_of_each_place_are_kept_and_the_newest_payable_ones() -> None:
    old_payable, payable, newest, to_come = (
        contact("acme-east", days, payable=is_payable)
        for days, is_payable in ((9, True), (5, True), (2, False), (-1, True))
    )
    elsewhere = contact("acme-west", 7, payable=False)

    known = (old_payable, payable, newest, to_come, elsewhere)

    assert condense(known, T0) == (newest, payable, elsewhere)


@given(rules, contacts, st.randoms(use_true_random=False))
def test_the_order_in_which_contacts_are_known_does_not_matter(
    rule: DuplicateRule, known: list[PastContact], chance: Random
) -> None:
    shuffled = list(known)
    chance.shuffle(shuffled)
    assert find(rule, *known) == find(rule, *shuffled)
    assert condense(known, T0) == condense(shuffled, T0)


@given(rules, contacts)
def test_condensed_contacts_give_the_same_answers(
    rule: DuplicateRule, known: list[PastContact]
) -> None:
    few = condense(known, T0)
    assert find(rule, *few) == find(rule, *known)
    assert len(few) <= 2 * len({(c.campaign_id, c.destination_id) for c in known})
    repeat = RepeatRule(rule.window_s, RepeatThen.SAME_BUYER)
    assert find_buyer_of_repeat(repeat, few, campaign_id=CAMPAIGN, at=T0) == find_buyer_of_repeat(
        repeat, known, campaign_id=CAMPAIGN, at=T0
    )


def last_call(seconds_ago: float) -> PastCall:
    return PastCall(CAMPAIGN, "+18005550100", EARLIER, at(-seconds_ago))


@pytest.mark.parametrize(
    ("seconds_ago", "within"),
    [
        pytest.param(1.9, True, id="inside"),
        pytest.param(2, False, id="exactly"),
        pytest.param(600, False, id="long ago"),
        pytest.param(-1, True, id="another machine's clock is ahead"),
        pytest.param(-CLOCK_SKEW_S, False, id="too far ahead to have happened"),
    ],
)
def test_the_same_caller_again_within_the_window(seconds_ago: float, within: bool) -> None:
    last = last_call(seconds_ago)
    assert is_too_soon(2, last, T0) is within
    assert find_repeat(RepeatRule(2), last, T0) == (last if within else None)


def test_a_first_call_is_neither_too_soon_nor_a_repeat() -> None:
    assert not is_too_soon(2, None, T0)
    assert find_repeat(RepeatRule(2), None, T0) is None


def test_without_rules_nobody_is_too_soon_or_a_repeat() -> None:
    assert not is_too_soon(0, last_call(0), T0)
    assert find_repeat(None, last_call(0), T0) is None
    assert find_buyer_of_repeat(None, [contact()], campaign_id=CAMPAIGN, at=T0) is None


def test_a_refused_repeat_says_what_it_saw() -> None:
    said = f"called 40 seconds ago in {EARLIER}, window 10 minutes"
    assert say_repeat(600, last_call(40), T0) == said


def test_a_repeat_may_go_to_whom_the_caller_talked_to_last_in_this_campaign() -> None:
    rule = RepeatRule(30 * DAY_S, RepeatThen.SAME_BUYER)
    known = [
        contact("acme-east", days_ago=12),
        contact("bolt-main", days_ago=3, payable=False),
        contact("crest-desk", days_ago=1, campaign_id="solar-quotes"),
        contact("dash-desk", days_ago=40),
    ]
    before = find_buyer_of_repeat(rule, known, campaign_id=CAMPAIGN, at=T0)
    assert before == known[1]
    assert prefers(None, None, before, "bolt")
    assert not prefers(None, None, before, "acme")
    normal = replace(rule, then=RepeatThen.NORMAL)
    assert find_buyer_of_repeat(normal, known, campaign_id=CAMPAIGN, at=T0) is None


@pytest.mark.parametrize("then", DuplicateThen)
def test_a_duplicate_comes_first_only_where_the_rule_wants_the_same_buyer(
    then: DuplicateThen,
) -> None:
    rule = replace(RULE, then=then)
    assert prefers(rule, contact(), None, "acme") is (then is DuplicateThen.SAME_BUYER)
    assert not prefers(rule, None, None, "acme")


def attempt(number: int, destination_id: str, outcome: AttemptOutcome) -> AttemptRecord:
    return AttemptRecord(
        attempt=number,
        destination_id=destination_id,
        buyer_id=destination_id.split("-")[0],
        outcome=outcome,
        leg_sid="",
        dialed_at=at(number),
        ring_ms=0,
        answered_ms=0,
        connected_ms=0,
        table_version=1,
    )


def test_the_contacts_of_a_call_are_those_who_were_connected() -> None:
    cdr = Cdr(
        call_sid=EARLIER,
        started_at=T0,
        ended_at=at(60),
        campaign_id=CAMPAIGN,
        publisher="",
        did="+18005550100",
        ani="+14155550123",
        buyer_id="acme",
        destination_id="acme-east",
        attempts=(
            attempt(1, "crest-desk", AttemptOutcome.BUSY),
            attempt(2, "bolt-main", AttemptOutcome.CONNECTED),
            attempt(3, "acme-east", AttemptOutcome.CONNECTED),
            attempt(4, "bolt-main", AttemptOutcome.CONNECTED),
            attempt(5, "", AttemptOutcome.CONNECTED),
        ),
        disposition=Disposition.CONNECTED,
        hangup_party=HangupParty.CALLER,
        total_ms=60_000,
        ring_ms=0,
        answered_ms=0,
        connected_ms=0,
        connected_source=Source.NONE,
        table_version=1,
        flags=(),
    )
    assert list_contacts(cdr, frozenset({"acme-east"})) == (
        PastContact("bolt-main", "bolt", CAMPAIGN, EARLIER, at(2), payable=False),
        PastContact("acme-east", "acme", CAMPAIGN, EARLIER, at(3), payable=True),
    )
