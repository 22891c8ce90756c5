"""A codebook drafted from a file: what its columns look like, said in a commented file that passes its check.

Everything is a guess and written beside its reason, for the owner of the file to mend: which column is who, what the
scale of a question is, which codes mean no answer, what is a group; for purchases which column is the customer, the
time and the amount, and how times and numbers are written.
"""

from pathlib import Path
from typing import Literal

from crmresearch.data.catalog import find_codebook
from crmresearch.data.dataset import CODEBOOK_FILE, is_key
from crmresearch.data.files import read_table
from crmresearch.data.survey.codebook import Codebook
from crmresearch.data.text_table import FileProblem, TextTable
from crmresearch.errors import TemplateError
from crmresearch.templates.begin import free_place, write_new
from crmresearch.templates.draft_purchases import purchases_codebook
from crmresearch.templates.draft_roles import roles_of
from crmresearch.templates.draft_survey import questions_of, survey_codebook
from crmresearch.templates.draft_words import key_of, one_line, quoted

Kind = Literal["survey", "purchases"]
MOST = 32 * 2**20  # bytes of a text file that are looked at: some 600,000 lines


def draft_codebook(file: Path, kind: Kind | None = None, name: str | None = None) -> Path:
    """Write `codebook.yaml` beside a file of answers or purchases, with every guess said in a comment. Returns it.

    `kind`: what the file holds, told from its columns when not given. `name`: the key, by default from the file's name.

    Raises TemplateError when there is a codebook already, when the file is no table, and when it looks like neither.
    """
    file = Path(file)
    target = file.parent / CODEBOOK_FILE
    if target.exists():
        raise TemplateError(f"{target} is there already and stays as it is; move the file into a folder of its own.")
    try:
        table = read_table(file, place=None, most=MOST)
    except FileProblem as why:
        raise TemplateError(f"{file}: {why}.") from None
    if len(table.cells) < 2:
        raise TemplateError(f"{file}: there are fewer than two rows below the header; put the data in first.")
    key = name or key_of(file.stem)
    if not is_key(key):
        raise TemplateError(f"{key!r} cannot be a name; use lower-case letters, digits and _, beginning with a letter.")
    found = kind or _kind(table)
    drafted = survey_codebook if found == "survey" else purchases_codebook
    write_new({target: "\n".join(map(one_line, drafted(table, file, key))) + "\n"})
    return target


def draft_theory(dataset: str, name: str, folder: Path = Path()) -> Path:
    """Write a theory of the constructs of a survey: each leads to satisfaction, and satisfaction to loyalty.

    Raises TemplateError when the survey has no items for satisfaction and another construct.
    """
    codebook = find_codebook(dataset)
    if not isinstance(codebook, Codebook):
        raise TemplateError(f"{dataset} holds purchases, and a theory is of the answers to a survey.")
    keys = list(codebook.constructs)
    aims = [key for key in ("satisfaction", "loyalty") if key in keys]
    if len(aims) < 2:
        raise TemplateError(
            f"{codebook.path}: name the constructs `satisfaction` and `loyalty` under `constructs` first; a theory "
            f"here is about these two. There are {', '.join(keys) or 'none'}."
        )
    causes = [key for key in keys if key not in aims]
    about = f"A first draft: {', '.join(causes)} make customers satisfied, and satisfaction makes them loyal."
    lines = [
        "# A theory drafted from the constructs of a codebook: everything leads to satisfaction, and satisfaction to",
        "# loyalty. Change paths and signs to what you expect, before you look at the answers.",
        f"key: {name}",
        f"title: {{en: {quoted(name.replace('_', ' ').capitalize())}}}",
        f"about: {{en: {quoted(about)}}}",
        "citation: Unpublished",
        "constructs:",
    ]
    for key in keys:
        label = key.replace("_", " ").capitalize()
        lines += [f"  {key}:", f"    label: {{en: {quoted(label)}}}"]
        lines += [f"    definition: {{en: {quoted(f'{label}, as the items ask for it')}}}"]
        if len(codebook.constructs[key]) == 1:
            lines.append("    measurement: single_item")
    lines.append("paths:")
    lines += [f"  - {{from: {key}, to: satisfaction}}" for key in causes]
    lines.append("  - {from: satisfaction, to: loyalty}")
    target = free_place(name, folder, ".yaml")
    write_new({target: "\n".join(lines) + "\n"})
    return target


def _kind(table: TextTable) -> Kind:
    """Purchases where there are a day, an amount and customers who come again, or two of these and no question."""
    found = len({"customer", "time", "amount"} & roles_of(table).keys())
    return "purchases" if found == 3 or (found == 2 and not questions_of(table)) else "survey"
