"""Files without headings in which two columns of one kind change places from month to month."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from callrouter.adapters.buyer_files.changed_places import BY_HAND
from callrouter.adapters.buyer_files.propose import propose
from callrouter.adapters.buyer_files.raw_table import RawTable
from callrouter.domain.tie_out.mapping import Field, FieldColumn, Mapping
from tests.adapters.buyer_files.tables import (
    callers,
    make_table,
    starts,
    talk_seconds,
    waits,
    write,
)

OURS = "8005550100"
KNOWN = frozenset({"+18005550100"})
FIELDS = (Field.START, Field.CALLER, Field.CALLED, Field.TOTAL, Field.TALK)
AS_BEFORE = (0, 1, 2, 3, 4)


def month(
    order: Sequence[int] = AS_BEFORE, *, talk: int | None = None, count: int = 40
) -> RawTable:
    """Start, caller, called, total, talk; in that order, or in another one."""
    talks = talk_seconds(count)
    totals = [spoken + wait for spoken, wait in zip(talks, waits(count), strict=True)]
    columns = (
        write(starts(count), "%Y-%m-%d %H:%M:%S"),
        callers(count),
        [OURS] * count,
        list(map(str, totals)),
        list(map(str, talks)),
    )
    return make_table(*(columns[place] for place in order))


def confirm(raw: RawTable, fields: Sequence[Field] = FIELDS) -> Mapping:
    """What a seller confirmed of the first month's file."""
    columns = tuple(FieldColumn(field=field, column=at) for at, field in enumerate(fields))
    named = replace(propose(raw).mapping, columns=columns)
    return propose(raw, remembered=named, known_numbers=KNOWN).mapping


def place(mapping: Mapping) -> dict[Field, int]:
    return {each.field: each.column for each in mapping.columns}


@pytest.mark.parametrize(
    ("order", "one", "other", "said"),
    [
        pytest.param(
            (0, 2, 1, 3, 4),
            Field.CALLER,
            Field.CALLED,
            "column 2 and column 3, the caller and the called so far, changed places",
            id="our numbers call",
        ),
        pytest.param(
            (0, 1, 2, 4, 3),
            Field.TOTAL,
            Field.TALK,
            "column 4 and column 5, the total and the talk so far, changed places",
            id="calls talk longer than they last",
        ),
    ],
)
def test_columns_that_changed_places_are_put_back_and_it_is_told(
    order: Sequence[int], one: Field, other: Field, said: str
) -> None:
    confirmed = confirm(month())

    proposal = propose(month(order), remembered=confirmed, known_numbers=KNOWN)

    before, now = place(confirmed), place(proposal.mapping)
    assert (now[one], now[other]) == (before[other], before[one])
    assert {k: v for k, v in now.items() if k not in (one, other)} == {
        k: v for k, v in before.items() if k not in (one, other)
    }
    assert said in proposal.words
    assert proposal.confidence == 0.5


def test_an_end_before_its_start_has_changed_places_with_it() -> None:
    begun, ended = starts(20), starts(21)[1:]
    days = [write(each, "%Y-%m-%d %H:%M:%S") for each in (begun, ended)]
    first, later = make_table(*days, callers(20)), make_table(*reversed(days), callers(20))
    confirmed = confirm(first, (Field.START, Field.END, Field.CALLER))

    proposal = propose(later, remembered=confirmed)

    assert place(proposal.mapping) == {Field.END: 0, Field.START: 1, Field.CALLER: 2}


@pytest.mark.parametrize(
    ("raw", "known"),
    [
        pytest.param(month(), KNOWN, id="as before"),
        pytest.param(month((0, 2, 1, 3, 4)), frozenset[str](), id="no number of ours is known"),
        pytest.param(month((0, 1, 2, 4, 3), count=4), KNOWN, id="too few rows"),
        pytest.param(replace(month(), header=("a", "b", "c", "d", "e")), KNOWN, id="headings"),
    ],
)
def test_nothing_changes_places_without_evidence(raw: RawTable, known: frozenset[str]) -> None:
    confirmed = confirm(raw)

    proposal = propose(raw, remembered=confirmed, known_numbers=known)

    assert place(proposal.mapping) == place(confirmed)


def test_what_a_person_named_stays_and_is_asked_about() -> None:
    confirmed = confirm(month())
    told = tuple(replace(each, evidence=BY_HAND) for each in confirmed.columns)
    confirmed = replace(confirmed, columns=told)

    proposal = propose(month((0, 1, 2, 4, 3)), remembered=confirmed, known_numbers=KNOWN)

    assert place(proposal.mapping) == place(confirmed)
    assert any("is it still as you told?" in words for words in proposal.words)
