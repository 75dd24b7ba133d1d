"""From milliseconds to money, exactly: rounding, thresholds, bands, increments, shares.

The order is always the same: the time is rounded first, then compared, then paid for.
"""

from callrouter.domain.billing.terms import Band, Operator, PerMinute, Rounding, Terms
from callrouter.domain.money import DECIMALS, MICROS

_SECOND_MS = 1000
_MINUTE_MS = 60_000
_ROUND_UP_MS = {
    Rounding.FLOOR: 0,
    Rounding.CEILING: _SECOND_MS - 1,
    Rounding.NEAREST: _SECOND_MS // 2,
}
"""What is added before the rest of a second is cut off."""
_WHOLE = 1_000_000
"""Parts per million of everything."""


def round_ms(ms: int, rounding: Rounding) -> int:
    """The milliseconds that are compared and paid for; halves of a second are rounded up."""
    if rounding is Rounding.EXACT:
        return ms
    up_ms = _ROUND_UP_MS[rounding]
    return (ms + up_ms) // _SECOND_MS * _SECOND_MS


def is_reached(counted_ms: int, after_s: int, operator: Operator) -> bool:
    """Whether a time that is rounded already reaches a threshold."""
    if operator is Operator.AT_LEAST:
        return counted_ms >= after_s * _SECOND_MS
    return counted_ms > after_s * _SECOND_MS


def find_band(terms: Terms, counted_ms: int) -> Band | None:
    """The highest band that is reached, which replaces those below it; None below the first."""
    reached = (band for band in terms.bands if is_reached(counted_ms, band.after_s, terms.operator))
    return max(reached, key=lambda band: band.after_s, default=None)


def bill_ms(counted_ms: int, per_minute: PerMinute) -> int:
    """The time that is paid for: the first increment whole, then whole next ones; 0 for none."""
    first_ms, next_ms = per_minute.first_s * _SECOND_MS, per_minute.next_s * _SECOND_MS
    if counted_ms <= first_ms:
        return first_ms if counted_ms else 0
    return first_ms - (first_ms - counted_ms) // next_ms * next_ms


def price_minutes(billed_ms: int, per_minute: PerMinute, currency: str) -> int:
    """What billed time comes to, in the currency's smallest unit, half of which is rounded up."""
    return _round_to_unit(per_minute.price_micros * billed_ms, _MINUTE_MS, currency)


def price_share(parts_per_million: int, charged_micros: int, currency: str) -> int:
    """A share of what was charged, in the currency's smallest unit, half of it rounded up."""
    return _round_to_unit(charged_micros * parts_per_million, _WHOLE, currency)


def smallest_unit(currency: str) -> int:
    """The micro-units of the least that can be paid in a currency: of a cent, 10,000."""
    return MICROS // int(10 ** DECIMALS[currency])


def _round_to_unit(numerator: int, denominator: int, currency: str) -> int:
    """`numerator / denominator` micro-units, to the nearest smallest unit; a half goes up."""
    unit = smallest_unit(currency)
    whole = denominator * unit
    return (2 * numerator + whole) // (2 * whole) * unit
