"""The sections of a terms file: which keys there are, and what each may be."""

import re
from datetime import date, datetime
from typing import Annotated, TypeAlias

from pydantic import BeforeValidator, Field, InstanceOf

from callrouter.adapters.policy_files.explain import Section
from callrouter.adapters.policy_files.hours_section import HOURS, HoursSection
from callrouter.adapters.policy_files.rules import (
    CURRENCY,
    LONGEST_NAME,
    PRICE,
    TRUE_OR_FALSE,
    ZONE,
    Refusal,
    Rule,
    fitting,
    must_be,
    one_of,
    slug,
    span,
    whole,
    written,
)
from callrouter.domain.billing.terms import Clock, Cycle, Operator, Rounding, TheirTime

LONGEST_THRESHOLD_S = 86_400
MOST_TERMS = 1000
"""Of one party: each is looked at for each of its calls."""

MOST_LINES = 8
"""Of an address: more don't fit above a statement."""
_YEARS = range(2000, 2101)
_PERCENT = re.compile(r"(?:100(?:\.0{1,4})?|[0-9]{1,2}(?:\.[0-9]{1,4})?) ?%")
_EMAIL = re.compile(r"[^@\s,;<>\"]{1,64}@[^@\s,;<>\"]{1,180}\.[^@\s,;<>\".]{2,60}")


def _as_date(value: object) -> object:
    """A date or instant that is written in quotes, or whatever else stands there."""
    if not isinstance(value, str):
        return value
    try:
        return datetime.fromisoformat(value) if ":" in value else date.fromisoformat(value)
    except ValueError:
        return value


def _refuse_date(value: object) -> Refusal:
    if not isinstance(value, date) or value.year not in _YEARS:
        return must_be(f"in a year from {_YEARS[0]} to {_YEARS[-1]}", value)
    if isinstance(value, datetime) and value.tzinfo is None:
        return (
            f"has no offset from UTC: write {value.isoformat()}Z, or with -05:00 and the like; "
            "or only the date, which begins at midnight in the party's zone"
        )
    return None


def _refuse_address(value: object) -> Refusal:
    if isinstance(value, list) and len(value) > MOST_LINES:
        return f"must be {ADDRESS.expected}, found {len(value)}"
    return None


DATE = Rule("a date as in 2026-10-01", "2026-10-01", _refuse_date)
PERCENT = fitting(_PERCENT, 'a percentage in quotes, as in "40 %"', "40 %")
ADDRESS = Rule(
    f'a list of lines as in ["1 Main Street", "Albany, NY 12207"], {MOST_LINES} at most',
    '["1 Main Street", "Albany, NY 12207"]',
    _refuse_address,
)
EMAIL = fitting(_EMAIL, "one e-mail address", "billing@acme.example")

_Date: TypeAlias = Annotated[InstanceOf[date], BeforeValidator(_as_date), DATE]
_AfterS: TypeAlias = Annotated[int, whole(0, LONGEST_THRESHOLD_S, 120, "seconds")]
_StepS: TypeAlias = Annotated[int, whole(1, 3600, 6, "seconds")]


class BandSection(Section):
    """`[[terms.bands]]`: a price from a threshold on; the highest reached replaces the others."""

    after_s: _AfterS
    price: Annotated[str, PRICE]


class PerMinuteSection(Section):
    """`per_minute`: a price by the minute, in increments."""

    price: Annotated[str, PRICE]
    first_s: _StepS
    next_s: _StepS
    after_s: _AfterS = 0


class TermsSection(Section):
    """`[[terms]]`: what is paid for which calls, from when until when."""

    campaign: Annotated[str, slug("flood-repair")] = ""
    destination: Annotated[str, slug("acme-east")] = ""
    from_: Annotated[_Date, Field(alias="from")]
    until: _Date | None = None
    clock: Annotated[str, one_of(*Clock)] = "connected"
    operator: Annotated[str, one_of(*Operator)] = ">="
    rounding: Annotated[str, one_of(*Rounding)] = "exact"
    threshold_s: Annotated[int | None, whole(0, LONGEST_THRESHOLD_S, 120, "seconds")] = None
    price: Annotated[str, PRICE] = ""
    bands: Annotated[list[BandSection], Field(default_factory=list)]
    per_minute: Annotated[
        PerMinuteSection | None,
        Rule(
            'a table as in { price = "0.50", first_s = 30, next_s = 6 }',
            '{ price = "0.50", first_s = 30, next_s = 6 }',
        ),
    ] = None
    per_attempt: Annotated[str, PRICE] = ""
    share: Annotated[str, PERCENT] = ""
    hours: Annotated[HoursSection | None, HOURS] = None
    duplicate_window: Annotated[str, span("1m", "365d", "30d")] = ""
    most_per_day: Annotated[int | None, whole(1, 1_000_000, 50, "calls")] = None


class TieOutSection(Section):
    """`[tie_out]`: how a buyer's own records are held against ours."""

    tolerance_s: Annotated[int, whole(0, 60, 1, "seconds")] = 1
    dispute_days: Annotated[int | None, whole(1, 365, 14, "days")] = None
    zone: Annotated[str, ZONE] = ""
    their_time: Annotated[str, one_of(*TheirTime)] = ""


class TermsFile(Section):
    """A whole terms file: one party."""

    buyer: Annotated[str, slug("acme")] = ""
    publisher: Annotated[str, slug("radio-kx")] = ""
    name: Annotated[str, written("Acme Restoration", 0, LONGEST_NAME)] = ""
    email: Annotated[str, EMAIL] = ""
    address: Annotated[
        list[Annotated[str, written("1 Main Street", 1, LONGEST_NAME)]],
        Field(default_factory=list),
        ADDRESS,
    ]
    zone: Annotated[str, ZONE]
    currency: Annotated[str, CURRENCY] = "USD"
    cycle: Annotated[str, one_of(*Cycle)] = "month"
    net_days: Annotated[int, whole(0, 365, 15, "days")] = 30
    credit_limit: Annotated[str, PRICE] = ""
    prepaid: Annotated[bool, TRUE_OR_FALSE] = False
    tie_out: TieOutSection | None = None
    terms: Annotated[list[TermsSection], Field(min_length=1, max_length=MOST_TERMS)]
