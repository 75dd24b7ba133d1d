"""The people who call: their numbers as a carrier reports them, and how long they wait and talk."""

from dataclasses import dataclass, field
from random import Random
from urllib.parse import quote

from callrouter.simulator.chance import Span

WITHHELD_SPELLINGS = (
    "anonymous",
    "Anonymous",
    "ANONYMOUS",
    "RESTRICTED",
    "Restricted",
    "unknown",
    "Unknown",
    "Unavailable",
    "UNAVAILABLE",
    "Blocked",
    "+266696687",
    "+7378742833",
    "+2562533",
    "+8656696",
    "+86282452253",
    "",
)
"""Ways a withheld number arrives: words of any case, their old keypad spellings, nothing."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a number is at home, as the geo parameters of a webhook say it."""

    city: str = ""
    state: str = ""
    postcode: str = ""
    country: str = ""


NOWHERE = Place()
TOLL_FREE = Place(country="US")

PLACES = {
    "415": Place("SAN FRANCISCO", "CA", "94105", "US"),
    "212": Place("NEW YORK", "NY", "10001", "US"),
    "312": Place("CHICAGO", "IL", "60601", "US"),
    "713": Place("HOUSTON", "TX", "77002", "US"),
    "602": Place("PHOENIX", "AZ", "85003", "US"),
    "215": Place("PHILADELPHIA", "PA", "19102", "US"),
    "305": Place("MIAMI", "FL", "33130", "US"),
    "404": Place("ATLANTA", "GA", "30303", "US"),
    "617": Place("BOSTON", "MA", "02108", "US"),
    "206": Place("SEATTLE", "WA", "98101", "US"),
    "303": Place("DENVER", "CO", "80202", "US"),
    "313": Place("DETROIT", "MI", "48226", "US"),
    "612": Place("MINNEAPOLIS", "MN", "55401", "US"),
    "503": Place("PORTLAND", "OR", "97204", "US"),
    "702": Place("LAS VEGAS", "NV", "89101", "US"),
    "504": Place("NEW ORLEANS", "LA", "70112", "US"),
    "816": Place("KANSAS CITY", "MO", "64106", "US"),
    "901": Place("MEMPHIS", "TN", "38103", "US"),
    "808": Place("HONOLULU", "HI", "96813", "US"),
    "907": Place("ANCHORAGE", "AK", "99501", "US"),
}

_TOLL_FREE_CODES = frozenset({"800", "888", "877", "866", "855", "844", "833"})


def place_of(number: str) -> Place:
    """The place of an American number; toll-free numbers have a country only, others nothing."""
    if number in WITHHELD_SPELLINGS or not number.startswith("+1"):
        return NOWHERE
    area_code = number[2:5]
    return TOLL_FREE if area_code in _TOLL_FREE_CODES else PLACES.get(area_code, NOWHERE)


@dataclass(frozen=True, slots=True)
class CallerProfile:
    """What the callers of a run are like; shares are 0..1, spans virtual seconds.

    `digits` is what a caller presses at a menu, `press_after_s` later; nothing by default.
    """

    withheld: float = 0.05
    forwarded: float = 0.02
    attested: float = 0.3
    named: float = 0.1
    patience_s: Span = field(default=Span(25, 180))
    talk_s: Span = field(default=Span(60, 900))
    leaves_message: float = 0.5
    message_s: Span = field(default=Span(4, 40))
    digits: str = ""
    press_after_s: Span = field(default=Span(1, 3))


@dataclass(frozen=True, slots=True)
class Caller:
    """One caller: `number` as the carrier passes it on, and what they do in virtual seconds.

    `patience_s`: until they hang up when nobody is connected; `talk_s`: the most they would talk;
    `message_s`: how long they speak after a beep, 0 for those who hang up at it.
    """

    number: str
    patience_s: float
    talk_s: float
    message_s: float = 0.0
    digits: str = ""
    press_after_s: float = 1.0
    extras: tuple[tuple[str, str], ...] = ()

    @property
    def is_withheld(self) -> bool:
        """Whether the number is one of the ways to say that there is none."""
        return self.number in WITHHELD_SPELLINGS

    @property
    def place(self) -> Place:
        """The caller's place; unknown when the number is withheld."""
        return place_of(self.number)


def draw_caller(profile: CallerProfile, chance: Random) -> Caller:
    """One caller of the profile. Draws the same values in the same order whatever the shares."""
    number = f"+1{chance.choice(sorted(PLACES))}555{chance.randint(100, 199):04d}"
    spelling = chance.choice(WITHHELD_SPELLINGS)
    withheld = chance.random() < profile.withheld
    message_s = profile.message_s.draw(chance)
    return Caller(
        number=spelling if withheld else number,
        patience_s=profile.patience_s.draw(chance),
        talk_s=profile.talk_s.draw(chance),
        message_s=message_s if chance.random() < profile.leaves_message else 0.0,
        digits=profile.digits,
        press_after_s=profile.press_after_s.draw(chance),
        extras=_draw_extras(profile, chance, withheld=withheld),
    )


def _draw_extras(
    profile: CallerProfile, chance: Random, *, withheld: bool
) -> tuple[tuple[str, str], ...]:
    """Parameters that only some calls carry: attestation, caller name, diversion."""
    attested, named, forwarded = (chance.random() for _ in range(3))
    level = chance.choice("ABC")
    extras: list[tuple[str, str]] = []
    if attested < profile.attested and not withheld:
        extras += [
            ("StirVerstat", f"TN-Validation-Passed-{level}"),
            ("StirPassportToken", "eyJhbGciOiJFUzI1NiIsInBwdCI6InNoYWtlbiJ9.SIMULATED.SIG"),
        ]
    if named < profile.named and not withheld:
        extras.append(("CallerName", "DOE JANE"))
    if forwarded < profile.forwarded:
        extras.append(("ForwardedFrom", "+12125550199"))
    return tuple(extras)


def call_token(call_sid: str) -> str:
    """The opaque `CallToken` of a call (URL-encoded JSON, as Twilio sends it)."""
    return quote(
        f'{{"parentCallInfoToken":"simulated.{call_sid}","identityHeaderTokens":[]}}', safe=""
    )
