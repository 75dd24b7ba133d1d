"""Groups whose commands are imported once one is typed: what all of them need together is a lot."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import click


@dataclass(frozen=True, slots=True)
class Place:
    """The module of callrouter.cli that has a command under its name, and its help's beginning.

    A hyphen in the name is an underscore there.
    """

    module: str
    sentence: str


class LazyGroup(click.Group):
    """A group that knows where its commands are, and lists them without importing any."""

    def __init__(self, *args: Any, places: Mapping[str, Place], **attrs: Any) -> None:
        super().__init__(*args, **attrs)
        self._places = places

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The commands' names in alphabetical order."""
        return sorted(self._places)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A command by its name, imported the first time it is asked for; None: there is none."""
        if cmd_name in self._places and cmd_name not in self.commands:
            module = import_module(f"callrouter.cli.{self._places[cmd_name].module}")
            self.add_command(getattr(module, cmd_name.replace("-", "_")))
        return super().get_command(ctx, cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write each command's name with the beginning of its help."""
        with formatter.section("Commands"):
            names = self.list_commands(ctx)
            formatter.write_dl([(name, self._places[name].sentence) for name in names])
