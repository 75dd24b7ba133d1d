"""What holds for every command, whoever adds one."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from callrouter.cli.commands import cli
from tests.cli.command_tree import walk_commands
from tests.cli.terminal import Terminal

DOCS = Path(__file__).parents[2] / "docs" / "cli.md"


COMMANDS = {
    name: command for name, command in walk_commands(cli) if not isinstance(command, click.Group)
}
each_command = pytest.mark.parametrize("name", COMMANDS)


def help_of(name: str) -> str:
    return Terminal({}).ok(*name.split(), "--help")


def examples(name: str) -> list[str]:
    """The lines that stand under `Example:` at the end of a command's help."""
    return [line.strip() for line in help_of(name).partition("Example:\n")[2].splitlines()]


@each_command
def test_its_help_ends_with_examples_that_can_be_typed(name: str) -> None:
    """Each option and argument of them exists; that it is run isn't tried here."""
    lines = [line for line in examples(name) if line.startswith("callrouter ")]
    assert lines
    for line in lines:
        words = shlex.split(line)[1:]
        assert words[: len(name.split())] == name.split()
        command = COMMANDS[name]
        command.make_context(name, words[len(name.split()) :], resilient_parsing=False)


@each_command
def test_every_option_says_what_it_is_for(name: str) -> None:
    options = [p for p in COMMANDS[name].params if isinstance(p, click.Option)]
    assert [option.name for option in options if not option.help] == []


def sections() -> dict[str, str]:
    """The manual's text under each heading."""
    parts = re.split(r"^#+ (.+)$", DOCS.read_text(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@each_command
def test_the_manual_has_it_with_every_option_and_an_example(name: str) -> None:
    """Options that many commands share are explained once, in a section of their own."""
    manual = sections()
    own, shared = manual[f"callrouter {name}"], manual["Options that many commands share"]
    assert re.search(rf"^callrouter {name}", own, re.MULTILINE)
    options = [o for p in COMMANDS[name].params if isinstance(p, click.Option) for o in p.opts]
    long_ones = [option for option in options if option.startswith("--")]
    missing = [o for o in long_ones if not re.search(rf"`{o}[` ]", own + shared)]
    assert missing == []


def test_the_manual_names_no_command_that_there_is_not() -> None:
    named = re.findall(r"^#+ callrouter (.+)$", DOCS.read_text(), re.MULTILINE)
    assert sorted(named) == sorted(COMMANDS)


LISTINGS = [
    name
    for name in COMMANDS
    if name.split()[-1] in ("list", "history", "show", "diff", "explain", "status", "doctor")
]


@pytest.mark.parametrize("name", LISTINGS)
def test_whatever_lists_can_do_so_as_json(name: str) -> None:
    assert any("--json" in param.opts for param in COMMANDS[name].params)


def test_the_issues_commands_are_all_there() -> None:
    wanted = (
        "demo, serve, clock, db upgrade, db status, seller add, seller list, seller set-token, "
        "buyers apply, buyers export, buyers history, table validate, table activate, "
        "table rollback, table history, table show, table diff, table export, table import, "
        "calls list, calls show, calls export, route explain, simulate, sweep, doctor"
    )
    assert set(wanted.split(", ")) <= set(COMMANDS)


def test_the_version_is_the_packages() -> None:
    assert re.fullmatch(r"cli, version \d+\.\d+\.\d+\n", Terminal({}).ok("--version"))


def test_the_list_of_commands_says_what_the_help_of_each_begins_with() -> None:
    """It imports none of them, so their first sentences are written down twice."""
    listing = Terminal({}).ok("--help").partition("Commands:")[2].split()
    context = click.Context(cli)
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        assert command
        sentence = command.get_short_help_str(limit=200)
        assert f" {name} {sentence} " in f" {' '.join(listing)} "


HEAVY = {
    *("polars", "scipy", "numpy", "fpdf", "xlsxwriter", "aiohttp", "stripe", "twilio"),
    *("holidays", "apscheduler", "alembic", "flask", "requests"),
}


@pytest.mark.uncounted
def test_commands_import_nothing_heavy_that_they_can_do_without() -> None:
    """In a process of its own, since this one has imported everything."""
    script = """
import sys
from click.testing import CliRunner
from callrouter.bootstrap import make_cli_context
from callrouter.cli.commands import cli

for words in sys.argv[1:]:
    said = CliRunner().invoke(cli, words.split(), obj=make_cli_context({}))
    assert said.output.startswith("Usage: "), said
print(*sys.modules)
"""
    told = ["--help", "calls list --help", "statement list --help"]
    words = [sys.executable, "-c", script, *told]
    modules = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()
    assert "callrouter.cli.statements" in modules
    assert HEAVY & set(modules) == set()


def test_an_expected_error_is_a_message_and_exit_code_1(terminal: Terminal) -> None:
    terminal.environ["CALLROUTER_TYPO"] = "1"
    result = terminal.run("calls", "list")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("Error: CALLROUTER_TYPO is not a setting; those with this")


def test_a_wrong_word_is_a_usage_error_and_exit_code_2(terminal: Terminal) -> None:
    assert "No such command 'tabel'" in terminal.refused("tabel", code=2)
    assert "No such option" in terminal.refused("calls", "list", "--colour", code=2)


def test_an_absent_database_is_a_message(terminal: Terminal) -> None:
    terminal.environ["DATABASE_URL"] = "postgresql://nobody@127.0.0.1:1/callrouter"
    assert terminal.refused("calls", "list").startswith("Error: the database can't serve: ")
