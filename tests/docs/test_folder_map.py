"""The README's map of folders is the repository's."""

from pathlib import Path

from tests.docs.pages import ROOT, page

_MADE = {"build", "dist", "htmlcov", "var", "__pycache__"}
"""What tools make here; not part of the repository."""


def read_map() -> set[str]:
    """The folders of the map, as paths within the repository."""
    block = next(b for b in page("README.md").blocks if b.text.startswith("callrouter/"))
    folders: list[str] = []
    for line in block.text.splitlines():
        name = line.split()[0]
        assert name.endswith("/"), f"{line!r} isn't about a folder"
        parent = next(f for f in reversed(folders) if f.count("/") == 1) if line[0] == " " else ""
        folders.append(parent + name)
    return set(folders)


def folders_below(folder: Path) -> set[str]:
    """The repository's folders right below one of them, as paths."""
    return {
        f"{path.relative_to(ROOT)}/"
        for path in folder.iterdir()
        if path.is_dir() and path.name not in _MADE
        if not path.name.startswith(".") and not path.name.endswith(".egg-info")
    }


def test_the_map_has_every_folder_and_every_folder_of_the_map_is_there() -> None:
    top = folders_below(ROOT)
    below = (folders_below(ROOT / name) for name in ("callrouter", "config", "docs", "tests"))

    assert read_map() == top.union(*below)
