"""What every module of callrouter keeps to; imports are checked by `lint-imports`."""

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeAlias

import pytest

pytestmark = pytest.mark.uncounted  # it reads the package and runs none of it

PACKAGE = Path(__file__).parents[2] / "callrouter"
MIGRATIONS = PACKAGE / "adapters" / "storage" / "migrations" / "versions"
MOST_LINES = 299
MOST_LINES_OF_A_FUNCTION = 40
CLOCKS = {PACKAGE / "adapters" / "clock.py", PACKAGE / "simulator" / "clock.py"}
READS_THE_CLOCK = {
    *(("datetime", name) for name in ("now", "utcnow", "today")),
    ("date", "today"),
    *(("time", name) for name in ("time", "time_ns", "localtime", "gmtime", "ctime")),
}
"""Of instants; counters such as time.monotonic() say nothing of the hour."""
NAMES_OF_NOTHING = {"utils", "helpers", "manager", "service", "data", "info", "misc", "common"}
Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
Named: TypeAlias = Function | ast.ClassDef


@dataclass(frozen=True, slots=True)
class Module:
    """A module's text, its tree, and what may be of interest of all that is in it."""

    text: str
    tree: ast.Module
    nodes: tuple[Function | ast.Attribute | ast.ImportFrom, ...]


@cache
def read_modules() -> Mapping[Path, Module]:
    """Every module, read and walked through once, and by the process that looks at them alone."""
    texts = {path: path.read_text("utf-8") for path in sorted(PACKAGE.rglob("*.py"))}
    return {path: read_module(text) for path, text in texts.items()}


def read_module(text: str) -> Module:
    tree = ast.parse(text)
    wanted = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Attribute, ast.ImportFrom)
    return Module(text, tree, tuple(n for n in ast.walk(tree) if isinstance(n, wanted)))


def find(look: Callable[[Module], Iterator[str]], *but: Path) -> dict[str, list[str]]:
    """What `look` finds in each module, those aside in or under `but`."""
    found = {
        str(path.relative_to(PACKAGE)): list(look(module))
        for path, module in read_modules().items()
        if path not in but and path.parent not in but
    }
    return {path: complaints for path, complaints in found.items() if complaints}


def test_a_module_can_be_read_in_one_go() -> None:
    lengths = {path.name: len(module.text.splitlines()) for path, module in read_modules().items()}

    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES} == {}


def test_a_function_can_be_seen_at_a_glance() -> None:
    def look(module: Module) -> Iterator[str]:
        for node in module.nodes:
            if isinstance(node, Function):
                lines = (node.end_lineno or 0) - node.lineno + 1
                if lines > MOST_LINES_OF_A_FUNCTION:
                    yield f"{node.name}: {lines} lines"

    assert find(look, MIGRATIONS) == {}


def test_whatever_is_public_says_what_it_promises() -> None:
    def look(module: Module) -> Iterator[str]:
        tree = module.tree
        if not ast.get_docstring(tree):
            yield "the module"
        public = [n for n in tree.body if isinstance(n, Named) and not n.name.startswith("_")]
        for owner in [n for n in public if isinstance(n, ast.ClassDef)]:
            public += [n for n in owner.body if isinstance(n, Named) and n.name[0] != "_"]
        yield from (node.name for node in public if not ast.get_docstring(node))

    assert find(look, MIGRATIONS) == {}


def test_nobody_but_the_clocks_reads_the_time() -> None:
    def look(module: Module) -> Iterator[str]:
        for node in module.nodes:
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                used = [(node.value.id, node.attr)]
            elif isinstance(node, ast.ImportFrom):
                used = [(node.module or "", alias.name) for alias in node.names]
            else:
                continue
            yield from (f"{a}.{b}" for a, b in used if (a, b) in READS_THE_CLOCK)

    assert find(look, *CLOCKS) == {}
    assert len(find(look)) == len(CLOCKS)


def test_a_module_is_named_after_what_it_is_about() -> None:
    names = {path.name for path in read_modules() if path.stem.split("_")[-1] in NAMES_OF_NOTHING}
    assert names == set()
