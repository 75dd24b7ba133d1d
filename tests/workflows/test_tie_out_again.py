"""A period tied out again from the files that were kept: what came in since counts."""

from datetime import date
from pathlib import Path

import pytest

from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.kept_files import list_files
from callrouter.domain.errors import NotFoundError
from callrouter.workflows.read_buyer_file import Told, open_buyer_file, read_understood, understand
from callrouter.workflows.tie_out_again import tie_out_again
from callrouter.workflows.tie_out_period import TiedOut, Wanted, tie_out_period
from tests.accounts import open_accounts
from tests.buyer_files import keep_calls, list_calls, write_file
from tests.switchboards import OTHER_SELLER, SELLER, T0, open_seller

A = SELLER.seller_id
OCTOBER = date(2026, 10, 1), date(2026, 10, 31)


def tie_out(database: Database, path: Path) -> TiedOut:
    file = read_understood(path, understand(open_buyer_file(path), Told()))
    wanted = Wanted(buyer_id="acme", days=OCTOBER)
    return tie_out_period(database, A, file, wanted, "ann", T0)


def count(tied: TiedOut) -> dict[str, int]:
    classes = tied.kept.totals.classes
    return {str(each): sums.lines for each, sums in classes.items() if sums.lines}


def test_a_call_that_was_taken_up_since_is_found_in_the_kept_file(
    database: Database, tmp_path: Path
) -> None:
    open_accounts(database)
    calls = list_calls()
    keep_calls(database, calls[1:])
    path = write_file(tmp_path / "october.csv", calls)
    before = tie_out(database, path)
    path.unlink()
    keep_calls(database, calls[:1])

    after = tie_out_again(database, A, 1, "bob", T0)

    assert (count(before), count(after)) == ({"agree": 59, "theirs_only": 1}, {"agree": 60})
    assert (after.kept.number, after.kept.supersedes, after.kept.author) == (2, 1, "bob")
    assert after.kept.clock.zone == before.kept.clock.zone == "America/Chicago"
    with database.read() as connection:
        assert [each.name for each in list_files(connection, A, "acme")] == ["october.csv"]


def test_the_other_files_of_the_period_join_in(database: Database, tmp_path: Path) -> None:
    open_accounts(database)
    calls = list_calls()
    keep_calls(database, calls)
    tie_out(database, write_file(tmp_path / "first-half.csv", calls[:30]))
    second = tie_out(database, write_file(tmp_path / "second-half.csv", calls[30:]))

    again = tie_out_again(database, A, 1, "ann", T0)

    assert count(again) == count(second) == {"agree": 60}
    assert sorted(again.kept.files) == [1, 2]
    assert (again.kept.number, again.kept.supersedes) == (3, 2)


def test_another_sellers_tie_out_is_not_there(database: Database, tmp_path: Path) -> None:
    open_accounts(database)
    open_seller(database, OTHER_SELLER)
    keep_calls(database, list_calls())
    tie_out(database, write_file(tmp_path / "october.csv", list_calls()))

    with pytest.raises(NotFoundError):
        tie_out_again(database, OTHER_SELLER.seller_id, 1, "eve", T0)
