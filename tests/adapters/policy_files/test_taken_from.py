import pytest

from callrouter.adapters.policy_files.taken_from import (
    TakenFrom,
    mark_taken_from,
    split_taken_from,
)

SEVEN = TakenFrom("flood-repair", 7)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('campaign = "flood-repair"\n', id="lines"),
        pytest.param('campaign = "flood-repair"\r\n', id="lines-of-windows"),
        pytest.param("# flood-repair version 6\n", id="another-such-line"),
        pytest.param("", id="nothing"),
    ],
)
def test_a_marked_text_is_split_into_version_and_text(text: str) -> None:
    marked = mark_taken_from(text, SEVEN)
    assert marked.startswith("# flood-repair version 7")
    assert split_taken_from(marked, "flood-repair") == (7, text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("# solar-quotes version 7\n", id="another-campaign"),
        pytest.param("\n# flood-repair version 7\n", id="not-the-first-line"),
        pytest.param("# flood-repair version 7, by ann\n", id="a-comment-that-goes-on"),
        pytest.param("# flood-repair version 0\n", id="no-version"),
    ],
)
def test_any_other_first_line_is_part_of_the_text(text: str) -> None:
    assert split_taken_from(text, "flood-repair") == (None, text)


def test_the_line_may_be_all_there_is() -> None:
    assert split_taken_from("# flood-repair version 7", "flood-repair") == (7, "")
