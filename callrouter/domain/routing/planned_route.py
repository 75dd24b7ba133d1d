"""A route of a table with all that holds for it, whoever calls; made once, by a plan."""

from dataclasses import dataclass

from callrouter.domain.clocks.timetable import Timetable
from callrouter.domain.limits.caps import Counter
from callrouter.domain.routing.decision import Candidate, Dial, Skip, SkipRule
from callrouter.domain.tables.directory import Destination, Directory
from callrouter.domain.tables.routing_table import Group, Ring, Route, RoutingTable
from callrouter.domain.tables.rules import Rules


@dataclass(frozen=True, slots=True)
class PlannedRoute:
    """A route with all that holds for it.

    `destination` is None when the directory doesn't have it. `own_counters` are the destination's;
    `shared_counters` those of its buyer, its group and the campaign, which a group that rings
    together takes once. `candidate` is how a decision shows the route when nothing stands against
    it, `dial` how it is dialled for a call of which nothing special must be said; None without a
    destination. `unusable` is why the directory keeps everybody from it. `is_listed` is False for
    what only the table's end or a DID names.
    """

    route: Route
    destination: Destination | None
    buyer_id: str
    rules: Rules
    timetable: Timetable | None
    group: Group | None
    own_counters: tuple[Counter, ...]
    shared_counters: tuple[Counter, ...]
    candidate: Candidate
    dial: Dial | None
    unusable: Skip | None
    is_listed: bool = True

    @property
    def destination_id(self) -> str:
        """The route's destination."""
        return self.route.destination_id

    @property
    def rings_together(self) -> bool:
        """Whether the others of its group are rung at the same time."""
        return self.group is not None and self.group.ring is Ring.TOGETHER

    def amount_of(self, counter: Counter) -> int:
        """What one call on this route takes of a counter."""
        return (self.route.price_micros or 0) if counter.is_money else 1


def find_unusable(directory: Directory, destination: Destination | None) -> Skip | None:
    """Why no call at all may go to a destination, as far as the directory says; None if it may."""
    if destination is None:
        version = directory.version
        return Skip(SkipRule.NOT_IN_DIRECTORY, f"not in directory version {version}")
    if not destination.enabled:
        return Skip(SkipRule.DISABLED, destination.note or "switched off in the directory")
    return None


def make_dial(
    table: RoutingTable, route: Route, rules: Rules, destination: Destination | None
) -> Dial | None:
    """How the destination is dialled for a call of which nothing special must be said."""
    if destination is None:
        return None
    return Dial(
        destination_id=destination.destination_id,
        buyer_id=destination.buyer_id,
        dial_string=destination.dial,
        ring_s=route.ring_s,
        call_s=table.limits.call_s,
        caller_id=None,
        whisper=route.whisper,
        screening=route.screening,
        send_digits=route.send_digits,
        sip_header=route.sip_header,
        price_micros=route.price_micros,
        payable_after_s=route.payable_after_s,
        recovery=rules.recovery,
    )
