"""Every command line on our pages can be typed: `callrouter …` and `make …`."""

import re
import shlex
from collections.abc import Iterator

import click
import pytest

from callrouter.cli.commands import cli
from callrouter.cli.tie_out import FileFirst
from tests.docs.pages import ROOT, Page, all_pages, page, strip_code

PAGES = [pytest.param(each, id=each.name) for each in all_pages()]
_OPERATORS = ("|", "||", "&&", ";", ">", ">>", "&")
_NAME = re.compile(r"-{0,2}[a-z][a-z-]*")
"""A command's or option's; `…` and COMMAND stand for one."""
_TARGET = re.compile(r"^([a-z][a-z-]*):.*## ", re.MULTILINE)
_MADE = re.compile(r"(?:^|[`\s])make ([a-z][a-z-]*)", re.MULTILINE)


def find_typed(shown: Page) -> Iterator[list[str]]:
    """The words of each callrouter command in a page's shell blocks and service files."""
    for block in shown.blocks:
        if block.language not in ("sh", "ini"):
            continue
        for line in block.text.replace("\\\n", " ").splitlines():
            words = shlex.split(line.removeprefix("ExecStart="), comments=True)
            if words and re.fullmatch(r"([^=]*/)?callrouter", words[0]):
                end = next((i for i, word in enumerate(words) if word in _OPERATORS), len(words))
                yield words[1:end]


def type_command(words: list[str]) -> None:
    """Parse the words as the command line would. Raises click.UsageError for what it refuses."""
    command, name = find_command(words)
    try:
        command.make_context(name, words[len(name.split()) :])
    except click.exceptions.Exit:
        return  # --help or --version: parsed, printed, done


def find_command(words: list[str]) -> tuple[click.Command, str]:
    """The command that the words name, and its name; a group where they name no more."""
    command: click.Command = cli
    names: list[str] = []
    context = click.Context(cli)
    for word in words:
        if not isinstance(command, click.Group) or word.startswith("-"):
            break
        found = command.get_command(context, word)
        if found is None and isinstance(command, FileFirst):
            return command.commands["run"], " ".join(names)
        if found is None:
            raise click.UsageError(f"there is no command {' '.join((*names, word))!r}")
        command = found
        names.append(word)
    return command, " ".join(names)


@pytest.mark.parametrize("shown", PAGES)
def test_every_command_in_a_shell_block_is_accepted(
    shown: Page, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = []
    for words in find_typed(shown):
        try:
            type_command(words)
        except click.UsageError as error:
            wrong.append(f"callrouter {' '.join(words)}: {error.format_message()}")

    assert wrong == []


@pytest.mark.parametrize("shown", PAGES)
def test_every_command_in_a_sentence_exists_with_its_options(shown: Page) -> None:
    wrong = []
    for code in shown.inline_code():
        first, *words = code.split()
        if first != "callrouter" or not words or not _NAME.fullmatch(words[0]):
            continue
        try:
            command, _ = find_command(words)
        except click.UsageError as error:
            wrong.append(f"{code}: {error.format_message()}")
            continue
        known = {"--help", "-h", "--version"}
        known.update(*(parameter.opts for parameter in command.params))
        wrong += [f"{code}: {word}" for word in words if word[0] == "-" and word not in known]

    assert wrong == []


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["calls", "exprot"], id="unknown command"),
        pytest.param(["calls", "export", "--buyers", "acme"], id="unknown option"),
        pytest.param(["calls", "show"], id="missing argument"),
        pytest.param(["calls", "list", "--limit", "many"], id="wrong kind of value"),
    ],
)
def test_a_command_that_is_not_accepted_is_found(words: list[str]) -> None:
    with pytest.raises(click.UsageError):
        type_command(words)


def test_the_pages_show_commands_at_all() -> None:
    shown = [words for each in all_pages() for words in find_typed(each)]

    assert len(shown) > 20


def test_the_processes_of_the_procfile_are_accepted() -> None:
    lines = (ROOT / "Procfile").read_text("utf-8").splitlines()
    commands = [line.split(": ", 1)[1].split() for line in lines]

    ours = [words[1:] for words in commands if words[0] == "callrouter"]

    assert ours
    for words in ours:
        type_command(words)


def make_targets() -> list[str]:
    """The targets that `make help` lists, in their order."""
    return _TARGET.findall((ROOT / "Makefile").read_text("utf-8"))


@pytest.mark.parametrize("shown", PAGES)
def test_every_make_target_that_is_named_exists(shown: Page) -> None:
    typed = [block.text for block in shown.blocks if block.language == "sh"]
    named = [name for text in (*shown.inline_code(), *typed) for name in _MADE.findall(text)]

    assert set(named) <= set(make_targets())


def test_contributing_explains_every_make_target_in_their_order() -> None:
    rows = page("CONTRIBUTING.md").table("Make")

    assert [strip_code(row[0]).removeprefix("make ") for row in rows] == make_targets()
