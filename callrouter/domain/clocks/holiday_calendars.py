"""Public holidays by country and state, as the `holidays` package computes them.

A calendar's code is a country's (ISO 3166-1, as in "US") or a subdivision's (ISO 3166-2, as in
"US-TX"). Knows nothing of what a holiday means to anybody's hours.
"""

from collections.abc import Mapping
from datetime import date
from difflib import get_close_matches
from functools import cache, lru_cache
from types import MappingProxyType

from holidays import country_holidays
from holidays.registry import COUNTRIES

_LONGEST_CODE = 60


def check_calendar(text: str) -> str | None:
    """What is wrong with a calendar's code that a person wrote, or None when there is one."""
    if len(text) > _LONGEST_CODE:
        return f"must be a country or state as in US or US-TX, found {len(text)} characters"
    country, dash, subdivision = text.partition("-")
    if country not in _countries():
        return f"no holidays are known of {text!r}{_propose(_near_calendars(text))}"
    if not dash:
        return None
    names = _subdivisions(country)
    if subdivision in names.values():
        return None
    said = f"{country} has no subdivision {subdivision!r}"
    near = _near(subdivision, names)
    if near:
        return said + _propose([f"{country}-{code}" for code in near])
    if not names:
        return f"{said}: its holidays are the same everywhere; write {country}"
    return f"{said}; it has {', '.join(sorted(set(names.values())))}"


@lru_cache(maxsize=4096)
def list_holidays(calendar: str, year: int) -> Mapping[date, str]:
    """The name of every public holiday in `year`, by date; in English where there is a translation.

    `check_calendar` has accepted the code. A subdivision's calendar has the nationwide holidays
    that are kept there, and its own. A holiday that is made up for on another day, as when it falls
    on a Sunday, has both dates.
    """
    country, _, subdivision = calendar.partition("-")
    found = country_holidays(
        country, subdiv=subdivision or None, years=year, expand=False, language="en_US"
    )
    return MappingProxyType(dict(found))


@cache
def _countries() -> Mapping[str, str]:
    """The name of each country by its two letters."""
    return MappingProxyType({codes[1]: name for name, codes in COUNTRIES.items()})


@cache
def _subdivisions(country: str) -> Mapping[str, str]:
    """The code of each subdivision of a country, by its codes and names in lower case."""
    entity = country_holidays(country)
    names = {alias.lower(): code for alias, code in entity.subdivisions_aliases.items()}
    return MappingProxyType(names | {code.lower(): code for code in entity.subdivisions})


def _near_calendars(text: str) -> list[str]:
    """Codes of calendars that were perhaps meant: a country's other names, or a state's of the US.

    The only states tried are those of the United States, which people write without their country.
    """
    countries = {
        written.lower(): codes[1]
        for name, codes in COUNTRIES.items()
        for written in (*codes[1:3], name)
    }
    wanted = text.lower().replace(" ", "_")
    if wanted in countries:
        return [countries[wanted]]
    states = _subdivisions("US")
    if text.lower() in states:
        return [f"US-{states[text.lower()]}"]
    country, dash, rest = wanted.partition("-")
    if dash and country in countries:
        return [f"{countries[country]}-{rest.upper()}"]
    return _near(wanted, countries) or [f"US-{code}" for code in _near(text, states)]


def _near(text: str, codes: Mapping[str, str]) -> list[str]:
    """The codes whose names are spelt like `text`, two at most."""
    wanted = text.lower()
    # One wrong letter of two makes any code resemble any other.
    near = get_close_matches(wanted, codes, n=2, cutoff=0.8)
    return list(dict.fromkeys(codes[name] for name in ([wanted] if wanted in codes else near)))


def _propose(codes: list[str]) -> str:
    if codes:
        return f"; did you mean {' or '.join(codes)}?"
    return "; write a country's two letters, or a country and state as in US-TX"
