"""Disputes: raised within the terms' window, sent, answered, and closed when all is decided."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from callrouter.adapters.storage.disputes import change_dispute
from callrouter.adapters.storage.engine import Database
from callrouter.domain.errors import ChangedUnderneathError, NotFoundError, RefusedError
from callrouter.domain.tie_out.classes import DifferenceClass as Class
from callrouter.domain.tie_out.disputes import DisputeOutcome, DisputeState
from callrouter.domain.tie_out.settlement import Decision
from callrouter.workflows.choose_lines import Chosen
from callrouter.workflows.raise_dispute import (
    DisputeView,
    Raised,
    change_state,
    raise_dispute,
    view_dispute,
)
from callrouter.workflows.resolve_differences import Verdict, resolve_differences
from tests.switchboards import SELLER
from tests.workflows.tied_out import SETTLED_AT, keep_tie_out, open_month

ACROSS = Chosen(classes=frozenset({Class.ACROSS_THRESHOLD}))
DAY = timedelta(days=1)


@pytest.fixture
def month(database: Database) -> Database:
    open_month(database, dispute_days=7)
    assert keep_tie_out(database) == 1
    return database


def open_dispute(database: Database, chosen: Chosen = ACROSS, **changes: object) -> Raised:
    values: dict[str, object] = {"owner": "ann", "note": "", "at": SETTLED_AT, "late": False}
    return raise_dispute(
        database,
        SELLER.seller_id,
        1,
        chosen,
        **(values | changes),  # type: ignore[arg-type]
    )


def go_on(database: Database, to: DisputeState, note: str = "") -> DisputeView:
    return change_state(
        database, SELLER.seller_id, 1, to, note=note, author="bob", at=SETTLED_AT + DAY
    )


def decide(database: Database, decision: Decision, line_no: int) -> None:
    verdict = Verdict(tie_out=1, decision=decision, reason="heard it", author="ann")
    chosen = Chosen(line_nos=frozenset({line_no}))
    resolve_differences(database, SELLER.seller_id, verdict, chosen, SETTLED_AT)


def test_a_dispute_has_its_lines_its_owner_and_its_last_day(month: Database) -> None:
    raised = open_dispute(month)
    assert (raised.dispute.number, raised.added, raised.elsewhere) == (1, 2, 0)
    view = view_dispute(month, SELLER.seller_id, 1)
    assert view.decisions == {1: None, 2: None}
    assert (view.dispute.owner, view.dispute.raise_by) == ("ann", date(2026, 10, 7))
    assert view.outcome is None


def test_a_line_is_in_one_dispute_only(month: Database) -> None:
    open_dispute(month, Chosen(line_nos=frozenset({1})))
    second = open_dispute(month)
    assert (second.dispute.number, second.added, second.elsewhere) == (2, 1, 1)
    with pytest.raises(RefusedError, match="all 2 chosen lines are in a dispute already"):
        open_dispute(month)
    with pytest.raises(RefusedError, match="no line of tie-out 1 is meant by that"):
        open_dispute(month, Chosen(line_nos=frozenset({99})))
    with pytest.raises(NotFoundError):  # nothing of the refused ones is left
        view_dispute(month, SELLER.seller_id, 3)


def test_after_the_window_it_takes_a_note_that_says_why(month: Database) -> None:
    late = SETTLED_AT + 3 * DAY
    with pytest.raises(RefusedError, match="could be raised until 2026-10-07"):
        open_dispute(month, at=late)
    with pytest.raises(RefusedError, match="say in a note why it is raised late"):
        open_dispute(month, at=late, late=True)
    assert open_dispute(month, at=late, late=True, note="their file came on the 8th").added == 2


def test_a_dispute_is_sent_answered_decided_and_closed(month: Database) -> None:
    open_dispute(month)
    go_on(month, DisputeState.SENT, "mailed to ap@acme.example")
    with pytest.raises(RefusedError, match="2 lines of dispute 1 undecided"):
        go_on(month, DisputeState.CLOSED)
    go_on(month, DisputeState.ANSWERED, "they accept one")
    decide(month, Decision.STAND, 1)
    decide(month, Decision.ASK, 2)
    with pytest.raises(RefusedError, match="1 line of dispute 1 undecided"):
        go_on(month, DisputeState.CLOSED)
    decide(month, Decision.ACCEPT, 2)
    closed = go_on(month, DisputeState.CLOSED)
    assert closed.outcome is DisputeOutcome.PARTLY
    assert [(c.state, c.author) for c in closed.changes] == [
        (DisputeState.OPEN, "ann"),
        (DisputeState.SENT, "bob"),
        (DisputeState.ANSWERED, "bob"),
        (DisputeState.CLOSED, "bob"),
    ]
    assert closed.changes[1].note == "mailed to ap@acme.example"


def test_two_who_change_a_dispute_at_once_do_not_overwrite_each_other(month: Database) -> None:

    before = open_dispute(month).dispute
    go_on(month, DisputeState.SENT)
    after = replace(before, state=DisputeState.CLOSED)
    with (
        pytest.raises(ChangedUnderneathError, match="somebody changed dispute 1"),
        month.write() as connection,
    ):
        change_dispute(connection, SELLER.seller_id, before, after, "eve", SETTLED_AT)


def test_another_sellers_dispute_is_not_there(month: Database) -> None:
    open_dispute(month)
    with pytest.raises(NotFoundError, match="there is no dispute 1"):
        view_dispute(month, "seller-b", 1)
