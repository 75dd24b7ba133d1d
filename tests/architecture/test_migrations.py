"""Migrations are numbered, follow one another, and end in one head that a file names."""

from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory

from callrouter.adapters.storage import migrations
from callrouter.adapters.storage.revisions import head_revision

FOLDER = Path(migrations.__file__).parent
VERSIONS = sorted(path for path in (FOLDER / "versions").glob("*.py") if path.stem != "__init__")


def test_they_are_numbered_without_a_gap() -> None:
    numbers = [path.stem.split("_")[0] for path in VERSIONS]

    assert numbers == [f"{number:04d}" for number in range(1, len(VERSIONS) + 1)]


def test_each_follows_the_one_before_and_the_last_is_the_head() -> None:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("path_separator", "os")
    scripts = list(ScriptDirectory.from_config(config).walk_revisions())

    assert [script.revision for script in reversed(scripts)] == [
        path.stem.split("_")[0] for path in VERSIONS
    ]
    assert [script.down_revision for script in scripts] == [
        *(script.revision for script in scripts[1:]),
        None,
    ]
    # So that two branches that both add a migration meet in a merge conflict.
    assert (FOLDER / "versions" / ".head").read_text("utf-8").strip() == scripts[0].revision
    assert head_revision() == scripts[0].revision
