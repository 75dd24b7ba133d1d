"""Every story of this folder, on either database, over signed requests to the real application."""

from pathlib import Path

import pytest

from callrouter.adapters.storage.engine import Database
from callrouter.web.app import create_app
from tests.stories.playing import Player
from tests.stories.reading import read_story
from tests.switchboards import FakeClock, make_board, open_seller
from tests.twilio_side import TwilioSide

FOLDER = Path(__file__).parent
STORIES = sorted(FOLDER.glob("*.txt"))


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in STORIES])
def test_the_story_goes_as_it_is_told(path: Path, database: Database, tmp_path: Path) -> None:
    story = read_story(path)
    clock = FakeClock()
    open_seller(
        database,
        buyers=story.read_file(story.files["buyers"]),
        tables=(story.read_file(story.files["table"]),),
    )
    with make_board(database, tmp_path, clock) as board:
        board.known_good.refresh()
        twilio = TwilioSide(create_app(board).test_client())

        Player(story, board, clock, twilio).play()
