"""Examine whether anybody would hear of what goes wrong for a seller, and who doesn't now."""

from collections.abc import Iterator

from callrouter.adapters.storage.alert_channels import list_channels
from callrouter.adapters.storage.alert_outbox import list_failing
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.secret_box import SecretBox
from callrouter.domain.alerts.alert import ChannelKind
from callrouter.workflows.findings import Finding, Verdict


def examine_alerts(
    database: Database, box: SecretBox, seller_id: str, *, has_mail_server: bool
) -> Iterator[Finding]:
    """Where a seller's alerts go, and which of the places doesn't take them; nothing is sent.

    Raises SettingsError when the places were sealed with another SECRET_KEY.
    """
    check = f"alerts of {seller_id}"
    with database.read() as connection:
        channels = list_channels(connection, box, seller_id)
        failing = list_failing(connection, seller_id)
    if not channels:
        advice = "add a place with `callrouter alert to add`"
        yield Finding(check, Verdict.WARNING, "nobody would hear of any", advice)
        return
    mailboxes = [c.name for c in channels if c.kind is ChannelKind.EMAIL]
    if mailboxes and not has_mail_server:
        saw = f"{', '.join(mailboxes)} would get mail, and SMTP_URL is not set"
        yield Finding(check, Verdict.FAILED, saw, "name the mail server in SMTP_URL")
        return
    for message in failing:
        saw = f"{message.channel} has not taken one in {message.attempts} tries: {message.failure}"
        yield Finding(check, Verdict.FAILED, saw, "mend this, then try `callrouter alert test`")
    if not failing:
        saw = f"they go to {', '.join(channel.name for channel in channels)}"
        yield Finding(check, Verdict.OK, saw)
