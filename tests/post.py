"""Who takes our messages in the tests: mailboxes, telephones, webhooks; any of them may refuse."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from callrouter.domain.alerts.alert import Notice
from callrouter.domain.errors import DeliveryFailedError
from callrouter.workflows.deliver_notice import Means


@dataclass(frozen=True)
class Taken:
    """A message that was taken, where, and from what number or with what secret."""

    address: str
    change: str
    key: str
    subject: str
    text: str
    notice_id: str = ""
    sender: str = ""
    secret: str = ""
    posted_at: datetime | None = None


@dataclass
class FakePost:
    """Takes every message but those of which `refuses` says why not, by their address."""

    refuses: Callable[[str], str] = lambda _: ""
    taken: list[Taken] = field(default_factory=list)
    tried: list[str] = field(default_factory=list)

    @property
    def means(self) -> Means:
        """All three means, each ending here."""
        return Means(mailer=self, texter_of=lambda _: self, poster=self)

    def mail(self, to: str, notice: Notice) -> None:
        self._take(to, notice)

    def text(self, sender: str, to: str, body: str) -> None:
        self._try(to)
        self.taken.append(Taken(to, "", "", "", body, sender=sender))

    def post(self, url: str, secret: str, notice: Notice, at: datetime) -> None:
        self._take(url, notice, secret, at)

    def _take(
        self, address: str, notice: Notice, secret: str = "", at: datetime | None = None
    ) -> None:
        self._try(address)
        self.taken.append(
            Taken(
                address,
                notice.change,
                notice.key,
                notice.subject,
                notice.text,
                notice.notice_id,
                secret=secret,
                posted_at=at,
            )
        )

    def _try(self, address: str) -> None:
        self.tried.append(address)
        reason = self.refuses(address)
        if reason:
            raise DeliveryFailedError(reason)
