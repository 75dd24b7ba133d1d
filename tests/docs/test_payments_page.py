"""What docs/payments.md shows of mappings is one, and has every key."""

import pytest

from callrouter.adapters.policy_files.bank_mapping_file import (
    BankBuyerSection,
    BankMappingFile,
    ColumnsSection,
    read_bank_mapping,
)
from callrouter.adapters.policy_files.explain import keys_of
from callrouter.workflows.import_bank_file import RowClass
from tests.docs.pages import page

PAGE = page("docs/payments.md")
MAPPINGS = [block.text for block in PAGE.blocks if block.language == "toml"]


@pytest.mark.parametrize("text", MAPPINGS, ids=["first", "third"])
def test_a_mapping_that_is_shown_is_accepted(text: str) -> None:
    assert read_bank_mapping(text, "shown.toml").bank


def test_every_key_of_a_mapping_is_explained() -> None:
    keys = {
        key
        for model in (BankMappingFile, ColumnsSection, BankBuyerSection)
        for key in keys_of(model)
    }
    shown = "\n".join([*MAPPINGS, *PAGE.inline_code()])
    assert {key for key in keys if key not in shown} == set()


def test_every_class_of_a_row_is_explained() -> None:
    assert [row[0] for row in PAGE.table("From a bank's file")] == list(RowClass)
