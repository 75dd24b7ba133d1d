"""What a decision takes of the counters, and that it is what its candidates were judged by."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from callrouter.adapters.policy_files.routing_table_file import read_table
from callrouter.domain.clocks.periods import Moment
from callrouter.domain.health.stops import Stop, StopCause, StopKind
from callrouter.domain.limits.caps import Claim, Measure, Usage
from callrouter.domain.numbers import read_caller
from callrouter.domain.routing.claims import list_claims
from callrouter.domain.routing.conditions import Conditions
from callrouter.domain.routing.decision import CallSoFar
from callrouter.domain.routing.next_destination import decide
from callrouter.domain.routing.plan import make_plan
from callrouter.domain.tables.directory import Buyer, Destination, Directory

AT = datetime(2026, 11, 25, 16, 0, tzinfo=UTC)
BUYERS = Directory(
    1,
    {
        "acme": Buyer("acme", "Acme", "America/Chicago"),
        "bolt": Buyer("bolt", "Bolt", "America/Chicago"),
    },
    {
        **{name: Destination(name, "acme", "+12125550171") for name in ("east", "west", "spare")},
        "bolt-main": Destination("bolt-main", "bolt", "+14155550174"),
    },
)
HEAD = 'campaign = "c"\n[[dids]]\nnumber = "+18005550100"\npublisher = "radio"\n'


def claim(
    text: str, tried: tuple[str, ...] = (), stops: tuple[Stop, ...] = ()
) -> dict[str, dict[str, int]]:
    """The amount of each claim by destination ("" for the attempt's) and counter."""
    plan = make_plan(read_table(HEAD + text, "t.toml"), BUYERS)
    call = CallSoFar("CA1", "+18005550100", read_caller("+14155550123"), "radio", tried)
    conditions = Conditions(at=AT, stops=stops)
    found = list_claims(plan, decide(plan, call, conditions), conditions)
    return {each.destination_id: {c.key: c.amount for c in each.claims} for each in found}


def test_a_route_claims_for_its_destination_buyer_publisher_group_and_campaign() -> None:
    text = """
    [rules]
    caps = ["500 attempts per hour"]
    [[buyers]]
    id = "acme"
    caps = ["100.00 revenue per week"]
    concurrency = 9
    [[publishers]]
    id = "radio"
    caps = ["20 connected ever"]
    [[groups]]
    id = "desks"
    concurrency = 3
    [[routes]]
    destination = "east"
    group = "desks"
    price = "35.00"
    caps = ["50 payable per day across campaigns"]
    spacing_s = 30
    """
    assert claim(text) == {
        "east": {
            "payable/day:2026-11-25/destination:east": 1,
            "concurrent/ever/destination:east": 1,
        },
        "": {
            "revenue/week:2026-W48/in:c/buyer:acme": 35_000_000,
            "concurrent/ever/buyer:acme": 1,
            "concurrent/ever/group:c.desks": 1,
            "attempts/hour:2026-11-25T16+00:00/in:c/campaign:c": 1,
            "connected/ever/in:c/publisher:radio": 1,
        },
    }


def test_a_table_that_counts_nothing_claims_nothing() -> None:
    assert claim('[[routes]]\ndestination = "east"\n') == {}
    assert claim('[[routes]]\ndestination = "east"\nconcurrency = 1\n', tried=("east",)) == {}


def test_what_destinations_that_ring_together_share_is_claimed_once_at_the_dearest() -> None:
    text = """
    [[buyers]]
    id = "acme"
    caps = ["500.00 revenue per day"]
    [[groups]]
    id = "desks"
    ring = "together"
    [[routes]]
    destination = "east"
    group = "desks"
    price = "20.00"
    concurrency = 2
    [[routes]]
    destination = "west"
    group = "desks"
    price = "35.00"
    """
    assert claim(text) == {
        "east": {"concurrent/ever/destination:east": 1},
        "": {"revenue/day:2026-11-25/in:c/buyer:acme": 35_000_000},
    }


def test_several_buyers_that_ring_together_each_claim_what_they_count_themselves() -> None:
    text = """
    [[buyers]]
    id = "acme"
    caps = ["9 connected per day"]
    [[buyers]]
    id = "bolt"
    caps = ["500.00 revenue per day"]
    [[groups]]
    id = "desks"
    ring = "together"
    concurrency = 3
    [[routes]]
    destination = "east"
    group = "desks"
    [[routes]]
    destination = "bolt-main"
    group = "desks"
    price = "35.00"
    [[routes]]
    destination = "west"
    group = "desks"
    """
    assert claim(text) == {
        "": {"concurrent/ever/group:c.desks": 1},
        "buyer:acme": {"connected/day:2026-11-25/in:c/buyer:acme": 1},
        "buyer:bolt": {"revenue/day:2026-11-25/in:c/buyer:bolt": 35_000_000},
    }


def test_an_overflow_claims_what_its_route_its_buyer_and_its_group_count() -> None:
    text = """
    [[buyers]]
    id = "acme"
    concurrency = 9
    [[groups]]
    id = "desks"
    concurrency = 3
    [[routes]]
    destination = "east"
    group = "desks"
    filters = ["state == OK"]
    caps = ["50 connected per day"]
    [nobody_left]
    overflow = "east"
    """
    assert claim(text) == {
        "east": {"connected/day:2026-11-25/in:c/destination:east": 1},
        "": {"concurrent/ever/buyer:acme": 1, "concurrent/ever/group:c.desks": 1},
    }


def test_the_call_that_tries_a_destination_after_an_outage_claims_to_be_the_only_one() -> None:
    half_open = Stop(
        kind=StopKind.DESTINATION, subject_id="east", cause=StopCause.HALF_OPEN, since=AT
    )
    text = '[[routes]]\ndestination = "east"\n'

    assert claim(text, stops=(half_open,)) == {"east": {"probe/destination:east": 1}}


def test_a_claim_carries_the_limit_and_the_spacing_that_storage_must_keep() -> None:
    text = '[[routes]]\ndestination = "east"\nconcurrency = 3\nspacing_s = 30\n'
    plan = make_plan(read_table(HEAD + text, "t.toml"), BUYERS)
    call = CallSoFar("CA1", "+18005550100", read_caller("+14155550123"))
    conditions = Conditions(at=AT)

    [of_east] = list_claims(plan, decide(plan, call, conditions), conditions)

    key = "concurrent/ever/destination:east"
    assert of_east.claims == (Claim(key, Measure.CONCURRENT, 1, 3, 30),)


def test_of_two_caps_on_one_counter_storage_must_keep_the_stricter() -> None:
    text = """
    [rules]
    caps = ["7 attempts per day", "5 attempts per day", "9 attempts per day"]
    [[routes]]
    destination = "east"
    """
    plan = make_plan(read_table(HEAD + text, "t.toml"), BUYERS)
    call = CallSoFar("CA1", "+18005550100", read_caller("+14155550123"))
    conditions = Conditions(at=AT)

    [shared] = list_claims(plan, decide(plan, call, conditions), conditions)

    assert [claim.limit for claim in shared.claims] == [5]


RICH = """
[rules]
caps = ["5 attempts per hour"]
[[buyers]]
id = "acme"
caps = ["100.00 revenue per week", "3 payable per day across campaigns"]
concurrency = 4
[[publishers]]
id = "radio"
caps = ["4 connected ever"]
[[groups]]
id = "desks"
ring = "together"
concurrency = 3
[[routes]]
destination = "east"
group = "desks"
price = "35.00"
caps = ["2 connected per day"]
concurrency = 2
spacing_s = 30
[[routes]]
destination = "west"
group = "desks"
price = "20.00"
[nobody_left]
overflow = "spare"
"""
PLAN = make_plan(read_table(HEAD + RICH, "t.toml"), BUYERS)
usages = st.dictionaries(
    st.sampled_from(PLAN.list_keys(Moment(AT), "radio")),
    st.builds(
        Usage,
        st.integers(0, 5) | st.sampled_from([65_000_000, 80_000_000]),
        st.integers(0, 3),
        st.none() | st.sampled_from([AT - timedelta(seconds=s) for s in (1, 29, 30, 31)]),
    ),
)
stops = st.lists(
    st.builds(
        Stop,
        kind=st.just(StopKind.DESTINATION),
        subject_id=st.sampled_from(["east", "west", "spare"]),
        cause=st.sampled_from(StopCause),
        since=st.just(AT),
    ),
    max_size=2,
).map(tuple)


@given(usages, stops, st.lists(st.sampled_from(["east", "west"]), unique=True).map(tuple))
def test_whatever_is_dialled_has_room_on_every_counter_that_it_claims(
    usage: dict[str, Usage], standing: tuple[Stop, ...], tried: tuple[str, ...]
) -> None:
    call = CallSoFar("CA1", "+18005550100", read_caller("+14155550123"), "radio", tried)
    conditions = Conditions(at=AT, usage=usage, stops=standing)
    decision = decide(PLAN, call, conditions)

    for each in list_claims(PLAN, decision, conditions):
        for taken in each.claims:
            counted = usage.get(taken.key, Usage())
            assert counted.total + taken.amount <= taken.limit
            if taken.spacing_s and counted.last_at is not None:
                assert counted.last_at <= AT - timedelta(seconds=taken.spacing_s)
    dials = (decision.dial, *decision.also) if decision.dial else ()
    stopped = {s.subject_id for s in standing if s.cause is not StopCause.HALF_OPEN}
    assert not {dial.destination_id for dial in dials} & (stopped | set(tried))
    assert decide(PLAN, call, conditions) == decision


@given(usages)
def test_the_keys_that_are_read_are_those_that_can_be_claimed(usage: dict[str, Usage]) -> None:
    call = CallSoFar("CA1", "+18005550100", read_caller("+14155550123"), "radio")
    conditions = Conditions(at=AT, usage=usage)
    keys = PLAN.list_keys(Moment(AT), "radio")
    assert len(keys) == len(set(keys))

    claims = list_claims(PLAN, decide(PLAN, call, conditions), conditions)

    assert {claim.key for each in claims for claim in each.claims} <= set(keys)
