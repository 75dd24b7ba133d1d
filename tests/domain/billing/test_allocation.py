"""What a payment pays: the statement that it names, else the oldest; the rest is credit."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callrouter.domain.billing.allocation import Part, Received, StatementDue, allocate

DAY = timedelta(days=1)
START = datetime(2026, 10, 1, tzinfo=UTC)


def due(number: str, amount: int, day: int = 0) -> StatementDue:
    return StatementDue(number=number, closed_at=START + day * DAY, amount_micros=amount)


def paid(
    number: int,
    amount: int,
    statement: str = "",
    returns: int | None = None,
    day: int | None = None,
) -> Received:
    booked_at = START + (number if day is None else day) * DAY
    return Received(
        number=number,
        booked_at=booked_at,
        amount_micros=amount,
        statement=statement,
        returns=returns,
    )


THREE = (due("S-3", 300, 3), due("S-1", 100, 1), due("S-2", 200, 2))
"""Not in their order."""


@pytest.mark.parametrize(
    ("payments", "open_micros", "credit"),
    [
        pytest.param((), (100, 200, 300), 0, id="nothing was paid"),
        pytest.param((paid(1, 100),), (0, 200, 300), 0, id="the oldest is paid first"),
        pytest.param((paid(1, 150),), (0, 150, 300), 0, id="a part of the next"),
        pytest.param((paid(1, 60), paid(2, 60)), (0, 180, 300), 0, id="two for one"),
        pytest.param((paid(1, 900),), (0, 0, 0), 300, id="overpaid: the rest is credit"),
        pytest.param((paid(1, 200, "S-2"),), (100, 0, 300), 0, id="as it names"),
        pytest.param((paid(1, 250, "S-2"),), (50, 0, 300), 0, id="more than it names needs"),
        pytest.param((paid(1, 100), paid(2, 100, "S-1")), (0, 100, 300), 0, id="names go first"),
        pytest.param(
            (paid(1, 100, "S-1"), paid(2, 50, "S-1")),
            (0, 150, 300), 0, id="two name the same",
        ),
        pytest.param((paid(1, 100, "S-9"),), (0, 200, 300), 0, id="names one not closed yet"),
        pytest.param((paid(1, 300), paid(2, -300, returns=1)), (100, 200, 300), 0, id="reversed"),
        pytest.param((paid(1, 300), paid(2, -50, returns=1)), (0, 50, 300), 0, id="refunded"),
        pytest.param(
            (paid(1, 300), paid(2, -300, returns=1), paid(3, 300, returns=2)),
            (0, 0, 300), 0, id="a dispute that was won",
        ),
        pytest.param((paid(1, 100), paid(2, -150, returns=1)), (100, 200, 300), -50, id="twice"),
        pytest.param((paid(2, -50, returns=1), paid(3, 300)), (0, 0, 300), -50, id="of none"),
    ],
)  # fmt: skip
def test_payments_are_allocated(
    payments: tuple[Received, ...], open_micros: tuple[int, int, int], credit: int
) -> None:
    result = allocate(THREE, payments)

    assert tuple(result.open_micros[name] for name in ("S-1", "S-2", "S-3")) == open_micros
    assert result.credit_micros == credit


def test_the_parts_say_who_paid_what() -> None:
    result = allocate(THREE, (paid(1, 150), paid(2, 250, "S-3")))

    assert result.parts == (Part("S-3", 250, 2), Part("S-1", 100, 1), Part("S-2", 50, 1))


def test_credit_pays_the_next_statement() -> None:
    payments = (paid(1, 900),)
    assert allocate(THREE, payments).credit_micros == 300

    later = allocate((*THREE, due("S-4", 500, 40)), payments)

    assert later.open_micros["S-4"] == 200
    assert later.parts[-1] == Part("S-4", 300, 1)
    assert later.credit_micros == 0


def test_a_statement_of_less_than_nothing_pays_others() -> None:
    result = allocate((due("S-1", 100, 1), due("S-2", -30, 2)), (paid(5, 50),))

    assert result.parts == (Part("S-1", 30, None, "S-2"), Part("S-1", 50, 5))
    assert result.open_micros == {"S-1": 20, "S-2": 0}


@st.composite
def accounts(draw: st.DrawFn) -> tuple[list[StatementDue], list[Received]]:
    amounts = draw(st.lists(st.integers(-3_000_000, 9_000_000), max_size=6))
    statements = [due(f"S-{i}", amount, i) for i, amount in enumerate(amounts)]
    names = st.sampled_from(["", "", "S-0", "S-1", "S-2", "S-99"])
    payments: list[Received] = []
    for number in range(1, draw(st.integers(0, 8)) + 1):
        amount, day = draw(st.integers(1, 9_000_000)), draw(st.integers(0, 9))
        of = draw(st.integers(0, number - 1))
        if of:
            payments.append(paid(number, draw(st.sampled_from([-1, 1])) * amount, "", of, day))
        else:
            payments.append(paid(number, amount, draw(names), None, day))
    return statements, payments


@given(accounts())
def test_nothing_is_lost_and_nothing_made_to_the_micro_unit(
    account: tuple[list[StatementDue], list[Received]],
) -> None:
    statements, payments = account
    result = allocate(statements, payments)

    owed = sum(each.amount_micros for each in statements)
    came = sum(each.amount_micros for each in payments)
    assert owed - came == sum(result.open_micros.values()) - result.credit_micros


@given(accounts())
def test_no_statement_gets_more_than_it_needs_and_no_payment_gives_more_than_it_has(
    account: tuple[list[StatementDue], list[Received]],
) -> None:
    statements, payments = account
    result = allocate(statements, payments)

    assert all(part.amount_micros > 0 for part in result.parts)
    for statement in statements:
        got = sum(p.amount_micros for p in result.parts if p.statement == statement.number)
        assert result.open_micros[statement.number] == max(statement.amount_micros, 0) - got >= 0
    came = sum(max(each.amount_micros, 0) for each in payments)
    assert sum(p.amount_micros for p in result.parts if p.payment is not None) <= came


@given(accounts(), st.randoms(use_true_random=False))
def test_it_does_not_matter_in_which_order_or_how_often_they_are_told(
    account: tuple[list[StatementDue], list[Received]], random: Random
) -> None:
    statements, payments = account
    shuffled = [*statements, *statements[:2]], [*payments, *payments[:3]]
    for each in shuffled:
        random.shuffle(each)

    assert allocate(*shuffled) == allocate(statements, payments)


@given(accounts())
def test_while_an_older_statement_is_open_only_who_names_a_younger_one_pays_it(
    account: tuple[list[StatementDue], list[Received]],
) -> None:
    statements, payments = account
    result = allocate(statements, payments)
    named = {each.number: each.statement for each in payments}

    open_since = min(
        (s.closed_at for s in statements if result.open_micros[s.number]), default=None
    )
    closed_at = {each.number: each.closed_at for each in statements}
    for part in result.parts:
        if open_since is not None and closed_at[part.statement] > open_since:
            assert part.payment is not None
            assert named[part.payment] == part.statement


@given(accounts())
def test_nobody_owes_while_there_is_money_of_theirs(
    account: tuple[list[StatementDue], list[Received]],
) -> None:
    result = allocate(*account)

    assert result.credit_micros <= 0 or not any(result.open_micros.values())


@given(accounts())
def test_to_allocate_again_what_is_left_changes_nothing(
    account: tuple[list[StatementDue], list[Received]],
) -> None:
    statements, payments = account
    result = allocate(statements, payments)
    still_open = [due(s.number, result.open_micros[s.number]) for s in statements]
    spent = Counter[int]()
    for part in result.parts:
        if part.payment is not None:
            spent[part.payment] += part.amount_micros
    used = [paid(100 + number, -amount, returns=number) for number, amount in spent.items()]

    assert not allocate(still_open, [*payments, *used]).parts
