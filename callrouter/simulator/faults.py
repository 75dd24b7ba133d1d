"""What a carrier does to its webhooks on request: repeats, shuffles, delays, loses, gives up on."""

from dataclasses import dataclass, field
from enum import StrEnum

from callrouter.simulator.chance import Chance, Span


class Fault(StrEnum):
    """A way of misbehaving, each seen of real carriers.

    REPEAT: any webhook is sent a second time, to be answered byte for byte as the first was.
    SHUFFLE: a call's status callbacks are kept to its end and then sent in random order.
    DELAY: a status callback is sent later. LOSE: a status callback is never sent.
    SLOW: the carrier stops waiting for a voice or Dial-action answer and asks the fallback URL.
    """

    REPEAT = "repeat"
    SHUFFLE = "shuffle"
    DELAY = "delay"
    LOSE = "lose"
    SLOW = "slow"


@dataclass(frozen=True, slots=True)
class Faults:
    """Which faults a run has, and the share (0..1) of the calls or webhooks that each one hits."""

    kinds: frozenset[Fault] = frozenset()
    share: float = 0.15
    delay_s: Span = field(default=Span(2, 60))
    repeat_after_s: Span = field(default=Span(0, 4))

    def of_call(self, chance: Chance) -> "CallFaults":
        """The faults as they hit one call."""
        return CallFaults(self, chance)


def parse_faults(text: str, share: float = 0.15) -> Faults:
    """Faults from `all`, `none` or a comma list (`repeat,lose`).

    Raises ValueError naming the unknown word and the known ones.
    """
    words = {word.strip() for word in text.split(",") if word.strip()}
    if words == {"all"}:
        return Faults(frozenset(Fault), share)
    if words <= {"none"}:
        return Faults(frozenset(), share)
    unknown = words - set(Fault)
    if unknown:
        known = ", ".join(Fault)
        raise ValueError(
            f"unknown fault {', '.join(sorted(unknown))}: choose of all, none, {known}"
        )
    return Faults(frozenset(Fault(word) for word in words), share)


@dataclass(frozen=True, slots=True)
class CallFaults:
    """The draws of one call; a topic (`"action", 2`) always gets the same answer."""

    faults: Faults
    chance: Chance

    def hits(self, fault: Fault, *topic: object) -> bool:
        """Whether this fault happens to this topic."""
        if fault not in self.faults.kinds:
            return False
        return self.chance.of(fault, *topic).random() < self.faults.share

    def delay_s(self, *topic: object) -> float:
        """Virtual seconds that a callback is kept back; 0 when it isn't."""
        if not self.hits(Fault.DELAY, *topic):
            return 0.0
        return self.faults.delay_s.draw(self.chance.of("delay_s", *topic))

    def repeat_after_s(self, *topic: object) -> float | None:
        """Virtual seconds after which a webhook is sent again; None when it isn't.

        A third of the repeats go out at once, while the first is still in flight.
        """
        if not self.hits(Fault.REPEAT, *topic):
            return None
        chance = self.chance.of("repeat_after_s", *topic)
        return 0.0 if chance.random() < 1 / 3 else self.faults.repeat_after_s.draw(chance)
