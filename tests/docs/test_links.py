"""Every link of our pages leads somewhere, and every page can be found."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.docs.pages import ROOT, Page, all_pages, page

PAGES = [pytest.param(each, id=each.name) for each in all_pages()]
_ELSEWHERE = ("https://", "http://", "mailto:")
_MOST_PICTURE_BYTES = 200_000


@pytest.mark.parametrize("shown", PAGES)
def test_every_relative_link_and_anchor_of_a_page_resolves(shown: Page) -> None:
    wrong = [
        target
        for target in shown.links()
        if not target.startswith(_ELSEWHERE) and not _leads_somewhere(shown, target)
    ]

    assert wrong == []


def _leads_somewhere(shown: Page, target: str) -> bool:
    path, _, anchor = target.partition("#")
    file = (shown.path.parent / path).resolve() if path else shown.path
    if not file.is_relative_to(ROOT) or not file.exists():
        return False
    return not anchor or anchor in page(str(file.relative_to(ROOT))).anchors()


def test_the_index_names_every_page_of_the_folder() -> None:
    index = page("docs/README.md")
    named = {(index.path.parent / target.partition("#")[0]).resolve() for target in index.links()}

    pages = {path.resolve() for path in index.path.parent.glob("*.md")} - {index.path}

    assert {path.name for path in pages - named} == set()


def test_the_decisions_index_names_every_decision() -> None:
    index = page("docs/adr/README.md")

    decisions = {path.name for path in index.path.parent.glob("0*.md")}

    assert set(index.links()) == decisions


@pytest.mark.parametrize(
    "picture",
    [pytest.param(path, id=path.name) for path in sorted((ROOT / "docs/images").iterdir())],
)
def test_a_picture_is_small_and_stands_on_a_page(picture: Path) -> None:
    shown_on = [each.name for each in all_pages() if any(picture.name in x for x in each.links())]

    assert shown_on
    assert picture.stat().st_size < _MOST_PICTURE_BYTES


def test_the_picture_of_a_call_needs_nothing_from_elsewhere() -> None:
    text = (ROOT / "docs/images/call.svg").read_text("utf-8")

    ElementTree.fromstring(text)  # noqa: S314 - our own file
    addresses = text.replace("http://www.w3.org/2000/svg", "")

    assert "http" not in addresses
    assert "@import" not in text
    assert "prefers-color-scheme: dark" in text
