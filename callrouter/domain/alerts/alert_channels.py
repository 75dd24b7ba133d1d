"""Where a seller's alerts are sent: by mail, as a text message, to a URL."""

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from callrouter.domain.alerts.alert import ChannelKind
from callrouter.domain.numbers import check_number

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_MAILBOX = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
_LONGEST = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertChannel:
    """One recipient: a mailbox, a telephone number, or a URL, by the kind of the channel.

    `sender` is the number that text messages come from, "" for other kinds; `secret` signs what
    is posted to a URL, "" for none. A URL may be a secret itself: it is shown by `shown_address`.
    """

    seller_id: str
    name: str
    kind: ChannelKind
    address: str = field(repr=False)
    sender: str = ""
    secret: str = field(default="", repr=False)

    @property
    def shown_address(self) -> str:
        """The address as people may see it: of a URL only the host, as the rest may be a key."""
        if self.kind is not ChannelKind.WEBHOOK:
            return self.address
        parts = urlsplit(self.address)
        return f"{parts.scheme}://{parts.netloc}/…"


def check_channel(channel: AlertChannel) -> str | None:
    """What is wrong with a channel that a person wrote, or None when it can be used."""
    if not _NAME.fullmatch(channel.name):
        return f"{channel.name!r} can't be a channel's name: use a-z, 0-9 and '-', at most 63"
    if channel.kind is ChannelKind.EMAIL:
        return check_mailbox(channel.address)
    if channel.kind is ChannelKind.SMS:
        return check_number(channel.address) or check_number(channel.sender)
    return _check_url(channel.address)


def check_mailbox(text: str) -> str | None:
    """What is wrong with a mail address, or None: one mailbox without a name, in ASCII."""
    if len(text) <= _LONGEST and _MAILBOX.fullmatch(text):
        return None
    return f"{text!r} isn't a mail address: write it like ops@example.com"


def _check_url(text: str) -> str | None:
    """The URL is left out of what is said of it: it may be a secret."""
    try:
        parts = urlsplit(text)
        is_url = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_url = False
    if not is_url or len(text) > _LONGEST or not text.isascii() or not text.isprintable():
        return "the webhook's address isn't a URL: write it like https://hooks.example.com/alerts"
    if " " in text or parts.username is not None or parts.fragment:
        return "the webhook's URL may have no space, user, password or fragment"
    return None
