"""Where alerts may be sent."""

import pytest

from callrouter.domain.alerts.alert import ChannelKind
from callrouter.domain.alerts.alert_channels import AlertChannel, check_channel


def channel(
    kind: ChannelKind, address: str, *, name: str = "ops", sender: str = ""
) -> AlertChannel:
    return AlertChannel(
        seller_id="seller-a", name=name, kind=kind, address=address, sender=sender, secret="shh"
    )


@pytest.mark.parametrize(
    "good",
    [
        channel(ChannelKind.EMAIL, "ops@example.com"),
        channel(ChannelKind.EMAIL, "o'neil+alerts@mail.example.com"),
        channel(ChannelKind.EMAIL, "root@localhost"),
        channel(ChannelKind.SMS, "+14155550123", sender="+18005550100"),
        channel(ChannelKind.WEBHOOK, "https://hooks.example.com/alerts?to=ops"),
        channel(ChannelKind.WEBHOOK, "http://127.0.0.1:9000"),
    ],
    ids=lambda c: c.address,
)
def test_a_channel_that_can_be_used(good: AlertChannel) -> None:
    assert check_channel(good) is None


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (channel(ChannelKind.EMAIL, "ops@example.com", name="Ops"), "use a-z, 0-9 and '-'"),
        (channel(ChannelKind.EMAIL, "ops"), "ops@example.com"),
        (channel(ChannelKind.EMAIL, "ops@example.com\nBcc: all@example.com"), "isn't a mail"),
        (channel(ChannelKind.EMAIL, "Ops <ops@example.com>"), "isn't a mail address"),
        (channel(ChannelKind.SMS, "555-0123", sender="+18005550100"), "'555-0123' isn't E.164"),
        (channel(ChannelKind.SMS, "+14155550123", sender=""), "'' isn't E.164"),
        (channel(ChannelKind.WEBHOOK, "ftp://example.com"), "isn't a URL"),
        (channel(ChannelKind.WEBHOOK, "https://"), "isn't a URL"),
        (channel(ChannelKind.WEBHOOK, "https://[::1"), "isn't a URL"),
        (channel(ChannelKind.WEBHOOK, "https://example.com/\n"), "isn't a URL"),
        (channel(ChannelKind.WEBHOOK, "https://example.com/a b"), "may have no space"),
        (channel(ChannelKind.WEBHOOK, "https://me@example.com/"), "may have no space, user"),
        (channel(ChannelKind.WEBHOOK, "https://example.com/#x"), "or fragment"),
    ],
    ids=lambda value: value.address if isinstance(value, AlertChannel) else "",
)
def test_a_channel_that_cannot_be_used_is_told_why(wrong: AlertChannel, said: str) -> None:
    assert said in (check_channel(wrong) or "")


def test_of_a_url_only_the_host_is_shown() -> None:
    hook = channel(ChannelKind.WEBHOOK, "https://hooks.example.com/T0001/very-secret")

    assert hook.shown_address == "https://hooks.example.com/…"
    assert "secret" not in repr(hook)
    assert "shh" not in repr(hook)
    assert channel(ChannelKind.EMAIL, "ops@example.com").shown_address == "ops@example.com"
