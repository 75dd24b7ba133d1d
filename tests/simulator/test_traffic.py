"""Runs of many calls: the same for the same seed, bounded or endless."""

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from callrouter.simulator.account import Account, Did
from callrouter.simulator.call_log import CallLog
from callrouter.simulator.caller import CallerProfile
from callrouter.simulator.cast import Cast, PhoneProfile
from callrouter.simulator.chance import Span
from callrouter.simulator.clock import VirtualClock
from callrouter.simulator.compare import compare
from callrouter.simulator.faults import Faults, parse_faults
from callrouter.simulator.traffic import Progress, TrafficPlan, run_traffic, run_until
from callrouter.simulator.truth import AttemptOutcome, CallTruth, Disposition

if TYPE_CHECKING:
    from tests.simulator.conftest import Line, Received, RunScripted, ScriptedRouter

ACME, BOLT = "+13125550171", "+16465550172"
HANGUP = "<Response><Hangup/></Response>"


def dial(number: str, action: str) -> str:
    return (
        f'<Response><Dial answerOnBridge="true" timeout="15" action="{action}" '
        f'callerId="+18005550100"><Number statusCallback="/legs#rc=3&amp;rp=all" '
        f'statusCallbackEvent="initiated ringing answered completed">{number}</Number>'
        "</Dial></Response>"
    )


def after_acme(request: "Received") -> str:
    """Fail over, unless somebody talked or the caller has gone."""
    waits = request.form["CallStatus"] in {"ringing", "in-progress"}
    bridged = request.form["DialBridged"] == "true"
    return dial(BOLT, "/second") if waits and not bridged else HANGUP


SCRIPT: dict[str, "Line"] = {
    "/voice": dial(ACME, "/first"),
    "/first": after_acme,
    "/second": HANGUP,
    "/fb": HANGUP,
}
CAST = Cast(
    {
        ACME: PhoneProfile(answers=0.4, busy=0.3, no_answer=0.1, fails=0.2, talk_s=Span(5, 30)),
        BOLT: PhoneProfile(talk_s=Span(5, 30)),
    },
    callers=CallerProfile(withheld=0.2, patience_s=Span(500, 900), talk_s=Span(10, 60)),
)
PLAN = TrafficPlan(calls=12, calls_per_s=400, seed="7")


def account(url: str) -> Account:
    did = Did("+18005550100", f"{url}/voice", fallback_url=f"{url}/fb", status_url=f"{url}/status")
    return Account("AC00000000000000000000000000000001", "token", (did,))


def run(
    run_scripted: "RunScripted", clock: VirtualClock, plan: TrafficPlan = PLAN
) -> tuple[CallTruth, ...]:
    async def work(router: "ScriptedRouter") -> tuple[CallTruth, ...]:
        return await run_traffic(account(router.url), CAST, plan, clock)

    return run_scripted(SCRIPT, work)


def told(truth: CallTruth) -> tuple[object, ...]:
    """What of a truth the seed decides: everything but the seconds that the machine added."""
    attempts = tuple((a.dial_string, a.outcome, a.leg_sid) for a in truth.attempts)
    return (truth.call_sid, truth.caller, attempts, truth.disposition, truth.hangup_party)


def test_the_same_seed_gives_the_same_calls_at_any_rate(
    run_scripted: "RunScripted", fast_clock: VirtualClock
) -> None:
    together = run(run_scripted, fast_clock)
    spread = run(run_scripted, fast_clock, replace(PLAN, calls_per_s=50))

    assert [told(truth) for truth in together] == [told(truth) for truth in spread]
    assert len({truth.call_sid for truth in together}) == PLAN.calls


def test_another_seed_or_run_gives_other_calls(
    run_scripted: "RunScripted", fast_clock: VirtualClock
) -> None:
    plan = replace(PLAN, calls=4)
    here, other, again = (
        run(run_scripted, fast_clock, variant)
        for variant in (plan, replace(plan, seed="8"), replace(plan, run="evening"))
    )

    assert [t.caller for t in here] != [t.caller for t in other]
    assert [t.caller for t in here] == [t.caller for t in again]
    assert not {t.call_sid for t in here} & {t.call_sid for t in again}


def test_progress_counts_calls_placed_and_closed(
    run_scripted: "RunScripted", fast_clock: VirtualClock
) -> None:
    steps: list[Progress] = []

    async def work(router: "ScriptedRouter") -> None:
        await run_traffic(account(router.url), CAST, PLAN, fast_clock, steps.append)

    run_scripted(SCRIPT, work)

    assert len(steps) == 2 * PLAN.calls
    assert steps[-1] == Progress(PLAN.calls, PLAN.calls)
    assert steps[-1].in_progress == 0
    assert max(step.in_progress for step in steps) > 1


def test_under_every_fault_the_truth_keeps_to_its_own_laws(
    run_scripted: "RunScripted", fast_clock: VirtualClock
) -> None:
    plan = replace(PLAN, calls=40, faults=parse_faults("all", share=0.4))

    async def work(router: "ScriptedRouter") -> tuple[CallTruth, ...]:
        return await run_traffic(account(router.url), CAST, plan, fast_clock)

    truths = run_scripted(SCRIPT, work)

    assert sum(truth.fallbacks for truth in truths) > 3
    for truth in truths:
        assert truth.violations == ()
        assert truth.first_webhook is not None
        assert truth.first_webhook.earliest <= truth.first_webhook.latest
        assert truth.started_at <= truth.first_webhook.earliest
        assert truth.connected.low <= truth.total.high
        connected = [a for a in truth.attempts if a.outcome is AttemptOutcome.CONNECTED]
        assert bool(connected) == (truth.disposition is Disposition.CONNECTED)
        assert (truth.connected.high > 0) == bool(connected)


def test_truths_agree_with_a_router_that_keeps_count(
    run_scripted: "RunScripted", fast_clock: VirtualClock
) -> None:
    """CDRs made from nothing but what the router received, as simply as can be."""

    async def work(router: "ScriptedRouter") -> tuple[tuple[CallTruth, ...], list[dict[str, str]]]:
        truths = await run_traffic(account(router.url), CAST, PLAN, fast_clock)
        rows = []
        for truth in truths:
            actions = [
                request.form
                for path in ("/first", "/second")
                for request in router.received
                if request.path == path and request.form["CallSid"] == truth.call_sid
            ]
            outcomes = [form["DialCallStatus"].replace("-", "_") for form in actions]
            outcomes = ["connected" if o == "completed" else o for o in outcomes]
            named = list(zip(("acme", "bolt"), outcomes, strict=False))
            rows.append(
                {
                    "call_id": truth.call_sid,
                    "total_s": str(truth.total.low / 1000),
                    "connected_s": actions[-1].get("DialCallDuration") or "0",
                    "disposition": truth.disposition,
                    "destination": named[-1][0],
                    "attempts": str(len(named)),
                    "attempt_outcomes": " ".join(f"{n}:{o}" for n, o in named),
                }
            )
        return truths, rows

    truths, rows = run_scripted(SCRIPT, work)

    assert list(compare(truths, rows, {ACME: "acme", BOLT: "bolt"})) == []
    assert {len(truth.attempts) for truth in truths} == {1, 2}


@pytest.mark.parametrize(("get_share", "method"), [(1.0, "GET"), (0.0, "POST")])
def test_a_number_set_to_get_is_asked_by_get_in_that_share(
    run_scripted: "RunScripted", fast_clock: VirtualClock, get_share: float, method: str
) -> None:
    plan = TrafficPlan(calls=5, calls_per_s=400, get_share=get_share)

    async def work(router: "ScriptedRouter") -> set[str]:
        did = Did("+18005550100", f"{router.url}/voice", voice_method="GET")
        await run_traffic(Account("AC1", "token", (did,)), CAST, plan, fast_clock)
        return {request.method for request in router.received}

    assert run_scripted({"/voice": HANGUP}, work) == {method}


def test_an_endless_run_forgets_its_calls_and_stops_when_told(
    run_scripted: "RunScripted", fast_clock: VirtualClock
) -> None:
    truths: list[CallTruth] = []
    log = CallLog(keep=5)

    async def work(router: "ScriptedRouter") -> None:
        stop = asyncio.Event()

        def take(truth: CallTruth) -> None:
            truths.append(truth)
            if len(truths) == 20:
                stop.set()

        await run_until(stop, account(router.url), CAST, PLAN, fast_clock, on_truth=take, log=log)

    run_scripted(SCRIPT, work)

    assert len(truths) >= 20 > PLAN.calls
    assert len({record.parent_sid or record.sid for record in log.newest_first()}) == 5


def test_an_endless_run_stops_in_the_middle_of_its_calls(
    run_scripted: "RunScripted", fast_clock: VirtualClock
) -> None:
    slow = VirtualClock(fast_clock.origin_s, 1.0)

    async def work(router: "ScriptedRouter") -> Progress:
        stop, steps = asyncio.Event(), [Progress(0, 0)]

        def watch(progress: Progress) -> None:
            steps.append(progress)
            if progress.placed == 10:
                stop.set()

        plan = replace(PLAN, faults=Faults())
        await asyncio.wait_for(
            run_until(stop, account(router.url), CAST, plan, slow, watch), timeout=5
        )
        return steps[-1]

    last = run_scripted(SCRIPT, work)

    assert last.in_progress >= 5


def test_an_endless_run_raises_what_went_wrong_in_it(
    run_scripted: "RunScripted", fast_clock: VirtualClock
) -> None:
    def fail(_: CallTruth) -> None:
        raise ArithmeticError("a bug in what takes the truths")

    async def work(router: "ScriptedRouter") -> None:
        never = asyncio.Event()
        await run_until(never, account(router.url), CAST, PLAN, fast_clock, on_truth=fail)

    with pytest.raises(ExceptionGroup) as raised:
        run_scripted(SCRIPT, work)
    assert raised.group_contains(ArithmeticError)


@pytest.mark.parametrize(("calls", "calls_per_s"), [(-1, 10), (10, 0)])
def test_a_plan_that_can_not_be_run_is_refused(calls: int, calls_per_s: float) -> None:
    with pytest.raises(ValueError, match="can't be placed"):
        TrafficPlan(calls=calls, calls_per_s=calls_per_s)


def test_an_account_without_numbers_is_refused() -> None:
    with pytest.raises(ValueError, match="no numbers"):
        Account("AC1", "token", ())


def test_a_number_whose_url_has_a_bad_override_is_refused() -> None:
    with pytest.raises(ValueError, match="rc=9"):
        Did("+18005550100", "https://a.example/voice#rc=9")


def test_the_token_of_an_account_is_not_shown() -> None:
    assert "secret" not in repr(Account("AC1", "secret", (Did("+18005550100", "/voice"),)))
