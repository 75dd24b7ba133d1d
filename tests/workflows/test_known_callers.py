"""Callers who come again, and callers on the lists, from the first webhook to the next call."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from callrouter.adapters.storage.calls import append_event, read_decided
from callrouter.domain.callers.caller_lists import ListEffect, ListEntry, ListScope
from callrouter.domain.calls.events import LegProgressed, LegStatus
from callrouter.domain.routing.decision import Decision
from callrouter.workflows.apply_buyers import apply_buyers
from callrouter.workflows.list_callers import list_callers, unlist_callers
from callrouter.workflows.switchboard import Switchboard
from tests.switchboards import SELLER, T0, TABLE, FakeClock, activate
from tests.twilio_side import ANI, TwilioSide, caller_fields, leg_sid

WITH_RULES = TABLE.replace(
    "[[dids]]",
    """
[callers]
min_gap_s = 2

[rules]
duplicates = { window = "30d" }

[[dids]]""",
    1,
).replace('destination = "acme-east"', 'destination = "acme-east"\npayable_after_s = 60')
PREMIUM = "+19005550123"
CREST = """
[[buyers]]
id = "crest"
name = "Crest"
zone = "America/Chicago"
"""


def sid(number: int) -> str:
    return f"CA{number:032}"


class Day:
    """Calls to the seller's number, each at its own second."""

    def __init__(self, board: Switchboard, twilio: TwilioSide, clock: FakeClock) -> None:
        self.board = board
        self.twilio = twilio
        self.clock = clock
        self.calls = 0

    def call(self, seconds: float, ani: str = ANI) -> str:
        """A call arrives; the number that is dialled for it, or what is said."""
        self.calls += 1
        self.clock.set(seconds)
        fields = caller_fields("ringing", call_sid=sid(self.calls), ani=ani)
        twiml = self.twilio.post("/twilio/voice", fields).text
        found = re.search(r"<Number[^>]*>([^<]+)|<Say[^>]*>([^<]+)", twiml)
        assert found is not None, twiml
        return found[1] or found[2]

    def talk(self, seconds: int) -> None:
        """The last call's first attempt is answered, talks for so long, and ends."""
        call_sid = sid(self.calls)
        self.clock.at += timedelta(seconds=seconds)
        self.report_leg(seconds)
        joined = {
            "DialCallStatus": "completed",
            "DialBridged": "true",
            "DialCallSid": leg_sid(self.calls),
            "DialCallDuration": str(seconds),
        }
        target = "/twilio/attempts/1?d=acme-east&tried=acme-east"
        self.twilio.post(target, caller_fields("in-progress", call_sid=call_sid) | joined)
        fields = caller_fields("completed", call_sid=call_sid, CallDuration=str(seconds))
        self.twilio.post("/twilio/status", fields)

    def report_leg(self, seconds: int) -> None:
        event = LegProgressed(
            call_sid=sid(self.calls),
            received_at=self.clock.now(),
            attempt=1,
            destination_id="acme-east",
            leg_sid=leg_sid(self.calls),
            status=LegStatus.COMPLETED,
            occurred_at=self.clock.now(),
            duration_s=seconds,
        )
        append_event(self.board.database, SELLER.seller_id, event, None)

    def last_decision(self) -> Decision:
        with self.board.database.read() as connection:
            decided = read_decided(connection, SELLER.seller_id, sid(self.calls), 1)
        assert decided is not None
        return decided.decision

    def saw(self) -> list[str]:
        """What the skips of the last decision saw."""
        return [c.skip.saw for c in self.last_decision().candidates if c.skip]


@pytest.fixture
def day(board: Switchboard, twilio: TwilioSide, clock: FakeClock) -> Day:
    return Day(board, twilio, clock)


ACME, BOLT, NOBODY = "+12125550171", "+14155550174", "Nobody is left."


def test_who_was_a_payable_call_goes_to_another_buyer_the_next_time(day: Day) -> None:
    activate(day.board.database, WITH_RULES)
    assert day.call(0) == ACME
    day.talk(60)
    assert day.call(3600) == BOLT
    assert day.saw() == [f"payable with acme-east 1 hour ago in {sid(1)}, window 30 days"]
    assert day.call(3600, "+14155550124") == ACME
    assert day.call(30 * 86_400 + 1) == ACME


def test_who_was_connected_but_not_payable_is_no_duplicate(day: Day) -> None:
    activate(day.board.database, WITH_RULES)
    day.call(0)
    day.talk(59)
    assert day.call(3600) == ACME


def test_the_same_caller_within_seconds_is_refused_and_a_withheld_one_never(day: Day) -> None:
    activate(day.board.database, WITH_RULES)
    assert [day.call(0), day.call(1.5), day.call(3), day.call(5)] == [ACME, NOBODY, NOBODY, ACME]
    assert [day.call(10, "anonymous"), day.call(10.5, "anonymous")] == [ACME, ACME]


def entry(effect: ListEffect, pattern: str) -> ListEntry:
    return ListEntry(effect=effect, pattern=pattern, added_at=T0)


def test_a_block_holds_from_the_next_call_on_and_ends_as_soon_as_it_is_taken_off(day: Day) -> None:
    database, seller_id = day.board.database, SELLER.seller_id
    assert day.call(0, PREMIUM) == ACME
    list_callers(database, seller_id, (entry(ListEffect.BLOCK, "+1900*"),), T0)
    assert day.call(1, PREMIUM) == NOBODY
    assert day.saw() == ["blocked: +1900*"] * 2
    assert day.call(2) == ACME
    unlist_callers(database, seller_id, ("+1900*",), ListScope.SELLER, "")
    assert day.call(3, PREMIUM) == ACME


def test_a_block_may_end_by_itself(day: Day) -> None:
    blocked = replace(entry(ListEffect.BLOCK, ANI), expires_at=T0 + timedelta(seconds=60))
    list_callers(day.board.database, SELLER.seller_id, (blocked,), T0)
    assert [day.call(59.9), day.call(60)] == [NOBODY, ACME]


def test_a_call_centre_that_sends_one_number_is_allowed_to(day: Day) -> None:
    activate(day.board.database, WITH_RULES)
    list_callers(day.board.database, SELLER.seller_id, (entry(ListEffect.ALLOW, ANI),), T0)
    day.call(0)
    day.talk(60)
    assert [day.call(100), day.call(100.1)] == [ACME, ACME]


def test_what_was_known_is_kept_with_the_decision(day: Day) -> None:
    activate(day.board.database, WITH_RULES)
    day.call(0)
    day.talk(60)
    day.call(100)
    with day.board.database.read() as connection:
        decided = read_decided(connection, SELLER.seller_id, sid(2), 1)
    assert decided is not None
    assert decided.conditions is not None
    assert [c.call_sid for c in decided.conditions.caller.contacts] == [sid(1)]
    assert decided.conditions.caller.last_call is not None


def test_what_other_buyers_and_campaigns_have_listed_is_not_kept_with_the_decision(
    day: Day,
) -> None:
    apply_buyers(
        day.board.database, SELLER.seller_id, CREST, "crest.toml", author="test", note="", at=T0
    )
    blocked = entry(ListEffect.BLOCK, "everyone")
    listed = (
        replace(blocked, scope=ListScope.BUYER, scope_id="acme"),
        replace(blocked, scope=ListScope.BUYER, scope_id="crest"),
        replace(blocked, scope=ListScope.CAMPAIGN, scope_id="solar-quotes"),
        entry(ListEffect.BLOCK, "+1900*"),
    )
    list_callers(day.board.database, SELLER.seller_id, listed, T0)

    assert day.call(0) == BOLT

    with day.board.database.read() as connection:
        decided = read_decided(connection, SELLER.seller_id, sid(1), 1)
    assert decided is not None
    assert decided.conditions is not None
    assert [e.scope_id for e in decided.conditions.caller.entries] == ["acme"]
