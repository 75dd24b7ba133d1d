"""Buyers' files, how they are read, and the tie-outs with a line for each call and row."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    _create_files()
    op.create_table(
        "tie_outs",
        *_texts("seller_id"),
        sa.Column("number", sa.Integer, nullable=False),
        *_texts("buyer_id"),
        *(_instant(name) for name in ("since", "until")),
        *_texts("zone", "currency", "files", "mapping", "clock", "measure", "totals", "notices"),
        sa.Column("lines", sa.BigInteger, nullable=False),
        sa.Column("supersedes", sa.Integer),
        *_texts("author"),
        _instant("made_at"),
        _instant("finished_at", nullable=True),
        sa.PrimaryKeyConstraint("seller_id", "number", name="tie_outs_pkey"),
        comment="Every comparison of a buyer's files with our calls; one that isn't finished has"
        " only some of its lines.",
    )
    op.create_index(
        "tie_outs_buyer_id_idx", "tie_outs", ["seller_id", "buyer_id", "since", "number"]
    )
    _create_lines()


def _create_files() -> None:
    op.create_table(
        "buyer_files",
        *_texts("seller_id", "buyer_id"),
        sa.Column("number", sa.Integer, nullable=False),
        *_texts("sha256", "name"),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("size_bytes", "rows")),
        *_figures("first_start_ms", "last_start_ms"),
        *_texts("mapping"),
        sa.Column("amends", sa.Integer),
        _instant("received_at"),
        *_texts("author"),
        sa.PrimaryKeyConstraint("seller_id", "buyer_id", "number", name="buyer_files_pkey"),
        sa.UniqueConstraint("seller_id", "buyer_id", "sha256", name="buyer_files_sha256_key"),
        comment="Every file that a buyer sent, once, with how it was read; the first and last start"
        " are as written there.",
    )
    op.create_table(
        "buyer_file_chunks",
        *_texts("seller_id", "buyer_id", "sha256"),
        sa.Column("chunk", sa.Integer, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint(
            "seller_id", "buyer_id", "sha256", "chunk", name="buyer_file_chunks_pkey"
        ),
        comment="The files to the byte, each piece packed by zlib.",
    )
    op.create_table(
        "buyer_mappings",
        *_texts("seller_id", "buyer_id"),
        sa.Column("version", sa.Integer, nullable=False),
        *_texts("layout", "body", "author"),
        _instant("made_at"),
        sa.PrimaryKeyConstraint("seller_id", "buyer_id", "version", name="buyer_mappings_pkey"),
        comment="How a buyer's files are read, every version; an empty body: that layout was"
        " forgotten.",
    )
    op.create_index(
        "buyer_mappings_layout_idx",
        "buyer_mappings",
        ["seller_id", "buyer_id", "layout", "version"],
    )


def _create_lines() -> None:
    op.create_table(
        "tie_out_lines",
        *_texts("seller_id"),
        sa.Column("tie_out", sa.Integer, nullable=False),
        sa.Column("line_no", sa.BigInteger, nullable=False),
        *_texts("class", "why", "by"),
        *(sa.Column(name, sa.Float) for name in ("score", "runner_up")),
        *_figures("gap_ms"),
        sa.Column("rows", sa.BigInteger, nullable=False),
        *_figures("our_ms", "their_ms", "our_micros", "their_micros"),
        *_texts("candidates", "call_sid"),
        *_figures("started_at_ms"),
        *_texts("caller", "did", "destination_id", "campaign_id", "publisher", "reason"),
        sa.Column("file", sa.Integer),
        *_texts("part"),
        *_figures("line"),
        *_texts("their_call_ids", "their_caller"),
        *_figures("their_stamp_ms", "their_at_ms", "their_price_micros"),
        *_texts("their_status"),
        sa.PrimaryKeyConstraint("seller_id", "tie_out", "line_no", name="tie_out_lines_pkey"),
        comment="What came of each call and row of a tie-out.",
    )
    op.create_index(
        "tie_out_lines_class_idx", "tie_out_lines", ["seller_id", "tie_out", "class", "line_no"]
    )
    of_call = sa.text("call_sid != ''")
    op.create_index(
        "tie_out_lines_call_sid_idx",
        "tie_out_lines",
        ["seller_id", "call_sid", "tie_out"],
        postgresql_where=of_call,
        sqlite_where=of_call,
    )


def _texts(*names: str) -> tuple["sa.Column[str]", ...]:
    return tuple(sa.Column(name, sa.Text, nullable=False) for name in names)


def _figures(*names: str) -> tuple["sa.Column[int]", ...]:
    return tuple(sa.Column(name, sa.BigInteger) for name in names)


def _instant(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)
