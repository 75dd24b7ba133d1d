"""What headings say, as systems and people spell them."""

import pytest

from callrouter.adapters.buyer_files.headings import fold_heading, suggest_fields
from callrouter.domain.tie_out.mapping import Field


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("Start Time", Field.START),
        ("CALL_START_TIME (PST)", Field.START),
        ("callStartTime", Field.START),
        ("Fecha y hora", Field.START),
        ("Anrufbeginn", Field.START),
        ("Caller ID", Field.CALLER),
        ("ANI", Field.CALLER),
        ("callingPartyNumber", Field.CALLER),
        ("Customer Phone #", Field.CALLER),
        ("Número origen", Field.CALLER),
        ("DNIS", Field.CALLED),
        ("Tracking Number", Field.CALLED),
        ("Angerufene Nummer", Field.CALLED),
        ("Duration (sec)", Field.TOTAL),
        ("Call Length", Field.TOTAL),
        ("Duración", Field.TOTAL),
        ("Dauer", Field.TOTAL),
        ("Talk Time", Field.TALK),
        ("connectedCallLengthInSeconds", Field.TALK),
        ("Gesprächsdauer", Field.TALK),
        ("Queue Wait Time", Field.QUEUE),
        ("Bill Time (Rounded)", Field.BILLED),
        ("Payout", Field.PRICE),
        ("Unique ID", Field.CALL_ID),
        ("Disposition", Field.STATUS),
        ("Agent Name", Field.AGENT),
    ],
)
def test_a_heading_says_best_what_it_is(heading: str, field: Field) -> None:
    found = suggest_fields(heading)
    assert max(found, key=lambda each: found[each]) is field


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("After Call Work Time", Field.TOTAL),
        ("Ring Time", Field.TOTAL),
        ("Caller Name", Field.CALLER),
        ("Caller State", Field.CALLER),
        ("Start Time Zone", Field.START),
        ("Recording URL", Field.CALL_ID),
    ],
)
def test_a_further_word_can_make_it_another_thing(heading: str, field: Field) -> None:
    assert suggest_fields(heading).get(field, 0) < 0.5


def test_fewer_further_words_are_surer() -> None:
    plain, more = suggest_fields("Caller Number"), suggest_fields("Main Caller Number Received")
    assert plain[Field.CALLER] > more[Field.CALLER] > 0


def test_a_heading_that_says_nothing_suggests_nothing() -> None:
    assert not suggest_fields("Notes")
    assert not suggest_fields("")


def test_case_accents_blanks_and_marks_make_no_other_heading() -> None:
    assert fold_heading(" Duración_(Total) ") == fold_heading("DURACION total")
