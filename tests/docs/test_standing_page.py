"""Every example of docs/standing.md is a file that can be applied, and every key is explained."""

import re

import pytest

from callrouter.adapters.policy_files.explain import keys_of
from callrouter.adapters.policy_files.standing_file import (
    StandingFile,
    StateSection,
    read_ladder,
)
from callrouter.domain.billing.standing_ladder import DEFAULT_LADDER
from tests.docs.pages import page

TEXT = page("docs/standing.md").text
EXAMPLES = re.findall(r"^```toml\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES, ids=["default", "prepaid", "a few calls"])
def test_every_example_can_be_applied(example: str) -> None:
    assert len(read_ladder(example, "standing.toml").rungs) > 1


def test_what_holds_without_a_file_is_shown() -> None:
    assert read_ladder(EXAMPLES[0], "standing.toml") == DEFAULT_LADDER


def test_every_key_is_explained() -> None:
    states = TEXT.partition("## The states")[2].partition("\n## ")[0]
    explained = set(re.findall(r"^\| `(\w+)` \|", states, re.MULTILINE))

    assert explained == {*keys_of(StandingFile), *keys_of(StateSection)} - {"states"}
