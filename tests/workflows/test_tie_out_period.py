"""A buyer's file is tied out against our calls of a period, and what came of it is kept."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from callrouter.adapters.frames_aside import open_memory
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.kept_files import list_files, stream_bytes
from callrouter.adapters.storage.ledger import post
from callrouter.adapters.storage.tie_out_lines import add_lines, read_lines
from callrouter.adapters.storage.tie_outs import begin_tie_out, list_unfinished
from callrouter.domain.billing.ledger import EntryKind, Posting
from callrouter.domain.errors import NotFoundError, RefusedError
from callrouter.domain.tie_out.classes import DifferenceClass
from callrouter.workflows.read_buyer_file import (
    BuyerFile,
    Told,
    UnderstoodTable,
    open_buyer_file,
    read_understood,
    understand,
)
from callrouter.workflows.tie_out_period import TiedOut, Wanted, tie_out_period
from callrouter.workflows.view_tie_out import encode_row, view_tie_out, view_tie_outs
from tests.accounts import ACME, open_accounts
from tests.buyer_files import OCTOBER, Call, keep_calls, list_calls, write_file
from tests.switchboards import OTHER_SELLER, SELLER, T0, open_seller

A = SELLER.seller_id
DAYS = date(2026, 10, 1), date(2026, 10, 31)


_understood: dict[bytes, tuple[UnderstoodTable, ...]] = {}


def read(path: Path) -> BuyerFile:
    """The file; how it is to be read is found out once for all tests that write the same."""
    content = path.read_bytes()
    if content not in _understood:
        _understood[content] = understand(open_buyer_file(path), Told())
    return read_understood(path, _understood[content])


def tie_out(database: Database, path: Path, *, seller: str = A, **wanted: Any) -> TiedOut:
    asked = replace(Wanted(buyer_id="acme"), **wanted)
    return tie_out_period(database, seller, read(path), asked, "ann", T0)


def count(tied: TiedOut) -> dict[str, int]:
    """The lines of each class that has any."""
    classes = tied.kept.totals.classes
    return {str(each): sums.lines for each, sums in classes.items() if sums.lines}


def longer(call: Call) -> Call:
    """Every tenth call lasts ten seconds longer by their records."""
    return replace(call, connected_s=call.connected_s + 10) if call.number % 10 == 0 else call


def test_a_month_is_tied_out_and_kept_line_by_line(database: Database, tmp_path: Path) -> None:
    open_accounts(database)
    calls = list_calls()
    keep_calls(database, calls)
    path = write_file(tmp_path / "october.csv", calls[1:], change=longer)

    tied = tie_out(database, path)

    assert tied.is_new
    assert count(tied) == {"agree": 54, "same_money": 5, "ours_only": 1}
    assert (tied.kept.number, tied.kept.currency, tied.kept.zone) == (1, "USD", "America/New_York")
    assert tied.guessed == "59 of 59 calls in the file are of it"
    assert "Chicago" in tied.kept.clock.words
    assert view_tie_out(database, A, 1) == tied.kept
    with database.read() as connection:
        [kept] = list_files(connection, A, "acme")
        lines = read_lines(connection, A, 1)
        [ours] = read_lines(connection, A, 1, DifferenceClass.OURS_ONLY).rows(named=True)
        content = b"".join(stream_bytes(connection, A, "acme", kept.sha256))
    assert content == path.read_bytes()
    assert (kept.name, kept.rows, kept.amends) == ("october.csv", 59, None)
    assert lines.height == tied.kept.lines == 60
    assert (ours["call_sid"], ours["file"]) == ("CAacme100", None)
    pair = lines.row(0, named=True)
    assert (pair["call_sid"], pair["their_call_ids"], pair["file"]) == ("CAacme101", "A-101", 1)


def test_a_month_too_large_for_memory_is_kept_as_it_would_have_been_at_once(
    database: Database, tmp_path: Path
) -> None:
    open_accounts(database)
    calls = list_calls()
    keep_calls(database, calls)
    october = write_file(tmp_path / "october.csv", calls[1:40], change=longer)
    late = write_file(tmp_path / "late.csv", calls[38:])
    tie_out(database, october)
    whole = tie_out(database, late)

    with open_memory(7) as memory:
        understood = understand(open_buyer_file(late), Told())
        file = read_understood(late, understood, memory)
        wanted = Wanted(buyer_id="acme", again=True)
        pieces = tie_out_period(database, A, file, wanted, "ann", T0, memory=memory)

    assert pieces.kept.number == whole.kept.number + 1
    assert pieces.kept.totals == whole.kept.totals
    assert (pieces.kept.clock, pieces.kept.files) == (whole.kept.clock, whole.kept.files)
    with database.read() as connection:
        lines = [read_lines(connection, A, each.kept.number) for each in (whole, pieces)]
    assert lines[0].equals(lines[1])


def test_the_same_file_twice_changes_nothing(database: Database, tmp_path: Path) -> None:
    open_accounts(database)
    calls = list_calls()
    keep_calls(database, calls)
    first = tie_out(database, write_file(tmp_path / "a.csv", calls))

    again = tie_out(database, write_file(tmp_path / "other-name.csv", calls))

    assert not again.is_new
    assert again.kept == first.kept
    assert len(view_tie_outs(database, A)) == 1
    wanted_again = tie_out(database, tmp_path / "a.csv", again=True)
    assert (wanted_again.kept.number, wanted_again.kept.supersedes) == (2, 1)
    assert [each.number for each in view_tie_outs(database, A, only_standing=True)] == [2]


def test_an_amended_file_says_what_changed_and_stands_for_the_earlier(
    database: Database, tmp_path: Path
) -> None:
    open_accounts(database)
    calls = list_calls()
    keep_calls(database, calls)
    tie_out(database, write_file(tmp_path / "a.csv", calls[:50]))

    amended = tie_out(database, write_file(tmp_path / "b.csv", calls[1:], change=longer))

    [earlier] = amended.earlier
    assert earlier.changes.amends
    assert str(earlier.changes) == "45 rows the same, 10 new, 4 changed, 1 gone"
    assert (amended.kept.files, amended.kept.supersedes) == ((2,), 1)
    assert amended.kept.totals.whole.rows == 59
    with database.read() as connection:
        assert [each.amends for each in list_files(connection, A, "acme")] == [1, None]


def test_files_of_parts_of_a_period_are_tied_out_together(
    database: Database, tmp_path: Path
) -> None:
    open_accounts(database)
    calls = list_calls()
    keep_calls(database, calls)
    first = tie_out(database, write_file(tmp_path / "a.csv", calls[:30]))

    both = tie_out(database, write_file(tmp_path / "b.csv", calls[30:]))

    assert count(first) == {"agree": 30, "ours_only": 30}
    assert count(both) == {"agree": 60}
    assert (both.kept.files, both.kept.supersedes) == ((1, 2), 1)


def test_a_file_alone_leaves_the_others_of_its_period_out(
    database: Database, tmp_path: Path
) -> None:
    open_accounts(database)
    calls = list_calls()
    keep_calls(database, calls)
    tie_out(database, write_file(tmp_path / "a.csv", calls[:30]))

    alone = tie_out(database, write_file(tmp_path / "b.csv", calls[30:]), alone=True)

    assert (alone.kept.files, count(alone)) == ((2,), {"agree": 30, "ours_only": 30})


def test_late_records_count_in_the_tie_out_that_has_their_calls_once_it_is_made_again(
    database: Database, tmp_path: Path
) -> None:
    open_accounts(database)
    september = list_calls(20, since=OCTOBER - timedelta(days=20), first=10)
    october = list_calls(50)
    keep_calls(database, [*september, *october])
    path = write_file(tmp_path / "september.csv", september[:18])
    in_time = tie_out(database, path)
    late = [september[3], september[18], *october]

    tied = tie_out(database, write_file(tmp_path / "october.csv", late), days=DAYS)

    assert count(in_time) == {"agree": 18, "ours_only": 2}
    assert count(tied) == {"agree": 50, "duplicate": 2}
    assert [(row["their_call_ids"], row["call_sid"], row["our_micros"], row["their_micros"])
            for row in read_duplicates(database, 2)] == [
        ("A-13", "CAacme13", None, None), ("A-28", "CAacme28", None, None),
    ]  # fmt: skip
    assert [row["why"] for row in read_duplicates(database, 2)] == [
        "says again what line 3 of tie-out 1 says of our call CAacme13",
        "of our call CAacme28, which line 18 of tie-out 1 has without a record",
    ]
    assert (tied.kept.totals.whole.our_calls, tied.kept.totals.whole.rows) == (50, 52)
    assert count(tie_out(database, path, again=True)) == {"agree": 19, "ours_only": 1}


def test_late_records_of_a_period_that_was_not_tied_out_count_with_their_file(
    database: Database, tmp_path: Path
) -> None:
    open_accounts(database)
    september = list_calls(20, since=OCTOBER - timedelta(days=20), first=10)
    october = list_calls(50)
    keep_calls(database, [*september, *october])
    late = [september[3], *october]

    tied = tie_out(database, write_file(tmp_path / "october.csv", late), days=DAYS)
    in_turn = tie_out(database, write_file(tmp_path / "september.csv", september))

    assert count(tied) == {"agree": 51}
    assert count(in_turn) == {"agree": 19, "duplicate": 1}
    assert "1 call of the period counts in tie-out 1, whose files have records of it" in str(
        in_turn.kept.notices
    )


def test_a_file_of_two_months_is_part_of_both(database: Database, tmp_path: Path) -> None:
    open_accounts(database)
    september = list_calls(50, since=OCTOBER - timedelta(days=27), first=10)
    october = list_calls(50)
    keep_calls(database, [*september, *october])
    path = write_file(tmp_path / "both.csv", [*september, *october])

    first = tie_out(database, path, days=(date(2026, 9, 1), date(2026, 9, 30)))
    second = tie_out(database, path, days=DAYS)

    beyond = sum(call.at < OCTOBER + timedelta(hours=16) for call in october)
    assert count(first) == {"agree": 50 + beyond}
    assert f"{50 - beyond} records are left to the tie-out of their own period" in str(
        first.kept.notices
    )
    assert count(second) == {"agree": 50 - beyond}


def read_duplicates(database: Database, number: int) -> list[dict[str, Any]]:
    with database.read() as connection:
        lines = read_lines(connection, A, number, DifferenceClass.DUPLICATE)
    return list(lines.rows(named=True))


def write_with_money(
    path: Path,
    calls: Iterable[Call],
    adjustments: Mapping[Call, tuple[str, str]],
) -> Path:
    """Calls of 75.00 each, and rows that adjust some: by so much money, of a record by its id."""
    write_file(path, [*calls, *adjustments])
    with path.open(encoding="utf-8", newline="") as file:
        heads, *rows = csv.reader(file)
    plain = len(rows) - len(adjustments)
    more = [("75.00", "")] * plain + list(adjustments.values())
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*heads, "Amount", "Corrects ID"])
        writer.writerows(
            [*(row if n < plain else [f"ADJ-{n}", *row[1:3], ""]), *money]
            for n, (row, money) in enumerate(zip(rows, more, strict=True))
        )
    return path


def test_an_adjustment_weeks_later_is_of_the_call_that_was_tied_out(
    database: Database, tmp_path: Path
) -> None:
    open_accounts(database)
    september = list_calls(20, since=OCTOBER - timedelta(days=20), first=10)
    october = list_calls(50)
    keep_calls(database, [*september, *october])
    tie_out(database, write_with_money(tmp_path / "september.csv", september, {}))
    two_minutes_off = replace(september[3], at=september[3].at - timedelta(minutes=2))
    now = replace(september[5], at=OCTOBER + timedelta(days=4))
    adjustments = {two_minutes_off: ("-75.00", ""), now: ("-25.00", "A-15")}
    path = write_with_money(tmp_path / "october.csv", october, adjustments)

    tied = tie_out(database, path, days=DAYS)

    assert count(tied) == {"agree": 50, "duplicate": 2}
    assert [(row["call_sid"], row["why"], row["their_price_micros"]) for row in
            read_duplicates(database, 2)] == [
        ("CAacme13", "amends what line 3 of tie-out 1 says of our call CAacme13:"
         " their file says -75.00", -75_000_000),
        ("CAacme15", "amends what line 5 of tie-out 1 says of our call CAacme15:"
         " their file says -25.00", -25_000_000),
    ]  # fmt: skip
    assert tied.kept.totals.whole.our_calls == 50


def test_what_another_period_says_again_leaves_the_first_as_it_was(
    database: Database, tmp_path: Path
) -> None:
    open_accounts(database)
    september = list_calls(20, since=OCTOBER - timedelta(days=20), first=10)
    october = list_calls(50)
    keep_calls(database, [*september, *october])
    path = write_file(tmp_path / "september.csv", september)
    first = tie_out(database, path)
    tie_out(database, write_file(tmp_path / "october.csv", [*september[:3], *october]), days=DAYS)

    again = tie_out(database, path, again=True)

    assert count(first) == count(again) == {"agree": 20}


def test_a_call_after_midnight_is_in_its_file_again_as_it_was_at_first(
    database: Database, tmp_path: Path
) -> None:
    open_accounts(database)
    calls = list_calls(120, since=OCTOBER - timedelta(days=29, hours=5))
    keep_calls(database, calls)
    midnight = next(n for n, call in enumerate(calls) if call.at >= OCTOBER - timedelta(hours=10))
    path = write_file(tmp_path / "september.csv", calls[: midnight + 1])
    first = tie_out(database, path)
    october = write_file(tmp_path / "october.csv", calls[midnight + 1 :])

    # The file of September has a call of October's first day, by our clock: it counts there alone.
    assert count(first) == {"agree": midnight + 1}
    assert count(tie_out(database, october, days=DAYS)) == {"agree": len(calls) - midnight - 1}
    assert count(tie_out(database, path, again=True)) == {"agree": midnight + 1}


def test_a_month_is_no_part_of_the_next_ones_tie_out(database: Database, tmp_path: Path) -> None:
    open_accounts(database)
    calls = list_calls(120, since=OCTOBER - timedelta(days=29, hours=5))
    keep_calls(database, calls)
    last = next(n for n, call in enumerate(calls) if call.at >= OCTOBER - timedelta(hours=10))
    assert calls[last - 1].at > OCTOBER - timedelta(hours=30)
    tie_out(database, write_file(tmp_path / "september.csv", calls[:last]))

    october = tie_out(database, write_file(tmp_path / "october.csv", calls[last:]), days=DAYS)

    assert count(october) == {"agree": len(calls) - last}
    again = tie_out(database, tmp_path / "september.csv", again=True)
    assert count(again) == {"agree": last}


def every_seven_hours(since: datetime, count: int, first: int) -> list[Call]:
    apart = timedelta(hours=7, minutes=3, seconds=11)
    return [Call(first + n, since + n * apart, 40 + 7 * n % 200) for n in range(count)]


SEPTEMBER_DENSE = every_seven_hours(datetime(2026, 9, 1, 5, tzinfo=UTC), 102, 1000)
OCTOBER_DENSE = every_seven_hours(datetime(2026, 10, 1, 4, 30, tzinfo=UTC), 105, 2000)


@pytest.mark.parametrize(
    ("order", "september", "october"),
    [
        pytest.param("ab", 103, {"agree": 104}, id="in turn"),
        pytest.param("abb", 103, {"agree": 104}, id="the later one again"),
        # Whoever has October's file alone can't know of the record that September's ends with.
        pytest.param("ba", 102, {"agree": 104, "ours_only": 1}, id="the later one first"),
        pytest.param("bab", 102, {"agree": 105}, id="the later one first and again"),
        pytest.param("baba", 102, {"agree": 105}, id="both again"),
    ],
)
def test_the_file_of_the_month_beside_is_no_part_of_a_month(
    database: Database, tmp_path: Path, order: str, september: int, october: dict[str, int]
) -> None:
    """The first call of October is still of September by their clock, and in that month's file.

    It counts in the month that was tied out first.
    """
    open_accounts(database)
    keep_calls(database, [*SEPTEMBER_DENSE, *OCTOBER_DENSE])
    paths = {
        "a": write_file(tmp_path / "a.csv", [*SEPTEMBER_DENSE, OCTOBER_DENSE[0]]),
        "b": write_file(tmp_path / "b.csv", OCTOBER_DENSE[1:]),
    }

    of_month = {name: count(tie_out(database, paths[name], again=True)) for name in order}

    assert of_month["b"] == october
    assert of_month["a"]["agree"] == september


def test_a_file_that_comes_again_after_it_was_amended_counts_once_more(
    database: Database, tmp_path: Path
) -> None:
    open_accounts(database)
    calls = list_calls()
    keep_calls(database, calls)
    first = write_file(tmp_path / "a.csv", calls[:40])
    tie_out(database, first)
    tie_out(database, write_file(tmp_path / "b.csv", calls[:40], change=longer))
    tie_out(database, first)

    joined = tie_out(database, write_file(tmp_path / "c.csv", calls[40:]))

    assert joined.kept.files == (1, 3)
    assert count(joined) == {"agree": 60}


def refuse(database: Database, path: Path, match: str, **wanted: Any) -> None:
    """The file is refused in these words, and nothing at all is kept."""
    with pytest.raises(RefusedError, match=match):
        tie_out(database, path, **wanted)
    with database.read() as connection:
        assert list_files(connection, A, "acme") == ()
    assert view_tie_outs(database, A) == ()


def test_a_file_whose_records_all_count_elsewhere_is_refused(
    database: Database, tmp_path: Path
) -> None:
    open_accounts(database)
    september = list_calls(20, since=OCTOBER - timedelta(days=20), first=10)
    october = list_calls(50)
    keep_calls(database, [*september, *october])
    path = write_file(tmp_path / "october.csv", [*september, *october])
    tie_out(database, path, days=DAYS)

    with pytest.raises(
        RefusedError, match=r"october.csv: all of it counts in other tie-outs .*: 1"
    ):
        tie_out(database, path, days=(date(2026, 9, 1), date(2026, 9, 30)))


def test_a_file_of_another_month_is_refused(database: Database, tmp_path: Path) -> None:
    open_accounts(database)
    keep_calls(database, list_calls())
    path = write_file(tmp_path / "october.csv", list_calls())

    november = date(2026, 11, 1), date(2026, 11, 30)

    match = r"october.csv is of another time: its calls began 2026-10-01 to .*, 0 of 60 in"
    refuse(database, path, match, days=november)


def test_a_zone_that_was_told_is_believed_where_too_few_calls_say_it(
    database: Database, tmp_path: Path
) -> None:
    open_accounts(database)
    calls = list_calls(count=3)
    keep_calls(database, calls)
    path = write_file(tmp_path / "october.csv", calls)
    refuse(database, path, "too few calls agree on one difference of time: 3 at best; .* zone of")

    told = replace(read(path), zone_told="America/Chicago")
    tied = tie_out_period(database, A, told, Wanted(buyer_id="acme"), "ann", T0)

    assert tied.kept.clock.words == (
        "their clock: America/Chicago, right to the second; told, not found"
    )
    assert count(tied) == {"agree": 3}


def test_a_file_of_another_buyer_is_refused(database: Database, tmp_path: Path) -> None:
    open_accounts(database)
    keep_calls(database, list_calls())
    others = list_calls(first=500, buyer="bolt")
    keep_calls(database, others, buyer="bolt")
    path = write_file(tmp_path / "bolt.csv", others)

    refuse(database, path, "0 of its 60 callers called acme .*, while 60 of 60 called bolt")


def test_a_file_of_calls_to_another_buyers_numbers_is_refused(
    database: Database, tmp_path: Path
) -> None:
    open_accounts(database)
    calls = list_calls()
    keep_calls(database, calls)
    path = write_reached(tmp_path / "bolt.csv", calls, "+14155550174")

    match = "bolt.csv isn't acme's: 60 of its calls went to numbers of bolt"
    refuse(database, path, match)
    assert count(tie_out(database, path, anyway=True)) == {"agree": 60}


def write_reached(path: Path, calls: Iterable[Call], number: str) -> Path:
    """A file that says which number of the buyer's each call went to."""
    write_file(path, calls)
    with path.open(encoding="utf-8", newline="") as file:
        heads, *rows = csv.reader(file)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([[*heads, "Target Number"], *([*row, number] for row in rows)])
    return path


def test_a_tie_out_that_was_left_half_written_is_cleared_away_hours_later(
    database: Database, tmp_path: Path
) -> None:
    open_accounts(database)
    calls = list_calls()
    keep_calls(database, calls)
    path = write_file(tmp_path / "october.csv", calls)
    row = encode_row(tie_out(database, path).kept)
    with database.write() as connection:
        old, young = (
            begin_tie_out(connection, A, replace(row, made_at=T0 - hours * timedelta(hours=1)))
            for hours in (7, 5)
        )
    for number in (old, young):
        with database.read() as connection:
            lines = read_lines(connection, A, 1)
        add_lines(database, A, number, lines)

    tie_out(database, path, again=True)

    with database.read() as connection:
        assert list_unfinished(connection, A, "acme", T0 + timedelta(days=1)) == (young,)
        assert read_lines(connection, A, old).is_empty()
        assert read_lines(connection, A, young).height == 60


def test_a_buyer_that_is_not_there_is_told(database: Database, tmp_path: Path) -> None:
    open_accounts(database)
    path = write_file(tmp_path / "october.csv", list_calls())

    with pytest.raises(NotFoundError, match="there is no buyer 'acne'; there is acme, bolt"):
        tie_out(database, path, buyer_id="acne")


def make_posting() -> Posting:
    return Posting(
        party=ACME,
        kind=EntryKind.ADJUSTMENT,
        amount_micros=1_000_000,
        currency="USD",
        reference="by-hand:1",
        booked_at=T0,
        reason="agreed by phone",
        author="ann",
    )


def test_a_buyer_with_several_currencies_is_asked_for_one(
    database: Database, tmp_path: Path
) -> None:
    open_accounts(database)
    keep_calls(database, list_calls())
    path = write_file(tmp_path / "october.csv", list_calls())
    in_euros = replace(make_posting(), currency="EUR")
    with database.write() as connection:
        post(connection, A, [in_euros], T0)

    refuse(database, path, "acme has accounts in EUR and USD: say which with --currency")
    tied = tie_out(database, path, currency="EUR")
    assert (tied.kept.currency, count(tied)) == ("EUR", {"agree": 60})


def test_a_tie_out_of_one_seller_knows_nothing_of_another(
    database: Database, tmp_path: Path
) -> None:
    open_accounts(database)
    open_seller(database, OTHER_SELLER)
    calls = list_calls()
    keep_calls(database, calls)
    keep_calls(database, calls[:5], seller_id=OTHER_SELLER.seller_id)
    path = write_file(tmp_path / "october.csv", calls)
    tie_out(database, path)

    with pytest.raises(NotFoundError):
        view_tie_out(database, OTHER_SELLER.seller_id, 1)
    # The same file again, in another's name: it is new there, and is held against its own calls.
    other = tie_out(database, path, seller=OTHER_SELLER.seller_id, anyway=True)
    assert (other.is_new, other.kept.number) == (True, 1)
    assert other.kept.totals.whole.our_calls == 5
    assert view_tie_out(database, A, 1).totals.whole.our_calls == 60
