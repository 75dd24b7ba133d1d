"""Whatever happens in whatever order: counters are the sum of their reservations, within limits."""

import itertools
from collections import Counter
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from callrouter.adapters.storage.engine import Database
from callrouter.domain.limits.caps import Claim, Measure
from callrouter.domain.limits.reservations import DialOutcome, ReservationState, settle_measure
from tests.adapters.storage.builders import unhurried
from tests.adapters.storage.cap_room import (
    LEASE_S,
    add_up,
    claim,
    expire,
    read_counters,
    take,
    tell,
)

CLAIMS = (
    claim("attempts/day:2026-09-15/destination:acme-east", 4),
    claim("connected/day:2026-09-15/destination:acme-east", 2),
    claim("payable/day:2026-09-15/buyer:acme", 1),
    claim("revenue/ever/buyer:acme", 100, 45),
    claim("concurrent/ever/destination:acme-east", 3),
    claim("credit/ever/buyer:acme", 100, 45),
    claim("attempt_credit/ever/buyer:acme", 100, 45),
)
HELD, CONVERTED = ReservationState.HELD, ReservationState.CONVERTED
_examples = itertools.count()


@dataclass(frozen=True)
class Dial:
    call: int
    claims: tuple[Claim, ...]


@dataclass(frozen=True)
class Tell:
    call: int
    was_dialled: bool
    connected: bool | None
    payable: bool | None


@dataclass(frozen=True)
class Expire:
    """The leases of the calls before this one end."""

    before: int


@dataclass
class Model:
    """What the rules say, without any database."""

    states: dict[tuple[int, Claim], ReservationState] = field(default_factory=dict)
    corrected: Counter[str] = field(default_factory=Counter)

    def total(self, key: str) -> int:
        return sum(
            claim.amount
            for (_, claim), state in self.states.items()
            if claim.key == key and state in (HELD, CONVERTED)
        )

    def dial(self, dial: Dial) -> set[str]:
        new = [each for each in dial.claims if (dial.call, each) not in self.states]
        refused = {c.key for c in new if self.total(c.key) + c.amount > c.limit}
        if not refused:
            self.states.update(dict.fromkeys(((dial.call, each) for each in new), HELD))
        return refused

    def tell(self, told: Tell) -> None:
        outcome = DialOutcome(
            attempt=1,
            destination_id="acme-east",
            was_dialled=told.was_dialled,
            connected=told.connected,
            payable=told.payable,
        )
        for (call, each), was in self.states.items():
            became = settle_measure(each.measure, outcome)
            if call == told.call and became is not None:
                self.states[call, each] = became
                if became is CONVERTED and was not in (HELD, CONVERTED):
                    self.corrected[each.key] += each.amount

    def expire(self, ended: Expire) -> None:
        for (call, each), state in self.states.items():
            if call < ended.before and state is HELD:
                self.states[call, each] = ReservationState.EXPIRED


calls = st.integers(0, 7)
perhaps = st.sampled_from([True, False, None])
happenings = st.one_of(
    st.builds(Dial, calls, st.lists(st.sampled_from(CLAIMS), min_size=1, unique=True).map(tuple)),
    st.builds(Dial, calls, st.just(CLAIMS)),
    st.builds(Tell, calls, st.booleans(), perhaps, perhaps),
    st.builds(Expire, calls),
)


@given(st.lists(happenings, max_size=25))
@settings(unhurried, max_examples=40)
def test_counters_follow_the_rules_in_any_order_of_things(
    database: Database, story: list[Dial | Tell | Expire]
) -> None:
    seller, model = f"seller-{next(_examples)}", Model()
    for happening in story:
        match happening:
            case Dial(call, claims):
                refused = take(database, f"CA{call}", *claims, now=call, seller=seller)
                assert set(refused) == model.dial(happening)
            case Tell(call, was_dialled, connected, payable):
                told = tell(
                    database,
                    f"CA{call}",
                    was_dialled=was_dialled,
                    connected=connected,
                    payable=payable,
                    seller=seller,
                )
                model.tell(happening)
                assert all(each.was is not each.became for each in told)
            case Expire(before):
                expire(database, LEASE_S + before - 0.5, most=1000)
                model.expire(happening)
    counters = {
        key: figures for (owner, key), figures in read_counters(database).items() if owner == seller
    }
    sums = {key: figures for (owner, key), figures in add_up(database).items() if owner == seller}
    assert counters == sums
    for each in CLAIMS:
        used, held = counters.get(each.key, (0, 0))
        assert used >= 0
        assert held >= 0
        assert used + held == model.total(each.key) <= each.limit + model.corrected[each.key]
    assert {each.measure for each in CLAIMS} == set(Measure)
