"""One attempt to put a caller through, as its events tell it: one destination that was dialled.

Of a ring group each destination has one of its own, all with the same number. What an attempt means
in outcomes and seconds is decided elsewhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from callrouter.domain.calls.events import (
    DialEnded,
    LegProgressed,
    LegStatus,
    LegSwept,
    RouteDecided,
    ScreeningAnswered,
    WhisperStarted,
)
from callrouter.domain.routing.decision import Dial


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """Everything that is known of one attempt at one destination.

    `destination_id` is the one that the carrier dialled; its own word outranks our decision. They
    differ when two machines decided apart from each other during an outage: what the carrier did is
    then what its requests carry in their URLs.

    `dial` is what we told the carrier, where the decision is known. `legs` has one event per status
    of its leg. `dial_ended` ends the whole Dial; of several that were rung together, it is about
    the one that `has_lead`: the one that had the call, if any of them had. `was_rung_beside` tells
    that another one of them is known to have been dialled, and so this one was.
    """

    attempt: int
    destination_id: str
    decided: RouteDecided | None
    dial: Dial | None
    dial_ended: DialEnded | None
    legs: Mapping[LegStatus, LegProgressed]
    whisper: WhisperStarted | None
    screening: ScreeningAnswered | None
    swept: LegSwept | None
    has_lead: bool = True
    was_rung_beside: bool = False

    @property
    def is_screened(self) -> bool:
        """Whether the buyer had to press a key before the two were joined."""
        return self.screening is not None or bool(self.dial and self.dial.screening)

    @property
    def is_whispered(self) -> bool:
        """Whether the buyer's side heard something of ours before the two were joined.

        A whisper, a prompt, or the digits that its menu was sent.
        """
        if self.is_screened or self.whisper is not None:
            return True
        return self.dial is not None and bool(self.dial.whisper or self.dial.send_digits)

    @property
    def own_end(self) -> DialEnded | None:
        """The Dial's end as far as its figures are about this destination's leg."""
        return self.dial_ended if self.has_lead else None

    @property
    def final_leg(self) -> LegProgressed | None:
        """The callback that reported the leg's end; a completed leg outranks any other end."""
        ends = [event for status, event in self.legs.items() if status.is_final]
        return min(ends, key=lambda e: (e.status is not LegStatus.COMPLETED, e.key), default=None)

    @property
    def has_sign(self) -> bool:
        """Whether anything of the carrier's is about this destination's own leg."""
        return bool(self.legs or self.swept or self.whisper or self.screening)

    @property
    def was_dialled(self) -> bool:
        """Whether anything of the carrier's shows that it dialled this attempt at all."""
        return self.has_sign or self.dial_ended is not None or self.was_rung_beside

    @property
    def leg_sid(self) -> str:
        """The carrier's id of the buyer's leg, or "" when none is known."""
        events = (self.own_end, self.swept, self.whisper, self.screening, *self.legs.values())
        return next((e.leg_sid for e in events if e is not None and e.leg_sid), "")

    @property
    def is_told_to_its_end(self) -> bool:
        """Whether nothing more is expected of it: the Dial's action, and the end of its leg.

        A call that another one of its ring group had isn't held up by a leg of which nothing was
        ever heard: the carrier may never have made it.
        """
        end, final = self.dial_ended, self.final_leg
        if end is None or end.status is None:
            return False
        if not self.has_lead:
            return final is not None or (bool(end.bridged) and not self.has_sign)
        if final is None:
            # Without a leg's id the carrier could not even make a leg of that number.
            is_legless = not end.leg_sid and not self.legs
            return is_legless and not end.bridged and end.status is not LegStatus.COMPLETED
        return not end.bridged or final.duration_s is not None or end.duration_s is not None
