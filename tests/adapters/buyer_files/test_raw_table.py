import polars as pl

from callrouter.adapters.buyer_files.raw_table import RawTable, RowProblem, to_cells


def test_rows_become_columns_of_text_with_their_lines() -> None:
    cells = to_cells([["+14155550101", "62"], ["+14155550102"]], [2, 5], 2)

    assert cells.schema == {"c0": pl.String, "c1": pl.String, "line": pl.Int64}
    assert cells.rows() == [("+14155550101", "62", 2), ("+14155550102", "", 5)]
    assert RawTable(cells=cells).width == 2


def test_a_table_without_rows_keeps_its_columns() -> None:
    cells = to_cells([], [], 2)

    assert cells.schema == {"c0": pl.String, "c1": pl.String, "line": pl.Int64}
    assert cells.is_empty()


def test_a_problem_says_where_it_stands() -> None:
    assert str(RowProblem(part="", line=7, message="has 3 cells")) == "line 7: has 3 cells"
    assert str(RowProblem(part="Oct", line=7, message="odd")) == "Oct, line 7: odd"
