"""Texts that are compared whole with a file kept beside the tests; `make golden` rewrites them."""

import os
from pathlib import Path


def check_golden(file: Path, text: str) -> None:
    """Compare `text` with the file, or write it there when UPDATE_GOLDENS is set."""
    if os.environ.get("UPDATE_GOLDENS"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, "utf-8")
    assert file.is_file(), f"{file.name} isn't there yet: make golden, then read what it wrote"
    expected = file.read_text("utf-8")
    assert text == expected, f"{file.name} differs: if that is meant, make golden and read the diff"
