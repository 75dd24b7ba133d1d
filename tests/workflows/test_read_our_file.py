"""The file that `calls export` writes is our side of a tie-out, without a database."""

import csv
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest

from callrouter.adapters.storage.cdrs import StoredCdr
from callrouter.domain.cdr import Cdr, Disposition
from callrouter.domain.errors import RefusedError
from callrouter.domain.tie_out.frames import OURS
from callrouter.workflows.export_calls import COLUMNS, make_record, spell_cell
from callrouter.workflows.read_our_file import read_our_file
from tests.books import attempt, cdr
from tests.switchboards import T0


def write(path: Path, *calls: Cdr, without: tuple[str, ...] = ()) -> Path:
    """The calls as they are exported, the newest first, some columns left out."""
    out = StringIO()
    writer = csv.writer(out)
    names = [name for name in COLUMNS if name not in without]
    writer.writerow(names)
    for call in calls:
        record = make_record(StoredCdr(call, 1, T0))
        writer.writerow([spell_cell(record[name]) for name in names])
    path.write_text(out.getvalue(), "utf-8", newline="")
    return path


def test_calls_stand_as_they_were_exported_the_oldest_first(tmp_path: Path) -> None:
    later = replace(cdr(attempt()), call_sid="CA9", started_at=T0 + timedelta(hours=1))
    file = write(tmp_path / "ours.csv", later, cdr(attempt()))

    frame = read_our_file(file)

    start_ms = round(T0.timestamp() * 1000)
    assert dict(frame.schema) == OURS
    assert frame["call_sid"].to_list() == ["CA1", "CA9"]
    row = frame.row(0, named=True)
    assert (row["our"], row["caller"], row["destination_id"]) == (0, "+14155550123", "acme-east")
    assert (row["started_at_ms"], row["answered_at_ms"]) == (start_ms, start_ms + 5_000)
    assert (row["total_ms"], row["connected_ms"], row["outcome"]) == (66_000, 60_000, "connected")


def test_only_calls_of_the_buyer_are_read(tmp_path: Path) -> None:
    file = write(tmp_path / "ours.csv", cdr(attempt()), replace(cdr(), buyer_id="bolt"))

    assert read_our_file(file, "bolt").height == 1
    with pytest.raises(RefusedError, match="no calls of acm"):
        read_our_file(file, "acm")


def test_withheld_callers_and_calls_that_nobody_answered(tmp_path: Path) -> None:
    unanswered = replace(
        cdr(), ani="anonymous", answered_ms=0, disposition=Disposition.NO_DESTINATION
    )
    frame = read_our_file(write(tmp_path / "ours.csv", unanswered))

    wanted = ("caller", "answered_at_ms", "outcome", "call_sid")
    assert frame.select(wanted).rows() == [("", None, "", "CA1")]


def test_columns_that_are_not_needed_may_be_missing(tmp_path: Path) -> None:
    needed = ("call_id", "started_at", "ani", "connected_s")
    others = tuple(name for name in COLUMNS if name not in needed)
    frame = read_our_file(write(tmp_path / "ours.csv", cdr(attempt()), without=others))

    assert frame.select("connected_ms", "total_ms", "campaign_id").rows() == [(60_000, 0, "")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            "ANI,TIME\n1,2\n", "call_id, started_at, ani, connected_s missing", id="theirs"
        ),
        pytest.param("", "isn't a CSV file", id="empty"),
        pytest.param(
            "call_id,started_at,ani,connected_s\nCA1,2026-10-01,+14155550101,1\n",
            "started_at of call 1: found '2026-10-01'",
            id="a day for an instant",
        ),
        pytest.param(
            "call_id,started_at,ani,connected_s\nCA1,2026-10-01T10:00:00.000Z,+14155550101,long\n",
            "connected_s of call 1: found 'long', expected seconds",
            id="words for seconds",
        ),
    ],
)
def test_a_file_that_is_none_of_ours_is_refused(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "ours.csv"
    file.write_text(text)

    with pytest.raises(RefusedError, match=message):
        read_our_file(file)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="can't be read"):
        read_our_file(tmp_path / "none.csv")
