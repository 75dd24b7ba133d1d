import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import pairwise

import pytest

from callrouter.adapters.storage.directories import read_directory
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.live_numbers import find_number
from callrouter.adapters.storage.routing_tables import (
    active_version,
    list_activations,
    list_versions,
)
from callrouter.domain.errors import (
    CallrouterError,
    ChangedUnderneathError,
    NotFoundError,
    PolicyFileError,
    RefusedError,
)
from callrouter.workflows.activate_table import Activated, activate_file, activate_version
from callrouter.workflows.apply_buyers import apply_buyers
from callrouter.workflows.import_table import import_table
from callrouter.workflows.live_tables import read_live_tables
from callrouter.workflows.refuse_overwriting import Expected
from callrouter.workflows.roll_back_table import roll_back_table
from tests.switchboards import DID, OTHER_SELLER, SELLER, T0, TABLE, open_seller

_ID = SELLER.seller_id
FLOOD = "flood-repair"


@pytest.fixture
def seller(database: Database) -> Database:
    """A database with a seller whose campaigns are live in version 1."""
    open_seller(database)
    return database


def activate(
    database: Database, text: str, *, expected: Expected = 1, seller_id: str = _ID
) -> Activated:
    return activate_file(
        database, seller_id, text, "t.toml", expected=expected, author="", note="", at=T0
    )


def weighted(weight: int) -> str:
    return TABLE.replace("priority = 1", f"weight = {weight}")


def together(*acts: Callable[[], object]) -> list[CallrouterError | None]:
    """Do all of it at the same moment: the error of each, or None."""

    def attempt(act: Callable[[], object]) -> CallrouterError | None:
        try:
            act()
        except CallrouterError as error:
            return error
        return None

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(attempt, acts))


def test_of_many_who_expect_the_same_version_exactly_one_goes_live(seller: Database) -> None:
    errors = together(*(partial(activate, seller, weighted(w)) for w in range(2, 8)))
    assert [type(error) for error in errors if error] == [ChangedUnderneathError] * 5
    with seller.read() as connection:
        assert active_version(connection, _ID, FLOOD) == 2
        assert len(list_versions(connection, _ID, FLOOD)) == 2
        assert len(list_activations(connection, _ID, FLOOD)) == 2


def test_of_two_campaigns_that_take_a_number_exactly_one_gets_it(seller: Database) -> None:
    number = "+18005550142"
    claims = [
        TABLE.replace(FLOOD, campaign).replace(DID, number) for campaign in ("gutters", "siding")
    ]
    errors = together(*(partial(activate, seller, text, expected=None) for text in claims))
    (error,) = [error for error in errors if error]
    assert isinstance(error, PolicyFileError)
    assert error.problems[0].key == "dids[1].number"
    with seller.read() as connection:
        live = set(read_live_tables(connection, _ID)) & {"gutters", "siding"}
        owner = find_number(connection, _ID, number)
    assert owner is not None
    assert live == {owner.campaign_id}


def test_a_destination_never_vanishes_while_a_table_that_names_it_goes_live(
    seller: Database,
) -> None:
    """Whoever comes first, the other is refused: no live table names what isn't there."""
    crest = '[[buyers]]\nid = "crest"\nname = "Crest"\nzone = "UTC"\n'
    desk = '[[buyers.destinations]]\nid = "crest-desk"\ndial = "+13125550172"\n'
    table = TABLE.replace("bolt-main", "crest-desk")

    def apply(text: str) -> None:
        apply_buyers(seller, _ID, text, "b.toml", author="", note="", at=T0)

    apply(crest + desk)
    errors = together(lambda: apply(crest), lambda: activate(seller, table))
    assert [type(error) for error in errors if error] in ([RefusedError], [PolicyFileError])
    with seller.read() as connection:
        directory = read_directory(connection, _ID, None)
        for live in read_live_tables(connection, _ID).values():
            assert live.destination_ids() <= set(directory.destinations)


def test_tables_that_are_known_are_parsed_again_only_when_another_version_is_live(
    seller: Database,
) -> None:
    with seller.read() as connection:
        known = read_live_tables(connection, _ID)
    activated = activate(seller, weighted(2))
    with seller.read() as connection:
        live = read_live_tables(connection, _ID, known)
    assert len(live) > 1
    assert live[FLOOD] == activated.table != known[FLOOD]
    assert all(live[other] is known[other] for other in live.keys() - {FLOOD})


def test_a_refused_table_leaves_nothing_behind(seller: Database) -> None:
    with pytest.raises(PolicyFileError, match="bolt-mian"):
        activate(seller, TABLE.replace("bolt-main", "bolt-mian"))
    with seller.read() as connection:
        assert len(list_versions(connection, _ID, FLOOD)) == 1
        assert len(list_activations(connection, _ID, FLOOD)) == 1


def test_its_numbers_move_with_a_table(seller: Database) -> None:
    activate(seller, TABLE.replace(DID, "+18005550142"))
    with seller.read() as connection:
        assert find_number(connection, _ID, DID) is None
        found = find_number(connection, _ID, "+18005550142")
    assert found is not None
    assert (found.campaign_id, found.publisher, found.active_version) == (FLOOD, "radio-kx", 2)


def test_another_sellers_campaigns_and_numbers_are_of_no_concern(seller: Database) -> None:
    """The same campaign and the same number, of another seller: neither a clash nor seen."""
    open_seller(seller, OTHER_SELLER)
    with seller.read() as connection:
        assert active_version(connection, OTHER_SELLER.seller_id, FLOOD) == 1
        assert active_version(connection, _ID, FLOOD) == 1
    activate(seller, weighted(7), seller_id=OTHER_SELLER.seller_id)
    with seller.read() as connection:
        assert active_version(connection, _ID, FLOOD) == 1


def test_an_unknown_seller_is_refused(seller: Database) -> None:
    with pytest.raises(NotFoundError, match="no seller 'nobody'"):
        activate(seller, TABLE, expected=None, seller_id="nobody")


def test_a_stored_version_is_checked_again_before_it_goes_live(seller: Database) -> None:
    text = TABLE.replace("bolt-main", "crest-desk")
    stored = import_table(seller, _ID, text, "t.toml", author="", note="", at=T0)
    assert stored.version == 2
    with pytest.raises(PolicyFileError, match="flood-repair version 2:11: routes"):
        activate_version(seller, _ID, FLOOD, 2, author="", note="", at=T0)
    with pytest.raises(NotFoundError, match="no routing table version 3"):
        activate_version(seller, _ID, FLOOD, 3, author="", note="", at=T0)


def test_a_stored_version_that_is_live_already_is_left_alone(seller: Database) -> None:
    activated = activate_version(seller, _ID, FLOOD, 1, author="", note="", at=T0)
    assert activated.before == activated.table
    with seller.read() as connection:
        assert len(list_activations(connection, _ID, FLOOD)) == 1


def test_of_many_rollbacks_at_once_all_end_at_a_version_that_was_live(seller: Database) -> None:
    activate(seller, weighted(2))

    def roll_back() -> None:
        roll_back_table(seller, _ID, FLOOD, to_version=None, author="", note="", at=T0)

    errors = together(roll_back, roll_back, roll_back)
    assert {type(error) for error in errors if error} <= {ChangedUnderneathError}
    with seller.read() as connection:
        live = active_version(connection, _ID, FLOOD)
        log = list_activations(connection, _ID, FLOOD)
    assert log[0].version == live
    assert all(a.previous_version == b.version for a, b in pairwise(log))


OFFICE_HOURS = TABLE.replace(
    'campaign = "flood-repair"',
    'campaign = "flood-repair"\n[rules]\nhours = { weekdays = "08:00-18:00" }',
)


def test_a_table_by_which_a_number_has_nobody_at_some_hour_is_refused_unless_forced(
    seller: Database,
) -> None:
    gap = f"nobody takes calls of {DID} from Tue 21:00 to Wed 08:00 America/New_York"
    with pytest.raises(PolicyFileError, match=re.escape(gap)) as refused:
        activate(seller, OFFICE_HOURS)
    assert [problem.key for problem in refused.value.problems] == ["dids[1].number"]
    with seller.read() as connection:
        assert active_version(connection, _ID, FLOOD) == 1

    activated = activate_file(
        seller, _ID, OFFICE_HOURS, "t.toml", force=True, author="", note="storm", at=T0
    )

    assert activated.table.version == 2
    assert [problem.line for problem in activated.forced] == [refused.value.problems[0].line]
    with seller.read() as connection:
        note = list_activations(connection, _ID, FLOOD)[0].note
    assert note.startswith(f"storm (forced: {gap}; ")


def test_nothing_else_that_stands_against_a_table_can_be_forced(seller: Database) -> None:
    text = TABLE.replace("bolt-main", "bolt-mian")
    with pytest.raises(PolicyFileError, match="bolt-mian"):
        activate_file(seller, _ID, text, "t.toml", force=True, author="", note="", at=T0)


def test_a_rollback_can_be_forced_too(seller: Database) -> None:
    activate_file(seller, _ID, OFFICE_HOURS, "t.toml", force=True, author="", note="", at=T0)
    activate(seller, TABLE, expected=2)

    def roll_back(*, force: bool) -> Activated:
        return roll_back_table(
            seller, _ID, FLOOD, to_version=2, force=force, author="", note="", at=T0
        )

    with pytest.raises(PolicyFileError, match="nobody takes calls"):
        roll_back(force=False)
    assert roll_back(force=True).table.version == 2


def test_two_tables_of_different_zones_may_not_cap_one_publisher_across_campaigns(
    seller: Database,
) -> None:
    capped = '[[publishers]]\nid = "radio-kx"\ncaps = ["9 connected per day across campaigns"]\n'
    activate(seller, TABLE + capped)
    other = TABLE.replace(FLOOD, "gutters").replace(DID, "+18005550142") + capped
    in_ohio = other.replace("[[dids]]", 'zone = "America/New_York"\n[[dids]]', 1)

    with pytest.raises(PolicyFileError) as refused:
        activate(seller, in_ohio, expected=None)
    (problem,) = refused.value.problems
    assert (problem.key, problem.line) == (
        "publishers[1].caps",
        in_ohio[: in_ohio.index("caps =")].count("\n") + 1,
    )
    assert "flood-repair" in problem.message
    activate(seller, other, expected=None)
