"""Whether a talk must be paid for, by what the route said when it was dialled."""

from callrouter.domain.routing.decision import Dial


def is_payable(dial: Dial, connected_ms: int, *, connected: bool) -> bool:
    """Whether a buyer who was connected for so long pays; any talk where no threshold is set."""
    return connected and connected_ms >= (dial.payable_after_s or 0) * 1000


def earn_micros(dial: Dial, connected_ms: int, *, connected: bool) -> int:
    """What the talk earns, in micro-units of the table's currency; 0 without a price."""
    return (dial.price_micros or 0) if is_payable(dial, connected_ms, connected=connected) else 0
