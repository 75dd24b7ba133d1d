"""A bank's mapping is read, and each mistake in it is named with its line."""

from pathlib import Path

import pytest

from callrouter.adapters.policy_files.bank_mapping_file import read_bank_mapping
from callrouter.domain.billing.bank_mapping import DecimalMark, Incoming
from callrouter.domain.billing.party import Party, Side
from callrouter.domain.errors import PolicyFileError

ACME, BOLT = Party(Side.BUYER, "acme"), Party(Side.BUYER, "bolt")
CONFIG = Path(__file__).parents[3] / "config" / "bank"
FIRST = (CONFIG / "first.toml").read_text("utf-8")


def test_the_shipped_mappings_are_read() -> None:
    first = read_bank_mapping(FIRST, "first.toml")
    assert (first.bank, first.currency, first.delimiter, first.thousands) == (
        "first", "USD", ",", ",",
    )  # fmt: skip
    assert first.payers["acme restoration llc"] == ACME
    assert first.references == {"standing order 7731": BOLT}
    assert first.columns.texts == ("Description", "Memo")
    second = read_bank_mapping((CONFIG / "second.toml").read_text("utf-8"), "second.toml")
    assert (second.decimal, second.delimiter, second.skip_lines) == (DecimalMark.COMMA, ";", 5)
    assert (second.columns.amount, second.columns.credit, second.columns.debit) == (
        "", "Haben", "Soll",
    )  # fmt: skip


def test_what_is_incoming_may_be_marked() -> None:
    text = FIRST.replace(
        "[columns]", 'incoming = "marked"\nmarks = ["Credit"]\n[columns]\nmark="T"'
    )
    mapping = read_bank_mapping(text, "first.toml")
    assert (mapping.incoming, mapping.marks) == (Incoming.MARKED, frozenset({"credit"}))
    assert mapping.columns.all() == (
        "Posting Date", "Amount", "T", "Transaction ID", "Counterparty", "Description", "Memo",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"point"', '"dot"', '9: decimal: must be "point" or "comma", found "dot"'),
        ('decimal = "point"', "", "decimal: is missing; write for example"),
        ('decimal = "point"', 'decimal = "comma"', "thousands: is what stands before the cents"),
        (
            'dates = "MM/DD/YYYY"', "", 'dates: is missing; write for example dates = "MM/DD/YYYY"',
        ),
        ("MM/DD/YYYY", "MM/DD", "8: dates: must be YYYY or YY, MM or MMM"),
        ("MM/DD/YYYY", "MM/MM/YYYY", "8: dates: must be YYYY or YY"),
        ("MM/DD/YYYY", "MM/DD/YYYY/", "8: dates: must be YYYY or YY"),
        ('currency = "USD"\n', "", "currency: is missing, and no column has it"),
        ("America/New_York", "EST", "5: zone: must be"),
        ('amount = "Amount"', "", "columns.amount: must be there, or credit"),
        ('amount = "Amount"', 'amount = "A"\ncredit = "C"', "columns.amount: must be there, or"),
        ('amount = "Amount"', 'amount = "A"\ndebit = "C"', "columns.debit: stands beside credit"),
        ("[columns]", 'incoming = "marked"\n[columns]', 'incoming: of "marked" goes with'),
        ("[columns]", 'marks = ["C"]\n[columns]', 'incoming: of "marked" goes with'),
        (
            'amount = "Amount"',
            'credit = "In"',
            None,
        ),
        (
            '[columns]\ndate = "Posting Date"\namount = "Amount"',
            'incoming = "negative"\n[columns]\ndate = "D"\ncredit = "In"',
            "incoming: says nothing where credit and debit have columns of their own",
        ),
        ("BOLT HOME SERVICES INC", "acme  restoration", 'has "acme  restoration", as another has'),
        ('"bolt"', '"Bolt"', 'buyers[2].id: must be an id of lower-case letters'),
        ('["STANDING ORDER 7731"]', "[7731]", "references[1]: must be a list of texts"),
        ('["STANDING ORDER 7731"]', '[" "]', "references: must be a list of texts"),
        ('["STANDING ORDER 7731"]', "7731", "references: must be a list of texts"),
        ("[[buyers]]", "[[payers]]", "payers: isn't a key of this file"),
        ("[columns]", "[colums]", 'isn\'t a key of this file; did you mean "columns"?'),
    ],
)  # fmt: skip
def test_a_mistake_is_named(old: str, new: str, said: str | None) -> None:
    assert old in FIRST
    text = FIRST.replace(old, new)
    if said is None:
        read_bank_mapping(text, "first.toml")
        return
    with pytest.raises(PolicyFileError) as caught:
        read_bank_mapping(text, "first.toml")
    assert said in str(caught.value)
