"""How payments are named."""

import pytest

from callrouter.domain.billing.party import Party, Side
from callrouter.domain.billing.payment import PaymentSource, name_by_hand, read_name


def test_a_payment_by_hand_is_named_by_its_account() -> None:
    assert name_by_hand(Party(Side.BUYER, "acme"), "USD", "wire 7") == "acme/USD/wire 7"
    publisher = name_by_hand(Party(Side.PUBLISHER, "radio"), "USD", "wire 7")
    assert publisher == "publisher/radio/USD/wire 7"


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("hand:acme/USD/a:b", (PaymentSource.HAND, "acme/USD/a:b")),
        ("stripe:pi_1", (PaymentSource.STRIPE, "pi_1")),
        ("cash:1", None),
        ("bank:", None),
        ("bank", None),
        ("", None),
    ],
)
def test_a_name_is_read(name: str, read: tuple[PaymentSource, str] | None) -> None:
    assert read_name(name) == read
