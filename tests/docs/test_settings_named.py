"""Every environment variable on our pages is a setting, and every setting is explained."""

import re

import pytest

from callrouter.cli.commands import cli
from callrouter.config import read_settings
from tests.cli.command_tree import walk_commands
from tests.docs.pages import ROOT, Page, all_pages, page

PAGES = [pytest.param(each, id=each.name) for each in all_pages()]
_VARIABLE = re.compile(
    r"\b(?:CALLROUTER_[A-Z_]+|TWILIO_[A-Z_]+|DATABASE_URL|PUBLIC_URL|SECRET_KEY)\b"
)


class Environment(dict[str, str]):
    """An empty environment that remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: set[str] = set()

    def get(self, key: str, default: str | None = None) -> str | None:  # type: ignore[override]
        self.asked.add(key)
        return default


def settings_read() -> frozenset[str]:
    """Every variable that callrouter reads from its environment."""
    environment = Environment()
    read_settings(environment)
    options = {
        parameter.envvar
        for _, command in walk_commands(cli)
        for parameter in command.params
        if isinstance(parameter.envvar, str)
    }
    return frozenset(environment.asked | options)


@pytest.mark.parametrize("shown", PAGES)
def test_every_variable_that_a_page_names_is_a_setting(shown: Page) -> None:
    assert set(_VARIABLE.findall(shown.text)) <= settings_read()


def test_operations_explains_every_setting() -> None:
    rows = page("docs/operations.md").table("Settings")

    assert {name for row in rows for name in re.findall(r"`([A-Z_]+)`", row[0])} == settings_read()


def test_the_example_has_every_setting() -> None:
    text = (ROOT / "config/example.env").read_text("utf-8")

    assert {name for name in settings_read() if name not in text} == set()
