"""The parameters a notebook declares, read from its tagged cell without running it, and values held against them.

The cell tagged `parameters` is the one source of names, types, defaults and remarks. It holds annotated assignments
such as `resamples: Annotated[int, Field(ge=100)] = 1000  # of the bootstrap`, imports, and nothing else.
"""

import ast
import io
import json
import tokenize
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from pydantic import ConfigDict, Field, ValidationError, create_model

from crmresearch.data.documents import shown
from crmresearch.errors import ParameterError

_TYPES: dict[str, Any] = {
    **{kind.__name__: kind for kind in (str, int, float, bool, list, dict)},
    "Literal": Literal,
    "Annotated": Annotated,
    "Field": Field,
}
_KINDS = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "string_type": "text",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a mapping of keys to values",
    "none_required": "empty",
}
_BOUNDS = {
    "greater_than": ("gt", "above"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "below"),
    "less_than_equal": ("le", "at most"),
}

_LONGEST_NAME = 100  # told whole in a sentence


class Declaration(NamedTuple):
    """Type and default of one parameter, in the order pydantic's `create_model` takes them."""

    annotation: Any
    default: Any


def read_declarations(notebook: Path) -> dict[str, Declaration]:
    """Parameters of a notebook by name, in the order of its cell.

    Raises ParameterError when there is not exactly one cell tagged `parameters`, or it holds anything but
    imports and assignments `name: type = literal` of known types.
    """
    where = shown(notebook)
    nodes = _nodes(_cell(notebook, where), where)
    return dict(_declaration(node, where) for node in nodes if not _is_aside(node))


def read_remarks(notebook: Path) -> dict[str, str]:
    """What the comments behind the declarations say of the parameters, by name; those without a comment are not there.

    Raises ParameterError as `read_declarations`.
    """
    where = shown(notebook)
    source = _cell(notebook, where)
    nodes = _nodes(source, where)
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    comments = {token.start[0]: token.string.lstrip("# ") for token in tokens if token.type == tokenize.COMMENT}
    lines = {_declaration(node, where)[0]: node.end_lineno for node in nodes if not _is_aside(node)}
    return {name: comments[line] for name, line in lines.items() if line in comments}


def in_words(annotation: Any) -> str:
    """A type as a reader would say it, with its bounds: "a whole number, at least 100"."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return f"{'one of ' if len(parts) > 1 else 'only '}{', '.join(map(str, parts))}"
    if origin is Annotated:
        bounds = [
            f"{words} {getattr(rule, bound)}"
            for extra in parts[1:]
            for rule in getattr(extra, "metadata", ())
            for bound, words in _BOUNDS.values()
            if hasattr(rule, bound)
        ]
        return ", ".join([in_words(parts[0]), " and ".join(bounds)] if bounds else [in_words(parts[0])])
    if annotation in (None, type(None)):
        return _KINDS["none_required"]
    if origin in (list, dict):
        return _KINDS[f"{origin.__name__}_type"]
    if parts:
        return " or ".join(in_words(part) for part in parts)
    return _KINDS[{str: "string_type"}.get(annotation, f"{annotation.__name__}_type")]


def check_values(declared: Mapping[str, Declaration], given: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """All parameters with defaults filled in, and one sentence per unknown, mistyped or impossible value.

    Strict: a whole number is fine where a number is wanted, text never is, and true is not 1.
    """
    rules = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False, validate_default=True)
    fields: dict[str, Any] = {name: tuple(declaration) for name, declaration in declared.items()}
    model = create_model("Parameters", __config__=rules, **fields)
    try:
        values = model.model_validate(dict(given))
    except ValidationError as error:
        return {}, _sentences(error, declared, given)
    return {name: getattr(values, name) for name in declared}, []


def suggestion(word: str, known: Sequence[str]) -> str:
    """How a sentence about an unknown word ends: the nearest known word, else all of them."""
    near = get_close_matches(word, known, n=1)
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; there are {', '.join(known)}." if known else "; there are none."


def shortened(name: str) -> str:
    """A name as a sentence can hold it."""
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME // 2]}…{name[-_LONGEST_NAME // 4 :]}"


def _cell(notebook: Path, where: str) -> str:
    try:
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    except (ValueError, KeyError) as error:
        raise ParameterError(f"{where} cannot be read as a notebook: {error}.") from None
    tagged = [cell for cell in cells if "parameters" in cell.get("metadata", {}).get("tags", [])]
    if len(tagged) != 1:
        raise ParameterError(f"{where}: exactly one cell must carry the tag `parameters`; {len(tagged)} cells do.")
    return "".join(tagged[0]["source"])


def _nodes(source: str, where: str) -> list[ast.stmt]:
    try:
        return ast.parse(source).body
    except SyntaxError as error:
        raise ParameterError(f"{where}, cell `parameters`, line {error.lineno}: {error.msg}.") from None


def _is_aside(node: ast.stmt) -> bool:
    is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return is_text or isinstance(node, ast.Import | ast.ImportFrom)


def _declaration(node: ast.stmt, where: str) -> tuple[str, Declaration]:
    line = f"{where}, cell `parameters`, in `{ast.unparse(node)}`"
    if not (isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value):
        raise ParameterError(f"{line}: a parameter is written `name: type = default`.")
    try:
        code = compile(ast.Expression(node.annotation), "parameters", "eval")
        annotation = eval(code, {"__builtins__": {}}, _TYPES)
    except Exception:
        raise ParameterError(f"{line}: a type is made of {', '.join(_TYPES)} and None.") from None
    try:
        return node.target.id, Declaration(annotation, ast.literal_eval(node.value))
    except ValueError:
        raise ParameterError(f"{line}: the default must be a plain value, not an expression.") from None


def _sentences(error: ValidationError, declared: Mapping[str, Declaration], given: Mapping[str, Any]) -> list[str]:
    sentences: dict[str, None] = {}
    for detail in _of_meant_members(error.errors(), declared):
        name, *inside = (str(part) for part in detail["loc"])
        if name not in declared:
            sentences[f"unknown parameter `{name}`{suggestion(name, list(declared))}"] = None
            continue
        place = ".".join([name, *(part for part in inside if part not in ("none", "[key]"))])
        default = "" if name in given else "the notebook's own default of "
        sentences[f"{default}`{place}` {_complaint(detail, declared[name].annotation)}"] = None
    return list(sentences)


def _of_meant_members(details: Sequence[Any], declared: Mapping[str, Declaration]) -> list[Any]:
    """Of a value that may be of several types the mistakes by the type it has, which `loc` no longer names then.

    Where it has none of them that is one mistake, of the type `union`.
    """
    told = []
    for detail in details:
        name, *inside = detail["loc"]
        if not _is_union(declared, name):
            told.append(detail)
        elif not _is_other_type(detail):
            told.append({**detail, "loc": (name, *inside[1:])})
        elif all(_is_other_type(other) for other in details if other["loc"][0] == name):
            told.append({**detail, "loc": (name,), "type": "union"})
    return told


def _is_union(declared: Mapping[str, Declaration], name: Any) -> bool:
    return name in declared and get_origin(declared[name].annotation) in (Union, UnionType)


def _is_other_type(detail: Any) -> bool:
    """Whether the value as a whole has not the type of this member of a union."""
    return len(detail["loc"]) == 2 and detail["type"] in _KINDS


def _complaint(detail: Any, annotation: Any) -> str:
    kind, value = detail["type"], detail["input"]
    if kind == "literal_error":
        choices = list(_choices(annotation))
        near = get_close_matches(value, [str(c) for c in choices], n=1) if isinstance(value, str) else []
        hint = f"; did you mean {near[0]!r}?" if near else ""
        return f"must be one of {', '.join(map(_plain, choices))}, not {_plain(value)}{hint}"
    if kind in _BOUNDS:
        bound, words = _BOUNDS[kind]
        return f"must be {words} {detail['ctx'][bound]}, not {_plain(value)}"
    text = "the text " if isinstance(value, str) else ""
    if kind == "union":
        return f"must be {in_words(annotation)}, not {text}{_plain(value)}"
    if kind in _KINDS:
        return f"must be {_KINDS[kind]}, not {text}{_plain(value)}"
    return f"cannot be {text}{_plain(value)}: {detail['msg'][:1].lower()}{detail['msg'][1:]}"


def _choices(annotation: Any) -> Iterable[Any]:
    if get_origin(annotation) is Literal:
        yield from get_args(annotation)
    else:
        for part in get_args(annotation):
            yield from _choices(part)


def _plain(value: Any) -> str:
    if value is None:
        return "empty"
    return str(value).lower() if isinstance(value, bool) else shortened(repr(value))
