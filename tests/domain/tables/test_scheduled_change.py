from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from callrouter.domain.tables.scheduled_change import (
    ChangeKind,
    ScheduledChange,
    alert_key,
    find_overtaken,
    order_due,
    targets_back,
)

T0 = datetime(2026, 11, 26, 18, 0, tzinfo=UTC)
SWAP = ScheduledChange(
    seller_id="a",
    change_id=3,
    campaign_id="flood-repair",
    kind=ChangeKind.SWAP,
    due_at=T0,
    author="ada",
    note="",
    created_at=T0,
    version=8,
)
BACK = replace(SWAP, change_id=4, kind=ChangeKind.SWAP_BACK, due_at=T0 + timedelta(1), swap_id=3)
POINT_BACK = replace(
    SWAP,
    change_id=5,
    kind=ChangeKind.POINT_BACK,
    pointed_to="bolt-east",
    numbers={"+18005550100": "", "+18005550101": "acme-east"},
)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param(SWAP, "version 8 goes live", id="swap"),
        pytest.param(BACK, "back to what change 3 replaced", id="swap-back"),
        pytest.param(
            POINT_BACK, "+18005550100, +18005550101 no longer at bolt-east", id="point-back"
        ),
    ],
)
def test_a_change_says_what_it_will_do(change: ScheduledChange, said: str) -> None:
    assert str(change) == said


def test_due_changes_are_made_by_their_time_and_then_as_they_were_scheduled() -> None:
    late = replace(SWAP, change_id=1, due_at=T0 + timedelta(hours=1))
    assert order_due([late, POINT_BACK, SWAP]) == (SWAP, POINT_BACK, late)


@pytest.mark.parametrize(
    ("due", "overtaken"),
    [
        pytest.param([SWAP], set(), id="a-swap"),
        pytest.param([BACK], set(), id="a-swap-back-whose-swap-was-made"),
        pytest.param([SWAP, BACK], {("a", 3), ("a", 4)}, id="both"),
        pytest.param([SWAP, replace(BACK, seller_id="b")], set(), id="another-sellers"),
    ],
)
def test_a_swap_is_overtaken_by_its_own_swap_back(
    due: list[ScheduledChange], overtaken: set[tuple[str, int]]
) -> None:
    assert find_overtaken(due) == overtaken


@pytest.mark.parametrize(
    ("points_now", "targets"),
    [
        pytest.param(
            {"+18005550100": "bolt-east", "+18005550101": "bolt-east"},
            {"+18005550100": "", "+18005550101": "acme-east"},
            id="both-still",
        ),
        pytest.param(
            {"+18005550100": "", "+18005550101": "crest"}, {}, id="neither-points-there-any-more"
        ),
        pytest.param(
            {"+18005550101": "bolt-east"}, {"+18005550101": "acme-east"}, id="one-is-gone"
        ),
    ],
)
def test_a_number_goes_back_only_from_where_it_was_pointed(
    points_now: dict[str, str], targets: dict[str, str]
) -> None:
    assert targets_back(POINT_BACK, points_now) == targets


def test_its_alert_is_one_a_campaign() -> None:
    assert alert_key("flood-repair") == "schedule:flood-repair"
