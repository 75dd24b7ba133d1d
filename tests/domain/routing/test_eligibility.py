"""Every rule that passes a candidate by, with the words in which a decision tells what it saw."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from callrouter.adapters.policy_files.buyers_file import read_buyers
from callrouter.adapters.policy_files.routing_table_file import read_table
from callrouter.domain.callers.caller_lists import KnownCaller, ListEffect, ListEntry, ListScope
from callrouter.domain.callers.duplicates import PastCall, PastContact
from callrouter.domain.health.stops import Stop, StopCause, StopKind
from callrouter.domain.limits.caps import Usage
from callrouter.domain.numbers import read_caller
from callrouter.domain.routing.conditions import Conditions
from callrouter.domain.routing.decision import CallSoFar, Closing, Decision
from callrouter.domain.routing.next_destination import decide
from callrouter.domain.routing.plan import make_plan
from callrouter.domain.tables.directory import Directory, replace_buyers

AT = datetime(2026, 11, 25, 16, 0, tzinfo=UTC)  # Wednesday, 10:00 in Chicago, 11:00 in New York
SID = "CA" + "1" * 32
OTHER_SID = "CA" + "2" * 32
DID = "+18005550100"
ANI = "+17135550123"
BUYERS = """
[[buyers]]
id = "acme"
name = "Acme"
zone = "America/Chicago"
[[buyers.destinations]]
id = "acme-east"
dial = "+12125550171"
[[buyers.destinations]]
id = "acme-west"
dial = "+12125550172"
[[buyers]]
id = "bolt"
name = "Bolt"
zone = "America/New_York"
[[buyers.destinations]]
id = "bolt-main"
dial = "+14155550174"
[[buyers.destinations]]
id = "night-desk"
dial = "+14155550175"
"""
HEAD = f"""
campaign = "flood-repair"
zone = "America/Denver"
TOP
[[dids]]
number = "{DID}"
publisher = "radio-kx"
DID_KEYS
"""
ROUTES = """
[[routes]]
destination = "acme-east"
priority = 1
ROUTE
[[routes]]
destination = "bolt-main"
priority = 2
"""
USED = {
    "connected/day:2026-11-25/in:flood-repair/destination:acme-east": Usage(47, 3),
    "payable/month:2026-11/buyer:acme": Usage(50, 0),
    "revenue/week:2026-W48/in:flood-repair/campaign:flood-repair": Usage(70_000_000, 0),
    "attempts/hour:2026-11-25T09-07:00/in:flood-repair/publisher:radio-kx": Usage(9, 1),
    "concurrent/ever/destination:acme-east": Usage(0, 2, AT - timedelta(seconds=12)),
    "concurrent/ever/group:flood-repair.desks": Usage(0, 4),
}


def directory() -> Directory:
    return replace_buyers(Directory(), *read_buyers(BUYERS, "buyers.toml"))


def written(top: str = "", route: str = "", did: str = "", more: str = "") -> str:
    """A table of two routes, with something written at its top, DID, first route and end."""
    head = HEAD.replace("TOP", top).replace("DID_KEYS", did)
    return head + ROUTES.replace("ROUTE", route) + more


def stop(
    cause: StopCause = StopCause.PAUSED,
    kind: StopKind = StopKind.DESTINATION,
    subject: str = "acme-east",
    **more: object,
) -> Stop:
    since = AT - timedelta(minutes=30)
    made = Stop(kind=kind, subject_id=subject, cause=cause, since=since, author="maria")
    return replace(made, **more)  # type: ignore[arg-type]


def entry(
    pattern: str,
    effect: ListEffect = ListEffect.BLOCK,
    scope: ListScope = ListScope.SELLER,
    scope_id: str = "",
) -> ListEntry:
    return ListEntry(effect=effect, pattern=pattern, scope=scope, scope_id=scope_id, added_at=AT)


def talked(destination: str, days_ago: float, *, payable: bool = True) -> PastContact:
    return PastContact(
        destination_id=destination,
        buyer_id=destination.split("-")[0],
        campaign_id="flood-repair",
        call_sid=OTHER_SID,
        connected_at=AT - timedelta(days=days_ago),
        payable=payable,
    )


def called(seconds_ago: float) -> PastCall:
    return PastCall("flood-repair", DID, OTHER_SID, AT - timedelta(seconds=seconds_ago))


def ask(
    text: str,
    *,
    at: datetime = AT,
    usage: dict[str, Usage] | None = None,
    stops: tuple[Stop, ...] = (),
    known: KnownCaller | None = None,
    counts: bool = True,
    ani: str = ANI,
    tried: tuple[str, ...] = (),
    state: str = "TX",
) -> Decision:
    plan = make_plan(read_table(text, "table.toml", version=3), directory())
    call = CallSoFar(
        SID, DID, read_caller(ani), "radio-kx", tried, caller_state=state, caller_country="US"
    )
    conditions = Conditions(
        at=at, usage=usage or {}, stops=stops, caller=known or KnownCaller(), counts=counts
    )
    return decide(plan, call, conditions)


def said_of(decision: Decision, destination: str = "acme-east") -> str:
    """Why a destination was passed by: the rule, and what it saw."""
    found = next(c for c in decision.candidates if c.destination_id == destination)
    return f"{found.skip.rule}: {found.skip.saw}" if found.skip else ""


Ask = Callable[[], Decision]


@pytest.mark.parametrize(
    ("question", "said"),
    [
        pytest.param(lambda: ask(written()), "", id="nothing stands against it"),
        pytest.param(
            lambda: ask(written(route='hours = { weekdays = "11:00-18:00" }')),
            "closed: closed until 11:00 America/Chicago",
            id="closed in the buyer's zone",
        ),
        pytest.param(
            lambda: ask(written(route='hours = { weekdays = "10:00-18:00" }')),
            "",
            id="open in the buyer's zone",
        ),
        pytest.param(
            lambda: ask(written(route='filters = ["state == OK"]')),
            "filtered: state == OK: state is TX",
            id="filtered by what the carrier sent",
        ),
        pytest.param(
            lambda: ask(written(route='filters = ["zip > 1"]')),
            "filtered: zip > 1: zip was not sent",
            id="filtered by what it did not send",
        ),
        pytest.param(
            lambda: ask(
                written(did='tags = { source = "tv" }', route='filters = ["tag.source == radio"]')
            ),
            "filtered: tag.source == radio: tag.source is tv",
            id="filtered by a tag of the number",
        ),
        pytest.param(
            lambda: ask(written(route='filters = ["area_code in 713", "publisher == radio-kx"]')),
            "",
            id="let through by area code and publisher",
        ),
        pytest.param(
            lambda: ask(written(did='to = "bolt-main"')),
            "pointed_elsewhere: +18005550100 goes to bolt-main",
            id="the number is pointed elsewhere",
        ),
        pytest.param(
            lambda: ask(written(route='caps = ["50 connected per day"]'), usage=USED),
            "full: cap 50/50 connected today (3 of them in progress), resets 00:00 America/Chicago",
            id="its own cap",
        ),
        pytest.param(
            lambda: ask(written(route='caps = ["51 connected per day"]'), usage=USED),
            "",
            id="its own cap with one left",
        ),
        pytest.param(
            lambda: ask(
                written(
                    more='[[buyers]]\nid = "acme"\ncaps = ["50 payable per month across campaigns"]'
                ),
                usage=USED,
            ),
            "full: cap 50/50 payable this month for buyer acme, resets Dec 1 00:00 America/Chicago",
            id="its buyer's cap over all campaigns",
        ),
        pytest.param(
            lambda: ask(
                written(route='price = "35.00"', more='[rules]\ncaps = ["20.00 revenue per hour"]')
            ),
            "full: 0.00 of 20.00 USD this hour for campaign flood-repair, the call would add "
            "35.00, resets 10:00 America/Denver",
            id="a call that is dearer than the whole cap",
        ),
        pytest.param(
            lambda: ask(
                written(
                    route='price = "35.00"', more='[rules]\ncaps = ["100.00 revenue per week"]'
                ),
                usage=USED,
            ),
            "full: 70.00 of 100.00 USD this week for campaign flood-repair, the call would add "
            "35.00, resets Mon 00:00 America/Denver",
            id="the campaign's cap, of which only a part is left",
        ),
        pytest.param(
            lambda: ask(
                written(more='[[publishers]]\nid = "radio-kx"\ncaps = ["10 attempts per hour"]'),
                usage=USED,
            ),
            "full: cap 10/10 attempts this hour for publisher radio-kx (1 of them in progress), "
            "resets 10:00 America/Denver",
            id="its publisher's cap",
        ),
        pytest.param(
            lambda: ask(written(route="concurrency = 2"), usage=USED),
            "full: 2 of 2 calls at once",
            id="its phones",
        ),
        pytest.param(
            lambda: ask(written(route="spacing_s = 30"), usage=USED),
            "full: 12 s since the last call, spacing 30 s",
            id="spacing",
        ),
        pytest.param(
            lambda: ask(written(route="spacing_s = 12"), usage=USED), "", id="spacing that is over"
        ),
        pytest.param(
            lambda: ask(
                written(route='group = "desks"', more='[[groups]]\nid = "desks"\nconcurrency = 4'),
                usage=USED,
            ),
            "full: 4 of 4 calls at once for group flood-repair.desks",
            id="its group's phones",
        ),
        pytest.param(
            lambda: ask(written(route="concurrency = 2"), counts=False),
            "uncounted: its caps can't be counted while the database is away",
            id="nothing can be counted",
        ),
        pytest.param(
            lambda: ask(
                written(route="concurrency = 2", more='[limits]\nwhen_uncounted = "dial"'),
                counts=False,
            ),
            "",
            id="nothing can be counted and the table takes the risk",
        ),
        pytest.param(lambda: ask(written(), counts=False), "", id="nothing needs to be counted"),
        pytest.param(
            lambda: ask(written(), stops=(stop(reason="unpaid"),)),
            "stopped: paused by maria since 15:30 UTC: unpaid",
            id="paused",
        ),
        pytest.param(
            lambda: ask(written(), stops=(stop(kind=StopKind.BUYER, subject="acme"),)),
            "stopped: paused by maria since 15:30 UTC",
            id="its buyer is paused",
        ),
        pytest.param(
            lambda: ask(written(), stops=(stop(subject="bolt-main"),)), "", id="another is paused"
        ),
        pytest.param(
            lambda: ask(written(), stops=(stop(StopCause.DOWN, until=AT),)), "", id="down until now"
        ),
        pytest.param(
            lambda: ask(
                written(), stops=(stop(StopCause.BREAKER_OPEN, reason="5 of 6 failed", until=None),)
            ),
            "stopped: breaker open since 15:30 UTC, 5 of 6 failed",
            id="its breaker is open",
        ),
        pytest.param(
            lambda: ask(written(), stops=(stop(StopCause.HALF_OPEN),)), "", id="half open: one call"
        ),
        pytest.param(
            lambda: ask(
                written(),
                stops=(stop(StopCause.HALF_OPEN),),
                usage={"probe/destination:acme-east": Usage(0, 1)},
            ),
            "stopped: breaker half open: the one call that tries it is in progress",
            id="half open: the one call is there already",
        ),
        pytest.param(
            lambda: ask(
                written(), known=KnownCaller((entry(ANI, scope=ListScope.BUYER, scope_id="acme"),))
            ),
            "blocked: blocked: +17135550123 for buyer acme",
            id="the caller is blocked for its buyer",
        ),
        pytest.param(
            lambda: ask(
                written(route='duplicates = { window = "30d" }'),
                known=KnownCaller(contacts=(talked("acme-west", 12),)),
            ),
            f"duplicate: payable with acme-west 12 days ago in {OTHER_SID}, window 30 days",
            id="a duplicate of its buyer",
        ),
        pytest.param(
            lambda: ask(
                written(route='duplicates = { window = "30d", scope = "destination" }'),
                known=KnownCaller(contacts=(talked("acme-west", 12),)),
            ),
            "",
            id="a duplicate of another desk of its buyer",
        ),
        pytest.param(
            lambda: ask(
                written(route='duplicates = { window = "30d" }'),
                known=KnownCaller(
                    (entry(ANI, ListEffect.ALLOW),), contacts=(talked("acme-west", 12),)
                ),
            ),
            "",
            id="a duplicate that is on the allow list",
        ),
        pytest.param(
            lambda: ask(
                written(route='duplicates = { window = "30d" }'),
                known=KnownCaller(
                    (entry(ANI, ListEffect.ALLOW, ListScope.BUYER, "acme"),),
                    contacts=(talked("acme-west", 12),),
                ),
            ),
            "",
            id="a duplicate that the buyer allows",
        ),
    ],
)
def test_a_candidate_that_is_passed_by_tells_the_rule_and_what_it_saw(
    question: Ask, said: str
) -> None:
    decision = question()

    assert said_of(decision) == said
    others_too = "for publisher" in said or "for campaign" in said
    if not others_too:
        assert decision.dial is not None
        assert decision.dial.destination_id == ("bolt-main" if said else "acme-east")


@pytest.mark.parametrize(
    ("question", "said"),
    [
        pytest.param(
            lambda end: ask(written(more=end), known=KnownCaller((entry("+1713*"),))),
            "blocked: blocked: +1713*",
            id="blocked",
        ),
        pytest.param(
            lambda end: ask(
                written(more=end + "[callers]\nmin_gap_s = 5"),
                known=KnownCaller(last_call=called(2)),
            ),
            f"too_soon: called 2 seconds ago in {OTHER_SID}, window 5 seconds",
            id="too soon",
        ),
        pytest.param(
            lambda end: ask(
                written(more=end + '[callers.repeats]\nwindow = "10m"\nthen = "refuse"'),
                known=KnownCaller(last_call=called(60)),
            ),
            f"repeat: called 1 minute ago in {OTHER_SID}, window 10 minutes",
            id="a repeat",
        ),
        pytest.param(
            lambda end: ask(
                written(
                    route='duplicates = { window = "30d", then = "refuse" }',
                    more=end,
                ),
                known=KnownCaller(contacts=(talked("acme-east", 3),)),
            ),
            f"duplicate: payable with acme-east 3 days ago in {OTHER_SID}, window 30 days",
            id="a duplicate that is refused",
        ),
        pytest.param(
            lambda end: ask(
                written(more=end), stops=(stop(kind=StopKind.PUBLISHER, subject="radio-kx"),)
            ),
            "stopped: publisher radio-kx: paused by maria since 15:30 UTC",
            id="the publisher is paused",
        ),
        pytest.param(
            lambda end: ask(written(top='withheld_callers = "refuse"', more=end), ani="anonymous"),
            "withheld_caller: caller id 'anonymous'",
            id="withheld",
        ),
    ],
)
@pytest.mark.parametrize(
    "end",
    [
        pytest.param('[nobody_left]\noverflow = "night-desk"\n', id="overflow"),
        pytest.param("[nobody_left]\nvoicemail = true\n", id="voicemail"),
    ],
)
def test_a_call_that_is_refused_gets_nobody_not_even_at_the_end_of_the_table(
    question: Callable[[str], Decision], said: str, end: str
) -> None:
    decision = question(end)

    assert [said_of(decision, c.destination_id) for c in decision.candidates] == [said, said]
    assert decision.closing is Closing.MESSAGE


@pytest.mark.parametrize(
    ("known", "tried", "destination"),
    [
        pytest.param(KnownCaller(last_call=called(60)), (), None, id="at the first attempt"),
        pytest.param(KnownCaller(last_call=called(60)), ("acme-east",), "bolt-main", id="later"),
        pytest.param(
            KnownCaller((entry(ANI, ListEffect.ALLOW),), last_call=called(60)),
            (),
            "acme-east",
            id="on the allow list",
        ),
        pytest.param(KnownCaller(last_call=called(601)), (), "acme-east", id="out of the window"),
    ],
)
def test_a_repeat_is_refused_at_the_door_and_never_put_out_again(
    known: KnownCaller, tried: tuple[str, ...], destination: str | None
) -> None:
    text = written(more='[callers.repeats]\nwindow = "10m"\nthen = "refuse"')

    decision = ask(text, known=known, tried=tried)

    assert (decision.dial.destination_id if decision.dial else None) == destination


@pytest.mark.parametrize(
    "rule",
    [
        pytest.param('[callers.repeats]\nwindow = "10m"\nthen = "same_buyer"', id="repeat"),
        pytest.param(
            '[rules]\nduplicates = { window = "30d", then = "same_buyer" }', id="duplicate"
        ),
    ],
)
def test_a_caller_who_comes_again_goes_to_the_buyer_of_before_whatever_the_priorities(
    rule: str,
) -> None:
    known = KnownCaller(contacts=(talked("bolt-main", 0.001),), last_call=called(86))

    decision = ask(written(more=rule), known=known)

    assert [c.destination_id for c in decision.candidates] == ["bolt-main", "acme-east"]


def test_a_number_that_is_pointed_goes_there_alone_even_where_no_route_does() -> None:
    text = written(did='to = "night-desk"')

    first, second = ask(text), ask(text, tried=("night-desk",))

    assert first.dial is not None
    assert first.dial.destination_id == "night-desk"
    assert [c.destination_id for c in first.candidates] == ["night-desk", "acme-east", "bolt-main"]
    assert second.closing is Closing.MESSAGE


def test_a_number_that_is_pointed_at_a_route_goes_by_that_route_s_rules() -> None:
    text = written(did='to = "acme-east"', route='filters = ["state == OK"]')

    assert ask(text).closing is Closing.MESSAGE
    found = ask(text, state="OK").dial
    assert found is not None
    assert found.destination_id == "acme-east"


def test_the_overflow_is_held_back_by_what_is_counted_and_stopped_but_by_no_rule() -> None:
    rules = '[rules]\nfilters = ["state == OK"]\nhours = { sun = "08:00-09:00" }\n'
    text = written(more=f'{rules}[nobody_left]\noverflow = "acme-east"\n', route="concurrency = 2")

    assert ask(text).dial is not None
    assert ask(text, usage=USED).closing is Closing.MESSAGE
    assert ask(text, stops=(stop(),)).closing is Closing.MESSAGE
    assert ask(text, counts=False).closing is Closing.MESSAGE


def test_a_group_that_rings_together_is_dialled_at_once_but_for_those_passed_by() -> None:
    routes = "\n".join(
        f'[[routes]]\ndestination = "{name}"\ngroup = "desks"\nring_s = {20 + place}\n{more}'
        for place, (name, more) in enumerate(
            (("acme-east", ""), ("acme-west", 'filters = ["state == OK"]'), ("night-desk", ""))
        )
    )
    head = HEAD.replace("TOP", "").replace("DID_KEYS", "")
    other = '[[routes]]\ndestination = "bolt-main"\npriority = 9\n'
    text = f'{head}[[groups]]\nid = "desks"\nring = "together"\n{routes}\n{other}'

    decision = ask(text)

    assert decision.dial is not None
    rung = {decision.dial.destination_id, *(dial.destination_id for dial in decision.also)}
    assert rung == {"acme-east", "night-desk"}
    later = ask(text, tried=tuple(rung))
    assert later.dial is not None
    assert (later.dial.destination_id, later.also) == ("bolt-main", ())


def test_a_hunt_group_is_dialled_one_after_the_other() -> None:
    text = written(route='group = "desks"', more='[[groups]]\nid = "desks"\n')

    assert ask(text).also == ()


def test_a_rule_of_the_route_stands_above_the_buyer_s_and_the_campaign_s() -> None:
    text = written(
        route='filters = ["state == TX"]',
        more='[rules]\nfilters = ["state == OK"]\n[[buyers]]\nid = "acme"\nspacing_s = 5\n',
    )
    decision = ask(text)

    assert said_of(decision) == ""
    assert said_of(decision, "bolt-main") == "filtered: state == OK: state is TX"


CLOSED = 'hours = { weekdays = "11:00-18:00" }'
PAUSED_BUYER = stop(kind=StopKind.BUYER, subject="acme")
PAUSED_PUBLISHER = stop(kind=StopKind.PUBLISHER, subject="radio-kx")
REPEATS = '[callers]\nmin_gap_s = 5\n[callers.repeats]\nwindow = "10m"\nthen = "refuse"'
DUPLICATES = 'duplicates = { window = "30d", then = "THEN" }'


@pytest.mark.parametrize(
    ("question", "subject"),
    [
        pytest.param(lambda: ask(written(route=CLOSED)), "", id="the rule says all"),
        pytest.param(
            lambda: ask(written(route='filters = ["country == US", "state in OK, NM"]')),
            "state in [OK, NM]",
            id="the filter, not the state",
        ),
        pytest.param(
            lambda: ask(written(route='caps = ["50 connected per day"]'), usage=USED),
            "50 connected a day",
            id="the cap",
        ),
        pytest.param(
            lambda: ask(
                written(top='[rules]\ncaps = ["70.00 revenue per week"]', route='price = "9.00"'),
                usage=USED,
            ),
            "70.00 USD a week for campaign flood-repair",
            id="the cap of somebody else",
        ),
        pytest.param(
            lambda: ask(written(route="concurrency = 2"), usage=USED),
            "2 calls at once",
            id="calls at once",
        ),
        pytest.param(
            lambda: ask(written(route="spacing_s = 30"), usage=USED), "spacing 30 s", id="spacing"
        ),
        pytest.param(lambda: ask(written(), stops=(stop(),)), "paused", id="its own stop"),
        pytest.param(
            lambda: ask(written(), stops=(PAUSED_BUYER,)), "buyer acme paused", id="its buyer's"
        ),
        pytest.param(
            lambda: ask(written(), stops=(PAUSED_PUBLISHER,)),
            "publisher radio-kx paused",
            id="the publisher's",
        ),
        pytest.param(
            lambda: ask(
                written(),
                stops=(stop(StopCause.HALF_OPEN),),
                usage={"probe/destination:acme-east": Usage(held=1)},
            ),
            "breaker half open",
            id="being tried",
        ),
        pytest.param(
            lambda: ask(written(did='to = "bolt-main"')), "bolt-main", id="where the number points"
        ),
        pytest.param(
            lambda: ask(written(more=REPEATS), known=KnownCaller(last_call=called(2))),
            "window 5 seconds",
            id="too soon",
        ),
        pytest.param(
            lambda: ask(written(more=REPEATS), known=KnownCaller(last_call=called(60))),
            "window 10 minutes",
            id="a repeat",
        ),
        *(
            pytest.param(
                lambda then=then: ask(
                    written(route=DUPLICATES.replace("THEN", then)),
                    known=KnownCaller(contacts=(talked("acme-east", 3),)),
                ),
                "payable with its buyer, window 30 days",
                id=f"a duplicate, then {then}",
            )
            for then in ("another_buyer", "refuse")
        ),
        pytest.param(
            lambda: ask(written(top="[limits]\nattempts = 1"), tried=("bolt-main",)),
            "1 attempts",
            id="the limit of attempts",
        ),
    ],
)
def test_a_skip_names_the_very_rule_without_what_it_saw(question: Ask, subject: str) -> None:
    decision = question()

    [skip] = [c.skip for c in decision.candidates if c.destination_id == "acme-east"]
    assert skip is not None
    assert skip.subject == subject
    assert skip == replace(skip, subject="")  # as decisions of before there was one have it


def test_rules_that_routes_share_hold_for_each_of_them() -> None:
    """Two zones, one of hours; one filter: each is looked at once, and told of everybody."""
    hours = 'hours = { weekdays = "11:00-18:00" }'
    told = ask(written(more=f"[rules]\n{hours}\n"), at=AT)
    assert said_of(told) == "closed: closed until 11:00 America/Chicago"
    assert said_of(told, "bolt-main") == ""  # 11:00 in New York

    late = 'hours = { weekdays = "10:30-18:00" }'
    routes = "".join(
        f'[[routes]]\ndestination = "{name}"\n{more}\n'
        for name, more in (("acme-west", late), ("night-desk", ""))
    )
    both = ask(written(more=routes + f'[rules]\n{hours}\nfilters = ["state == OK"]\n'))
    assert said_of(both) == "closed: closed until 11:00 America/Chicago"
    assert said_of(both, "acme-west") == "closed: closed until 10:30 America/Chicago"
    assert said_of(both, "bolt-main") == "filtered: state == OK: state is TX"
    assert said_of(both, "night-desk") == "filtered: state == OK: state is TX"
