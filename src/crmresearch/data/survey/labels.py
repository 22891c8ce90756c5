"""Text answers as the numbers they stand for, by the labels of the codebook; decimal commas as points; no previews."""

from dataclasses import replace

import pandas as pd

from crmresearch.data.survey.codebook import Codebook, as_text, as_value
from crmresearch.data.text_table import TextTable
from crmresearch.data.wording import note


def without_left_out(table: TextTable, codebook: Codebook) -> tuple[TextTable, list[dict[str, str]]]:
    """The table without the rows that `leave_out` of the codebook names, and a note, by language, of each column."""
    cells, notes = table.cells, []
    for name, values in codebook.leave_out.items():
        if name in cells:
            named = cells[name].map(as_value).isin([as_value(value) for value in values])
            told = ", ".join(map(as_text, values))
            notes.append(note("note.left_out", count=int(named.sum()), column=name, values=told))
            cells = cells[~named]
    return replace(table, cells=cells), notes


def answered(table: TextTable, codebook: Codebook) -> pd.DataFrame:
    """The cells with every labelled answer as its number, whatever its capitals, and numbers with decimal points."""
    cells = table.cells.copy()
    decimal = codebook.decimal or table.decimal
    numeric = [*codebook.items, *(name for name, group in codebook.groups.items() if group.values is None)]
    numeric += [codebook.weight] if codebook.weight else []
    for name in (name for name in numeric if name in cells):
        if decimal == ",":
            number = cells[name].str.fullmatch(r"[+-]?(\d+|\d{1,3}(\.\d{3})+)?,?\d*")
            pointed = cells[name].str.replace(".", "", regex=False).str.replace(",", ".", regex=False)
            cells[name] = cells[name].mask(number.astype(bool), pointed)
        if name in codebook.items and (labels := codebook.labels_of(name)):
            numbers = {text.casefold().strip(): as_text(float(number)) for text, number in labels.items()}
            cells[name] = cells[name].map(lambda text, numbers=numbers: numbers.get(text.casefold(), text))
    return cells
