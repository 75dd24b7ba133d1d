"""Hand one notice to one channel, by whichever means the channel has. Never in a transaction."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from callrouter.domain.alerts.alert import ChannelKind, Notice, word_for_telephone
from callrouter.domain.alerts.alert_channels import AlertChannel
from callrouter.domain.errors import DeliveryFailedError
from callrouter.workflows.ports import Mailer, Poster, Texter


@dataclass(frozen=True, slots=True)
class Means:
    """What notices are sent by. `mailer` is None where no mail server is set.

    `texter_of` gives the text messages of a seller; it raises NotFoundError for an unknown one.
    """

    mailer: Mailer | None
    texter_of: Callable[[str], Texter]
    poster: Poster


def deliver_notice(means: Means, channel: AlertChannel, notice: Notice, at: datetime) -> None:
    """Hand a notice over, once; on return somebody else is to carry it on.

    Raises DeliveryFailedError when nobody took it, and what `texter_of` raises.
    """
    match channel.kind:
        case ChannelKind.EMAIL:
            if means.mailer is None:
                raise DeliveryFailedError("SMTP_URL is not set, so there is no mail server")
            means.mailer.mail(channel.address, notice)
        case ChannelKind.SMS:
            body = word_for_telephone(notice.subject, notice.text)
            means.texter_of(channel.seller_id).text(channel.sender, channel.address, body)
        case ChannelKind.WEBHOOK:
            means.poster.post(channel.address, channel.secret, notice, at)
