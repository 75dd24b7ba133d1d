"""Promises and overrides: what holds a state against the figures, and for how long."""

from datetime import UTC, datetime, timedelta

import pytest

from callrouter.domain.billing.standing_holds import HoldKind, StandingHold, apply_holds
from callrouter.domain.billing.standing_ladder import DEFAULT_LADDER, Judged

AT = datetime(2026, 11, 26, 16, 0, tzinfo=UTC)
UNTIL = datetime(2026, 12, 1, tzinfo=UTC)


def judged(state: str) -> Judged:
    rung = DEFAULT_LADDER.find(state)
    assert rung is not None
    return Judged(rung, "15 days overdue")


def hold(kind: HoldKind, state: str, *, lifted_at: datetime | None = None) -> StandingHold:
    return StandingHold(
        buyer_id="acme",
        hold_id=1,
        kind=kind,
        state=state,
        until=UNTIL,
        reason="wire on Friday",
        author="dana",
        set_at=AT,
        lifted_at=lifted_at,
    )


PROMISED = "promised to pay until 2026-12-01 00:00 UTC: wire on Friday; else suspended: 15 days"
OVERRIDDEN = "by dana until 2026-12-01 00:00 UTC: wire on Friday"


@pytest.mark.parametrize(
    ("by_figures", "holds", "state", "reason"),
    [
        pytest.param(
            "suspended",
            [hold(HoldKind.PROMISE, "watched")],
            "watched",
            f"{PROMISED} overdue",
            id="a promise keeps it from falling",
        ),
        pytest.param(
            "good",
            [hold(HoldKind.PROMISE, "watched")],
            "good",
            "15 days overdue",
            id="a promise holds nobody down",
        ),
        pytest.param(
            "good", [hold(HoldKind.OVERRIDE, "suspended")], "suspended", OVERRIDDEN, id="worse"
        ),
        pytest.param(
            "suspended",
            [hold(HoldKind.OVERRIDE, "limited"), hold(HoldKind.PROMISE, "good")],
            "limited",
            OVERRIDDEN,
            id="an override counts before a promise",
        ),
        pytest.param(
            "suspended",
            [hold(HoldKind.OVERRIDE, "good", lifted_at=AT)],
            "suspended",
            "15 days overdue",
            id="lifted",
        ),
        pytest.param(
            "suspended",
            [hold(HoldKind.PROMISE, "gone")],
            "suspended",
            "15 days overdue",
            id="a state that is no more",
        ),
    ],
)
def test_what_holds_a_state(
    by_figures: str, holds: list[StandingHold], state: str, reason: str
) -> None:
    held = apply_holds(DEFAULT_LADDER, judged(by_figures), holds, AT)

    assert (held.rung.name, held.reason) == (state, reason)


def test_it_ends_by_itself() -> None:
    promise = hold(HoldKind.PROMISE, "good")

    before, after = UNTIL - timedelta(seconds=1), UNTIL

    assert apply_holds(DEFAULT_LADDER, judged("suspended"), [promise], before).rung.name == "good"
    assert apply_holds(DEFAULT_LADDER, judged("suspended"), [promise], after).rung.name == (
        "suspended"
    )
