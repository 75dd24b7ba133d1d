from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callrouter.adapters.buyer_files.guess_columns import guess_columns
from callrouter.adapters.buyer_files.normalise import normalise
from callrouter.adapters.buyer_files.raw_table import RawTable
from callrouter.domain.tie_out.mapping import Field, FieldColumn, Mapping
from tests.adapters.buyer_files.tables import (
    callers,
    clock,
    make_table,
    starts,
    talk_seconds,
    waits,
    write,
)

ROWS = 60
START = starts(ROWS)
TALK = talk_seconds(ROWS)
WAIT = waits(ROWS)
ANSWER = [
    start + timedelta(seconds=wait) if talk else None
    for start, wait, talk in zip(START, WAIT, TALK, strict=True)
]
END = [
    start + timedelta(seconds=wait + talk)
    for start, wait, talk in zip(START, WAIT, TALK, strict=True)
]
TOTAL = [wait + talk for wait, talk in zip(WAIT, TALK, strict=True)]
CALLERS = callers(ROWS)
DIDS = ["8005550142" if at % 3 else "8005550143" for at in range(ROWS)]
ISO = "%Y-%m-%d %H:%M:%S"


def guess(raw: RawTable, known_numbers: frozenset[str] = frozenset()) -> dict[Field, FieldColumn]:
    return {each.field: each for each in guess_columns(raw, known_numbers)}


def places(raw: RawTable) -> dict[str, tuple[int, str]]:
    return {field.value: (each.column, each.form) for field, each in guess(raw).items()}


def test_a_switch_without_headings_is_understood_from_its_values() -> None:
    raw = make_table(
        CALLERS,
        DIDS,
        write(START, ISO),
        write(ANSWER, ISO),
        write(END, ISO),
        [str(total) for total in TOTAL],
        [str(talk) for talk in TALK],
        ["ANSWERED" if talk else "NO ANSWER" for talk in TALK],
        [f"{1790845200 + at}.{at}" for at in range(ROWS)],
    )

    assert places(raw) == {
        "caller": (0, ""),
        "called": (1, ""),
        "start": (2, "year_first"),
        "answer": (3, "year_first"),
        "end": (4, "year_first"),
        "total": (5, "seconds"),
        "talk": (6, "seconds"),
        "status": (7, ""),
        "call_id": (8, ""),
    }


def test_it_says_in_words_what_it_rests_on() -> None:
    raw = make_table(CALLERS, write(START, ISO), write(END, ISO), [clock(total) for total in TOTAL])

    found = guess(raw)

    assert found[Field.CALLER].evidence == (
        "column 1: 60 of 60 values are telephone numbers; 60 different ones in 60 rows"
    )
    assert found[Field.START].evidence == (
        "column 2: 100% of the values are instants with the year first;"
        " the earliest of 2 columns of instants"
    )
    assert found[Field.TOTAL].evidence == (
        "column 4: end - start agrees in 100% when read as H:MM:SS or M:SS"
    )
    assert found[Field.TOTAL].confidence == 1.0


@pytest.mark.parametrize(
    ("texts", "form"),
    [
        ([str(total) for total in TOTAL], "seconds"),
        ([str(total * 1000) for total in TOTAL], "milliseconds"),
        ([f"{total / 60:.4f}" for total in TOTAL], "decimal_minutes"),
        ([f"{total // 60}:{total % 60:02}" for total in TOTAL], "clock"),
        ([repr(total / 86_400) for total in TOTAL], "day_fraction"),
        ([f"{total // 60}m {total % 60}s" for total in TOTAL], "words"),
    ],
)
def test_the_stamps_tell_the_unit_of_a_duration(texts: list[str], form: str) -> None:
    raw = make_table(write(START, ISO), write(END, ISO), texts)

    assert places(raw)["total"] == (2, form)


def test_stamps_without_seconds_tell_it_too() -> None:
    minutes = "%Y-%m-%d %H:%M"
    raw = make_table(write(START, minutes), write(END, minutes), [str(total) for total in TOTAL])

    assert places(raw)["total"] == (2, "seconds")


def test_a_call_centers_log_with_durations_alone_is_understood() -> None:
    billed = [-(-total // 6) * 6 for total in TOTAL]
    raw = make_table(
        [str(300_000_000_010 + at * 3) for at in range(ROWS)],
        write(START, "%a, %d %b %Y %H:%M:%S"),
        CALLERS,
        DIDS,
        [clock(total) for total in TOTAL],
        [clock(each) for each in billed],
        [clock(talk) if talk else "" for talk in TALK],
        ["$0.25"] * ROWS,
        ["Inbound"] * ROWS,
    )

    found = places(raw)

    assert found == {
        "call_id": (0, ""),
        "start": (1, "named_month"),
        "caller": (2, ""),
        "called": (3, ""),
        "total": (4, "clock"),
        "billed": (5, "clock"),
        "talk": (6, "clock"),
        "price": (7, ""),
        "direction": (8, ""),
    }


def test_figures_alone_are_taken_for_durations_with_little_confidence() -> None:
    raw = make_table(write(START, ISO), [str(total) for total in TOTAL], [str(x) for x in TALK])

    found = guess(raw)

    assert (found[Field.TOTAL].column, found[Field.TALK].column) == (1, 2)
    assert found[Field.TOTAL].confidence <= 0.3


def test_a_day_and_a_time_of_day_are_the_start() -> None:
    raw = make_table(
        write(START, "%m/%d/%Y"), [clock(talk) for talk in TALK], write(START, "%I:%M:%S %p")
    )

    found = guess(raw)

    assert found[Field.START_DATE].column == 0
    assert found[Field.START_TIME].column == 2
    assert found[Field.TOTAL].column == 1


def test_a_day_alone_is_a_day_alone() -> None:
    assert places(make_table(write(START, "%Y-%m-%d"))) == {"start_date": (0, "year_first")}


def test_of_the_same_instant_in_three_zones_the_one_with_an_offset_is_taken() -> None:
    there = [start + timedelta(hours=11) for start in START]
    raw = make_table(write(there, ISO), write(START, ISO), write(START, "%Y-%m-%dT%H:%M:%SZ"))

    assert places(raw) == {"start": (2, "iso")}


def test_without_an_offset_the_one_in_the_zone_of_the_end_is_taken() -> None:
    there = [start + timedelta(hours=11) for start in START]
    raw = make_table(write(there, ISO), write(START, ISO), write(END, ISO))

    assert places(raw) == {"start": (1, "year_first"), "end": (2, "year_first")}


def test_a_birthday_is_no_start() -> None:
    raw = make_table(
        [f"19{60 + at % 40}-03-0{1 + at % 9} 00:00:01" for at in range(ROWS)],
        write(START, ISO),
        write(END, ISO),
    )

    assert places(raw)["start"] == (1, "year_first")


def test_our_own_numbers_are_what_was_called() -> None:
    raw = make_table(CALLERS, CALLERS[::-1], ["2125550199"] * ROWS)
    dids = frozenset(f"+1{number}" for number in CALLERS)

    found = guess(make_table(DIDS, CALLERS), known_numbers=dids)
    assert found[Field.CALLED].column == 1
    both = guess(raw, known_numbers=dids | {"+12125550199"})
    assert {Field.CALLED, Field.REACHED} <= both.keys()


def test_known_numbers_in_two_columns_are_called_and_reached() -> None:
    known = frozenset({"+18005550142", "+18005550143", "+12125550199"})

    found = guess(make_table(DIDS, CALLERS, ["2125550199"] * ROWS), known_numbers=known)

    assert found[Field.CALLED].column == 0
    assert found[Field.CALLER].column == 1
    assert found[Field.REACHED].column == 2
    assert "100% of them are ours" in found[Field.CALLED].evidence


def test_one_number_over_and_over_is_called_and_not_a_caller() -> None:
    assert places(make_table(["8005550142"] * ROWS)) == {"called": (0, "")}


def test_hidden_and_masked_callers_are_callers() -> None:
    numbers = [
        "Anonymous" if at % 4 == 0 else "415555XXXX" if at % 4 == 1 else number
        for at, number in enumerate(CALLERS)
    ]

    assert places(make_table(numbers, DIDS)) == {"caller": (0, ""), "called": (1, "")}


def test_ids_that_look_like_numbers_are_ids() -> None:
    ids = [str(3_331_525_701 + 17 * at) for at in range(ROWS)]

    assert places(make_table(ids)) == {"call_id": (0, "")}


def test_the_carriers_call_sid_is_an_id_that_both_sides_know() -> None:
    sids = [f"CA{at:032x}" for at in range(ROWS)]

    assert places(make_table(sids, [f"call-{at}" for at in range(ROWS)])) == {
        "shared_id": (0, ""),
        "call_id": (1, ""),
    }


def test_of_two_ids_the_one_that_repeats_is_the_calls() -> None:
    legs = [f"179084520{at % 10}.{at}" for at in range(ROWS)]
    calls = [legs[at - at % 2] for at in range(ROWS)]

    found = places(make_table(write(START, ISO), legs, calls))

    assert (found["leg_id"], found["call_id"]) == ((1, ""), (2, ""))


def test_an_id_that_only_repeats_is_the_calls() -> None:
    calls = [f"call-{at // 2:05}" for at in range(ROWS)]

    assert places(make_table(calls)) == {"call_id": (0, "")}


def test_a_day_that_could_be_a_month_is_left_open_and_asked_about() -> None:
    stamps = [f"10/02/2026 {at // 6:02}:{at % 6}0" for at in range(ROWS)]

    start = guess(make_table(stamps))[Field.START]

    assert start.form == ""
    assert "month first or day first?" in start.evidence


def test_the_period_asked_for_decides_about_day_and_month() -> None:
    stamps = [f"10/02/2026 {at // 6:02}:{at % 6}0" for at in range(ROWS)]

    found = guess_columns(make_table(stamps), period=(date(2026, 10, 1), date(2026, 10, 31)))

    assert [each.form for each in found] == ["month_first"]


def test_few_rows_make_for_little_confidence() -> None:
    many = guess(make_table(write(START, ISO)))[Field.START]
    few = guess(make_table(write(START[:2], ISO)))[Field.START]

    assert few.confidence < many.confidence == 0.9


def test_a_table_that_says_nothing_is_nothing() -> None:
    assert guess_columns(make_table([""] * 5, ["Agent A"] * 5, ["NULL"] * 5)) == ()


def test_no_column_and_no_field_is_named_twice() -> None:
    raw = make_table(
        CALLERS, CALLERS, write(START, ISO), write(START, ISO), [str(x) for x in TOTAL] * 1
    )

    found = guess_columns(raw)

    assert len({each.field for each in found}) == len(found)
    assert len({each.column for each in found}) == len(found)


_CELLS = st.sampled_from(
    [
        *("", "NULL", "2026-10-01 09:00:00", "10/02/2026 9:00 AM", "10/25/2026", "2026-10-01"),
        *("1790845212", "1790845212.7", "46296.375", "9:00:12", "0:43", "95", "95000", "0.0011"),
        *("4155550101", "Anonymous", "415555XXXX", "114", "CA" + "0" * 32, "call-00017"),
        *("Inbound", "ANSWERED", "$1.50", "Agent A", "é", "2026-10-01T09:00:00Z", "1m 5s"),
    ]
)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 4).flatmap(lambda width: st.lists(st.tuples(*[_CELLS] * width), max_size=9)))
def test_whatever_stands_there_is_guessed_at_and_can_then_be_read(
    rows: list[tuple[str, ...]],
) -> None:
    raw = make_table(*zip(*rows, strict=True)) if rows else make_table([])

    found = guess_columns(raw)

    assert len({each.field for each in found}) == len(found) == len({each.column for each in found})
    assert all(0 <= each.confidence <= 1 and each.evidence for each in found)
    read = normalise(raw, Mapping(columns=found, layout="guessed"))
    assert read.rows.height + sum(each.rows for each in read.left_out) == len(rows)
