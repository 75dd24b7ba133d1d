"""How a table would be read: by its system, by headings and values, as before; what is asked."""

from dataclasses import replace
from datetime import date

from callrouter.adapters.buyer_files.proposal import Open, Proposal
from callrouter.adapters.buyer_files.propose import propose
from callrouter.adapters.buyer_files.raw_table import RawTable
from callrouter.domain.tie_out.mapping import Field, LegRule
from tests.adapters.buyer_files.raw_tables import table
from tests.adapters.buyer_files.tables import (
    callers,
    clock,
    make_table,
    starts,
    talk_seconds,
    waits,
    write,
)

_COUNT = 60
_FIVE9 = """
CALL ID | TIMESTAMP           | ANI        | DNIS       | CALL TIME | TALK TIME
3001    | 1 Oct 2026 09:00:04 | 4155550101 | 8005550150 | 00:01:20  | 00:01:10
3002    | 1 Oct 2026 09:05:00 | 4155550102 | 8005550150 | 00:00:20  | 00:00:11
"""


def _headings(proposal: Proposal) -> dict[Field, str]:
    return {column.field: column.header for column in proposal.mapping.columns}


def _forms(proposal: Proposal) -> dict[Field, str]:
    return {column.field: column.form for column in proposal.mapping.columns if column.form}


def _home_made(*, start: str = "%Y-%m-%d %H:%M:%S", unit: int = 1, days: int = 20) -> RawTable:
    """A file of no known system: start, caller, total and talk."""
    begun = starts(_COUNT, every_s=days * 86_400 // _COUNT)
    totals = [talk + wait for talk, wait in zip(talk_seconds(_COUNT), waits(_COUNT), strict=True)]
    return make_table(
        write(begun, start),
        callers(_COUNT),
        [str(total * unit) for total in totals],
        [str(talk * unit) for talk in talk_seconds(_COUNT)],
        header=("When", "Customer phone", "Duration", "Talk"),
    )


class TestKnownSystem:
    def test_is_read_as_it_writes(self) -> None:
        proposal = propose(table(_FIVE9))
        mapping = proposal.mapping
        assert (mapping.format, mapping.legs, mapping.zone) == (
            "five9",
            LegRule.LEGS,
            "America/Los_Angeles",
        )
        assert _headings(proposal)[Field.TOTAL] == "CALL TIME"
        assert mapping.headings[:2] == ("CALL ID", "TIMESTAMP")
        assert proposal.confidence > 0.9
        assert Field.START in proposal.sure
        assert not proposal.questions

    def test_is_outvoted_by_values_that_are_written_otherwise(self) -> None:
        raw = table(
            """
            uuid | caller     | dialed_number | start_time           | end_time | total_duration
            a    | 4155550101 | 8005550150    | 2026-10-01T09:00:00Z | 2026-10-01T09:01:20Z | 80000
            b    | 4155550102 | 8005550150    | 2026-10-01T09:05:00Z | 2026-10-01T09:05:20Z | 20000
            c    | 4155550103 | 8005550150    | 2026-10-01T09:07:00Z | 2026-10-01T09:08:00Z | 60000
            """
        )
        proposal = propose(raw)
        assert proposal.mapping.format == "retreaver"
        assert _forms(proposal)[Field.TOTAL] == "milliseconds"

    def test_that_says_milliseconds_is_outvoted_by_calls_of_no_length(self) -> None:
        raw = table(
            """
            Conversation ID | Date             | ANI        | DNIS | Total Talk | Total Handle
            a               | 2026-10-01 09:00 | 4155550101 | 1    | 80         | 90
            b               | 2026-10-01 09:05 | 4155550102 | 1    | 20         | 25
            """
        )
        proposal = propose(raw)
        assert _forms(proposal)[Field.TALK] == "seconds"
        assert any("Total Talk is written as seconds" in words for words in proposal.words)
        assert proposal.confidence <= 0.6

    def test_without_its_caller_gets_one_from_the_other_columns(self) -> None:
        raw = table(_FIVE9.replace("ANI", "Customer phone"))
        proposal = propose(raw)
        assert proposal.mapping.format == "five9"
        assert _headings(proposal)[Field.CALLER] == "Customer phone"


class TestHeadingsAndValues:
    def test_say_together_what_a_column_is(self) -> None:
        proposal = propose(_home_made())
        assert _headings(proposal) == {
            Field.START: "When",
            Field.CALLER: "Customer phone",
            Field.TOTAL: "Duration",
            Field.TALK: "Talk",
        }
        assert _forms(proposal)[Field.TOTAL] == "seconds"
        assert proposal.mapping.format == ""

    def test_a_duration_that_is_in_milliseconds_is_seen_by_its_size(self) -> None:
        proposal = propose(_home_made(unit=1000))
        assert _forms(proposal)[Field.TOTAL] == "milliseconds"
        assert _forms(proposal)[Field.TALK] == "milliseconds"

    def test_a_heading_that_the_values_contradict_counts_for_nothing(self) -> None:
        raw = _home_made()
        swapped = replace(raw, header=("Duration", "When", "Customer phone", "Talk"))
        found = {column.field: column.column for column in propose(swapped).mapping.columns}
        assert (found[Field.START], found[Field.CALLER]) == (0, 1)

    def test_of_a_file_without_headings_are_the_values_alone(self) -> None:
        proposal = propose(replace(_home_made(), header=None))
        found = {column.field: column.column for column in proposal.mapping.columns}
        assert (found[Field.START], found[Field.CALLER]) == (0, 1)
        assert proposal.mapping.headings == ()

    def test_a_day_and_a_time_in_two_columns_are_a_start(self) -> None:
        begun = starts(_COUNT)
        raw = make_table(
            write(begun, "%d.%m.%Y"),
            write(begun, "%H:%M:%S"),
            callers(_COUNT),
            [clock(each) for each in talk_seconds(_COUNT)],
            header=("Datum", "Uhrzeit", "Anrufer", "Dauer"),
        )
        proposal = propose(raw, period=(date(2026, 10, 1), date(2026, 10, 31)))
        assert _headings(proposal)[Field.START_DATE] == "Datum"
        assert _headings(proposal)[Field.START_TIME] == "Uhrzeit"
        assert _headings(proposal)[Field.TOTAL] == "Dauer"
        assert _forms(proposal)[Field.START_DATE] == "day_first"

    def test_a_heading_alone_makes_no_price_of_words(self) -> None:
        raw = table(
            """
            Start               | Caller     | Duration | Payable | Cost
            2026-10-01 09:00:04 | 4155550101 | 20       | yes     | 1.50
            2026-10-01 09:05:04 | 4155550102 | 31       | no      | 0.00
            """
        )
        assert _headings(propose(raw))[Field.PRICE] == "Cost"

    def test_headings_that_say_nothing_leave_it_to_the_values(self) -> None:
        raw = replace(_home_made(), header=("a", "b", "c", "d"))
        assert _headings(propose(raw))[Field.CALLER] == "b"

    def test_an_id_may_look_like_an_instant(self) -> None:
        raw = table(
            """
            Start               | Caller     | Duration | Unique ID
            2026-10-01 09:00:04 | 4155550101 | 20       | 1790860804.1
            2026-10-01 09:05:04 | 4155550102 | 31       | 1790861104.2
            """
        )
        assert _headings(propose(raw))[Field.CALL_ID] == "Unique ID"

    def test_of_which_one_is_a_start_need_no_day_beside_it(self) -> None:
        raw = table(
            """
            Date       | Time  | Call Start          | Caller     | Duration
            2026-10-01 | 09:00 | 2026-10-01 09:00:04 | 4155550101 | 20
            2026-10-01 | 09:05 | 2026-10-01 09:05:04 | 4155550102 | 31
            """
        )
        headings = _headings(propose(raw))
        assert headings[Field.START] == "Call Start"
        assert not headings.keys() & {Field.START_DATE, Field.START_TIME}

    def test_what_several_rows_of_an_id_are_shows_in_the_rows(self) -> None:
        legs = table(
            """
            Call ID | Start               | Caller     | Duration
            a1      | 2026-10-01 09:00:04 | 4155550101 | 20
            a1      | 2026-10-01 09:00:24 | 4155550101 | 70
            a2      | 2026-10-01 09:05:00 | 4155550102 | 30
            """
        )
        proposal = propose(legs)
        assert proposal.mapping.legs is LegRule.LEGS
        assert any("1 ids stand in several rows" in words for words in proposal.words)


class TestQuestions:
    def test_a_day_that_reads_as_a_month_is_asked_for(self) -> None:
        raw = make_table(
            ["04/05/2026 09:00:04", "04/05/2026 09:10:05"],
            ["4155550101", "4155550102"],
            ["10", "20"],
            header=("Start", "Caller", "Duration"),
        )
        proposal = propose(raw)
        (asked,) = proposal.questions
        assert (asked.about, asked.choices) == (Open.DAY_ORDER, ("month_first", "day_first"))
        assert "04/05/2026" in asked.text
        assert proposal.confidence < 0.5

    def test_the_period_asked_for_answers_it(self) -> None:
        raw = make_table(
            ["04/05/2026 09:00:04", "04/05/2026 09:10:05"],
            ["4155550101", "4155550102"],
            header=("Start", "Caller"),
        )
        proposal = propose(raw, period=(date(2026, 5, 1), date(2026, 5, 31)))
        assert _forms(proposal)[Field.START] == "day_first"
        assert not proposal.questions

    def test_a_file_without_a_start_asks_for_it(self) -> None:
        proposal = propose(table("Caller | Duration\n4155550101 | 60\n4155550102 | 7"))
        assert [asked.about for asked in proposal.questions] == [Open.NO_START]
        assert proposal.confidence == 0

    def test_two_columns_that_can_be_the_total_are_asked_for(self) -> None:
        raw = table(
            """
            Start               | Caller     | Duration | Call Length
            2026-10-01 09:00:04 | 4155550101 | 20       | 24
            2026-10-01 09:05:24 | 4155550102 | 70       | 75
            """
        )
        (asked,) = propose(raw).questions
        assert asked.about is Open.TWO_DURATIONS
        assert asked.choices == ("2", "3")
        assert "Duration or Call Length" in asked.text

    def test_what_is_missing_is_said(self) -> None:
        said = propose(table("Start\n2026-10-01 09:00:04")).words
        assert any("no column holds the caller" in words for words in said)
        assert any("no column holds a duration" in words for words in said)


class TestRemembered:
    def test_mapping_is_used_as_it_is_for_its_layout(self) -> None:
        raw = _home_made()
        confirmed = replace(propose(raw).mapping, zone="America/Chicago")
        proposal = propose(raw, remembered=confirmed)
        assert proposal.mapping == confirmed
        assert proposal.confidence == 1
        assert proposal.sure == {column.field for column in confirmed.columns}

    def test_layout_whose_values_are_written_otherwise_is_told(self) -> None:
        confirmed = propose(_home_made(start="%m/%d/%Y %H:%M:%S")).mapping
        proposal = propose(_home_made(start="%d/%m/%Y %H:%M:%S"), remembered=confirmed)
        assert _forms(proposal)[Field.START] == "day_first"
        assert proposal.confidence == 0.5
        assert "the layout is the known one, but what stands in it changed" in proposal.words[0]

    def test_columns_that_moved_keep_their_meanings_and_the_change_is_told(self) -> None:
        raw = _home_made()
        confirmed = replace(
            propose(raw).mapping, zone="America/Chicago", total_means="with the queue"
        )
        header = raw.header or ()
        moved = make_table(
            *(raw.cells[f"c{place}"].to_list() for place in (3, 0, 1, 2)),
            header=("Talk", *header[:3]),
        )
        proposal = propose(moved, remembered=confirmed)
        assert _headings(proposal) == _headings(propose(raw))
        assert {each.field: each.column for each in proposal.mapping.columns}[Field.START] == 1
        assert (proposal.mapping.zone, proposal.mapping.total_means) == (
            "America/Chicago",
            "with the queue",
        )
        assert proposal.words[0] == (
            'the layout isn\'t the one that was confirmed: the column "Talk" moved'
        )
        assert proposal.confidence < 1

    def test_a_column_that_is_gone_is_looked_for_anew(self) -> None:
        raw = _home_made()
        confirmed = propose(raw).mapping
        renamed = replace(raw, header=("When", "Phone of the customer", "Call length", "Talk"))
        proposal = propose(renamed, remembered=confirmed)
        assert _headings(proposal)[Field.CALLER] == "Phone of the customer"
        assert any("Duration was the total: it is looked for anew" in w for w in proposal.words)

    def test_mapping_of_another_system_is_not_carried_over(self) -> None:
        confirmed = propose(table(_FIVE9)).mapping
        raw = table(
            """
            calldate            | src        | dst | duration | billsec | disposition
            2026-10-01 09:00:04 | 4155550101 | 800 | 20       | 12      | ANSWERED
            """
        )
        proposal = propose(raw, remembered=confirmed)
        assert (proposal.mapping.format, proposal.mapping.zone) == ("freepbx", "")
        assert "isn't the one that was confirmed" in proposal.words[0]

    def test_a_file_without_headings_says_only_that_it_is_another_layout(self) -> None:
        confirmed = propose(table(_FIVE9)).mapping
        proposal = propose(replace(_home_made(), header=None), remembered=confirmed)
        assert "the layout isn't the one that was confirmed" in proposal.words
