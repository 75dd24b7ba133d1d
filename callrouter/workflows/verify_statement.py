"""Whether a closed statement is what its entries say, and a file what was made of them."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.statement_lines import stream_lines, tally_lines
from callrouter.domain.billing.statement import Statement, Summary, summarize, tally
from callrouter.domain.errors import RefusedError
from callrouter.domain.money import say_amount
from callrouter.workflows.draft_statement import Drawn
from callrouter.workflows.export_statement import Told, tell_lines, write_lines


@dataclass(frozen=True, slots=True)
class Verified:
    """The statement's CSV, made anew: its SHA-256 and size; and what disagrees, if anything."""

    statement: Statement
    csv_sha256: str
    csv_bytes: int
    problems: tuple[str, ...]


class _Digest:
    """Takes text as a file of UTF-8 would, and keeps its hash alone."""

    def __init__(self) -> None:
        self.hash = hashlib.sha256()
        self.size = 0

    def write(self, text: str, /) -> None:
        """Take some text."""
        content = text.encode()
        self.hash.update(content)
        self.size += len(content)


def verify_statement(database: Database, drawn: Drawn, sent: Path | None, told: Told) -> Verified:
    """Make the CSV twice and add it up, and compare with what is stored, and with the file `sent`.

    Raises RefusedError when the file can't be read.
    """
    first, second = _Digest(), _Digest()
    with database.read() as connection:
        lines = write_lines(drawn.head, stream_lines(connection, drawn.lines), first)
        summary = summarize(tally(tell_lines(lines, told)))
        for _ in write_lines(drawn.head, stream_lines(connection, drawn.lines), second):
            pass
        of_database = summarize(tally_lines(connection, drawn.lines))
    problems = list(_compare(drawn.head, summary))
    if of_database != summary:
        problems.append("the database adds its entries up to something else")
    if second.hash.digest() != first.hash.digest():
        problems.append("its CSV came out differently when it was made again")
    if sent is not None and _hash_file(sent) != first.hash.hexdigest():
        problems.append(f"{sent} isn't the CSV of this statement, byte for byte")
    return Verified(drawn.head, first.hash.hexdigest(), first.size, tuple(problems))


def _compare(head: Statement, summary: Summary) -> Iterator[str]:
    for name, found, stored in (
        ("amount", summary.amount_micros, head.amount_micros),
        ("payments", summary.payments_micros, head.payments_micros),
    ):
        if found != stored:
            yield (
                f"its entries come to {say_amount(found, head.currency)} of {name}, but"
                f" {say_amount(stored, head.currency)} is stored"
            )
    if summary.entries != head.entries:
        yield f"it has {summary.entries} entries, but was closed with {head.entries}"


def _hash_file(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise RefusedError(f"{file} can't be read: {error.strerror}") from error
