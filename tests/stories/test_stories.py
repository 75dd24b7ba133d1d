"""Every story of this folder, on either database, over signed requests to the real application."""

from pathlib import Path

import pytest

from callrouter.adapters.storage.engine import Database, open_database
from callrouter.web.app import create_app
from tests.stories.playing import Player
from tests.stories.reading import read_story
from tests.switchboards import FakeClock, make_board, open_seller
from tests.twilio_side import TwilioSide

FOLDER = Path(__file__).parent
STORIES = sorted(FOLDER.glob("*.txt"))


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in STORIES])
def test_the_story_goes_as_it_is_told(path: Path, database: Database, tmp_path: Path) -> None:
    play(path, database, tmp_path)


def play(path: Path, database: Database, folder: Path) -> None:
    story = read_story(path)
    clock = FakeClock()
    open_seller(
        database,
        buyers=story.read_file(story.files["buyers"]),
        tables=(story.read_file(story.files["table"]),),
    )
    with make_board(database, folder, clock) as board:
        board.known_good.refresh()
        twilio = TwilioSide(create_app(board).test_client())

        Player(story, board, clock, twilio).play()


@pytest.mark.parametrize(
    ("told", "other"),
    [
        pytest.param("dial acme-east for 20 s", "dial bolt-main for 20 s", id="an answer"),
        pytest.param("connected=120 ", "connected=121 ", id="a figure"),
        pytest.param("hangup=callee", "hangup=caller", id="a word"),
        pytest.param("acme-east:connected", "acme-east:busy", id="an attempt"),
        pytest.param("=> open", "=> cdr disposition=connected", id="a call that isn't over"),
        pytest.param("disposition=connected", "mood=connected", id="a figure that nobody knows"),
        pytest.param("ringing     B1", "singing     B1", id="an event that nobody knows"),
    ],
)
def test_a_story_that_is_told_otherwise_fails(
    sqlite_url: str, tmp_path: Path, told: str, other: str
) -> None:
    text = (FOLDER / "happy_path.txt").read_text("utf-8")
    assert told in text
    for name in ("buyers.toml", "plain.toml"):
        (tmp_path / name).write_bytes((FOLDER / name).read_bytes())
    path = tmp_path / "told_otherwise.txt"
    path.write_text(text.replace(told, other), "utf-8")
    database = open_database(sqlite_url)

    with pytest.raises(AssertionError):
        play(path, database, tmp_path)
    database.dispose()
