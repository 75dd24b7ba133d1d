"""A period's calls rated again by the terms as they are now: shown first, then written."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from callrouter.adapters.storage.ledger import post
from callrouter.domain.billing.ledger import reverse
from callrouter.domain.billing.party import Party
from callrouter.workflows.find_missing_terms import find_missing_terms
from callrouter.workflows.rate_period import RatedAgain, Wanted, rate_period
from callrouter.workflows.switchboard import Switchboard
from tests.switchboards import SELLER, T0, FakeClock
from tests.twilio_side import TwilioSide
from tests.workflows.talks import talk
from tests.workflows.test_rate_call import (
    ACME,
    RADIO,
    SHARE,
    TERMS,
    agree,
    balance,
    close_statement,
    entries_of,
    figures,
)

DEARER = TERMS.replace("75.00", "80.00")
ONCE = TERMS + 'duplicate_window = "30d"\n'
DAY = timedelta(days=1)


@pytest.fixture
def calls(board: Switchboard, clock: FakeClock, twilio: TwilioSide) -> list[str]:
    """Three paid calls of one caller and a short one, ten minutes apart, without any terms."""
    talks = [(1, 60), (2, 61), (3, 62), (4, 59)]
    return [talk(twilio, clock, n, s, start=n * 600) for n, s in talks]


def again(
    board: Switchboard,
    author: str | None = None,
    *,
    party: Party | None = None,
    since: float = 0,
    until: float = DAY.total_seconds(),
) -> list[RatedAgain]:
    wanted = Wanted(T0 + timedelta(seconds=since), T0 + timedelta(seconds=until), party)
    return list(
        rate_period(board.database, SELLER.seller_id, wanted, board.clock.now(), author=author)
    )


def what(rated: Sequence[RatedAgain]) -> list[list[tuple[str, int]]]:
    """Of each call, the parties and the amounts that they get now."""
    return [
        [(c.right.party.party_id, c.right.amount_micros // 10_000) for c, _ in each.changes]
        for each in rated
    ]


def test_calls_that_came_before_their_terms_are_made_good(
    board: Switchboard, calls: list[str]
) -> None:
    agree(board, TERMS, SHARE)
    expected = [[("acme", 7500), ("radio-kx", 3000)]] * 3 + [[("acme", 0), ("radio-kx", 0)]]
    assert what(again(board)) == expected
    assert (balance(board.database), entries_of(board.database, calls[0])) == (0, ())
    assert what(again(board, "ann")) == expected
    assert (balance(board.database), balance(board.database, RADIO)) == (22500, 9000)
    assert {entry.author for entry in entries_of(board.database, calls[0])} == {"ann"}
    assert what(again(board, "ann")) == [[], [], [], []]


def test_changed_terms_are_a_reversal_and_a_new_entry(board: Switchboard, calls: list[str]) -> None:
    agree(board, TERMS)
    again(board, "ann")
    [charged] = entries_of(board.database, calls[1])
    close_statement(board.database, charged)
    agree(board, DEARER)
    rated = again(board, "ben", since=900)
    assert what(rated) == [[("acme", 8000)], [("acme", 8000)], []]
    assert [statement for each in rated for _, statement in each.changes] == ["7", ""]
    entries = entries_of(board.database, calls[1])
    assert figures(entries) == [("charge", 7500), ("reversal", -7500), ("charge", 8000)]
    assert [e.corrects for e in entries] == ["", "7", "7"]
    assert balance(board.database) == 7500 + 8000 + 8000


@pytest.mark.parametrize("author", [None, "ann"], ids=["shown", "written"])
def test_of_a_callers_calls_the_first_is_paid_for_before_and_after_writing(
    board: Switchboard, calls: list[str], author: str | None
) -> None:
    agree(board, TERMS)
    again(board, "ann")
    agree(board, ONCE)
    rated = again(board, author)
    assert what(rated) == [[], [("acme", 0)], [("acme", 0)], []]
    assert calls[0] in rated[1].changes[0][0].right.reason
    assert balance(board.database) == (7500 if author else 22500)


def test_calls_before_the_period_count_for_its_duplicates_and_its_day(
    board: Switchboard, calls: list[str]
) -> None:
    agree(board, TERMS)
    again(board, "ann")
    agree(board, ONCE)
    assert what(again(board, since=900)) == [[("acme", 0)], [("acme", 0)], []]
    agree(board, TERMS + "most_per_day = 2\n")
    assert what(again(board)) == [[], [], [("acme", 0)], []]
    assert what(again(board, since=1500)) == [[("acme", 0)], []]
    assert calls


def test_of_a_buyer_only_its_own_side_and_the_publishers_change(
    board: Switchboard, calls: list[str]
) -> None:
    agree(board, TERMS, SHARE)
    again(board, "ann")
    agree(board, DEARER, SHARE.replace("40", "50"))
    assert what(again(board, party=RADIO))[0] == [("radio-kx", 3750)]
    assert what(again(board, party=ACME))[0] == [("acme", 8000), ("radio-kx", 4000)]
    nobody = Party(ACME.side, "bolt")
    assert what(again(board, party=nobody)) == [[]] * len(calls)


def test_what_a_person_took_back_stays_so_when_rated_again(
    board: Switchboard, calls: list[str], clock: FakeClock
) -> None:
    agree(board, TERMS)
    again(board, "ann")
    [charged] = entries_of(board.database, calls[0])
    with board.database.write() as connection:
        back = reverse(charged, clock.now(), "dispute 4", "ann")
        post(connection, SELLER.seller_id, [back], clock.now())
    agree(board, ONCE)
    assert what(again(board, "ann")) == [[], [], [("acme", 0)], []]


def test_talks_without_terms_are_found(board: Switchboard, calls: list[str]) -> None:
    def missing() -> list[tuple[str, int, int, bool]]:
        found = find_missing_terms(board.database, SELLER.seller_id, T0, T0 + DAY)
        return [(str(m.party), m.calls, m.connected_ms // 1000, m.has_any) for m in found]

    assert missing() == [("buyer acme", 4, 242, False)]
    agree(board, TERMS.replace("threshold_s", 'campaign = "solar-quotes"\nthreshold_s'))
    assert missing() == [("buyer acme", 4, 242, True)]
    agree(board, TERMS, SHARE)
    assert missing() == []
    assert calls


@pytest.mark.parametrize("limit", ['duplicate_window = "30d"', "most_per_day = 1"])
def test_what_was_paid_for_after_the_period_counts(
    board: Switchboard, calls: list[str], limit: str
) -> None:
    agree(board, f"{TERMS}{limit}\n")
    assert what(again(board, "ann", since=1700)) == [[("acme", 7500)], [("acme", 0)]]
    assert what(again(board, "ann", until=1700)) == [[("acme", 0)], [("acme", 0)]]
    assert what(again(board, "ann")) == [[("acme", 7500)], [], [("acme", 0)], []]
    assert balance(board.database) == 7500


def test_what_is_paid_for_already_gives_way_to_no_later_call(
    board: Switchboard, calls: list[str]
) -> None:
    agree(board, TERMS)
    again(board, "ann")
    agree(board, ONCE)
    assert what(again(board, "ann", until=700)) == [[]]
    assert what(again(board, "ann", since=700)) == [[("acme", 0)], [("acme", 0)], []]
    assert balance(board.database) == 7500
