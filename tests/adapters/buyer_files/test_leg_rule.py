"""What several rows of one id are, where no system is known to say it."""

import pytest

from callrouter.adapters.buyer_files.leg_rule import find_leg_rule
from callrouter.domain.tie_out.mapping import Field, FieldColumn, LegRule
from tests.adapters.buyer_files.raw_tables import table

_ROWS = """
a | 09:00 | 4155550101
a | 09:01 | 4155550101
b | 09:05 | 4155550102
"""
_FIELDS = (Field.CALL_ID, Field.START, Field.CALLER)


def _rule(rows: str, *further: Field, confidence: float = 0.9) -> LegRule:
    columns = tuple(
        FieldColumn(field=field, column=place, confidence=confidence)
        for place, field in enumerate((*_FIELDS, *further))
    )
    return find_leg_rule(table(rows, headed=False), columns)[0]


@pytest.mark.parametrize(
    ("rows", "rule"),
    [
        (_ROWS, LegRule.LEGS),
        (_ROWS.replace("09:01", "09:00"), LegRule.SAME_SPAN),
        (_ROWS.replace("a | 09:01 | 4155550101", "a | 09:01 | 4155550109"), LegRule.ONE_ROW),
        (_ROWS.replace("a | 09:01", "c | 09:01"), LegRule.ONE_ROW),
    ],
    ids=["one-after-the-other", "at-once", "of-other-callers", "each-id-once"],
)
def test_the_rows_of_an_id_show_what_they_are(rows: str, rule: LegRule) -> None:
    assert _rule(rows) is rule


def test_an_id_that_may_be_something_else_makes_no_legs() -> None:
    assert _rule(_ROWS, confidence=0.4) is LegRule.ONE_ROW


def test_rows_that_name_what_they_correct_or_when_they_were_updated_say_it_themselves() -> None:
    assert _rule(_ROWS, Field.CORRECTS_ID) is LegRule.CORRECTIONS
    assert _rule(_ROWS, Field.UPDATED) is LegRule.REDELIVERED


def test_without_callers_and_starts_rows_of_an_id_are_legs() -> None:
    columns = (FieldColumn(field=Field.CALL_ID, column=0),)
    assert find_leg_rule(table(_ROWS, headed=False), columns)[0] is LegRule.LEGS
