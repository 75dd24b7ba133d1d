"""Stripe's amounts, which are in a currency's smallest unit, as micro-units.

Source: Stripe's page "Supported currencies". A yen has no smaller unit, a dinar a thousand.
"""

from callrouter.domain.money import MICROS

_WITHOUT_DECIMALS = frozenset(
    {"BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV"}
    | {"XAF", "XOF", "XPF"}
)
_WITH_THREE_DECIMALS = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})


def to_micros(amount: int, currency: str) -> int:
    """The micro-units of an amount of Stripe's; `currency` is its code in capitals.

    The Icelandic and the Ugandan currency have no decimals, but Stripe counts them in hundredths.
    """
    if currency in _WITHOUT_DECIMALS:
        return amount * MICROS
    return amount * (MICROS // (1000 if currency in _WITH_THREE_DECIMALS else 100))
