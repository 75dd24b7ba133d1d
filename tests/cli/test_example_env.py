"""config/example.env against the settings that there are, both ways."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from callrouter.config import Settings, read_settings

TEXT = (Path(__file__).parents[2] / "config" / "example.env").read_text()
NAMES = re.findall(r"^#?([A-Z][A-Z_]+)=", TEXT, re.MULTILINE)
OTHER_VALUES = {
    "DATABASE_URL": "postgresql://db.example.com/callrouter",
    "PUBLIC_URL": "https://calls.example.com",
    "SECRET_KEY": "a key of sixteen or more",
    "TWILIO_ACCOUNT_SID": "AC1",
    "TWILIO_AUTH_TOKEN": "token",
    "TWILIO_API_URL": "http://127.0.0.1:9400",
    "SMTP_URL": "smtp://127.0.0.1:25?from=alerts@example.com&tls=off",
    "CALLROUTER_STATE_DIR": "/var/lib/callrouter",
    "CALLROUTER_LOG_LEVEL": "DEBUG",
    "CALLROUTER_CALLS_PAGE": "open",
    "CALLROUTER_PRIVATE_URLS": "allow",
    "CALLROUTER_SWEEP_AFTER_S": "60",
    "CALLROUTER_SWEEP_EVERY_S": "5",
    "CALLROUTER_STATEMENT_GRACE_S": "3600",
    "CALLROUTER_LETTERHEAD": "config/letterhead.toml",
    "CALLROUTER_TIE_OUT_ROWS": "500000",
    "CALLROUTER_CLOCK_ORIGIN": "1795000000",
    "CALLROUTER_CLOCK_SCALE": "20",
}


def changed_by(name: str) -> set[str]:
    """The fields of Settings that the variable `name` changes."""
    settings, default = read_settings({name: OTHER_VALUES[name]}), Settings()
    return {
        field.name
        for field in fields(Settings)
        if getattr(settings, field.name) != getattr(default, field.name)
    }


@pytest.mark.parametrize("name", NAMES)
def test_each_line_is_a_setting(name: str) -> None:
    assert len(changed_by(name)) == 1


def test_each_setting_has_one_line() -> None:
    assert sorted(NAMES) == sorted(OTHER_VALUES)
    assert set().union(*map(changed_by, NAMES)) == {field.name for field in fields(Settings)}


def test_its_commented_lines_show_the_defaults_or_can_be_used() -> None:
    lines = dict(re.findall(r"^#?([A-Z][A-Z_]+)=(.*)$", TEXT, re.MULTILINE))
    settings = read_settings({name: value for name, value in lines.items() if value})
    default = Settings()
    assert settings.database_url == default.database_url
    assert settings.state_dir == default.state_dir
    assert settings.log_level == default.log_level
    assert settings.sweep_after_s == default.sweep_after_s
    assert settings.sweep_every_s == default.sweep_every_s


def test_it_says_each_thing_once() -> None:
    assert len(NAMES) == len(set(NAMES))
