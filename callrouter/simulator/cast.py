"""The cast of phones: what happens when a dial string is rung. Knows nothing of who routes to it.

A dial string is an E.164 number or a `sip:` address; one that is not in the cast is unreachable.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from random import Random

from callrouter.simulator.caller import CallerProfile
from callrouter.simulator.chance import Span


class PhoneOutcome(StrEnum):
    """What dialling a phone comes to, before anybody screens anything."""

    ANSWER = "answer"
    BUSY = "busy"
    NO_ANSWER = "no-answer"
    FAILED = "failed"


class Reaction(StrEnum):
    """What whoever picked up does when a whisper asks for a key."""

    ACCEPTS = "accepts"
    DECLINES = "declines"
    HANGS_UP = "hangs up"
    IGNORES = "ignores"


@dataclass(frozen=True, slots=True)
class PhoneProfile:
    """How one phone behaves over many calls.

    `answers`, `busy`, `no_answer` and `fails` are weights of a draw. `voicemail`, `declines`,
    `drops_early` and `hangs_up_first` are shares (0..1) of the answered calls: a machine picks up
    and presses nothing; a person declines a whisper; the line drops soon after the bridge; the
    phone, not the caller, ends the conversation. Times are virtual seconds: `pdd_s` from dialling
    to ringing, `ring_s` to the answer, `press_after_s` from a menu's start to the key.

    Ringing to the answer takes at least a second together with the delay before it: reported
    stamps are whole seconds, and a leg must not seem answered before its call arrived.
    """

    answers: float = 0.86
    busy: float = 0.05
    no_answer: float = 0.06
    fails: float = 0.03
    sip_code: int = 503
    pdd_s: Span = field(default=Span(0.5, 2.5))
    ring_s: Span = field(default=Span(2, 14))
    talk_s: Span = field(default=Span(20, 420))
    voicemail: float = 0.0
    declines: float = 0.0
    press_after_s: Span = field(default=Span(1, 5))
    drops_early: float = 0.0
    drop_after_s: Span = field(default=Span(1, 9))
    hangs_up_first: float = 0.5

    def __post_init__(self) -> None:
        if self.pdd_s.low + self.ring_s.low < 1:
            raise ValueError("a phone that answers rings for at least 1 s: raise pdd_s or ring_s")
        if not sum(self._weights()) > 0:
            raise ValueError("answers, busy, no_answer and fails can't all be 0")

    def _weights(self) -> tuple[float, float, float, float]:
        return (self.answers, self.busy, self.no_answer, self.fails)

    def draw(self, chance: Random) -> "Phone":
        """One dialling of this phone. Draws the same values in the same order every time."""
        outcome = chance.choices(tuple(PhoneOutcome), weights=self._weights())[0]
        pdd_s, ring_s = self.pdd_s.draw(chance), self.ring_s.draw(chance)
        talk_s, drop_after_s = self.talk_s.draw(chance), self.drop_after_s.draw(chance)
        press_after_s = self.press_after_s.draw(chance)
        voicemail, declines, drops, ends = (chance.random() for _ in range(4))
        refusal = chance.choice((Reaction.DECLINES, Reaction.HANGS_UP, Reaction.IGNORES))
        reaction = refusal if declines < self.declines else Reaction.ACCEPTS
        is_machine = voicemail < self.voicemail
        dropped = drops < self.drops_early and not is_machine
        return Phone(
            outcome=outcome,
            sip_code=self.sip_code,
            pdd_s=pdd_s,
            ring_s=ring_s,
            talk_s=drop_after_s if dropped else talk_s,
            reaction=Reaction.IGNORES if is_machine else reaction,
            press_after_s=press_after_s,
            hangs_up_first=dropped or ends < self.hangs_up_first,
            is_machine=is_machine,
        )


@dataclass(frozen=True, slots=True)
class Phone:
    """One dialling of a phone, drawn: what it does and when (virtual seconds)."""

    outcome: PhoneOutcome
    sip_code: int = 503
    pdd_s: float = 1.0
    ring_s: float = 3.0
    talk_s: float = 60.0
    reaction: Reaction = Reaction.ACCEPTS
    press_after_s: float = 1.0
    hangs_up_first: bool = True
    is_machine: bool = False


UNREACHABLE = Phone(PhoneOutcome.FAILED, sip_code=404, pdd_s=0.5)


@dataclass(frozen=True, slots=True)
class Outage:
    """A phone is out of order again and again; which calls it hits depends on when they dial.

    From `first_after_s` on (virtual, since the run began) every `every_s` for `lasts_s`. With no
    `dial_strings` each turn hits one phone of the cast, drawn for that turn.
    """

    every_s: float
    lasts_s: float
    first_after_s: float = 0.0
    outcome: PhoneOutcome = PhoneOutcome.FAILED
    dial_strings: tuple[str, ...] = ()

    def hits(self, dial_string: str, elapsed_s: float, everybody: tuple[str, ...]) -> bool:
        """Whether the phone is out of order `elapsed_s` after the run began."""
        since_s = elapsed_s - self.first_after_s
        if since_s < 0 or since_s % self.every_s >= self.lasts_s:
            return False
        if self.dial_strings:
            return dial_string in self.dial_strings
        turn = Random(f"outage:{int(since_s // self.every_s)}")  # noqa: S311 - repeatable
        return dial_string == turn.choice(everybody)


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody the carrier can reach, those who call, and the outages of a run."""

    phones: Mapping[str, PhoneProfile]
    callers: CallerProfile = field(default_factory=CallerProfile)
    outages: tuple[Outage, ...] = ()

    def dial(self, dial_string: str, chance: Random, elapsed_s: float) -> Phone:
        """What this dialling of a phone comes to. SIP headers after `?` don't choose the phone."""
        name = dial_string.partition("?")[0]
        profile = self.phones.get(name)
        if profile is None:
            return UNREACHABLE
        phone = profile.draw(chance)
        everybody = tuple(sorted(self.phones))
        for outage in self.outages:
            if outage.hits(name, elapsed_s, everybody):
                return replace(phone, outcome=outage.outcome)
        return phone
