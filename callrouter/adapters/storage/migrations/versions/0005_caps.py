"""What caps have used, and what calls hold of them."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "cap_counters",
        _text("seller_id"),
        _text("counter"),
        _big_integer("used"),
        _big_integer("held"),
        _instant("last_at"),
        sa.PrimaryKeyConstraint("seller_id", "counter", name="cap_counters_pkey"),
        sa.CheckConstraint("used >= 0 AND held >= 0", name="cap_counters_not_negative"),
        comment="What each cap has used in each period, and what calls in progress hold of it.",
        postgresql_with={"fillfactor": 50},
    )
    op.create_table(
        "reservations",
        _text("seller_id"),
        _text("call_sid"),
        sa.Column("attempt", sa.Integer, nullable=False),
        _text("destination_id"),
        _text("counter"),
        _text("measure"),
        _big_integer("amount"),
        _text("state"),
        _instant("reserved_at"),
        _instant("lease_until"),
        _instant("settled_at", nullable=True),
        sa.PrimaryKeyConstraint(
            *("seller_id", "call_sid", "attempt", "destination_id", "counter"),
            name="reservations_pkey",
        ),
        comment="What each dial took of each counter, and what became of it.",
    )
    _index("reservations_held_lease_until_idx", "lease_until", "state = 'held'")
    _index("reservations_settled_reserved_at_idx", "reserved_at", "state != 'held'")


def _index(name: str, column: str, where: str) -> None:
    condition = sa.text(where)
    op.create_index(
        name, "reservations", [column], postgresql_where=condition, sqlite_where=condition
    )


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _big_integer(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)


def _instant(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)
