from pathlib import Path

from callrouter.bootstrap import make_switchboard
from callrouter.config import read_settings


def test_a_new_state_folder_is_for_the_owner_s_eyes(tmp_path: Path, sqlite_url: str) -> None:
    folder = tmp_path / "state"
    environ = {
        "DATABASE_URL": sqlite_url,
        "PUBLIC_URL": "https://calls.example",
        "SECRET_KEY": "x" * 43,
        "CALLROUTER_STATE_DIR": str(folder),
    }
    board = make_switchboard(read_settings(environ))
    board.database.dispose()
    assert folder.stat().st_mode & 0o777 == 0o700
