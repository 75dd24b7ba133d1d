"""Mail, handed to a real mail server on this machine."""

import socket
import ssl
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_string
from email.header import decode_header, make_header
from pathlib import Path

import pytest

from callrouter.adapters.mail import SmtpMailer
from callrouter.config import MailServer
from callrouter.domain.alerts.alert import AlertChange, Notice
from callrouter.domain.errors import DeliveryFailedError
from callrouter.workflows.ports import Mailer
from tests.mail_server import MailBox, make_certificate, serve_mail

AT = datetime(2026, 11, 26, 18, 0, tzinfo=UTC)
NOTICE = Notice(
    notice_id="0123456789abcdef" * 2,
    seller_id="seller-a",
    key="breaker:acme-east",
    change=AlertChange.RAISED,
    subject="acme-east is down",
    text="5 of 6 calls failed.\nNot tried for 60 s.",
    at=AT,
)


@pytest.fixture
def box() -> Iterator[MailBox]:
    """A server on a trusted network, without encryption."""
    with serve_mail() as served:
        yield served


def server_at(port: int, **changed: str) -> MailServer:
    plain = MailServer(host="127.0.0.1", port=port, security="off", sender="alerts@example.com")
    return replace(plain, **changed)  # type: ignore[arg-type]


def mailer(box: MailBox) -> Mailer:
    return SmtpMailer(server_at(box.port), timeout_s=5)


def test_a_notice_becomes_a_mail(box: MailBox) -> None:
    mailer(box).mail("ops@example.com", NOTICE)

    [mail] = [message_from_string(text) for text in box.mails]
    assert (mail["From"], mail["To"]) == ("alerts@example.com", "ops@example.com")
    assert (mail["Subject"], mail["Message-ID"]) == (
        "acme-east is down",
        f"<{NOTICE.notice_id}@example.com>",
    )
    assert mail["Date"] == "Thu, 26 Nov 2026 18:00:00 +0000"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert str(mail.get_payload()).replace("\r", "") == (
        "5 of 6 calls failed.\nNot tried for 60 s.\n\n-- \n"
        "callrouter, seller-a, breaker:acme-east\n"
    )
    assert box.seen[0] == "ehlo example.com"
    assert box.logins == []


@pytest.mark.parametrize(
    "subject",
    [
        pytest.param("Down\r\nBcc: everybody@example.com", id="line ends"),
        pytest.param("Down\r\n\r\nBuy this", id="an empty line"),
        pytest.param("Down\x00\x1b[31m\u2028Bcc: x", id="what can't be printed"),
        pytest.param("Déjà vu \udcff", id="no form in UTF-8"),
        pytest.param("x" * 5000, id="long"),
    ],
)
def test_whatever_the_subject_it_stays_in_its_header(box: MailBox, subject: str) -> None:
    mailer(box).mail("ops@example.com", replace(NOTICE, subject=subject, text=f"a\n.\n{subject}"))

    [mail] = [message_from_string(text) for text in box.mails]
    assert "Bcc" not in mail
    shown = str(make_header(decode_header(mail["Subject"])))
    assert shown.split()[0] == subject.replace("\x00", " ").split()[0]
    assert sum(line.startswith("rcpt") for line in map(str.lower, box.seen)) == 1


def test_a_strange_goodbye_does_not_undo_what_was_taken(box: MailBox) -> None:
    box.answers = {"QUIT": "550 stay"}

    mailer(box).mail("ops@example.com", NOTICE)

    assert len(box.mails) == 1


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_password_goes_over_an_encrypted_connection_only(tmp_path: Path, security: str) -> None:
    ours, trusting = make_certificate(tmp_path)
    with serve_mail(ours, from_start=security == "tls") as box:
        server = server_at(box.port, security=security, user="me", password="a-password")
        SmtpMailer(server, timeout_s=5, trusts=trusting).mail("ops@example.com", NOTICE)

    assert (box.logins, box.was_encrypted) == (["\0me\0a-password"], [True])


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_that_nobody_vouches_for_gets_no_password(
    tmp_path: Path, security: str
) -> None:
    ours, _ = make_certificate(tmp_path)
    with serve_mail(ours, from_start=security == "tls") as box:
        server = server_at(box.port, security=security, user="me", password="a-password")
        with pytest.raises(DeliveryFailedError, match="SSLCertVerification"):
            SmtpMailer(server, timeout_s=5).mail("ops@example.com", NOTICE)

    assert (box.logins, box.mails) == ([], [])


def test_a_server_without_starttls_gets_no_mail_that_should_be_encrypted(box: MailBox) -> None:
    server = server_at(box.port, security="starttls", user="me", password="a-password")

    with pytest.raises(DeliveryFailedError, match="STARTTLS") as failed:
        SmtpMailer(server, timeout_s=5, trusts=ssl.create_default_context()).mail("a@b", NOTICE)

    assert (box.logins, box.mails) == ([], [])
    assert "a-password" not in str(failed.value)


@pytest.mark.parametrize(
    ("word", "answer", "said"),
    [
        pytest.param("RCPT", "550 no such user", "the recipient: 550 no such user", id="mailbox"),
        pytest.param("MAIL", "451 later", "refuses: 451 later", id="for now"),
        pytest.param("DATA", "554 spam", "refuses: 554 spam", id="the text"),
        pytest.param("AUTH", "535 who are you", "refuses: 535 who are you", id="the password"),
        pytest.param("EHLO", "220 what", "doesn't do what it should", id="nonsense"),
    ],
)
def test_what_the_server_says_against_it_is_said(
    tmp_path: Path, word: str, answer: str, said: str
) -> None:
    ours, trusting = make_certificate(tmp_path)
    with serve_mail(ours, from_start=True) as box:
        box.answers = {word: answer, "HELO": answer}
        server = server_at(box.port, security="tls", user="me", password="a-password")
        with pytest.raises(DeliveryFailedError) as failed:
            SmtpMailer(server, timeout_s=5, trusts=trusting).mail("ops@example.com", NOTICE)

    assert str(failed.value).startswith(f"the mail server 127.0.0.1:{box.port} ")
    assert said in str(failed.value) or answer in str(failed.value)
    assert "a-password" not in str(failed.value)


def test_a_server_that_is_not_there_or_says_nothing_is_a_failure() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        port = silent.getsockname()[1]
        with pytest.raises(DeliveryFailedError, match="ConnectionRefused"):
            SmtpMailer(server_at(port), timeout_s=0.2).mail("ops@example.com", NOTICE)
        silent.listen()
        with pytest.raises(
            DeliveryFailedError, match="hung up: Connection unexpectedly closed: timed out"
        ):
            SmtpMailer(server_at(port), timeout_s=0.2).mail("ops@example.com", NOTICE)
