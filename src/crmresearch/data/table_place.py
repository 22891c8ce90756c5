"""Where in a file its table stands: titles above the header, names in two rows, rows of questions below them."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

LOOKED_AT = 200  # rows that tell where the table begins
_CODES_OF_QUALTRICS = '{"ImportId"'
_NO_SUBTITLE = ("", "response", "open-ended response")  # of SurveyMonkey, where a question has one column
_NUMBER = re.compile(r"[^\w]*\d[\d.,:/ -]*[^\w]*")


@dataclass(frozen=True)
class Place:
    """Rows by their number in the file, from 1, as a text editor and a workbook count them.

    The names of the columns stand in `header_rows` rows from `header_row` on; the data begin at `first_row`, which is
    the next row where it is None. `questions`: column → words of the question, where a row below the header has them.
    """

    header_row: int = 1
    header_rows: int = 1
    first_row: int | None = None
    questions: dict[str, str] = field(default_factory=dict, compare=False)

    @property
    def keys(self) -> dict[str, int]:
        """The keys of a codebook that say so: those that differ from a header in the first row and data below it."""
        usual = asdict(Place())
        return {key: value for key, value in asdict(self).items() if key != "questions" and value != usual[key]}


def find_place(rows: Sequence[Sequence[str]], numbers: Sequence[int]) -> Place:
    """Where the table stands in rows of text: its header is the first row about as full as any, of words.

    Below it the two rows of Qualtrics are no data but questions and codes; a second row of names, as SurveyMonkey
    has, fills what the first leaves empty.
    """
    rows = rows[:LOOKED_AT]
    filled = [sum(cell.strip() != "" for cell in row) for row in rows]
    enough = max(2.0, 0.6 * max(filled, default=0))
    top = next((i for i, count in enumerate(filled) if count >= enough), 0)
    if top and not _are_names(rows[top]):
        top = 0
    below = rows[top + 1 : top + 4]
    codes = next((i for i, row in enumerate(below) if any(cell.startswith(_CODES_OF_QUALTRICS) for cell in row)), None)
    if codes is not None and len(rows) > top + codes + 2:
        told = dict(zip(map(str.strip, rows[top]), below[0], strict=False)) if codes else {}
        questions = {name: re.sub(r"\s+", " ", text).strip() for name, text in told.items() if text.strip()}
        return Place(numbers[top], 1, numbers[top + codes + 2], questions)
    header_rows = 2 if below and _completes(rows[top], below[0]) else 1
    return Place(numbers[top] if top else 1, header_rows)


def _are_names(row: Sequence[str]) -> bool:
    names = [cell.strip() for cell in row if cell.strip()]
    return len(set(names)) > len(names) / 2 and sum(bool(_NUMBER.fullmatch(name)) for name in names) <= 0.2 * len(names)


def _completes(names: Sequence[str], below: Sequence[str]) -> bool:
    """Whether a row names the columns that the header leaves unnamed, and no number is in it."""
    unnamed = [i for i, name in enumerate(names) if not name.strip()]
    return (
        bool(unnamed)
        and len(below) == len(names)
        and names[0].strip() != "" == below[0].strip()
        and all(below[i].strip() for i in unnamed)
        and not any(_NUMBER.fullmatch(cell.strip()) for cell in below if cell.strip())
    )


def table_rows(
    rows: Sequence[Sequence[str]], numbers: Sequence[int], place: Place
) -> tuple[list[str], list[Sequence[str]], list[int]]:
    """The names of the columns, the rows of data and their numbers. IndexError where there is no such header."""
    top = next((i for i, number in enumerate(numbers) if number >= place.header_row), None)
    if top is None or (place.header_row > 1 and numbers[top] != place.header_row):
        raise IndexError(place.header_row)
    names = [name.strip() for name in rows[top]]
    if place.header_rows == 2 and len(rows) > top + 1:
        names = _joined(names, [name.strip() for name in rows[top + 1]])
    first = place.first_row or numbers[top + place.header_rows - 1] + 1 if len(rows) >= top + place.header_rows else 0
    kept = [i for i in range(top + place.header_rows, len(rows)) if numbers[i] >= first]
    return names, [rows[i] for i in kept], [numbers[i] for i in kept]


def _joined(names: Sequence[str], below: Sequence[str]) -> list[str]:
    """Names of two rows as one: the upper one goes on to the right until the next."""
    found, upper = [], ""
    for name, lower in zip(names, below, strict=False):
        upper = name or upper
        found.append(upper if lower.casefold() in _NO_SUBTITLE else f"{upper} – {lower}" if upper else lower)
    return found


def numbered_names(names: Sequence[Any]) -> list[str]:
    """Names of columns of a workbook: one without is called after its place, the second of two is numbered."""
    found: list[str] = []
    for place, name in enumerate(names):
        text = str(name).strip() or f"Unnamed: {place}"
        again = 0
        while text in found:
            again += 1
            text = f"{name}.{again}"
        found.append(text)
    return found
