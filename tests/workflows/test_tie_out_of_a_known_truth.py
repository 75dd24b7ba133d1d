"""From the two files to the report, on months whose truth is known: what `make bench` measures."""

from pathlib import Path

import polars as pl
import pytest

from benchmarks.tie_out_run import run_tie_out
from benchmarks.tie_out_truth import SCENARIOS, Scenario, compare, make_truth, write_files


@pytest.mark.parametrize("scenario", SCENARIOS[-2:], ids=lambda scenario: scenario.name)
def test_a_buyers_file_is_tied_out_call_by_call_told_nothing_of_its_clock(
    scenario: Scenario, tmp_path: Path
) -> None:
    truth = make_truth(10_000, scenario)
    write_files(truth, tmp_path)

    run_tie_out(tmp_path)

    found = pl.read_parquet(tmp_path / "found.parquet")
    assert compare(found, truth).f1 >= 0.9995
    assert "ahead" in (tmp_path / "report.html").read_text("utf-8")
