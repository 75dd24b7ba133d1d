import pytest

from callrouter.adapters.policy_files.edit_numbers import point_numbers
from callrouter.adapters.policy_files.routing_table_file import read_table
from callrouter.domain.errors import RefusedError

ONE, TWO, THREE, FOUR = (f"+1800555010{n}" for n in range(4))
TABLE = f"""\
# Ours since 2019
campaign = "flood-repair"

[[dids]]
number = "{ONE}"   # the bus
publisher = "radio-kx"

# Television
[[ dids ]]
  "number" = '{TWO}'
  tags = {{ to = "tv" }}

[limits]   # between the numbers, on purpose
attempts = 2

[[dids]]
number = "{THREE}"
to = "acme-east"  # while they move

# Last
[dids.tags]
region = "west"

[[routes]]
destination = "acme-east"
[[dids]]
number = "{FOUR}"
"""
INLINE = f"""\
campaign = "flood-repair"
dids = [  # of the bus
  {{ number = "{ONE}", tags = {{ a = "}}" }} }}, {{number = '{TWO}'}},
  {{ to = "acme-east", number = "{THREE}", publisher = "radio-kx" }}, # moving
]
[[routes]]
destination = "acme-east"
"""


def test_a_number_is_pointed_by_one_line_under_it() -> None:
    assert point_numbers(TABLE, "t", {TWO: "bolt-east"}) == TABLE.replace(
        f"'{TWO}'\n", f"'{TWO}'\n  to = \"bolt-east\"\n"
    )


def test_a_number_that_points_somewhere_is_pointed_elsewhere_in_its_line() -> None:
    assert point_numbers(TABLE, "t", {THREE: "bolt-east"}) == TABLE.replace(
        'to = "acme-east"', 'to = "bolt-east"'
    )


def test_a_number_that_points_nowhere_any_more_has_lost_that_line() -> None:
    assert point_numbers(TABLE, "t", {THREE: ""}) == TABLE.replace(
        'to = "acme-east"  # while they move\n', ""
    )


def test_pointing_in_one_line_of_many_entries() -> None:
    pointed = point_numbers(INLINE, "t", {ONE: "b", TWO: "b", THREE: "b"})
    assert pointed.splitlines()[2:4] == [
        f'  {{ number = "{ONE}", to = "b", tags = {{ a = "}}" }} }}, '
        f"{{number = '{TWO}', to = \"b\"}},",
        f'  {{ number = "{THREE}", to = "b", publisher = "radio-kx" }}, # moving',
    ]
    back = point_numbers(pointed, "t", {ONE: "", TWO: "", THREE: ""})
    assert back == INLINE.replace('to = "acme-east", ', "")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(TABLE, id="a-line-a-key"),
        pytest.param(TABLE.replace("\n", "\r\n"), id="line-ends-of-windows"),
        pytest.param(TABLE.rstrip("\n"), id="no-end-of-the-last-line"),
    ],
)
def test_pointing_and_taking_back_leaves_the_text_as_it_was(text: str) -> None:
    everything = (ONE, TWO, THREE, FOUR)
    pointed = point_numbers(text, "t", dict.fromkeys(everything, "bolt-east"))
    assert [n.to for n in read_table(pointed, "t").numbers] == ["bolt-east"] * 4
    assert pointed.count("\r") == (pointed.count("\n") if "\r" in text else 0)
    before = dict.fromkeys(everything, "") | {THREE: "acme-east"}
    assert point_numbers(pointed, "t", before) == text


def test_numbers_that_are_not_there_or_point_there_already_change_nothing() -> None:
    assert point_numbers(TABLE, "t", {"+18005550199": "bolt", THREE: "acme-east"}) == TABLE


@pytest.mark.parametrize(
    ("text", "to"),
    [
        pytest.param(TABLE.replace(f'"{ONE}"', f'"""\n{ONE}"""'), "bolt", id="a-text-of-two-lines"),
        pytest.param(INLINE.replace(ONE, r"\u002b18005550100"), "bolt", id="an-escaped-number"),
    ],
)
def test_what_would_change_more_is_refused(text: str, to: str) -> None:
    with pytest.raises(RefusedError, match=r"t is written in a way .*: export it, write `to`"):
        point_numbers(text, "t", {ONE: to})


def test_a_destination_with_quotes_does_not_get_into_the_text() -> None:
    with pytest.raises(RefusedError, match="can't be edited"):
        point_numbers(TABLE, "t", {ONE: 'x"\npublisher = "y'})
