"""The parameters file of a new report: every parameter of its notebook, with what it is and what is allowed."""

import os
import re
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import yaml

from crmresearch.data.catalog import AnyCodebook, find_codebook
from crmresearch.data.dataset import CODEBOOK_FILE
from crmresearch.data.survey.codebook import Codebook
from crmresearch.errors import DatasetMissingError, SpecificationError, TemplateError
from crmresearch.models.specification import bind
from crmresearch.models.theory import load_theory, theory_keys
from crmresearch.paths import TEMPLATES, typed_path
from crmresearch.report.make.declarations import Declaration, in_words, read_declarations, read_remarks, suggestion
from crmresearch.report.make.parameters import HELD, find_notebook, kind_read
from crmresearch.templates.begin import free_place, write_new

NOTEBOOKS = {"survey": "satisfaction_index", "transactions": "customer_value"}
_DAYS = ("earlier_cutoff", "first_cutoff", "cutoff", "holdout_end", "step")
_REMARK, _WIDTH = 36, 120  # the column where remarks begin, and where lines end


def new_report(
    name: str,
    folder: Path = Path(),
    notebook: str | None = None,
    dataset: str | None = None,
    theory: str | None = None,
) -> list[Path]:
    """Write `name`.yaml, from which `crmresearch report` makes a report. Returns the file.

    `dataset`, `theory`, `notebook`: a key, or a path from `folder` or from the working folder. Data set and theory are
    by default those of the notebook; for another survey, the first theory of the package that can be bound to it, or
    none (null) where none can and the notebook works without. The notebook is by default satisfaction_index, or
    customer_value for purchases, whose days then cut them into thirds.

    Raises TemplateError for a bad or taken name and for a notebook that does not read such a data set, CodebookError,
    TheoryError and ParameterError for what there is not, SpecificationError for a theory that cannot be bound to the
    survey, DataError for purchases that cannot be read.

    >>> new_report("my_report", dataset="cdnow")  # doctest: +SKIP
    [PosixPath('my_report.yaml')]
    """
    target = free_place(name, folder, ".yaml", hyphens=True)
    book = None if dataset is None else _codebook(dataset, folder)
    notebook = notebook or NOTEBOOKS[book.kind if book else "survey"]
    notebook = _named_from(folder, notebook) or notebook
    path = find_notebook(notebook, target.resolve())
    declared = read_declarations(path)
    _check(notebook, declared, book, theory)
    chosen: dict[str, Any] = {key: declared[key].default for key in ("dataset", "theory") if key in declared}
    notes = []
    if book and dataset:
        chosen["dataset"] = _named_from(folder, dataset, CODEBOOK_FILE) or dataset
    if book and "survey" in declared and book.key != declared["dataset"].default:
        chosen["survey"] = None  # that of the notebook asked other customers
    if {"theory", "dataset"} <= declared.keys():
        book_read = book or find_codebook(chosen["dataset"])
        optional = type(None) in get_args(declared["theory"].annotation)
        chosen["theory"] = _theory(theory, chosen["theory"], book_read, folder, optional)
    if book and book.kind == "transactions":
        try:
            chosen |= _days(book, declared)
        except DatasetMissingError:
            if any(declared[key].default for key in _DAYS if key in declared):
                notes.append("  # the data file is not on this machine: set the days below to days that are in it")
            chosen |= {key: declared[key].default for key in _DAYS if key in declared and declared[key].default}
    head = (TEMPLATES / "my_report.yaml").read_text(encoding="utf-8").replace("my_report", name)
    head = head.replace("notebook: satisfaction_index", f"notebook: {_in_yaml(notebook)}")
    head = head.replace("{en: My report}", _in_yaml({"en": re.sub("[_-]", " ", name).strip().capitalize()}))
    remarks = read_remarks(path)
    lines = [_line(key, one, remarks.get(key, ""), chosen) for key, one in declared.items()]
    return write_new({target: head + "\n".join([*notes, *lines]) + "\n"})


def _check(notebook: str, declared: Mapping[str, Declaration], book: AnyCodebook | None, theory: str | None) -> None:
    """Refuse a data set of the other kind, and a data set or a theory that the notebook has no use for."""
    for key, given in (("dataset", book), ("theory", theory)):
        if given is not None and key not in declared:
            raise TemplateError(f"The notebook {notebook} has no parameter `{key}`; leave it out, or name another one.")
    if book is None:
        return
    kind = kind_read({"dataset": declared["dataset"].default}) or ("survey" if "theory" in declared else book.kind)
    if kind != book.kind:
        raise TemplateError(
            f"The notebook {notebook} reads {HELD[kind]}, and {book.key} holds {HELD[book.kind]}; leave the notebook "
            "out, or name another one."
        )


def _codebook(dataset: str, folder: Path) -> AnyCodebook:
    named = _named_from(folder, dataset, CODEBOOK_FILE)
    return find_codebook(dataset if named is None else str((folder / named).resolve()))


def _named_from(folder: Path, named: str, marker: str = "") -> str | None:
    """How a file in `folder` names what lies in it or in the working folder; None where it lies in neither."""
    wanted = Path(named) if os.path.exists(folder / named) else typed_path(named)
    if os.path.isfile(folder / wanted / marker):
        return wanted.as_posix()
    if os.path.isfile(wanted / marker):
        return Path(os.path.relpath(wanted.resolve(), folder.resolve())).as_posix()
    return None


def _theory(theory: str | None, usual: str, book: AnyCodebook, folder: Path, optional: bool) -> str | None:
    """How the parameters file names the theory, which can be bound to the survey; None where none can and need be."""
    if not isinstance(book, Codebook):
        return usual  # a notebook of one's own, which knows why
    if theory is not None:
        named = _named_from(folder, theory)
        if named is None and theory not in theory_keys():
            beside = [f"{theory}.yaml"] if _named_from(folder, f"{theory}.yaml") else []
            raise TemplateError(f"There is no theory {theory!r}{suggestion(theory, [*beside, *theory_keys()])}")
        bind(load_theory(theory if named is None else folder / named), book)
        return named or theory
    for key in sorted(theory_keys(), key=lambda key: key != usual):
        try:
            bind(load_theory(key), book)
        except SpecificationError:
            continue
        return key
    if optional:
        return None
    raise TemplateError(
        f"No theory of the package can be bound to {book.key}; name one with --theory, such as the file that "
        "`crmresearch new-theory` writes."
    )


def _days(book: AnyCodebook, declared: Mapping[str, Declaration]) -> dict[str, Any]:
    """Days that cut the purchases into thirds: learned in the first and second, scored in the last."""
    from crmresearch.data.transactions.transactions import load_transactions  # with it comes ibis, slow to import

    transactions = load_transactions(str(book.folder))
    (earlier, cutoff), last = transactions.thirds, transactions.known_until
    windows = declared["windows"].default if "windows" in declared else 1
    days = {
        "earlier_cutoff": str(earlier),
        "first_cutoff": str(earlier),
        "cutoff": str(cutoff),
        "holdout_end": str(last),
        "step": max(1, (last - earlier).days // windows),
    }
    return {
        key: value for key, value in days.items() if key in declared and declared[key].default
    }  # empty: the last day


def _line(name: str, declaration: Declaration, remark: str, chosen: Mapping[str, Any]) -> str:
    """One parameter with its remark, which goes on below where it is long."""
    value = chosen.get(name, declaration.default)
    written = f"  {'' if name in chosen else '# '}{name}: {_in_yaml(value)}"
    words = f"{remark} ({in_words(declaration.annotation)})".strip()
    first, *rest = textwrap.wrap(words, _WIDTH - _REMARK - 2)
    return "\n".join([f"{written:{_REMARK - 1}} # {first}", *(f"{'':{_REMARK}}# {line}" for line in rest)])


def _in_yaml(value: Any) -> str:
    """The value in one line of YAML."""
    dumped = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10**6)
    return dumped.removesuffix("...\n").strip()
