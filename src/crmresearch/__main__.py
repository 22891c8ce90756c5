"""The command line: begin a survey, a shop, a theory or a report, check a data set, render reports."""

import argparse
import os
import re
import shlex
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from crmresearch.errors import CrmResearchError, DataError, TemplateError

if TYPE_CHECKING:
    from crmresearch.caution import Caution


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 fine, 1 problems found in data, 2 a mistake to mend, 141 unread."""
    options = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = options.run
    # jsonschema, which papermill imports, would build a grammar of addresses for seconds; notebooks need none checked
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
    try:
        code = command(options)
        sys.stdout.flush()  # a reader that has gone, such as `head`, shows only when something is written
        return code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains of it again at its end
        return 141  # as the shell counts a program that ended because of its pipe
    except CrmResearchError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="crmresearch", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")

    report = commands.add_parser("report", help="render reports into reports/")
    report.add_argument(
        "names", nargs="+", metavar="name", help="a file of notebooks/parameters, without .yaml, or the path of one"
    )
    report.add_argument("--out", metavar="folder", help="write here instead of into reports/")
    report.add_argument("--record-failures", action="store_true", help="exit 0 when a failure is left to the index")
    report.set_defaults(run=_report)

    index = commands.add_parser("index", help="build reports/index.html")
    index.add_argument("--language", default="en", help="of the page, as in `language` of a report")
    index.set_defaults(run=_index)
    commands.add_parser("list", help="list the reports").set_defaults(run=_list)

    check = commands.add_parser("check-data", help="print every problem of a data set's file")
    check.add_argument("dataset", help="a key, or a folder that holds a codebook.yaml")
    check.add_argument("--all", action="store_true", help="name every cell and line, not only the first of a kind")
    check.set_defaults(run=_check_data)

    for kind, told in _NEW.items():
        new = commands.add_parser(f"new-{kind}", help=told)
        new.add_argument("name", help="lower-case letters, digits and _")
        new.add_argument("--in", dest="folder", default=".", metavar="folder", help="write here, not into this folder")
        if kind == "report":
            new.add_argument("--notebook", metavar="name", help="what to report, one of notebooks/")
            new.add_argument("--dataset", metavar="name", help="a key, or a folder that holds a codebook.yaml")
            new.add_argument("--theory", metavar="name", help="a key, or a theory file")
        if kind == "survey":
            new.add_argument("--like", metavar="name", help="with the questionnaire of this survey, and no answers yet")
        new.set_defaults(run=_new, kind=kind)

    draft = commands.add_parser(
        "draft-codebook", help="write a commented codebook beside a file of answers or purchases"
    )
    draft.add_argument("file", help="CSV, Excel, SPSS, Stata, Parquet, SQLite or DuckDB")
    draft.add_argument("--kind", choices=("survey", "purchases"), help="what the file holds; told from it otherwise")
    draft.add_argument("--name", help="the key of the data set; made of the file's name otherwise")
    draft.set_defaults(run=_draft_codebook)
    draft = commands.add_parser("draft-theory", help="write a theory of the constructs of a survey")
    draft.add_argument("name", help="lower-case letters, digits and _")
    draft.add_argument("--dataset", required=True, metavar="name", help="a key, or a folder that holds a codebook.yaml")
    draft.add_argument("--in", dest="folder", default=".", metavar="folder", help="write here, not into this folder")
    draft.set_defaults(run=_draft_theory)

    theory = commands.add_parser("theory", help="print a theory as a page: definitions, hypotheses, citation")
    theory.add_argument("theory", metavar="name", help="a key, or a theory file")
    theory.add_argument("--language", default="en", help="of labels and definitions, where the theory has it")
    theory.set_defaults(run=_theory)

    form = commands.add_parser("questionnaire", help="print the questionnaire of a survey as Markdown")
    form.add_argument("dataset", help="a key, or a folder that holds a codebook.yaml")
    form.add_argument(
        "--language", nargs="+", default=[], metavar="language", help="en, zh …; otherwise all its items have"
    )
    form.add_argument("--blank", action="store_true", help="print the empty data file instead")
    form.set_defaults(run=_questionnaire)

    refresh = commands.add_parser("refresh", help="re-execute the committed notebooks in place")
    refresh.add_argument("notebooks", nargs="*", metavar="notebook", help="default: all of notebooks/")
    refresh.set_defaults(run=_refresh)
    return parser


_NEW = {
    "survey": "write a folder with a commented codebook and invented answers",
    "shop": "write a folder with a commented codebook and invented purchases",
    "theory": "write a commented theory",
    "report": "write a commented parameters file",
}


# The imports are inside the commands: `crmresearch list` must not wait for papermill.


def _report(options: argparse.Namespace) -> int:
    from crmresearch.report.make.outputs import Outputs
    from crmresearch.report.make.render import render_report

    # as make sends it: the kernel is shut down as after Ctrl-C
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    code = 0
    for name in options.names:
        _say(f"rendering {name} …")
        try:
            outcome = render_report(
                name, options.out, waits=lambda name: _say(f"waiting: another run is making {name} …")
            )
        except Exception as error:
            if not isinstance(error, CrmResearchError):  # a mistake of ours: the whole story
                traceback.print_exc()
            _say(f"failed {name}: {error}", sys.stderr)
            _have_environment_mended(str(error))
            if not (options.record_failures and Outputs(name).failure.is_file()):
                code = 2
            continue
        if outcome.status == "skipped":
            _say(f"skipped {name}: {outcome.message}")
        else:
            _say(f"done {name} ({outcome.seconds:.0f} s)")
    return code


def _have_environment_mended(error: str) -> None:
    """Have the next `make` set the environment up anew when a package of ours has gone from it."""
    lost = re.search(r"No module named '(\w+)", error)
    locked = Path(sys.prefix) / ".locked"
    if lost and lost[1] in _PACKAGES and locked.is_file():
        locked.unlink()
        _say(f"The environment {sys.prefix} has lost {lost[1]}: run make again, which sets it up anew.", sys.stderr)


_PACKAGES = ("numpy", "scipy", "pandas", "pyarrow", "semopy", "sklearn", "stepmix", "statsmodels", "ibis", "duckdb",
             "matplotlib", "seaborn", "pydantic", "papermill", "nbconvert", "nbformat", "nbclient", "ipykernel",
             "openpyxl", "docx", "yaml", "math_core", "lazy_loader", "threadpoolctl", "filelock")  # fmt: skip


def _index(options: argparse.Namespace) -> int:
    from crmresearch.report.make.site import build_index

    build_index(options.language)
    return _tell_misnamed()


def _list(options: argparse.Namespace) -> int:
    from crmresearch.report.make.outputs import Outputs
    from crmresearch.report.make.parameters import read_heading, report_names

    names = report_names()
    for name in names:
        record = Outputs(name).read()
        status = record["status"] if record else "not made"
        print(f"{name:{max(map(len, names))}}  {status:8}  {read_heading(name).title['en']}")
    return _tell_misnamed()


def _tell_misnamed() -> int:
    from crmresearch.report.make.parameters import misnamed

    sentences = misnamed()
    for sentence in sentences:
        print(sentence, file=sys.stderr)
    return 2 if sentences else 0


def _check_data(options: argparse.Namespace) -> int:
    from crmresearch.data.catalog import find_codebook
    from crmresearch.data.dataset import in_language
    from crmresearch.data.survey.survey import check_survey, load_survey
    from crmresearch.data.survey.suspicions import suspicions

    if find_codebook(options.dataset).kind == "transactions":
        return _check_transactions(options.dataset, options.all)
    problems = check_survey(options.dataset, every=options.all)
    for problem in problems:
        print(problem)
    if problems:
        return 1
    survey = load_survey(options.dataset)
    suspected = suspicions(survey)
    print(
        f"{survey.path.name}: {survey.respondents} respondents, {survey.items.shape[1]} items, "
        + _verdict(suspected, "no problem found")
    )
    for note in survey.notes:
        print(f"note: {in_language(note)}")
    return _suspected(suspected)


def _verdict(suspected: Sequence["Caution"], otherwise: str) -> str:
    return f"{len(suspected)} suspected" if suspected else otherwise


def _suspected(found: Sequence["Caution"]) -> int:
    """Every suspicion in one sentence; 1 where one of them changes the numbers, else 0."""
    from crmresearch.stories.data_cautions import sentence

    for caution in found:
        print(f"suspected: {sentence(caution)}")
    return int(any(caution.severity != "note" for caution in found))


def _check_transactions(dataset: str, every: bool) -> int:
    from crmresearch.data.dataset import in_language
    from crmresearch.data.transactions.left_out import every_line
    from crmresearch.data.transactions.suspicions import suspicions
    from crmresearch.data.transactions.transactions import load_transactions

    try:
        transactions = load_transactions(dataset)
    except DataError as error:
        print(*error.problems, sep="\n")
        return 1
    left_out, suspected = int(transactions.counts["rows"].iloc[0]) - transactions.rows, suspicions(transactions)
    print(
        f"{transactions.path.name}: {transactions.customers():,} customers, {transactions.rows:,} lines from "
        f"{transactions.first_day} to {transactions.last_day}, "
        + (f"read, {left_out:,} {'line' if left_out == 1 else 'lines'} left out" if left_out else "")
        + (", " if left_out and suspected else "")
        + _verdict(suspected, "" if left_out else "no problem found")
    )
    examples = transactions.examples() if left_out else {}
    for rule, rows, treatment in transactions.counts.itertuples(index=False):
        such = f", such as {examples[rule]}" if rule in examples else ""
        print(f"{rows:>12,} {rule}" + (f" ({treatment}{such})" if rows and treatment else ""))
    if every:
        for line in every_line(transactions.left_out, transactions.codebook, transactions.path):
            print(line)
    for note in transactions.notes:
        print(f"note: {in_language(note)}")
    return _suspected(suspected)


def _new(options: argparse.Namespace) -> int:
    from crmresearch.paths import typed_path
    from crmresearch.templates.begin import new_shop, new_survey, new_survey_like, new_theory
    from crmresearch.templates.parameters import new_report

    folder = typed_path(options.folder)
    if options.kind == "report":
        written = new_report(options.name, folder, options.notebook, options.dataset, options.theory)
    elif options.kind == "survey" and options.like:
        written = new_survey_like(options.like, options.name, folder)
    else:
        written = {"survey": new_survey, "shop": new_shop, "theory": new_theory}[options.kind](options.name, folder)
    for path in written:
        print(f"wrote {path}")
    place, home = (shlex.quote(str(path)) for path in (written[0], written[0].parent))
    then = {
        "report": f"report {place} --out out",
        "theory": f"new-report my_report --dataset my_survey --theory {place}",
    }
    print(f"next: crmresearch {then.get(options.kind, f'check-data {home}')}")
    return 0


def _draft_codebook(options: argparse.Namespace) -> int:
    from crmresearch.paths import typed_path
    from crmresearch.templates.draft import draft_codebook

    written = draft_codebook(typed_path(options.file), options.kind, options.name)
    print(f"wrote {written}")
    print(f"next: look at its guesses, then crmresearch check-data {shlex.quote(str(written.parent))}")
    return 0


def _draft_theory(options: argparse.Namespace) -> int:
    from crmresearch.paths import typed_path
    from crmresearch.templates.draft import draft_theory

    written = draft_theory(options.dataset, options.name, typed_path(options.folder))
    print(f"wrote {written}")
    data, theory = shlex.quote(options.dataset), shlex.quote(str(written))
    print(f"next: crmresearch new-report my_report --dataset {data} --theory {theory}")
    return 0


def _theory(options: argparse.Namespace) -> int:
    from crmresearch.models.theory import load_theory
    from crmresearch.stories.satisfaction.theory_page import theory_page

    print(theory_page(load_theory(options.theory), options.language), end="")
    return 0


def _questionnaire(options: argparse.Namespace) -> int:
    from crmresearch.data.catalog import find_codebook
    from crmresearch.data.survey.codebook import Codebook
    from crmresearch.templates.questionnaire import blank_answers, questionnaire

    codebook = find_codebook(options.dataset)
    if not isinstance(codebook, Codebook):
        raise TemplateError(f"{options.dataset} holds purchases, and a questionnaire is of a survey.")
    print(blank_answers(codebook) if options.blank else questionnaire(codebook, options.language), end="")
    return 0


def _refresh(options: argparse.Namespace) -> int:
    from crmresearch.report.make.refresh import committed_notebooks, refresh_notebook

    for notebook in [Path(name) for name in options.notebooks] or committed_notebooks():
        if not notebook.is_file():
            raise DataError("There is no such notebook:", [str(notebook)])
        print(f"refreshing {notebook.name} …", flush=True)
        refresh_notebook(notebook.resolve())
    return 0


def _say(line: str, stream: TextIO | None = None) -> None:
    """Write a line in one piece: `print` may write its end apart, between which another report of `make -j` speaks."""
    stream = stream or sys.stdout
    stream.write(f"{line}\n")
    stream.flush()


if __name__ == "__main__":
    sys.exit(main())
