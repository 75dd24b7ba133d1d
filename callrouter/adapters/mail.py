"""Sends mail through this installation's mail server."""

import smtplib
import ssl
from contextlib import suppress
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from callrouter.config import MailServer
from callrouter.domain.alerts.alert import Notice
from callrouter.domain.errors import DeliveryFailedError


class SmtpMailer:
    """Mail by SMTP, one connection a message; encrypted unless the settings say otherwise.

    `trusts` says whose certificates are believed; the machine's own authorities if it is None.
    """

    def __init__(
        self, server: MailServer, *, timeout_s: float = 10.0, trusts: ssl.SSLContext | None = None
    ) -> None:
        self._server = server
        self._timeout_s = timeout_s
        self._trusts = trusts or ssl.create_default_context()

    def mail(self, to: str, notice: Notice) -> None:
        """Hand a notice to the mail server; that it arrives isn't waited for.

        Raises DeliveryFailedError when the server can't be reached or doesn't take it.
        """
        message = self._compose(to, notice)
        try:
            self._hand_over(to, message)
        except smtplib.SMTPRecipientsRefused as error:
            code, said = next(iter(error.recipients.values()), (550, b""))
            reason = f"refuses the recipient: {_quote(code, said)}"
        except smtplib.SMTPResponseException as error:
            reason = f"refuses: {_quote(error.smtp_code, error.smtp_error)}"
        except smtplib.SMTPServerDisconnected as error:
            reason = f"hung up: {error}"
        except smtplib.SMTPException as error:
            reason = f"doesn't do what it should ({type(error).__name__}): {str(error)[:200]}"
        except OSError as error:
            reason = f"can't be reached ({type(error).__name__}): {str(error)[:200]}"
        else:
            return
        where = f"{self._server.host}:{self._server.port}"
        raise DeliveryFailedError(f"the mail server {where} {reason}") from None

    def _hand_over(self, to: str, message: EmailMessage) -> None:
        connection = self._connect()
        try:
            if self._server.user:
                connection.login(self._server.user, self._server.password)
            connection.send_message(message, self._server.sender, [to])
        finally:
            # However the goodbye goes: what was taken is taken.
            with suppress(smtplib.SMTPException, OSError):
                connection.quit()
            connection.close()

    def _connect(self) -> smtplib.SMTP:
        server = self._server
        # Named by its own domain: the default asks the DNS who we are, which may take long.
        domain = server.sender.rpartition("@")[2]
        if server.security == "tls":
            return smtplib.SMTP_SSL(
                server.host,
                server.port,
                local_hostname=domain,
                timeout=self._timeout_s,
                context=self._trusts,
            )
        connection = smtplib.SMTP(
            server.host, server.port, local_hostname=domain, timeout=self._timeout_s
        )
        if server.security == "starttls":
            try:
                connection.starttls(context=self._trusts)
            except BaseException:
                connection.close()
                raise
        return connection

    def _compose(self, to: str, notice: Notice) -> EmailMessage:
        sender = self._server.sender
        message = EmailMessage(policy=SMTP)
        message["From"] = sender
        message["To"] = to
        message["Subject"] = _one_line(notice.subject)
        message["Date"] = format_datetime(notice.at)
        message["Message-ID"] = f"<{notice.notice_id}@{sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        text = f"{notice.text}\n\n-- \ncallrouter, {notice.seller_id}, {notice.key}\n"
        message.set_content(text.encode(errors="replace").decode())
        return message


def _one_line(text: str) -> str:
    """`text` as a header can have it: no line end, nothing that has no form in UTF-8."""
    printable = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(printable.encode(errors="replace").decode().split())


def _quote(code: int, said: bytes | str) -> str:
    text = said.decode(errors="replace") if isinstance(said, bytes) else said
    return f"{code} {_one_line(text)[:200]}"
