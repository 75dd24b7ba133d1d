from pathlib import Path

import pytest

from callrouter.adapters.policy_files.document import (
    LARGEST_FILE_BYTES,
    decode_policy,
    load_policy,
    open_document,
    place_problems,
    spell_path,
)
from callrouter.domain.errors import FileProblem, PolicyFileError
from callrouter.domain.tables.table_check import KeyPath, TableProblem


@pytest.mark.parametrize(
    ("text", "line", "key", "said"),
    [
        pytest.param("a = 1\nb = x\n", 2, "b", "a text needs quotes", id="text-without-quotes"),
        pytest.param('a = "x\nb = 1\n', 1, "a", "no closing quotes", id="quote-left-open"),
        pytest.param('a = "x', 1, "a", "no closing quotes", id="quote-left-open-at-the-end"),
        pytest.param('a = 1\nb = """\n\n', 2, "b", "no closing quotes", id="long-text-left-open"),
        pytest.param("a = 1\nb = '''\n\n", 2, "b", "no closing quotes", id="literal-left-open"),
        pytest.param("a = 1\nb = [\n1,\n\n", 2, "b", "isn't a value", id="array-left-open"),
        pytest.param("a = 1\na = 2\n", 2, "a", "already written above", id="key-twice"),
        pytest.param("a = 1\na = 2", 2, "a", "already written above", id="key-twice-at-the-end"),
        pytest.param("[a]\n[a]\n", 2, "a", "[[double brackets]]", id="header-twice"),
        pytest.param(
            "a = 1\n[b\n", 2, "b", "isn't valid TOML: Expected ']'", id="header-left-open"
        ),
        pytest.param("a = 1\nb\n", 2, "b", "isn't valid TOML: Expected '='", id="no-equals-sign"),
        pytest.param("a = 1 2\n", 1, "a", "isn't valid TOML: Expected newline", id="two-values"),
        pytest.param("= 1\n", 1, "(file)", "isn't valid TOML: Invalid statement", id="no-key"),
        pytest.param("\x1b[31m = 1\n", 1, '"\\u001b[31m"', "isn't valid TOML", id="escape-code"),
        pytest.param("a = 1\nb = '\0'\n", 2, "(file)", "has a NUL byte", id="nul"),
        pytest.param("a = " + "[" * 50_000, 1, "(file)", "far too deep", id="nested-too-deep"),
        pytest.param("\na = " + "1" * 5000, 2, "a", "thousands of digits", id="endless-number"),
        pytest.param(
            "\n[" + "a." * 40_000 + "a]", 2, f"{'a.' * 30}…", "forty parts", id="endless-key"
        ),
        pytest.param("a" * (LARGEST_FILE_BYTES + 1), 1, "(file)", "larger than 1 MiB", id="large"),
        pytest.param(
            "é" * (LARGEST_FILE_BYTES // 2 + 1), 1, "(file)", "1 MiB", id="large-in-utf-8"
        ),
    ],
)
def test_a_text_that_is_not_toml_is_refused_where_it_stops_being_so(
    text: str, line: int, key: str, said: str
) -> None:
    with pytest.raises(PolicyFileError) as refused:
        open_document(text, "x.toml")
    (problem,) = refused.value.problems
    assert (problem.file, problem.line, problem.key) == ("x.toml", line, key)
    assert said in problem.message


def test_a_text_of_exactly_one_mebibyte_is_opened() -> None:
    text = "a = 1 #".ljust(LARGEST_FILE_BYTES, "x")
    assert open_document(text, "x.toml").content == {"a": 1}


@pytest.mark.parametrize(
    ("path", "value", "line"),
    [
        pytest.param(("a",), [{"b": 1}, 2], 1, id="key"),
        pytest.param(("a", 0, "b"), 1, 2, id="key-in-an-array"),
        pytest.param(("a", 1, "b"), None, 3, id="key-of-a-plain-value"),
        pytest.param(("a", 2), None, 1, id="element-beyond-the-end"),
        pytest.param(("c", 0), None, 4, id="index-of-a-table"),
        pytest.param(("c", "d", "e"), None, 4, id="key-that-is-not-written"),
        pytest.param(("x",), None, 1, id="unknown-key"),
        pytest.param((), {"a": [{"b": 1}, 2], "c": {}}, 1, id="whole-file"),
    ],
)
def test_a_place_in_a_document_has_its_value_and_the_nearest_line(
    path: KeyPath, value: object, line: int
) -> None:
    document = open_document("a = [\n{ b = 1 },\n2]\n[c]\n", "x.toml")
    assert document.value_at(path) == value
    assert document.line_of(path) == line


@pytest.mark.parametrize(
    ("path", "spelt"),
    [
        pytest.param(("routes", 1, "weight"), "routes[2].weight", id="counted-from-one"),
        pytest.param(("routes", 0), "routes[1]", id="section"),
        pytest.param(("a b", "c.d"), '"a b"."c.d"', id="quoted"),
        pytest.param(("\x1b[0m\u202e",), '"\\u001b[0m\\u202e"', id="control-characters"),
        pytest.param(("x" * 100,), f'"{"x" * 60}\\u2026"', id="long"),
        pytest.param((), "(file)", id="whole-file"),
    ],
)
def test_a_key_is_spelt_as_a_person_names_it(path: KeyPath, spelt: str) -> None:
    assert spell_path(path) == spelt


def test_problems_that_the_domain_finds_get_the_line_of_their_key() -> None:
    text = '[[routes]]\ndestination = "a"\n\n[[routes]]\ndestination = "b"\n'
    found = [
        TableProblem(("routes", 1, "destination"), "no such destination"),
        TableProblem(("nobody_left", "overflow"), "no such destination"),
    ]
    assert place_problems(found, text, "x.toml") == (
        FileProblem("x.toml", 5, "routes[2].destination", "no such destination"),
        FileProblem("x.toml", 1, "nobody_left.overflow", "no such destination"),
    )


def test_a_file_is_loaded_with_or_without_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_bytes(b"\xef\xbb\xbfa = '\xc3\xa9'\r\n")
    assert load_policy(path) == "a = 'é'\r\n"
    assert open_document(load_policy(path), "x.toml").content == {"a": "é"}


def test_a_file_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    with pytest.raises(PolicyFileError, match=r"x\.toml:1: \(file\): can't be read: No such file"):
        load_policy(path)


def test_a_folder_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(PolicyFileError, match=r":1: \(file\): can't be read: Is a directory"):
        load_policy(tmp_path)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(
            b"a = 1\nb = '\xff'\n",
            "x.toml:2: (file): isn't UTF-8 text (byte 0xff); save the file as UTF-8",
            id="latin-1",
        ),
        pytest.param(
            b"a" * (LARGEST_FILE_BYTES + 1),
            "x.toml:1: (file): is larger than 1 MiB, the most a policy file may be",
            id="too-large",
        ),
    ],
)
def test_bytes_that_are_no_policy_text_are_refused(content: bytes, expected: str) -> None:
    with pytest.raises(PolicyFileError) as refused:
        decode_policy(content, "x.toml")
    assert str(refused.value) == expected
