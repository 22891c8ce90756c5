"""A YAML file read into a pydantic model, every mistake in it told in one sentence: file, key, what to do."""

import re
from collections.abc import Callable, Hashable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from crmresearch.errors import CrmResearchError
from crmresearch.paths import ROOT


class _Loader(yaml.SafeLoader):
    """The safe loader, but a key written twice is a mistake (plain YAML keeps the last one silently),
    only true and false are truth values (plain YAML turns `no` and `off` into one), dates stay text, and what plain
    YAML reads as another number than it shows (0100 is 64, 1:30 is 90, 0x10 is 16) is a mistake."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        if isinstance(node, yaml.ScalarNode) and node.style is None and _SURPRISE.fullmatch(node.value):
            written = node.value
            raise _SurpriseError(
                f"line {node.start_mark.line + 1}: {written} is not read as written (YAML knows octal, "
                f"hexadecimal and base 60); write '{written}' in quotes where it is text, else the number plainly"
            )
        return super().construct_object(node, deep=deep)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Hashable] = set()
        for key_node, _ in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                continue
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable):
                raise _SurpriseError(f"line {key_node.start_mark.line + 1}: a key must be a word or a number")
            if key in seen:
                raise _SurpriseError(f"line {key_node.start_mark.line + 1}: {key!r} is written twice; keep one")
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


_SURPRISE = re.compile(r"[-+]?(0\d[\d_]*|0[xb][\da-fA-F_]+|\d[\d_]*(:[0-5]?\d)+(\.[\d_]*)?|\d[\d_]*_[\d_]*(\.[\d_]*)?)")
_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern)
        for tag, pattern in resolvers
        if tag != "tag:yaml.org,2002:timestamp" and (tag != "tag:yaml.org,2002:bool" or first in "tTfF")
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


class _SurpriseError(Exception):
    pass


class MistakesError(ValueError):
    """Several mistakes found by one validator of a model; each text starts with the key it is about."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        self.mistakes = list(mistakes)
        super().__init__("; ".join(mistakes))


def shown(path: Path) -> str:
    """The path as a reader knows it: relative to the project or the working folder where it is inside one."""
    path = Path(path)
    for folder in (ROOT, Path.cwd()):
        if path.is_relative_to(folder):
            return path.relative_to(folder).as_posix()
    return path.as_posix()


Model = TypeVar("Model", bound=BaseModel)


def read_document(path: Path, model: type[Model], error: Callable[[str], CrmResearchError]) -> Model:
    """The YAML file as a validated `model`.

    Raises what `error` makes of a message with one sentence per mistake, each naming file and key.
    """
    return validated(read_mapping(path, error), path, model, error)


def read_mapping(path: Path, error: Callable[[str], CrmResearchError]) -> dict[Any, Any]:
    """The YAML file as a mapping, as it is written; raises as `read_document`."""
    where = shown(path)
    try:
        content = yaml.load(path.read_text(encoding="utf-8-sig"), Loader=_Loader)
    except OSError as problem:
        raise error(f"{where} cannot be read: {problem.strerror or problem}.") from None
    except UnicodeDecodeError as problem:
        raise error(f"{where} is not UTF-8 text (byte {problem.start + 1}); save it with UTF-8 encoding.") from None
    except _SurpriseError as problem:
        raise error(f"{where}, {problem}.") from None
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        line = f", line {mark.line + 1}" if mark else ""
        raise error(
            f"{where}{line} is not valid YAML: {problem.problem or problem.context}; mend that line "
            "(text with a colon, a # or a quotation mark must stand in quotes)."
        ) from None
    except RecursionError:
        raise error(f"{where} holds keys in keys too deep to read; a file of this kind needs four levels.") from None
    except yaml.YAMLError as problem:
        raise error(f"{where} is not valid YAML: {' '.join(str(problem).split())}.") from None
    if not isinstance(content, dict):
        raise error(f"{where} must be a mapping of keys to values; it holds {_kind(content)}.")
    return content


def validated(
    content: dict[Any, Any], path: Path, model: type[Model], error: Callable[[str], CrmResearchError]
) -> Model:
    """What stands in the file as a validated `model`; raises as `read_document`."""
    try:
        return model.model_validate(content)
    except ValidationError as problem:
        raise error("\n".join(_sentences(problem, shown(path), model))) from None


def _sentences(problem: ValidationError, where: str, model: type[BaseModel]) -> list[str]:
    sentences: dict[str, str] = {}
    for mistake in problem.errors():
        location = [str(part) for part in mistake["loc"] if part != "[key]"]
        if location and location[-1] in _UNION_MEMBERS:
            location.pop()
        raised = mistake.get("ctx", {}).get("error")
        if isinstance(raised, MistakesError):
            sentences |= {text: f"{where}, {text}." for text in raised.mistakes}
            continue
        place = ", ".join([where, ".".join(location)] if location else [where])
        sentences.setdefault(place, f"{place}: {_reason(mistake['type'], mistake, model)}.")
    return list(sentences.values())


_UNION_MEMBERS = ("float", "int", "str")  # pydantic ends a location with the member of a union it tried


def _reason(kind: str, mistake: Any, model: type[BaseModel]) -> str:
    if kind == "missing":
        return "this key is missing; add it"
    if kind == "extra_forbidden":
        allowed = sorted(_field_names(model, mistake["loc"][:-1]))
        close = get_close_matches(str(mistake["loc"][-1]), allowed, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"the keys are {', '.join(allowed)}"
        return f"this key is not known; {hint}"
    if kind == "value_error":
        return str(mistake["ctx"]["error"])
    expected = {
        "dict_type": "must be a mapping, one key with its value on each line",
        "model_type": "must be a mapping, one key with its value on each line",
        "list_type": "must be a list such as [A, B]",
        "tuple_type": "must be a list such as [A, B]",
        "string_type": "must be text, in quotes if it looks like a number or holds a comma",
        "float_type": "must be a number",
        "int_type": "must be a whole number",
        "bool_type": "must be true or false",
        "finite_number": "must be a finite number",
        "too_short": "must not be empty",
        "string_too_short": "must not be empty",
    }.get(kind, mistake["msg"][:1].lower() + mistake["msg"][1:])
    return f"{expected}; it is {_kind(mistake['input'])}"


def _field_names(model: type[BaseModel], location: tuple[Any, ...]) -> set[str]:
    """Keys allowed at a place of the document, found by walking down the model's annotations."""
    kind: Any = model
    for part in location:
        if isinstance(kind, type) and issubclass(kind, BaseModel) and part in kind.model_fields:
            kind = kind.model_fields[part].annotation
        else:  # a mapping or a list of models: step to what it holds
            kind = next(
                (k for k in getattr(kind, "__args__", ()) if isinstance(k, type) and issubclass(k, BaseModel)),
                None,
            )
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return {field.alias or name for name, field in kind.model_fields.items()}
    return set()


def _kind(value: object) -> str:
    if value is None:
        return "empty"
    if isinstance(value, dict):
        return "a mapping" if value else "an empty mapping"
    if isinstance(value, (list, tuple)):
        return "a list" if value else "an empty list"
    text = repr(value) if not isinstance(value, bool) else str(value).lower()
    return text if len(text) <= 40 else text[:37] + "...'"
