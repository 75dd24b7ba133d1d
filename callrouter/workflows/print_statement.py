"""A statement as an Excel workbook and as a PDF, made from its entries each time.

Apart from its CSV, since the libraries that write these take long to import.
"""

from itertools import islice
from pathlib import Path

from callrouter.adapters.documents.statement_pdf import write_statement_pdf
from callrouter.adapters.documents.statement_xlsx import write_statement_xlsx
from callrouter.adapters.storage.agreements import read_agreement
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.seller_summaries import summarize_sellers
from callrouter.adapters.storage.statement_lines import stream_lines, tally_lines
from callrouter.domain.billing.statement import summarize
from callrouter.domain.billing.statement_document import (
    Letterhead,
    Recipient,
    StatementDocument,
)
from callrouter.workflows.draft_statement import Drawn
from callrouter.workflows.export_statement import Told, tell_lines

MOST_CALLS_OF_A_PDF = 5000
"""About a hundred pages; more are read in a table anyway."""


def export_statement_xlsx(
    database: Database, drawn: Drawn, letterhead: Letterhead | None, file: Path, told: Told
) -> None:
    """Write the statement as an Excel workbook."""
    document = _make_document(database, drawn, letterhead)
    with database.read() as connection:
        calls = tell_lines(stream_lines(connection, drawn.lines, of_calls=True), told)
        write_statement_xlsx(document, calls, file)


def export_statement_pdf(
    database: Database, drawn: Drawn, letterhead: Letterhead | None, file: Path, told: Told
) -> int:
    """Write the statement as a PDF; how many calls aren't listed in it, since it would be endless.

    Raises RefusedError when the letterhead's font can't be used.
    """
    document = _make_document(database, drawn, letterhead)
    left_out = max(0, drawn.head.entries - len(document.others) - MOST_CALLS_OF_A_PDF)
    with database.read() as connection:
        lines = stream_lines(connection, drawn.lines, of_calls=True)
        calls = tell_lines(islice(lines, MOST_CALLS_OF_A_PDF), told)
        write_statement_pdf(document, calls, left_out, file)
    return left_out


def _make_document(
    database: Database, drawn: Drawn, letterhead: Letterhead | None
) -> StatementDocument:
    """Addressed as the agreement says that was in force; from the seller's name without a head."""
    head, seller_id = drawn.head, drawn.lines.account.seller_id
    with database.read() as connection:
        agreement = read_agreement(connection, seller_id, head.party, head.agreement_version)
        others = tuple(stream_lines(connection, drawn.lines, of_calls=False))
        sellers = {seller.seller_id: seller.name for seller in summarize_sellers(connection)}
        summary = summarize(tally_lines(connection, drawn.lines))
    name = (agreement.name if agreement else "") or head.party.party_id
    return StatementDocument(
        statement=head,
        summary=summary,
        sender=letterhead or Letterhead(name=sellers[seller_id]),
        recipient=Recipient(
            name=name,
            address=agreement.address if agreement else (),
            email=agreement.email if agreement else "",
        ),
        others=others,
    )
