"""The two sides of a tie-out as frames: which columns each has, and what stands in them.

Durations and instants are whole milliseconds; instants count from 1970 in UTC, unless a column says
otherwise. Money is signed micro-units. "" is a text that isn't there, null a figure that isn't.
"""

from enum import StrEnum

import polars as pl


class CallerKind(StrEnum):
    """What a record says of who called."""

    NUMBER = "number"
    """A whole number: `caller` has it in E.164."""
    PARTLY = "partly"
    """Digits are masked or were lost (415555XXXX, 7.27556E+09): `caller_pattern` has the rest."""
    WITHHELD = "withheld"
    """The caller hid it, in any spelling, or the cell is empty."""
    EXTENSION = "extension"
    """A few digits of somebody's own switch."""
    UNREADABLE = "unreadable"


CALLER_KIND = pl.Enum([kind.value for kind in CallerKind])

OURS: dict[str, pl.DataType | type[pl.DataType]] = {
    "our": pl.Int64,
    "call_sid": pl.String,
    "leg_sids": pl.String,
    "caller": pl.String,
    "did": pl.String,
    "reached": pl.String,
    "campaign_id": pl.String,
    "destination_id": pl.String,
    "publisher": pl.String,
    "outcome": pl.String,
    "started_at_ms": pl.Int64,
    "dialed_at_ms": pl.Int64,
    "answered_at_ms": pl.Int64,
    "total_ms": pl.Int64,
    "answered_ms": pl.Int64,
    "connected_ms": pl.Int64,
    "charged_micros": pl.Int64,
    "reason": pl.String,
}
"""One row a call of the buyer's: what one ledger entry is for (a talk).

`our` numbers the rows from 0. `leg_sids` are the carrier's ids of the buyer's legs, with blanks
between. `caller` is E.164, "" when withheld. `reached` is the number or SIP address that was
dialled last, `dialed_at_ms` when the first leg of the buyer was, `answered_at_ms` when its first
answered leg was picked up (null: none was). `outcome` is the last attempt's, in AttemptOutcome's
words. `charged_micros` is what stands in the ledger for the call, corrections counted; `reason` its
words.
"""

THEIRS: dict[str, pl.DataType | type[pl.DataType]] = {
    "their": pl.Int64,
    "part": pl.String,
    "line": pl.Int64,
    "call_ids": pl.String,
    "leg_id": pl.String,
    "shared_id": pl.String,
    "caller": pl.String,
    "caller_kind": CALLER_KIND,
    "caller_pattern": pl.String,
    "caller_text": pl.String,
    "called": pl.String,
    "reached": pl.String,
    "stamp_ms": pl.Int64,
    "is_absolute": pl.Boolean,
    "answer_stamp_ms": pl.Int64,
    "end_stamp_ms": pl.Int64,
    "total_ms": pl.Int64,
    "talk_ms": pl.Int64,
    "queue_ms": pl.Int64,
    "hold_ms": pl.Int64,
    "billed_ms": pl.Int64,
    "price_micros": pl.Int64,
    "status": pl.String,
    "agent": pl.String,
    "corrects_id": pl.String,
    "updated_ms": pl.Int64,
}
"""One row a record of the buyer's file, as read: before legs are folded, before the clock is known.

`their` numbers the rows from 0 in the file's order; `part` names the sheet or the member of a zip
that a row stands in ("" where there is but one), `line` its line there, from 1. `call_ids` is the
buyer's id of the call, the same in all of its legs; `leg_id` that of the row. `shared_id` is one
that both sides know: the carrier's CallSid or a SIP Call-ID. `caller_pattern` is E.164 with `?` for
each digit that isn't known, "" unless the kind is PARTLY. `called` is the number that the caller
dialled as they saw it, `reached` where the call ended up with them, both E.164 or as written.
`stamp_ms` is the start: a wall clock read as if it were UTC, or a true instant where `is_absolute`;
the other two stamps are of the same kind. `total_ms` is what the file's total column says,
`talk_ms` its talk, connected or answered column, `billed_ms` its rounded one. `corrects_id` names
the record that this one amends; `updated_ms` orders redeliveries.
"""

FOLDED: dict[str, pl.DataType | type[pl.DataType]] = THEIRS | {"rows": pl.Int64}
"""One row a call of theirs: `their` is that of its main record, `rows` how many were folded."""


def empty(columns: dict[str, pl.DataType | type[pl.DataType]]) -> pl.DataFrame:
    """A frame without rows."""
    return pl.DataFrame(schema=columns)
