"""When a row of a bank's file is the same as before, and whose it is."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callrouter.domain.billing.bank_mapping import BankColumns, BankMapping
from callrouter.domain.billing.bank_rows import BankRow, find_owner, find_words, identify_rows
from callrouter.domain.billing.party import Party, Side
from callrouter.domain.billing.payment import Owner, Unowned

ACME, BOLT = Party(Side.BUYER, "acme"), Party(Side.BUYER, "bolt")
MAPPING = BankMapping(
    bank="first",
    columns=BankColumns(date="Date", amount="Amount"),
    dates="YYYY-MM-DD",
    zone="UTC",
    payers={"acme restoration llc": ACME, "bolt": BOLT},
    references={"standing order 7": BOLT},
)
STATEMENTS = {
    "acme-2026-0001": ("acme-2026-0001", ACME),
    "acme-2026-0002": ("acme-2026-0002", ACME),
    "bolt-2026-0001": ("bolt-2026-0001", BOLT),
}


def row(*texts: str, payer: str = "", reference: str = "", amount: int = 5_000_000) -> BankRow:
    return BankRow(
        line=2,
        paid_on=date(2026, 11, 20),
        amount_micros=amount,
        currency="USD",
        bank_reference=reference,
        payer=payer,
        texts=texts,
    )


@pytest.mark.parametrize(
    ("bank_row", "owner"),
    [
        pytest.param(
            row("Invoice ACME-2026-0001, thanks"), Owner(ACME, "acme-2026-0001"), id="a statement"
        ),
        pytest.param(
            row("INV acme-2026-0001/acme-2026-0002"), Owner(ACME), id="two: none is named"
        ),
        pytest.param(row(payer="Acme  Restoration LLC"), Owner(ACME), id="the payer's name"),
        pytest.param(row("Memo", "STANDING  order 7"), Owner(BOLT), id="a reference"),
        pytest.param(row(reference="Standing order 7"), Owner(BOLT), id="the bank's reference"),
        pytest.param(
            row("bolt-2026-0001", payer="Bolt"), Owner(BOLT, "bolt-2026-0001"), id="both agree"
        ),
    ],
)
def test_a_row_finds_its_owner(bank_row: BankRow, owner: Owner) -> None:
    assert find_owner(bank_row, MAPPING, STATEMENTS) == owner


@pytest.mark.parametrize(
    ("bank_row", "reason"),
    [
        pytest.param(
            row("acme-2026-0001", payer="BOLT"),
            "several parties could be meant: buyer acme, buyer bolt",
            id="text and payer disagree",
        ),
        pytest.param(
            row("acme-2026-0001 and bolt-2026-0001"),
            "several parties could be meant: buyer acme, buyer bolt",
            id="statements of two",
        ),
        pytest.param(
            row("rent", payer="Acme Restoration"),
            "unknown payer: 'Acme Restoration', and no statement or reference is named",
            id="nearly a name",
        ),
        pytest.param(
            row("xacme-2026-0001 acme-2026-00011"),
            "unknown payer: no payer, and no statement or reference is named",
            id="nearly a statement",
        ),
    ],
)
def test_nothing_is_guessed(bank_row: BankRow, reason: str) -> None:
    assert find_owner(bank_row, MAPPING, STATEMENTS) == Unowned(reason)


def test_words_that_could_be_statements_are_found_in_texts_and_references() -> None:
    rows = [row("pay ACME-2026-0001.", "and P-radio-2026-0003"), row(reference="x-1")]
    assert find_words(rows) == {"acme-2026-0001", "p-radio-2026-0003", "x-1"}


def names(*rows: BankRow) -> list[str]:
    return [name for name, _ in identify_rows("first", rows)]


def test_the_banks_own_reference_is_the_rows() -> None:
    assert names(row("a", reference="TX-1"), row("b", reference="TX-1")) == ["first/TX-1"] * 2


def test_rows_that_say_the_same_are_counted() -> None:
    first, second, other = names(row("rent"), row("  RENT "), row("tax"))
    assert (first[:-1], first[-2:], second[-2:]) == (second[:-1], "-1", "-2")
    assert other[-2:] == "-1"
    assert first[:-1] != other[:-1]


@pytest.mark.parametrize(
    "other",
    [
        row("b"),
        row("a", payer="x"),
        row("a", amount=1),
        replace(row("a"), paid_on=date(2026, 11, 21)),
        replace(row("a"), currency="EUR"),
    ],
)
def test_whatever_a_row_says_makes_it_another_row(other: BankRow) -> None:
    assert names(row("a")) != names(other)


def test_its_line_does_not() -> None:
    assert names(row("a")) == names(replace(row("a"), line=9))


@given(st.lists(st.sampled_from("abc"), max_size=12), st.integers(0, 12), st.integers(0, 12))
def test_files_that_overlap_name_every_row_the_same(texts: list[str], i: int, j: int) -> None:
    """Days are whole: what overlaps begins where one file begins and ends where the other does."""
    days = [replace(row(text), paid_on=date(2026, 11, 1 + n // 3)) for n, text in enumerate(texts)]
    whole = names(*days)
    start, end = 3 * (min(i, j) // 3), 3 * (max(i, j) // 3)
    assert names(*days[start:end]) == whole[start:end]
