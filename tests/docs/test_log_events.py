"""docs/operations.md explains every log event of the code, with its level, and no other."""

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, page, strip_code

pytestmark = pytest.mark.uncounted  # it reads the package and runs none of it

_LEVELS = {name: name for name in ("debug", "info", "warning", "error")} | {"exception": "error"}


def find_events(source: str) -> Iterator[tuple[str, str]]:
    """Each event that a module logs, with its level."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        logger = node.func.value
        if not isinstance(logger, ast.Name) or logger.id not in ("log", "_log"):
            continue
        if node.func.attr not in _LEVELS:
            continue
        first = node.args[0]
        names = (first.body, first.orelse) if isinstance(first, ast.IfExp) else (first,)
        for name in names:
            assert isinstance(name, ast.Constant), "an event has a fixed name, and fields"
            yield str(name.value), _LEVELS[node.func.attr]


def logged() -> Mapping[str, set[str]]:
    """The levels of every event of the package; the simulator logs nothing of ours."""
    levels: defaultdict[str, set[str]] = defaultdict(set)
    for path in sorted((ROOT / "callrouter").rglob("*.py")):
        if "simulator" not in path.parts:
            for event, level in find_events(Path(path).read_text("utf-8")):
                levels[event].add(level)
    return levels


def test_every_log_event_is_explained_with_its_level() -> None:
    rows = page("docs/operations.md").table("What each log line means")
    explained = {strip_code(row[0]): set(row[1].split(" or ")) for row in rows}

    assert explained == logged()


def test_every_explanation_of_a_log_event_says_what_to_do() -> None:
    rows = page("docs/operations.md").table("What each log line means")

    assert [row[0] for row in rows if len(row) != 4 or not row[3].strip(" |")] == []


def test_events_are_found_in_either_branch_of_a_condition() -> None:
    found = list(find_events('log.info("leads" if leads else "stands_by", holder=me)'))

    assert found == [("leads", "info"), ("stands_by", "info")]
