"""Settings: one frozen value read from the environment; what is missing or unknown is named.

Wiring and secrets come from here; policy (routing tables, buyers) comes from TOML files.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from callrouter.domain.alerts.alert_channels import check_mailbox
from callrouter.domain.errors import SettingsError

_FEWEST_ROWS = 1000
_OWN_PREFIX = "CALLROUTER_"
_OWN = frozenset(
    {
        "CALLROUTER_STATE_DIR",
        "CALLROUTER_CLOCK_ORIGIN",
        "CALLROUTER_CLOCK_SCALE",
        "CALLROUTER_SWEEP_AFTER_S",
        "CALLROUTER_SWEEP_EVERY_S",
        "CALLROUTER_STATEMENT_GRACE_S",
        "CALLROUTER_LETTERHEAD",
        "CALLROUTER_TIE_OUT_ROWS",
        "CALLROUTER_CALLS_PAGE",
        "CALLROUTER_PRIVATE_URLS",
        "CALLROUTER_LOG_LEVEL",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """Who takes our mail, from which address; `user` is "" where nobody asks who we are."""

    host: str
    port: int
    security: Literal["tls", "starttls", "off"]
    sender: str
    user: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that a process reads from its environment; config/example.env describes each."""

    database_url: str = field(default="sqlite:///callrouter.db", repr=False)
    """Out of the repr like `public_url`: either may hold a password."""
    public_url: str = field(default="", repr=False)
    secret_key: str = field(default="", repr=False)
    state_dir: Path = Path("var")
    twilio_account_sid: str = ""
    twilio_auth_token: str = field(default="", repr=False)
    twilio_api_url: str = ""
    mail_server: MailServer | None = None
    clock_origin: datetime | None = None
    clock_scale: float = 1.0
    sweep_after_s: int = 180
    sweep_every_s: float = 30.0
    statement_grace_s: int = 21_600
    letterhead: Path | None = None
    tie_out_rows: int = 4_000_000
    """So many records and calls are looked at at once; the others wait in a temporary folder."""
    shows_calls_page: bool = False
    allows_private_urls: bool = False
    log_level: str = "INFO"

    def require_secret_key(self) -> str:
        """The key that seals the sellers' tokens. Raises SettingsError when it isn't set."""
        return _require(self.secret_key, "SECRET_KEY")

    def require_public_url(self) -> str:
        """The address that Twilio calls. Raises SettingsError when it isn't set."""
        return _require(self.public_url, "PUBLIC_URL")


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Settings from the environment.

    Raises SettingsError, naming the variable, for what is malformed, or starts with CALLROUTER_
    and isn't known. What only some commands need is required by them.
    """
    unknown = sorted(k for k in environ if k.startswith(_OWN_PREFIX) and k not in _OWN)
    if unknown:
        known = ", ".join(sorted(_OWN))
        raise SettingsError(f"{unknown[0]} is not a setting; those with this prefix: {known}")
    origin = environ.get("CALLROUTER_CLOCK_ORIGIN")
    return Settings(
        database_url=environ.get("DATABASE_URL") or "sqlite:///callrouter.db",
        public_url=_read_public_url(environ.get("PUBLIC_URL", "").strip()),
        secret_key=_read_secret_key(environ.get("SECRET_KEY", "").strip()),
        state_dir=Path(environ.get("CALLROUTER_STATE_DIR") or "var"),
        twilio_account_sid=environ.get("TWILIO_ACCOUNT_SID", ""),
        twilio_auth_token=environ.get("TWILIO_AUTH_TOKEN", ""),
        twilio_api_url=environ.get("TWILIO_API_URL", ""),
        mail_server=_read_mail_server(environ.get("SMTP_URL", "").strip()),
        clock_origin=datetime.fromtimestamp(_number(environ, "CALLROUTER_CLOCK_ORIGIN", 0), UTC)
        if origin
        else None,
        clock_scale=_number(environ, "CALLROUTER_CLOCK_SCALE", 1.0),
        sweep_after_s=int(_number(environ, "CALLROUTER_SWEEP_AFTER_S", 180)),
        sweep_every_s=_number(environ, "CALLROUTER_SWEEP_EVERY_S", 30.0),
        statement_grace_s=int(_number(environ, "CALLROUTER_STATEMENT_GRACE_S", 21_600)),
        tie_out_rows=_read_rows(environ, "CALLROUTER_TIE_OUT_ROWS", 4_000_000),
        letterhead=_read_path(environ.get("CALLROUTER_LETTERHEAD", "").strip()),
        shows_calls_page=environ.get("CALLROUTER_CALLS_PAGE", "") == "open",
        allows_private_urls=environ.get("CALLROUTER_PRIVATE_URLS", "").strip() == "allow",
        log_level=_read_log_level(environ.get("CALLROUTER_LOG_LEVEL") or "INFO"),
    )


def _require(value: str, name: str) -> str:
    if not value:
        raise SettingsError(f"{name} is not set; config/example.env says what it is for")
    return value


def _read_path(text: str) -> Path | None:
    return Path(text) if text else None


def _number(environ: Mapping[str, str], name: str, default: float) -> float:
    text = environ.get(name, "").strip()
    try:
        value = float(text) if text else default
    except ValueError:
        raise SettingsError(f"{name}={text!r} isn't a number") from None
    if not 0 <= value < 1e12:  # also refuses NaN
        raise SettingsError(f"{name}={text!r} must not be negative or absurdly large")
    return value


def _read_rows(environ: Mapping[str, str], name: str, default: int) -> int:
    rows = int(_number(environ, name, default))
    if rows < _FEWEST_ROWS:
        raise SettingsError(f"{name}={rows} is too few: {_FEWEST_ROWS} at least")
    return rows


def _read_public_url(text: str) -> str:
    """The address that Twilio calls; https but on this machine, and no underscore in its host."""
    url = text.rstrip("/")
    if not url:
        return ""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingsError(f"PUBLIC_URL={text!r} must be like https://calls.example.com")
    if parts.query or parts.fragment:
        raise SettingsError(f"PUBLIC_URL={text!r} must not have a query or a fragment")
    if "_" in parts.hostname:
        raise SettingsError(
            f"PUBLIC_URL={text!r}: Twilio refuses callback hosts with an underscore"
        )
    return url


def _read_mail_server(text: str) -> MailServer | None:
    """Smtp (STARTTLS) or smtps; the URL may hold a password, so no message repeats it."""
    if not text:
        return None
    try:
        parts = urlsplit(text)
        port = parts.port or (465 if parts.scheme == "smtps" else 587)
    except ValueError:
        raise _refuse_smtp_url("isn't a URL") from None
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    sender, tls = options.pop("from", ""), options.pop("tls", "on")
    wrong = _find_wrong_in_smtp_url(parts, sender, tls, options)
    if wrong:
        raise _refuse_smtp_url(wrong)
    return MailServer(
        host=parts.hostname or "",
        port=port,
        security="tls" if parts.scheme == "smtps" else "starttls" if tls == "on" else "off",
        sender=sender,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


def _find_wrong_in_smtp_url(
    parts: SplitResult, sender: str, tls: str, others: Mapping[str, str]
) -> str:
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        return "must begin with smtp:// or smtps:// and a host"
    if check_mailbox(sender):
        return "names no sender's address behind ?from="
    if others or parts.path.strip("/") or parts.fragment:
        return "may have ?from= and &tls=off behind the host, nothing else"
    if tls not in ("on", "off") or (tls == "off" and parts.scheme == "smtps"):
        return "may have tls=off with smtp:// only, tls=on is the rule"
    if tls == "off" and parts.username is not None:
        return "would send a password that anybody on the way can read: leave tls=off out"
    if not (unquote(parts.username or "") + unquote(parts.password or "")).isprintable():
        return "has a user or password that can't be sent"
    return ""


def _refuse_smtp_url(wrong: str) -> SettingsError:
    example = "smtp://user:password@mail.example.com:587?from=alerts@example.com"
    return SettingsError(f"SMTP_URL {wrong}; write it like {example}")


def _read_secret_key(text: str) -> str:
    if text and len(text) < 16:
        raise SettingsError(
            "SECRET_KEY is shorter than 16 characters; make one with: "
            "python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"
        )
    return text


def _read_log_level(text: str) -> str:
    level = text.upper()
    if level not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        raise SettingsError(f"CALLROUTER_LOG_LEVEL={text!r}: use DEBUG, INFO, WARNING or ERROR")
    return level
