import pytest

from callrouter.config import MailServer, read_settings
from callrouter.domain.errors import SettingsError


def test_no_secret_is_in_the_repr_of_the_settings() -> None:
    settings = read_settings(
        {
            "DATABASE_URL": "postgresql://callrouter:hidden-1@db.example.com/calls",
            "PUBLIC_URL": "https://calls:hidden-2@calls.example.com",
            "SECRET_KEY": "hidden-3 and sixteen characters",
            "TWILIO_AUTH_TOKEN": "hidden-4",
            "SMTP_URL": "smtp://me:hidden-5@mail.example.com?from=alerts@example.com",
        }
    )

    assert settings.public_url.startswith("https://calls:hidden-2")
    assert "hidden" not in repr(settings)


@pytest.mark.parametrize(
    ("url", "server"),
    [
        pytest.param(
            "smtp://me%40here:p%2Fw@mail.example.com?from=alerts@example.com",
            MailServer(
                host="mail.example.com",
                port=587,
                security="starttls",
                sender="alerts@example.com",
                user="me@here",
                password="p/w",
            ),
            id="STARTTLS",
        ),
        pytest.param(
            "smtps://mail.example.com:1465?from=alerts@example.com&tls=on",
            MailServer(
                host="mail.example.com", port=1465, security="tls", sender="alerts@example.com"
            ),
            id="TLS",
        ),
        pytest.param(
            "smtps://mail.example.com/?from=a@b.example",
            MailServer(host="mail.example.com", port=465, security="tls", sender="a@b.example"),
            id="its usual port",
        ),
        pytest.param(
            "smtp://127.0.0.1:25?from=alerts@example.com&tls=off",
            MailServer(host="127.0.0.1", port=25, security="off", sender="alerts@example.com"),
            id="a relay nearby",
        ),
        pytest.param("", None, id="none"),
    ],
)
def test_a_mail_server_is_one_url(url: str, server: MailServer | None) -> None:
    assert read_settings({"SMTP_URL": url}).mail_server == server


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mail.example.com", "must begin with smtp:// or smtps://"),
        ("http://:hidden@mail.example.com?from=a@b", "must begin with smtp:// or smtps://"),
        ("smtp://?from=alerts@example.com", "and a host"),
        ("smtp://me:hidden@mail.example.com:port?from=a@b", "isn't a URL"),
        ("smtp://me:hidden@[mail.example.com?from=a@b", "isn't a URL"),
        ("smtp://me:hidden@mail.example.com", "names no sender's address"),
        ("smtp://me:hidden@mail.example.com?from=A%20%3Ca@b%3E", "names no sender's address"),
        ("smtp://me:hidden@mail.example.com?from=a@b&to=c@d", "nothing else"),
        ("smtp://me:hidden@mail.example.com/x?from=a@b", "nothing else"),
        ("smtp://me:hidden@mail.example.com?from=a@b&tls=off", "anybody on the way can read"),
        ("smtp://mail.example.com?from=a@b&tls=maybe", "may have tls=off with smtp:// only"),
        ("smtps://mail.example.com?from=a@b&tls=off", "may have tls=off with smtp:// only"),
        ("smtp://me:hidden%0A@mail.example.com?from=a@b", "that can't be sent"),
    ],
)
def test_a_mail_server_that_makes_no_sense_stops_the_start_without_its_password(
    url: str, said: str
) -> None:
    with pytest.raises(SettingsError) as wrong:
        read_settings({"SMTP_URL": url})

    assert str(wrong.value).startswith("SMTP_URL ")
    assert said in str(wrong.value)
    assert "hidden" not in str(wrong.value)
