"""Which system a table is from: by headings that vary, or by how cells look."""

from callrouter.adapters.buyer_files.preset_match import PresetMatch, match_preset
from callrouter.adapters.buyer_files.presets import load_presets, read_preset
from callrouter.adapters.buyer_files.raw_table import RawTable
from callrouter.domain.tie_out.mapping import Field
from tests.adapters.buyer_files.raw_tables import table


def _match(raw: RawTable) -> PresetMatch:
    match = match_preset(raw, load_presets())
    assert match is not None
    return match


def _places(raw: RawTable) -> dict[Field, int]:
    return {column.field: column.column for column in _match(raw).columns}


class TestHeadings:
    def test_may_change_in_case_blanks_and_order_and_stand_among_others(self) -> None:
        raw = table(
            """
            Notes | talk_time | Call-ID | Dnis | CALL  TIME | Ani | Time Stamp
            x     | 00:01:10  | 3001    | 8005550150 | 00:01:20 | 4155550101 | 1 Oct 2026 9:00
            """
        )
        assert _match(raw).preset.name == "five9"
        assert _places(raw) == {
            Field.START: 6,
            Field.CALLER: 5,
            Field.CALLED: 3,
            Field.TOTAL: 4,
            Field.TALK: 1,
            Field.CALL_ID: 2,
        }

    def test_may_be_left_out_in_part_and_then_fit_less_well(self) -> None:
        raw = table(
            "calldate | src | dst | duration | billsec\n2026-10-01 09:00:04 | 1 | 2 | 3 | 2"
        )
        match = _match(raw)
        assert (match.preset.name, match.fit) == ("freepbx", 5 / 6)
        assert all(column.confidence < 0.8 for column in match.columns)

    def test_of_a_start_and_a_day_with_a_time_the_start_is_read(self) -> None:
        raw = table(
            """
            line | date (TZ offset incl.) | datetime (UTC) | from | to | duration (total)
            A | 2026-10-01 | 2026-10-01 16:00:04 | 14155550101 | 18005550150 | 147
            """
        )
        assert _match(raw).preset.name == "aircall"
        assert _places(raw)[Field.START] == 2

    def test_that_no_system_has_are_nobodys(self) -> None:
        assert match_preset(table("a | b\n1 | 2"), load_presets()) is None


class TestCells:
    _ROW = (
        ' | 14155550101 | 800 | x | "J" | c | d | Dial | d | 2026-10-01 09:00:04 | {} |'
        " 2026-10-01 09:00:24 | 20 | 19 | ANSWERED | DOC | {}"
    )

    def test_say_which_system_a_file_without_headings_is_from(self) -> None:
        raw = table(self._ROW.format("", "1790.1"), headed=False)
        assert _match(raw).preset.name == "asterisk"
        assert _places(raw)[Field.CALL_ID] == 16

    def test_of_a_wider_file_have_the_better_id(self) -> None:
        row = self._ROW.format("2026-10-01 09:00:05", "1790.1 | | | 1789.9 | 4")
        assert _places(table(row, headed=False))[Field.CALL_ID] == 19

    def test_that_look_otherwise_are_nobodys(self) -> None:
        row = self._ROW.format("", "1790.1").replace("ANSWERED", "yes")
        assert match_preset(table(row, headed=False), load_presets()) is None

    def test_beyond_the_last_column_look_like_nothing(self) -> None:
        text = 'widths = [2]\nshapes = { 3 = "whole" }\ncolumns = { start = 1 }'
        preset = read_preset(f'system = "x"\n[headless]\n{text}', "x.toml")
        assert match_preset(table("1 | 2", headed=False), [preset]) is None

    def test_that_are_too_few_are_nobodys(self) -> None:
        assert match_preset(table("1 | 2", headed=False), load_presets()) is None
