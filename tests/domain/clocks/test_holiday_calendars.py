from datetime import date

import pytest
from holidays.registry import COUNTRIES

from callrouter.domain.clocks.holiday_calendars import check_calendar, list_holidays


@pytest.mark.parametrize(
    ("calendar", "day", "name"),
    [
        pytest.param("US", "2026-11-26", "Thanksgiving Day", id="nationwide"),
        pytest.param("US", "2026-11-27", None, id="the Friday after is a state's holiday only"),
        pytest.param("US-TX", "2026-11-27", "Friday After Thanksgiving", id="a state's own"),
        pytest.param("US-TX", "2026-11-26", "Thanksgiving Day", id="nationwide, in a state too"),
        pytest.param("US", "2027-07-04", "Independence Day", id="a Sunday"),
        pytest.param("US", "2027-07-05", "Independence Day (observed)", id="made up for on Monday"),
        pytest.param("US", "2027-12-31", "New Year's Day (observed)", id="the year before its own"),
        pytest.param("DE", "2027-03-29", "Easter Monday", id="in English where it is translated"),
    ],
)
def test_a_calendar_names_its_holidays(calendar: str, day: str, name: str | None) -> None:
    when = date.fromisoformat(day)

    assert list_holidays(calendar, when.year).get(when) == name


@pytest.mark.parametrize("code", ["US", "US-TX", "CA", "CA-ON", "GB", "GB-ENG", "MX", "PR"])
def test_a_country_or_its_state_is_accepted(code: str) -> None:
    assert check_calendar(code) is None


@pytest.mark.parametrize(
    ("written", "refusal"),
    [
        pytest.param("USA", "no holidays are known of 'USA'; did you mean US?", id="three letters"),
        pytest.param("us", "no holidays are known of 'us'; did you mean US?", id="small letters"),
        pytest.param(
            "United States", "no holidays are known of 'United States'; did you mean US?", id="name"
        ),
        pytest.param(
            "us-tx", "no holidays are known of 'us-tx'; did you mean US-TX?", id="small and a state"
        ),
        pytest.param("TX", "no holidays are known of 'TX'; did you mean US-TX?", id="only a state"),
        pytest.param(
            "Texas", "no holidays are known of 'Texas'; did you mean US-TX?", id="a state's name"
        ),
        pytest.param(
            "Californa", "no holidays are known of 'Californa'; did you mean US-CA?", id="misspelt"
        ),
        pytest.param(
            "XX",
            "no holidays are known of 'XX'; write a country's two letters, "
            "or a country and state as in US-TX",
            id="nothing like it",
        ),
        pytest.param(
            "US-Texas", "US has no subdivision 'Texas'; did you mean US-TX?", id="name of a state"
        ),
        pytest.param(
            "US-tx", "US has no subdivision 'tx'; did you mean US-TX?", id="state in small letters"
        ),
        pytest.param(
            "CA-TX",
            "CA has no subdivision 'TX'; it has AB, BC, MB, NB, NL, NS, NT, NU, ON, PE, QC, SK, YT",
            id="another country's state",
        ),
        pytest.param(
            "JM-01",
            "JM has no subdivision '01': its holidays are the same everywhere; write JM",
            id="a country without subdivisions",
        ),
        pytest.param(
            "U" * 61,
            "must be a country or state as in US or US-TX, found 61 characters",
            id="endless",
        ),
    ],
)
def test_an_unknown_calendar_is_refused_with_what_was_perhaps_meant(
    written: str, refusal: str
) -> None:
    assert check_calendar(written) == refusal


def test_the_holidays_of_every_country_can_be_listed() -> None:
    for codes in COUNTRIES.values():
        assert check_calendar(codes[1]) is None
        days = list_holidays(codes[1], 2026)
        assert {day.year for day in days} <= {2026}
        assert all(days.values())
