"""The tables of tie-outs: buyers' files as they came, how they are read, and what came of each row.

Instants of lines are milliseconds from 1970, as in the frames that they are written from: a million
of them are written and read at once.
"""

import sqlalchemy as sa
from sqlalchemy import BigInteger, Column, Float, Index, Integer, PrimaryKeyConstraint, Text

from callrouter.adapters.storage.tables import metadata
from callrouter.adapters.storage.types import ForeignText, UtcDateTime

buyer_files = sa.Table(
    "buyer_files",
    metadata,
    Column("seller_id", Text, nullable=False),
    Column("buyer_id", ForeignText, nullable=False),
    Column("number", Integer, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("name", ForeignText, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("first_start_ms", BigInteger),
    Column("last_start_ms", BigInteger),
    Column("mapping", ForeignText, nullable=False),
    Column("amends", Integer),
    Column("received_at", UtcDateTime, nullable=False),
    Column("author", ForeignText, nullable=False),
    PrimaryKeyConstraint("seller_id", "buyer_id", "number"),
    sa.UniqueConstraint("seller_id", "buyer_id", "sha256", name="buyer_files_sha256_key"),
    comment="Every file that a buyer sent, once, with how it was read; the first and last start are"
    " as written there.",
)

# No foreign key: the pieces of a file are there before its row, so that a file is whole or unknown.
buyer_file_chunks = sa.Table(
    "buyer_file_chunks",
    metadata,
    Column("seller_id", Text, nullable=False),
    Column("buyer_id", ForeignText, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("chunk", Integer, nullable=False),
    Column("body", sa.LargeBinary, nullable=False),
    PrimaryKeyConstraint("seller_id", "buyer_id", "sha256", "chunk"),
    comment="The files to the byte, each piece packed by zlib.",
)

buyer_mappings = sa.Table(
    "buyer_mappings",
    metadata,
    Column("seller_id", Text, nullable=False),
    Column("buyer_id", ForeignText, nullable=False),
    Column("version", Integer, nullable=False),
    Column("layout", ForeignText, nullable=False),
    Column("body", ForeignText, nullable=False),
    Column("author", ForeignText, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("seller_id", "buyer_id", "version"),
    comment="How a buyer's files are read, every version; an empty body: that layout was"
    " forgotten.",
)
Index(
    "buyer_mappings_layout_idx",
    *(buyer_mappings.c[name] for name in ("seller_id", "buyer_id", "layout", "version")),
)

tie_outs = sa.Table(
    "tie_outs",
    metadata,
    Column("seller_id", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("buyer_id", ForeignText, nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("until", UtcDateTime, nullable=False),
    Column("zone", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("files", Text, nullable=False),
    Column("mapping", ForeignText, nullable=False),
    Column("clock", ForeignText, nullable=False),
    Column("measure", ForeignText, nullable=False),
    Column("totals", ForeignText, nullable=False),
    Column("notices", ForeignText, nullable=False),
    Column("lines", BigInteger, nullable=False),
    Column("supersedes", Integer),
    Column("author", ForeignText, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    PrimaryKeyConstraint("seller_id", "number"),
    comment="Every comparison of a buyer's files with our calls; one that isn't finished has only"
    " some of its lines.",
)
Index(
    "tie_outs_buyer_id_idx",
    *(tie_outs.c[name] for name in ("seller_id", "buyer_id", "since", "number")),
)

tie_out_lines = sa.Table(
    "tie_out_lines",
    metadata,
    Column("seller_id", Text, nullable=False),
    Column("tie_out", Integer, nullable=False),
    Column("line_no", BigInteger, nullable=False),
    Column("class", Text, nullable=False),
    Column("why", ForeignText, nullable=False),
    Column("by", Text, nullable=False),
    Column("score", Float),
    Column("runner_up", Float),
    Column("gap_ms", BigInteger),
    Column("rows", BigInteger, nullable=False),
    Column("our_ms", BigInteger),
    Column("their_ms", BigInteger),
    Column("our_micros", BigInteger),
    Column("their_micros", BigInteger),
    Column("candidates", ForeignText, nullable=False),
    Column("call_sid", ForeignText, nullable=False),
    Column("started_at_ms", BigInteger),
    Column("caller", ForeignText, nullable=False),
    Column("did", ForeignText, nullable=False),
    Column("destination_id", ForeignText, nullable=False),
    Column("campaign_id", ForeignText, nullable=False),
    Column("publisher", ForeignText, nullable=False),
    Column("reason", ForeignText, nullable=False),
    Column("file", Integer),
    Column("part", ForeignText, nullable=False),
    Column("line", BigInteger),
    Column("their_call_ids", ForeignText, nullable=False),
    Column("their_caller", ForeignText, nullable=False),
    Column("their_stamp_ms", BigInteger),
    Column("their_at_ms", BigInteger),
    Column("their_price_micros", BigInteger),
    Column("their_status", ForeignText, nullable=False),
    PrimaryKeyConstraint("seller_id", "tie_out", "line_no"),
    comment="What came of each call and row of a tie-out.",
)
Index(
    "tie_out_lines_class_idx",
    *(tie_out_lines.c[name] for name in ("seller_id", "tie_out", "class", "line_no")),
)
IS_OF_CALL = tie_out_lines.c.call_sid != sa.literal_column("''")
Index(
    "tie_out_lines_call_sid_idx",
    *(tie_out_lines.c[name] for name in ("seller_id", "call_sid", "tie_out")),
    postgresql_where=IS_OF_CALL,
    sqlite_where=IS_OF_CALL,
)
