"""Only what Stripe has just signed with the seller's secret is an event."""

from datetime import timedelta

import pytest
from stripe import WebhookSignature

from callrouter.adapters.stripe_events.signature import check_signature
from tests.stripe_side import SECRET, sign
from tests.switchboards import T0

BODY = '{"id": "evt_1", "name": "Zoë"}'


@pytest.mark.parametrize("ago_s", [0, 299, -299])
def test_what_stripe_signed_is_accepted(ago_s: int) -> None:
    header = sign(BODY, T0 - timedelta(seconds=ago_s))
    assert check_signature(BODY.encode(), header, SECRET, T0) is None


def test_while_a_secret_is_rolled_either_of_two_signatures_will_do() -> None:
    _, _, other = sign(BODY, T0, "whsec_another").partition(",")
    assert check_signature(BODY.encode(), f"{sign(BODY, T0)},{other}", SECRET, T0) is None
    assert check_signature(BODY.encode(), f"{sign(BODY, T0)},{other}", "whsec_another", T0) is None


@pytest.mark.parametrize(
    ("body", "header", "secret", "said"),
    [
        (BODY, sign(BODY, T0 - timedelta(seconds=301)), SECRET, "signed too long ago"),
        (BODY, sign(BODY, T0 + timedelta(seconds=301)), SECRET, "signed too long ago"),
        (BODY + " ", sign(BODY, T0), SECRET, "wrong signature"),
        (BODY, sign(BODY, T0), "whsec_another", "wrong signature"),
        (BODY, sign(BODY, T0, ""), "", "wrong signature"),
        (BODY, sign(BODY, T0).replace("v1=", "v0="), SECRET, "wrong signature"),
        (BODY, "", SECRET, "wrong signature"),
        (BODY, "t=,v1=", SECRET, "wrong signature"),
        (BODY, "t=9" + "9" * 40 + ",v1=é", SECRET, "wrong signature"),
    ],
)
def test_nothing_else_is(body: str, header: str, secret: str, said: str) -> None:
    assert check_signature(body.encode(), header, secret, T0) == said


def test_a_body_that_is_no_text_is_none() -> None:
    assert check_signature(b"\xff", sign(BODY, T0), SECRET, T0) == "wrong signature"


@pytest.mark.parametrize("time", [10**17, -(10**17)])
def test_a_time_that_can_not_be_is_refused(time: int) -> None:
    """Even if somebody who knows the secret should sign it."""
    header = str(WebhookSignature.generate_signature_header(BODY, SECRET, time))
    assert check_signature(BODY.encode(), header, SECRET, T0) == "signed too long ago"


def test_the_time_may_stand_behind_the_signatures() -> None:
    time, _, signature = sign(BODY, T0).partition(",")
    assert check_signature(BODY.encode(), f"{signature},{time}", SECRET, T0) is None
