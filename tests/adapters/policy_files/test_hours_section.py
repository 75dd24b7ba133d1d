from datetime import UTC, date, datetime

import pytest

from callrouter.adapters.policy_files.hours_section import MOST_ENTRIES, MOST_WINDOWS
from callrouter.adapters.policy_files.routing_table_file import read_table
from callrouter.domain.clocks.hours import ALL_WEEK, Hours, Span, Window
from callrouter.domain.errors import PolicyFileError

HEAD = """\
campaign = "a"
[[dids]]
number = "+18005550100"
[[routes]]
destination = "acme-east"
[routes.hours]
"""


def read(hours: str) -> Hours:
    found = read_table(HEAD + hours, "t.toml").routes[0].rules.hours
    assert found is not None
    return found


def problems_of(hours: str) -> list[str]:
    with pytest.raises(PolicyFileError) as refused:
        read_table(HEAD + hours, "t.toml")
    return [str(problem) for problem in refused.value.problems]


def week(*days: str) -> tuple[Window, ...]:
    """A week from Monday on; each day its windows in hours, as in "8-12 13-18"."""
    return tuple(
        Window(weekday, *(int(hour) * 60 for hour in window.split("-")))
        for weekday, windows in enumerate(days)
        for window in windows.split()
    )


def wall(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_every_key_of_hours_is_read() -> None:
    text = """
        zone = "America/Chicago"
        weekdays = ["08:00-12:00", "13:00-18:00"]
        fri = "22:00-04:00"
        sun = []
        holidays = ["US", "US-TX"]
        closed_on = [2026-12-24]
        closures = [{ from = 2026-11-27T08:00:00, until = 2026-11-28T08:00:00, note = "storm" }]
        openings = [{ from = 2026-11-26T10:00:00-06:00, until = 2026-11-26T17:00:00Z }]
    """
    assert read(text) == Hours(
        windows=week("8-12 13-18", "8-12 13-18", "8-12 13-18", "8-12 13-18", "22-4"),
        zone="America/Chicago",
        holidays=("US", "US-TX"),
        closed_on=(date(2026, 12, 24),),
        closures=(Span(wall("2026-11-27T08:00"), wall("2026-11-28T08:00"), "storm"),),
        openings=(
            Span(
                datetime(2026, 11, 26, 16, tzinfo=UTC),
                datetime(2026, 11, 26, 17, tzinfo=UTC),
            ),
        ),
    )


@pytest.mark.parametrize(
    ("text", "windows"),
    [
        pytest.param("", ALL_WEEK, id="no day is mentioned: round the clock"),
        pytest.param('every_day = "8:00 - 18:00"', week(*["8-18"] * 7), id="every day"),
        pytest.param(
            'weekdays = "08:00-18:00"', week(*["8-18"] * 5), id="a day not mentioned is closed"
        ),
        pytest.param(
            'every_day = "08:00-18:00"\nweekend = "10:00-14:00"\nsun = []\nfri = "08:00-24:00"',
            week(*["8-18"] * 4, "8-24", "10-14"),
            id="the day's own key, then its part of the week, then every day",
        ),
        pytest.param('sat = "22:00-00:00"', week("", "", "", "", "", "22-0"), id="until midnight"),
        pytest.param(
            'sun = "22:00-04:00"\nmon = "04:00-08:00"',
            week("4-8", "", "", "", "", "", "22-4"),
            id="the morning begins where the night ends",
        ),
        pytest.param(
            "every_day = []\n"
            "openings = [{ from = 2026-06-01T08:00:00Z, until = 2026-06-02T09:00:00Z }]",
            (),
            id="only by appointment",
        ),
    ],
)  # fmt: skip
def test_the_windows_of_a_week_are_told_day_by_day(text: str, windows: tuple[Window, ...]) -> None:
    assert read(text).windows == windows


def test_one_holiday_calendar_or_date_needs_no_list_and_a_date_may_be_quoted() -> None:
    assert read('holidays = "CA-ON"\nclosed_on = 2026-12-24') == Hours(
        holidays=("CA-ON",), closed_on=(date(2026, 12, 24),)
    )
    assert read('closed_on = ["2026-12-24"]').closed_on == (date(2026, 12, 24),)


def test_a_closure_may_be_quoted_or_a_section_of_its_own() -> None:
    quoted = '[[routes.hours.closures]]\nfrom = "2026-11-27T08:00"\nuntil = "2026-11-28T08:00"'

    assert read(quoted).closures == (Span(wall("2026-11-27T08:00"), wall("2026-11-28T08:00")),)


def test_hours_stand_at_every_level_that_has_rules() -> None:
    text = f"""
        {HEAD}mon = "08:00-09:00"
        [rules.hours]
        tue = "08:00-09:00"
        [[buyers]]
        id = "acme"
        hours = {{ wed = "08:00-09:00" }}
    """
    table = read_table(text, "t.toml")

    levels = (table.routes[0].rules, table.rules, table.buyer_rules["acme"])
    assert [rules.hours for rules in levels] == [
        Hours(week("8-9")),
        Hours(week("", "8-9")),
        Hours(week("", "", "8-9")),
    ]


PLACE = "t.toml:7: routes[1].hours"
WINDOW = 'a window in 24-hour times as in "08:00-18:00"'


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param('mon = "8am-6pm"', f'.mon: must be {WINDOW}, found "8am-6pm"', id="am and pm"),
        pytest.param('mon = ""', f'.mon: must be {WINDOW}, found ""', id="an empty text"),
        pytest.param(
            'mon = ["08:00-12:00", "13-18"]',
            f'.mon[2]: must be {WINDOW}, found "13-18"',
            id="hours",
        ),
        pytest.param(
            'mon = "08:00-25:00"',
            f'.mon: must be {WINDOW}, found "08:00-25:00"; a day goes from 00:00 to 24:00',
            id="an hour that no day has",
        ),
        pytest.param(
            'mon = "24:00-08:00"',
            f'.mon: must be {WINDOW}, found "24:00-08:00"; a day goes from 00:00 to 24:00',
            id="a beginning at 24:00",
        ),
        pytest.param(
            'mon = "08:60-09:00"',
            f'.mon: must be {WINDOW}, found "08:60-09:00"; a day goes from 00:00 to 24:00',
            id="a minute that no hour has",
        ),
        pytest.param(
            'mon = "08:00-08:00"',
            '.mon: "08:00-08:00" ends when it begins: write "00:00-24:00" for a whole day, '
            "or [] for a day that is closed",
            id="an empty window",
        ),
        pytest.param(
            'mon = "00:00-00:00"',
            '.mon: "00:00-00:00" ends when it begins: write "00:00-24:00" for a whole day, '
            "or [] for a day that is closed",
            id="a window from midnight to the same midnight",
        ),
        pytest.param(
            "mon = 8",
            '.mon: must be windows as in ["08:00-12:00", "13:00-18:00"], at most 24, found 8',
            id="a number",
        ),
        pytest.param(
            f"mon = {['08:00-09:00'] * (MOST_WINDOWS + 1)}",
            '.mon: must be windows as in ["08:00-12:00", "13:00-18:00"], at most 24, found 25',
            id="too many windows",
        ),
        pytest.param(
            'mon = ["13:00-18:00", "08:00-13:30"]',
            '.mon[1]: "13:00-18:00" on mon overlaps "08:00-13:30" on mon (line 7); '
            "let one end before the other begins",
            id="overlapping windows",
        ),
        pytest.param(
            'every_day = ["22:00-06:00", "05:00-12:00"]',
            '.every_day[2]: "05:00-12:00" on tue overlaps "22:00-06:00" on mon (line 7); '
            "let one end before the other begins",
            id="the night goes on into the next day's window",
        ),
        pytest.param(
            'mon = "00:00-08:00"\nsun = "20:00-01:00"',
            '.mon: "00:00-08:00" on mon overlaps "20:00-01:00" on sun (line 8); '
            "let one end before the other begins",
            id="Sunday night goes on into Monday's window",
        ),
        pytest.param(
            'zone = "CST"',
            '.zone: must be an IANA time zone, area and city, found "CST"; '
            "did you mean America/Chicago?",
            id="a zone in three letters",
        ),
        pytest.param(
            'holidays = ["US", "Texas"]',
            ".holidays[2]: no holidays are known of 'Texas'; did you mean US-TX?",
            id="an unknown country",
        ),
        pytest.param(
            'holidays = "US-Tenessee"',
            ".holidays: US has no subdivision 'Tenessee'; did you mean US-TN?",
            id="an unknown state",
        ),
        pytest.param(
            'closed_on = ["24.12.2026"]',
            ".closed_on[1]: must be dates as in [2026-12-24, 2026-12-31], at most 100, "
            'found "24.12.2026"',
            id="not a date",
        ),
        pytest.param(
            "closed_on = [2026-12-24T08:00:00]",
            ".closed_on[1]: must be dates as in [2026-12-24, 2026-12-31], at most 100, "
            "found the date or time 2026-12-24 08:00:00",
            id="a date with a time",
        ),
        pytest.param(
            f"closures = {[0] * 3}",
            ".closures[1]: must be a list of tables as in [{ from = 2026-11-27T08:00:00, "
            "until = 2026-11-28T08:00:00 }], at most 100, found 0",
            id="closures that aren't tables",
        ),
        pytest.param(
            "closures = [{ from = 2026-06-02T08:00:00, until = 2026-06-01T08:00:00 }]",
            ".closures[1].until: must be after from, 2026-06-02 08:00:00; "
            "found 2026-06-01 08:00:00",
            id="a closure that ends before it begins",
        ),
        pytest.param(
            'openings = [{ from = 2026-06-01T08:00:00, until = "2026-06-01T08:00" }]',
            ".openings[1].until: must be after from, 2026-06-01 08:00:00; "
            "found 2026-06-01 08:00:00",
            id="an opening that ends when it begins",
        ),
        pytest.param(
            "closures = [{ from = 2026-06-01T08:00:00Z, until = 2026-06-02T08:00:00 }]",
            ".closures[1].until: must be like from: both with an offset from UTC, or both without",
            id="an offset on one side only",
        ),
        pytest.param(
            "closures = [{ from = 2026-06-01, until = 2026-06-02T08:00:00 }]",
            ".closures[1].from: must be a date and time as in 2026-11-27T08:00:00, "
            "found the date or time 2026-06-01",
            id="a closure from a whole day",
        ),
        pytest.param(
            'closures = [{ from = "8:00 tomorrow", until = 2026-06-02T08:00:00 }]',
            ".closures[1].from: must be a date and time as in 2026-11-27T08:00:00, "
            'found "8:00 tomorrow"',
            id="a closure from words",
        ),
        pytest.param(
            "closures = [{ from = 2026-06-01T08:00:30, until = 2026-06-02T08:00:00 }]",
            ".closures[1].from: must be a whole minute, without seconds, "
            "found the date or time 2026-06-01 08:00:30",
            id="a closure from a second",
        ),
        pytest.param(
            "closures = [{ from = 2026-06-01T08:00:00, until = 9999-12-31T23:59:00 }]",
            ".closures[1].until: must be in a year from 2000 to 2100, "
            "found the date or time 9999-12-31 23:59:00",
            id="a closure for ever",
        ),
        pytest.param(
            "closures = [{ from = 2026-06-01T08:00:00 }]",
            ".closures[1].until: is missing; write for example until = 2026-11-27T08:00:00",
            id="a closure without an end",
        ),
        pytest.param(
            "closures = [{ until = 2026-06-01T08:00:00 }]",
            ".closures[1].from: is missing; write for example from = 2026-11-27T08:00:00",
            id="a closure without a beginning",
        ),
        pytest.param(
            'wednesday = "08:00-18:00"',
            '.wednesday: isn\'t a key of [routes.hours]; did you mean "wed"?',
            id="a weekday in full",
        ),
    ],
)
def test_bad_hours_are_refused_with_file_line_key_and_what_was_expected(
    text: str, problem: str
) -> None:
    assert PLACE + problem in problems_of(text)[:1]


@pytest.mark.parametrize("text", ["every_day = []", "sun = []", "mon = []\ntue = []"])
def test_hours_that_never_open_are_refused(text: str) -> None:
    assert problems_of(text) == [
        "t.toml:6: routes[1].hours: is open at no time; "
        'write for example every_day = "00:00-24:00", or leave it out'
    ]


def test_every_problem_is_told_once_though_a_key_is_for_many_days() -> None:
    text = 'weekdays = ["08:00-12:00", "11:00-13:00", "noon"]'

    assert problems_of(text) == [
        f'{PLACE}.weekdays[2]: "11:00-13:00" on mon overlaps "08:00-12:00" on mon (line 7); '
        "let one end before the other begins",
        f'{PLACE}.weekdays[3]: must be {WINDOW}, found "noon"',
    ]


@pytest.mark.parametrize(
    "hours",
    ["hours = 3", "hours = []", 'hours = { mon = [[]], closures = 3, openings = [3], sun = {} }'],
)  # fmt: skip
def test_hours_of_the_wrong_shape_are_refused(hours: str) -> None:
    with pytest.raises(PolicyFileError, match=r"t\.toml:6: routes\[1\]\.hours"):
        read_table(HEAD.replace("[routes.hours]", hours), "t.toml")


def test_more_closures_than_a_call_can_look_at_are_refused() -> None:
    closure = "{ from = 2026-06-01T08:00:00, until = 2026-06-02T08:00:00 }"

    assert read(f"closures = [{', '.join([closure] * MOST_ENTRIES)}]")
    (problem,) = problems_of(f"closures = [{', '.join([closure] * (MOST_ENTRIES + 1))}]")
    assert problem.endswith("at most 100, found 101")
