"""The manual's table of known systems says what their formats do; `make golden` writes it."""

import os

from callrouter.adapters.buyer_files.presets import Preset, load_presets
from tests.docs.pages import ROOT

_BEGIN = "| system | format | several rows | what it takes to know |\n|---|---|---|---|\n"


def test_the_table_of_known_systems_is_what_their_formats_say_golden() -> None:
    file = ROOT / "docs" / "tie-out.md"
    text = file.read_text("utf-8")
    before, found, after = text.partition(_BEGIN)
    table, _, rest = after.partition("\n\n")
    assert found, "docs/tie-out.md has no table of known systems"
    rows = "\n".join(_say_row(preset) for preset in load_presets())
    if os.environ.get("UPDATE_GOLDENS"):
        file.write_text(f"{before}{found}{rows}\n\n{rest}", "utf-8")
        table = rows
    assert table == rows, "a format changed: make golden, and read the diff"


def _say_row(preset: Preset) -> str:
    said = "; ".join(preset.traps).replace("|", "\\|")
    return f"| {preset.system} | `{preset.name}` | `{preset.legs}` | {said} |"
