"""Validates a document against its pydantic model, and says in a person's words what is wrong."""

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from callrouter.adapters.policy_files.document import PolicyDocument, refusal
from callrouter.adapters.policy_files.rules import Rule, must_be
from callrouter.domain.errors import FileProblem
from callrouter.domain.tables.table_check import KeyPath

_TOP = "the top of the file"


class Section(BaseModel):
    """A table of a policy file: only known keys, and no value is bent into another type."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


SectionT = TypeVar("SectionT", bound=Section)


def read_sections(
    model: type[SectionT], document: PolicyDocument, also_wrong: Iterable[FileProblem]
) -> SectionT:
    """The document as `model`; raises PolicyFileError with every problem, `also_wrong` included."""
    problems = list(also_wrong)
    try:
        sections = model.model_validate(document.content)
    except ValidationError as error:
        raise refusal([*_explain(error, model, document), *problems]) from error
    if problems:
        raise refusal(problems)
    return sections


def find_repeats(
    document: PolicyDocument, places: Iterable[tuple[KeyPath, object]]
) -> Iterator[FileProblem]:
    """A problem for each value that stands at an earlier place already, naming that line."""
    first: dict[str, KeyPath] = {}
    for path, value in places:
        if not isinstance(value, str):
            continue
        if value in first:
            line = document.line_of(first[value])
            yield document.problem(path, f"the same as on line {line}; each may stand only once")
        else:
            first[value] = path


def keys_of(model: type[Section]) -> Mapping[str, FieldInfo]:
    """The fields of a section by the key that a file has for each."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def section_of(field: FieldInfo) -> type[Section] | None:
    """The model of a key that is a table or a list of tables, or None for a plain value."""
    kinds = [field.annotation, *get_args(field.annotation)]
    return next((k for k in kinds if isinstance(k, type) and issubclass(k, Section)), None)


def rule_of(field: FieldInfo) -> Rule | None:
    """The rule that a key's value must satisfy, where it has one of its own."""
    return next((each for each in field.metadata if isinstance(each, Rule)), None)


def _explain(
    error: ValidationError, model: type[Section], document: PolicyDocument
) -> Iterator[FileProblem]:
    for detail in error.errors(include_url=False):
        path = _written_part(detail["loc"], document)
        yield document.problem(path, _describe(detail, model))


def _written_part(path: KeyPath, document: PolicyDocument) -> KeyPath:
    """`path` without the keys that a shorthand stands for (`screening = "…"` is its prompt)."""
    while len(path) > 1 and not isinstance(document.value_at(path[:-1]), dict | list):
        path = path[:-1]
    return path


def _describe(detail: ErrorDetails, model: type[Section]) -> str:
    path = detail["loc"]
    if detail["type"] == "value_error":
        return str(detail["ctx"]["error"])
    if detail["type"] == "extra_forbidden":
        return _describe_unknown_key(path, model)
    field = _field_at(path, model)
    is_list_entry = isinstance(path[-1], int)
    rule = rule_of(field)
    if detail["type"] in {"missing", "too_short"}:
        return f"is missing; write {_wanted(path, field, rule)}"
    if rule is None:
        return must_be(_wanted(path[:-1] if is_list_entry else path, field, None), detail["input"])
    return must_be(rule.expected, detail["input"]) + _hint(detail)


def _wanted(path: KeyPath, field: FieldInfo, rule: Rule | None) -> str:
    if rule is not None:
        return f"for example {path[-1]} = {rule.example}"
    if get_origin(field.annotation) is list:
        return f"one or more sections headed {_label(path, is_list=True)}, in double brackets"
    return f"a section headed {_label(path, is_list=False)}, in single brackets"


def _hint(detail: ErrorDetails) -> str:
    match detail["type"], detail["input"]:
        case "string_type", bool() | int() | float():
            return "; put it in quotes"
        case "int_type" | "bool_type", str():
            return "; leave the quotes out"
        case _:
            return ""


def _describe_unknown_key(path: KeyPath, model: type[Section]) -> str:
    name, outer = str(path[-1])[:60], path[:-1]
    section = _section_at(outer, model)
    said = "isn't a key of this file"
    if outer:
        is_list = get_origin(_field_at(outer, model).annotation) is list
        said = f"isn't a key of {_label(outer, is_list=is_list)}"
    homes = [home for home, keys in _all_sections(model) if name in keys]
    if homes:
        above = ", above the first [header]" if homes[0] == _TOP else ""
        return f"{said}; it belongs to {' or '.join(homes)}{above}"
    keys = keys_of(section)
    longer = [key for key in keys if name.lower().startswith(key)]
    near = longer or get_close_matches(name.lower(), keys, n=1)
    if near:
        return f'{said}; did you mean "{near[0]}"?'
    return f"{said}, which has {', '.join(keys)}"


def _section_at(path: KeyPath, model: type[Section]) -> type[Section]:
    """The model of the table at `path`; an index means any entry of the list."""
    for step in path:
        if isinstance(step, str):
            model = section_of(keys_of(model)[step]) or model
    return model


def _field_at(path: KeyPath, model: type[Section]) -> FieldInfo:
    *outer, name = (step for step in path if isinstance(step, str))
    return keys_of(_section_at(tuple(outer), model))[name]


def _label(path: KeyPath, *, is_list: bool) -> str:
    name = ".".join(step for step in path if isinstance(step, str))
    return f"[[{name}]]" if is_list else f"[{name}]"


def _all_sections(model: type[Section], path: KeyPath = ()) -> Iterator[tuple[str, frozenset[str]]]:
    """Every section of the file: how its header is written, and the keys that it has."""
    if not path:
        yield _TOP, frozenset(keys_of(model))
    for name, field in keys_of(model).items():
        section = section_of(field)
        if section is not None:
            inner = (*path, name)
            is_list = get_origin(field.annotation) is list
            yield _label(inner, is_list=is_list), frozenset(keys_of(section))
            yield from _all_sections(section, inner)
