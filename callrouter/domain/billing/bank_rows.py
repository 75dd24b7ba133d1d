"""The rows of a bank's file: what makes a row the same row as before, and whose it is."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from callrouter.domain.billing.bank_mapping import BankMapping, fold
from callrouter.domain.billing.party import Party
from callrouter.domain.billing.payment import Owner, Unowned

_WORD = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)+")
"""What a statement's number looks like, in small letters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BankRow:
    """A booking as it stands in the file; positive when money came, `line` counts from 1."""

    line: int
    paid_on: date
    amount_micros: int
    currency: str
    bank_reference: str
    payer: str
    texts: tuple[str, ...]

    @property
    def text(self) -> str:
        """All that it says, in one line."""
        return " ".join(filter(None, self.texts))


def identify_rows(bank: str, rows: Iterable[BankRow]) -> Iterator[tuple[str, BankRow]]:
    """Each row with its id: the same in every file that has the row.

    That is the bank's own reference where there is one. Else it is a digest of what the row says,
    with how many rows before it in the file say just the same: of files that overlap by whole
    days, no row is two, and no two rows are one.
    """
    seen = Counter[str]()
    for row in rows:
        if row.bank_reference:
            yield f"{bank}/{row.bank_reference}", row
            continue
        digest = _digest(row)
        seen[digest] += 1
        yield f"{bank}/row-{digest}-{seen[digest]}", row


def _digest(row: BankRow) -> str:
    said = (
        row.paid_on.isoformat(),
        str(row.amount_micros),
        row.currency,
        fold(row.payer),
        fold(row.text),
    )
    return hashlib.sha256("\n".join(said).encode(errors="replace")).hexdigest()[:20]


def find_words(rows: Iterable[BankRow]) -> frozenset[str]:
    """Everything in the texts of rows that could be a statement's number, in small letters."""
    return frozenset(word for row in rows for word in _words(row))


def find_owner(
    row: BankRow, mapping: BankMapping, statements: Mapping[str, tuple[str, Party]]
) -> Owner | Unowned:
    """Whose a row is: by the numbers of statements in its text, by reference, by the payer's name.

    `statements` has the seller's statements among `find_words`, by number in small letters. Where
    two of the ways disagree, nobody knows: nothing is guessed.
    """
    named = list(dict.fromkeys(statements[w] for w in _words(row) if w in statements))
    by_text = {party for _, party in named}
    by_reference = {
        mapping.references[folded]
        for folded in map(fold, (row.text, row.bank_reference, *row.texts))
        if folded in mapping.references
    }
    by_name = {mapping.payers[fold(row.payer)]} if fold(row.payer) in mapping.payers else set()
    candidates = by_text | by_reference | by_name
    if len(candidates) == 1:
        return Owner(candidates.pop(), named[0][0] if len(named) == 1 else "")
    if not candidates:
        payer = repr(row.payer[:60]) if row.payer else "no payer"
        return Unowned(f"unknown payer: {payer}, and no statement or reference is named")
    told = ", ".join(str(party) for party in sorted(candidates))
    return Unowned(f"several parties could be meant: {told}")


def _words(row: BankRow) -> tuple[str, ...]:
    words = _WORD.findall(f"{row.text} {row.bank_reference}".casefold())
    return tuple(dict.fromkeys(words))
